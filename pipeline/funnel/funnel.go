// Package funnel counts how far users are after their creation: created, opened, under
// review, approved or denied, by the day of their creation, why they were denied, how long
// a decision takes, and which verification links still work. Start at [New].
//
// What is counted is what the ledger knows: that a user opened the link shows only by
// the status of the check.
package funnel

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Funnel is how far some users are. It is made by New and used by one goroutine.
type Funnel struct {
	Users     int                      // that exist, created by us
	Status    map[ledger.KYCStatus]int // "" = nothing was heard of their check
	NoLink    int                      // link_missing
	Working   int                      // have still to open their link, and it probably works
	Dead      int                      // have still to open their link, and it is probably dead
	Renewable int                      // of these, those who have never begun: links renew is for them
	Spent     int                      // of the dead ones, renewed as often as is allowed; see [Funnel.AddSpent]
	RetryOpen int                      // perhaps started again: no answer, and no news since
	Again     int                      // under review again without a link: they have nothing to do

	now       time.Time
	life      time.Duration
	days      map[string]*Day
	reasons   map[string]int
	decisions durations
}

// Day is how far the users are who were created on one day.
type Day struct {
	Date     string        `json:"date"`     // in UTC, such as 2026-01-31
	Created  int           `json:"created"`  // users
	Opened   int           `json:"opened"`   // of those, who have gone on with their link, whatever came of it
	Pending  int           `json:"pending"`  // of those, under review, or to verify once more
	Approved int           `json:"approved"` // of those
	Denied   int           `json:"denied"`   // of those
	Median   time.Duration `json:"-"`        // from creation to decision; 0 = nobody was decided

	decisions durations
}

// Reason is why users were denied, and how many.
type Reason struct {
	Reason string `json:"reason"`
	Users  int    `json:"users"`
}

// NoReason is the reason of those whom the partner denied without one.
const NoReason = "no reason given"

// New returns an empty funnel as of a moment. Links live so long.
func New(now time.Time, life time.Duration) *Funnel {
	return &Funnel{Status: map[ledger.KYCStatus]int{}, now: now, life: life, days: map[string]*Day{}, reasons: map[string]int{}}
}

// Unheard returns the funnel of users of whom nothing was heard, and whose links all work:
// those who are created, and those whose link was lost. It has no days.
func Unheard(now time.Time, life time.Duration, created, missing int) *Funnel {
	f := New(now, life)
	f.Users, f.NoLink, f.Working = created+missing, missing, created
	if f.Users > 0 {
		f.Status[ledger.KYCUnknown] = f.Users
	}
	return f
}

// Add counts a customer, if there is a user of ours.
func (f *Funnel) Add(c *ledger.Customer) {
	if c.Status != ledger.Created && c.Status != ledger.LinkMissing {
		return
	}
	f.Users++
	f.Status[c.KYC.Status]++
	if c.Status == ledger.LinkMissing && !c.KYC.IsLinkSpent() {
		f.NoLink++
	}
	switch c.LinkState(f.now, f.life) {
	case ledger.LinkWorks:
		f.Working++
	case ledger.LinkDead:
		f.Dead++
		if c.KYC.HasNotBegun() {
			f.Renewable++
		}
	}
	if s := c.KYC.Status; c.KYC.RetryOpen && (s.Open() || s == ledger.KYCDenied) {
		f.RetryOpen++
	}
	if c.KYC.IsUnderReviewAgain() {
		f.Again++
	}
	f.addToDay(c)
}

// AddSpent notes that so many of the renewable users were renewed as often as is allowed,
// which their attempts show.
func (f *Funnel) AddSpent(n int) { f.Spent, f.Renewable = f.Spent+n, f.Renewable-n }

// addToDay counts a user among those who were created on the same day.
func (f *Funnel) addToDay(c *ledger.Customer) {
	created := createdAt(c)
	if created.IsZero() {
		return
	}
	date := created.UTC().Format(time.DateOnly)
	d := f.days[date]
	if d == nil {
		d = &Day{Date: date}
		f.days[date] = d
	}
	d.Created++
	switch c.KYC.Status {
	case ledger.KYCUnknown, ledger.KYCNotBegun:
		if !c.KYC.HasNotBegun() {
			d.Opened++ // before a retry
		}
		return
	case ledger.KYCApproved:
		d.Approved++
	case ledger.KYCDenied:
		d.Denied++
		f.addReasons(c.KYC.Reasons)
	default:
		d.Pending++
	}
	d.Opened++
	if s := c.KYC.Status; (s == ledger.KYCApproved || s == ledger.KYCDenied) && c.KYC.At.After(created) {
		d.decisions.add(c.KYC.At.Sub(created))
		f.decisions.add(c.KYC.At.Sub(created))
	}
}

func (f *Funnel) addReasons(reasons []string) {
	if len(reasons) == 0 {
		f.reasons[NoReason]++
	}
	for _, r := range reasons {
		f.reasons[r]++
	}
}

// createdAt returns when a user was first created, as far as it is known.
func createdAt(c *ledger.Customer) time.Time {
	if !c.FirstSent.IsZero() {
		return c.FirstSent
	}
	return c.Decided
}

// HasNews reports whether anything was heard of an identity check.
func (f *Funnel) HasNews() bool { return f.Users > f.Status[ledger.KYCUnknown] }

// Days returns the days on which users were created, the earliest first.
func (f *Funnel) Days() []Day {
	out := make([]Day, 0, len(f.days))
	for _, d := range f.days {
		day := *d
		day.Median = d.decisions.median()
		out = append(out, day)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Date < out[j].Date })
	return out
}

// Total returns all days together, without a date.
func (f *Funnel) Total() Day {
	sum := Day{Median: f.Median()}
	for _, d := range f.days {
		sum.Created, sum.Opened, sum.Pending = sum.Created+d.Created, sum.Opened+d.Opened, sum.Pending+d.Pending
		sum.Approved, sum.Denied = sum.Approved+d.Approved, sum.Denied+d.Denied
	}
	return sum
}

// Reasons returns why users were denied, the most frequent first. A user with several
// reasons counts in each.
func (f *Funnel) Reasons() []Reason {
	out := make([]Reason, 0, len(f.reasons))
	for r, n := range f.reasons {
		out = append(out, Reason{r, n})
	}
	sort.Slice(out, func(i, j int) bool {
		return cmp.Or(out[j].Users-out[i].Users, cmp.Compare(out[i].Reason, out[j].Reason)) < 0
	})
	return out
}

// Median returns the median time from the creation of a user to the decision; 0 if
// nobody was decided.
func (f *Funnel) Median() time.Duration { return f.decisions.median() }

// durations counts durations by their whole minutes: there may be millions of them.
type durations struct {
	perMinute map[int]int
	count     int
}

func (d *durations) add(took time.Duration) {
	if d.perMinute == nil {
		d.perMinute = map[int]int{}
	}
	d.perMinute[int(took/time.Minute)]++
	d.count++
}

// median returns the median, to the minute and at least one minute; 0 if there is none.
func (d *durations) median() time.Duration {
	if d.count == 0 {
		return 0
	}
	minutes := make([]int, 0, len(d.perMinute))
	for m := range d.perMinute {
		minutes = append(minutes, m)
	}
	slices.Sort(minutes)
	seen := 0
	for _, m := range minutes {
		if seen += d.perMinute[m]; 2*seen >= d.count {
			return max(time.Duration(m)*time.Minute, time.Minute)
		}
	}
	return 0
}
