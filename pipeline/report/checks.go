package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// LinkLife is how long a verification link works that nobody has opened. The zero value is
// the default, as an assumption.
type LinkLife struct {
	Life  time.Duration // 0 = ledger.DefaultLinkLife
	IsSet bool          // somebody said so
}

func (l LinkLife) duration() time.Duration { return cmp.Or(l.Life, ledger.DefaultLinkLife) }

// String returns the life in words for people.
func (l LinkLife) String() string {
	text := FormatAge(l.duration())
	if !l.IsSet {
		text += ", assumed"
	}
	return text
}

// FormatAge returns an age in whole hours, or in minutes below an hour: "26h", "40m".
func FormatAge(age time.Duration) string {
	if age = max(age, 0); age < time.Hour {
		return strconv.Itoa(int(age/time.Minute)) + "m"
	}
	return strconv.Itoa(int(age/time.Hour)) + "h"
}

// linkCells returns the age of a customer's link as of a moment, and its probable state;
// "" without a link.
func linkCells(c *ledger.Customer, now time.Time, life LinkLife) (age, state string) {
	s := c.LinkState(now, life.duration())
	if s == ledger.LinkNone || now.IsZero() {
		return "", string(s)
	}
	return FormatAge(now.Sub(c.Issued)), string(s)
}

// newFunnel returns an empty funnel as of the report.
func newFunnel(m Meta) *funnel.Funnel { return funnel.New(m.asOf(), m.LinkLife.duration()) }

// users counts the users of a report, together and by their input if there are several.
type users struct {
	*funnel.Funnel
	lists map[int64]*funnel.Funnel // by batch; nil for one input
}

func newUsers(m Meta) users {
	u := users{Funnel: newFunnel(m)}
	if len(m.Batches) > 1 {
		u.lists = map[int64]*funnel.Funnel{}
		for _, b := range m.Batches {
			u.lists[b.ID] = newFunnel(m)
		}
	}
	return u
}

// add counts the user of a row.
func (u users) add(r *ledger.Reported) {
	c := r.Customer
	c.Status = r.Status
	u.Add(&c)
	if list := u.lists[c.LastBatch]; list != nil {
		list.Add(&c)
	}
}

// listLines returns the inputs that have users, in their order; none before the first news.
func (u users) listLines(batches []ledger.Batch) (lines []dayLine) {
	for _, b := range batches {
		list := u.lists[b.ID]
		if !u.HasNews() || list == nil || list.Users == 0 || len(b.Files) == 0 || len(lines) == maxDays {
			continue
		}
		line := newDayLine(list.Total())
		line.Date = fileNames(b.Files)[0]
		lines = append(lines, line)
	}
	return lines
}

// Checks is how far the users are with their identity checks, in the JSON forms.
type Checks struct {
	Users         int             `json:"users"`    // that exist, created by us
	ByStatus      map[string]int  `json:"byStatus"` // "": nothing was heard of it
	Links         LinkCounts      `json:"links"`
	Days          []CheckDay      `json:"days"`          // by the day of the creation
	DenialReasons []funnel.Reason `json:"denialReasons"` // of those who are denied
	MedianMinutes *int            `json:"medianMinutes"` // from creation to decision; null = nobody was decided
}

// LinkCounts is how many links have still to be opened.
type LinkCounts struct {
	Life         string `json:"life"`    // such as 24h
	Assumed      bool   `json:"assumed"` // nobody has set it
	Works        int    `json:"works"`
	ProbablyDead int    `json:"probablyDead"`
}

// CheckDay is a day of the funnel.
type CheckDay struct {
	funnel.Day
	MedianMinutes *int `json:"medianMinutes"`
}

// NewChecks returns the JSON form of a funnel.
func NewChecks(f *funnel.Funnel, life LinkLife) Checks {
	out := Checks{Users: f.Users, ByStatus: map[string]int{}, Days: []CheckDay{}, DenialReasons: []funnel.Reason{}, MedianMinutes: minutesOf(f.Median()),
		Links: LinkCounts{Life: FormatAge(life.duration()), Assumed: !life.IsSet, Works: f.Working, ProbablyDead: f.Dead}}
	for s, n := range f.Status {
		out.ByStatus[reporttext.Clean(string(s))] += n
	}
	for _, d := range f.Days() {
		out.Days = append(out.Days, CheckDay{d, minutesOf(d.Median)})
	}
	for _, r := range f.Reasons() {
		out.DenialReasons = append(out.DenialReasons, funnel.Reason{Reason: reporttext.Clean(r.Reason), Users: r.Users})
	}
	return out
}

// minutesOf returns whole minutes; nil for none.
func minutesOf(d time.Duration) *int {
	if d == 0 {
		return nil
	}
	n := int(d / time.Minute)
	return &n
}

// checkFacts returns the lines on identity checks, none before the first news of one, and
// on links that are dead.
func checkFacts(f *funnel.Funnel, life LinkLife) (list [][2]string) {
	if f.HasNews() {
		order := ledger.KYCStatuses()
		for s := range f.Status {
			if !slices.Contains(order, s) {
				order = append(order, s)
			}
		}
		slices.Sort(order[len(ledger.KYCStatuses()):])
		var parts []string
		for _, s := range order {
			if n := f.Status[s]; n > 0 {
				parts = append(parts, reporttext.FormatCount(n)+" "+checkTitle(s))
			}
		}
		list = append(list, [2]string{"Identity checks", strings.Join(parts, "\n")})
	}
	if f.Dead > 0 || f.HasNews() && f.Working > 0 {
		list = append(list, [2]string{"Links to be opened", reporttext.FormatCount(f.Working) + " work\n" +
			reporttext.FormatCount(f.Dead) + " probably dead (" + life.String() + ")"})
	}
	if m := f.Median(); m > 0 {
		list = append(list, [2]string{"Median time to a decision", formatDuration(m)})
	}
	return list
}

// checkTitle returns the status of an identity check in words.
func checkTitle(s ledger.KYCStatus) string {
	return cmp.Or(map[ledger.KYCStatus]string{
		ledger.KYCUnknown:  "without news",
		ledger.KYCNotBegun: "not started",
		ledger.KYCPending:  "under review",
		ledger.KYCMore:     "must verify once more",
	}[s], reporttext.Clean(strings.ReplaceAll(string(s), "_", " ")))
}

// maxDays is how many days of a funnel people are shown, the newest ones.
const maxDays = 31

// dayLine is a day of the funnel, or a list, for people.
type dayLine struct{ Date, Created, Opened, Pending, Approved, Denied, Median string }

// newestDays returns the newest days of a funnel; none before the first news.
func newestDays(f *funnel.Funnel) []funnel.Day {
	if !f.HasNews() {
		return nil
	}
	days := f.Days()
	return days[max(0, len(days)-maxDays):]
}

// dayLines returns the newest days in words.
func dayLines(f *funnel.Funnel) (lines []dayLine) {
	for _, d := range newestDays(f) {
		lines = append(lines, newDayLine(d))
	}
	return lines
}

func newDayLine(d funnel.Day) dayLine {
	line := dayLine{d.Date, reporttext.FormatCount(d.Created), reporttext.FormatCount(d.Opened), reporttext.FormatCount(d.Pending),
		reporttext.FormatCount(d.Approved), reporttext.FormatCount(d.Denied), ""}
	if d.Median > 0 {
		line.Median = formatDuration(d.Median)
	}
	return line
}

// maxReasons is how many reasons of denials people are shown.
const maxReasons = 12

// mainReasons returns the most frequent reasons of denials.
func mainReasons(f *funnel.Funnel) []funnel.Reason {
	all := f.Reasons()
	all = all[:min(len(all), maxReasons)]
	for i := range all {
		all[i].Reason = reporttext.Clean(all[i].Reason)
	}
	return all
}
