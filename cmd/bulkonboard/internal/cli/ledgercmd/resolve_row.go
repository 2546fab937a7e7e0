package ledgercmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// runResolve records what the options say of a row's customer.
func runResolve(ctx context.Context, con *term.Console, l session.Ledger, e *logEntry, f *resolveOptions) error {
	file, row := f.file, f.row
	found, counts, err := findRow(ctx, l, file, row)
	if err != nil {
		return err
	}
	c := found.Customer
	switch {
	case counts != "":
		return exit.NewUsageError(fmt.Errorf("%s, row %d is %s: the customer with its e-mail is that of %s", file, row, found.Status, counts), "resolve that row; this one needs its own e-mail")
	case c.ID == 0:
		return exit.NewUsageError(fmt.Errorf("%s, row %d is %s and is never sent", file, row, found.Status), "correct it in the rejects file, and run that file")
	case found.Status == ledger.DuplicateInInput:
		return exit.NewUsageError(fmt.Errorf("%s, row %d repeats an earlier row of the input", file, row), "resolve that one")
	}
	if f.gone {
		return noteUserGone(ctx, con, l, c, f)
	}
	if f.serviceID != "" {
		for other, err := range l.Customers(ctx, ledger.Query{ServiceIDs: []string{f.serviceID}}) {
			if err != nil {
				return err
			}
			if other.ID != c.ID {
				return exit.UsageErrorf("another customer in the ledger has this serviceId")
			}
		}
	}
	if f.as.Value == string(ledger.Created) && f.serviceID == "" && !c.NeedsReview() {
		return exit.NewUsageError(errors.New("--as created needs --service-id and --link-file"), "without the link, use --as link_missing")
	}
	ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Status: ledger.Status(f.as.Value),
		ServiceID: f.serviceID, URL: f.link, Code: codeByHand, Message: "decided by hand: " + f.because, Manual: true, At: time.Now()}
	left, err := l.Record(ctx, e.run, []ledger.Change{ch})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return exit.NewUsageError(fmt.Errorf("%s, row %d is %s, and cannot become %s", file, row, c.Status, ch.Status),
			"an onboarded customer stays onboarded: a known link is never dropped")
	}
	con.Sayf("%s, row %d: was %s, is now %s", file, row, c.Status, ch.Status)
	return nil
}

// noteUserGone notes that the customer's user is gone.
func noteUserGone(ctx context.Context, con *term.Console, l session.Ledger, c ledger.Customer, f *resolveOptions) error {
	note := ledger.PairingNote{Customer: c.ID, ServiceID: c.ServiceID, Pairing: ledger.UserDeleted}
	if _, ok := ledger.ApplyPairing(c, note); !ok || c.ServiceID == "" {
		return exit.UsageErrorf("%s, row %d is %s and has no user that could have been deleted", f.file, f.row, c.Status)
	}
	if err := l.NotePairings(ctx, []ledger.PairingNote{note}); err != nil {
		return err
	}
	con.Sayf("%s, row %d: its user is recorded as deleted", f.file, f.row)
	return nil
}

// findRow finds a row of the newest input that has the file, and names the row of
// that input which its customer belongs to, "" if that is the row itself.
func findRow(ctx context.Context, l session.Ledger, file string, row int) (found ledger.Reported, counts string, err error) {
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return found, "", err
	}
	isFile := session.MatchesFile(file)
	i := slices.IndexFunc(batches, isFile)
	hasName := func(f ledger.File) bool { return f.Name == file || filepath.Base(f.Name) == file }
	if i < 0 {
		i = slices.IndexFunc(batches, func(b ledger.Batch) bool { return slices.ContainsFunc(b.Files, hasName) })
	}
	if i < 0 {
		return found, "", exit.NewUsageError(fmt.Errorf("no run has read %s", file), "bulkonboard ledger log lists the inputs")
	}
	one := func(f ledger.File) bool { return isFile(ledger.Batch{Files: []ledger.File{f}}) || hasName(f) }
	at, err := firstRow(ctx, l, batches[i].ID, func(r *ledger.Reported) bool {
		return r.Number == row && r.File < len(batches[i].Files) && one(batches[i].Files[r.File])
	})
	switch {
	case err != nil:
		return found, "", err
	case at == nil:
		return found, "", exit.UsageErrorf("%s has no customer in row %d", file, row)
	case !at.OtherClaims():
		return *at, "", nil
	}
	other, err := firstRow(ctx, l, batches[i].ID, func(r *ledger.Reported) bool { return r.Ordinal == at.Repeats })
	if err != nil || other == nil {
		return *at, "another row", err
	}
	counts = fmt.Sprintf("row %d", other.Number)
	if len(batches[i].Files) > 1 && other.File < len(batches[i].Files) {
		counts = batches[i].Files[other.File].Name + ", " + counts
	}
	return *at, counts, nil
}

// firstRow returns the first row of a batch of which a condition holds; nil if
// there is none.
func firstRow(ctx context.Context, l session.Ledger, batch int64, is func(*ledger.Reported) bool) (*ledger.Reported, error) {
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: batch}) {
		if err != nil {
			return nil, err
		}
		if is(&r) {
			return &r, nil
		}
	}
	return nil, nil
}

// endGaps declares, with a reason, that no list will show who was created inside
// the ledger's gaps, so that runs no longer wait for one.
func endGaps(ctx context.Context, con *term.Console, l session.Ledger, because string) error {
	gaps, err := l.Gaps(ctx)
	if err != nil {
		return err
	}
	ended := 0
	for _, g := range gaps {
		if !g.IsOpen() {
			continue
		}
		if err := l.CloseGap(ctx, g.ID, time.Now(), because); err != nil {
			return err
		}
		ended++
		fmt.Fprintf(con.Err, "the gap from %s to %s is closed: rows are sent without the partner's list. Users created in it are still never reported as duplicates\n",
			term.LocalTime(g.From.Partner()), term.LocalTime(g.To.Partner()))
	}
	if ended == 0 {
		return exit.UsageErrorf("the ledger has no gap that waits for the partner's list")
	}
	return nil
}
