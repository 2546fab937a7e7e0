package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// ReportFunnel prints how far the users of a batch are, 0 = of the ledger.
func ReportFunnel(ctx context.Context, con *term.Console, l Ledger, batch int64) error {
	life, err := ReadLinkLife(ctx, l, settings.Age{})
	if err != nil {
		return err
	}
	f, err := kyc.Count(ctx, l, batch, time.Now(), life.Duration)
	if err != nil {
		return err
	}
	for _, line := range FunnelLines(f, life) {
		fmt.Fprintln(con.Err, line)
	}
	return nil
}

// FunnelLines returns the users by the status of their check, and what to do: reminders
// are for users whose links work, renewals for those whose links do not. There are none
// before the first news of a check, or of a dead link.
func FunnelLines(f *funnel.Funnel, life LinkLife) []string {
	if !f.HasNews() && f.Dead == 0 {
		return nil
	}
	words := map[ledger.KYCStatus]string{ledger.KYCUnknown: "without news", ledger.KYCNotBegun: "not started", ledger.KYCPending: "under review",
		ledger.KYCMore: "must verify once more", ledger.KYCDenied: "denied", ledger.KYCApproved: "approved"}
	order := ledger.KYCStatuses()
	var parts []string
	for _, s := range slices.SortedFunc(maps.Keys(f.Status), func(x, y ledger.KYCStatus) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x), slices.Index(order, y)), cmp.Compare(x, y))
	}) {
		parts = append(parts, term.Number(f.Status[s])+" "+cmp.Or(words[s], term.Printable(string(s))))
	}
	lines := []string{fmt.Sprintf("KYC: %s: %s", term.Count(f.Users, "user"), strings.Join(parts, ", "))}
	for _, line := range []struct {
		n    int
		what string // with the count
	}{
		{f.Renewable, fmt.Sprintf("%s probably dead, older than %s: bulkonboard links renew FILE", term.Count(f.Renewable, "unopened link"), life)},
		{f.Working, term.Count(f.Working, "unopened link") + " younger than " + life.String() + ": bulkonboard links export --working lists the users to remind"},
		{f.Spent, fmt.Sprintf("%s of users who were deleted and created again %d times already: ask the partner", term.Count(f.Spent, "dead link"), kyc.MaxRenewals)},
		{f.Dead - f.Renewable - f.Spent, term.Count(f.Dead-f.Renewable-f.Spent, "probably dead link") + " of users who have begun the check before: links renew leaves them out, ask the partner"},
		{f.Again, term.Count(f.Again, "user") + " under review again: the documents were submitted again, the users have nothing to do"},
		{f.Status[ledger.KYCDenied], fmt.Sprintf("%s denied%s: bulkonboard kyc retry begins again, at most %d times each", term.Number(f.Status[ledger.KYCDenied]), reasonText(f), kyc.MaxRetries)},
		{f.NoLink, term.Number(f.NoLink) + " without a link: bulkonboard links recover FILE"},
		{f.RetryOpen, term.Count(f.RetryOpen, "user") + " perhaps begun again, and the answer with the new link was lost: see the partner's dashboard"},
	} {
		if line.n > 0 {
			lines = append(lines, "  "+line.what)
		}
	}
	return lines
}

// maxReasonsShown keeps the reasons of denials on one line.
const maxReasonsShown = 3

// reasonText returns the most frequent reasons of denials in brackets; "" if the partner
// gave none.
func reasonText(f *funnel.Funnel) string {
	var parts []string
	for _, r := range f.Reasons() {
		if r.Reason != funnel.NoReason && len(parts) < maxReasonsShown {
			parts = append(parts, term.Number(r.Users)+" "+term.Printable(r.Reason))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// maxDaysShown is how many days of the funnel a terminal shows.
const maxDaysShown = 7

// AddDays adds the newest days of a funnel as a table; none before the first news of a
// check.
func AddDays(part *term.Part, f *funnel.Funnel) {
	if !f.HasNews() {
		return
	}
	days := f.Days()
	days = days[max(0, len(days)-maxDaysShown):]
	head := []term.Cell{{Text: "created on"}}
	for _, title := range []string{"users", "opened", "in review", "approved", "denied", "median"} {
		head = append(head, term.Cell{Text: title, Right: true})
	}
	part.Row(head...)
	for _, d := range days {
		row := []term.Cell{{Text: d.Date}}
		for _, n := range []int{d.Created, d.Opened, d.Pending, d.Approved, d.Denied} {
			row = append(row, term.Cell{Text: term.Number(n), Right: true})
		}
		median := "-"
		if d.Median > 0 {
			median = term.ShortDuration(d.Median)
		}
		part.Row(append(row, term.Cell{Text: median, Right: true})...)
	}
}

// AddList adds what came of the users of a list.
func AddList(part *term.Part, name string, f *funnel.Funnel) {
	d := f.Total()
	text := fmt.Sprintf("%s: %s opened, %s in review, %s approved, %s denied", term.Count(d.Created, "user"), term.Number(d.Opened), term.Number(d.Pending), term.Number(d.Approved), term.Number(d.Denied))
	part.Row(term.Cell{Text: term.Printable(name)}, term.Cell{Text: text})
}

// factLinkLife is the fact that keeps --link-life for the commands that do not have it.
const factLinkLife = "link_life"

// LinkLife is how long a verification link works that nobody has opened.
type LinkLife struct {
	time.Duration
	IsAssumed bool // nobody has set it
}

// ReadLinkLife returns --link-life, or what an earlier command of this ledger was given,
// or the default as an assumption.
func ReadLinkLife(ctx context.Context, l Ledger, given settings.Age) (LinkLife, error) {
	if given.Duration > 0 {
		return LinkLife{Duration: given.Duration}, nil
	}
	text, _, err := l.Fact(ctx, factLinkLife)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return LinkLife{}, err
	}
	if d, failed := time.ParseDuration(text); failed == nil && d > 0 {
		return LinkLife{Duration: d}, nil
	}
	return LinkLife{Duration: ledger.DefaultLinkLife, IsAssumed: true}, nil
}

// saveLinkLife keeps --link-life, if it was given, for later commands.
func saveLinkLife(ctx context.Context, l Ledger, given settings.Age) error {
	if given.Duration == 0 {
		return nil
	}
	return l.SaveFact(ctx, factLinkLife, given.Duration.String(), time.Now())
}

// String returns the life in words: "24h", or "24h (assumed; set --link-life)".
func (l LinkLife) String() string {
	text := term.ShortDuration(l.Duration)
	if l.IsAssumed {
		return text + " (assumed; set --link-life)"
	}
	return text
}

// agesShownAfter is how old an input must be for its report to show the ages of links
// although nothing was heard of the users.
const agesShownAfter = time.Hour

// ForReport returns the life as reports have it.
func (l LinkLife) ForReport() report.LinkLife {
	return report.LinkLife{Life: l.Duration, IsSet: !l.IsAssumed}
}

// ShowsLinkAges reports whether a report of inputs shows the ages of links.
func ShowsLinkAges(batches []ledger.Batch, now time.Time) bool {
	for _, b := range batches {
		if now.Sub(b.Registered) >= agesShownAfter {
			return true
		}
	}
	return false
}
