package report

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// tally counts the rows of a report by status and by cause.
type tally struct {
	rows   int
	counts Counts
	causes map[Cause]int // Count is 0 in the keys
	pace   pace
	checks users
	life   LinkLife
}

func newTally(m Meta) *tally {
	return &tally{counts: Counts{}, causes: map[Cause]int{}, pace: pace{since: m.Started}, checks: newUsers(m), life: m.LinkLife}
}

// add counts a row and returns its first cause, by which it is grouped. A row
// without a problem has none. The causes are those of ledger.Tally, so that
// every count of them agrees; changed details, which it counts apart, and a
// status without a code are causes too.
func (t *tally) add(r *ledger.Reported) (first Cause, ok bool) {
	t.rows++
	t.counts[r.Status]++
	if r.Status == ledger.Created {
		t.pace.add(r.Customer.Decided)
	}
	t.checks.add(r)
	for _, p := range r.Problems() {
		c := Cause{Status: r.Status, Field: listItem(p.Field), Code: listItem(p.Code)}
		t.causes[c]++
		if !ok {
			first, ok = c, true
		}
	}
	if !ok && r.Status != ledger.Created {
		first, ok = Cause{Status: r.Status}, true
		t.causes[first]++
	}
	if len(r.Changed) > 0 && r.Status != ledger.Forgotten {
		c := Cause{Status: r.Status, Code: detailsChanged}
		t.causes[c]++
		if !ok {
			first, ok = c, true
		}
	}
	return first, ok
}

// left returns the number of rows that the next run continues with.
func (t *tally) left() int {
	return t.counts[ledger.Pending] + t.counts[ledger.InsufficientBalance] + t.counts[ledger.InDoubt]
}

// sortedCauses returns the causes in the order of statuses, created last, and the most
// frequent first.
func (t *tally) sortedCauses() []Cause {
	var list []Cause
	for c, n := range t.causes {
		c.Count = n
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return compareCauses(&list[i], &list[j]) < 0 })
	return list
}

func compareCauses(a, b *Cause) int {
	order := ledger.Statuses()
	rank := func(s ledger.Status) int {
		if s == ledger.Created {
			return len(order) // nothing is wrong with these
		}
		return slices.Index(order, s)
	}
	return cmp.Or(rank(a.Status)-rank(b.Status), b.Count-a.Count, cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
}

// facts returns the lines on the run at the head of a report for people. What
// is unknown is left out.
func facts(m Meta, t *tally) [][2]string {
	var list [][2]string
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, reporttext.Clean(value)})
		}
	}
	add("Environment", m.Environment)
	var files []string
	for _, b := range m.Batches {
		for i, name := range fileNames(b.Files) {
			if sheet := b.Files[i].Sheet; sheet != "" {
				name += ", sheet " + sheet
			}
			files = append(files, name+" ("+reporttext.FormatCount(b.Files[i].Rows)+" rows)")
		}
	}
	if n := len(files); n > maxFilesShown {
		files = append(files[:maxFilesShown], "and "+reporttext.FormatCount(n-maxFilesShown)+" more")
	}
	add("Input", strings.Join(files, "\n"))
	if lines := decidedLines(m.Decided, m.Headings); lines != "" {
		list = append(list, [2]string{"Decided", lines})
	}
	add("Ledger", m.Ledger)
	if m.Run != 0 {
		add("Run", strconv.FormatInt(m.Run, 10))
	}
	add("As of", formatForPeople(Moment{m.Asked}))
	add("Started", formatForPeople(Moment{m.Started}))
	add("Finished", formatForPeople(Moment{m.Finished}))
	if !m.Started.IsZero() && m.Finished.After(m.Started) {
		add("Duration", formatDuration(m.Finished.Sub(m.Started)))
	}
	list = append(list, t.pace.outlook(t.left(), m.Finished)...)
	list = append(list, checkFacts(t.checks.Funnel, t.life)...)
	add("Stopped by", stopTitle(m.StopReason))
	add("Program", m.Version)
	return list
}

// maxFilesShown keeps the head of a report on one page.
const maxFilesShown = 12

// cost is a line on money.
type cost struct {
	name   string
	amount Amount
}

// costs returns the known lines on money.
func costs(m Money) []cost {
	list := []cost{{"Fee for each customer", m.Fee}, {"Charged in this run", m.Charged}, {"Wallet before", m.WalletBefore}, {"Wallet after", m.WalletAfter}}
	return slices.DeleteFunc(list, func(c cost) bool { return c.amount == "" })
}

// formatForPeople returns a time in words, in UTC; "" for the zero time.
func formatForPeople(m Moment) string {
	if m.IsZero() {
		return ""
	}
	return m.UTC().Format("2 January 2006, 15:04:05 UTC")
}

// share returns n of all in per cent. It is 0 only for n = 0, and 100 only for
// n = all.
func share(n, all int) string {
	if n == 0 || all == 0 {
		return "0\u00a0%"
	}
	p := 100 * float64(n) / float64(all)
	switch {
	case n < all && p > 99.9:
		return ">\u00a099.9\u00a0%"
	case p < 0.1:
		return "<\u00a00.1\u00a0%"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + "\u00a0%"
}
