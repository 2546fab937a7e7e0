package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// tally counts the rows of a report by status and by cause.
type tally struct {
	rows   int
	counts Counts
	causes map[Cause]int // Count is 0 in the keys
	pace   pace
	checks checks
	buf    []problem
}

func newTally(m Meta) *tally {
	return &tally{counts: Counts{}, causes: map[Cause]int{}, pace: pace{since: m.Started}, checks: checks{at: m.asOf()}}
}

// add counts a row and returns its first cause, the one it is grouped by. A
// row that is as it should be has none.
func (t *tally) add(r *ledger.Reported) (first Cause, ok bool) {
	t.rows++
	t.counts[r.Status]++
	if r.Status == ledger.Created {
		t.pace.add(r.Customer.Decided)
	}
	t.checks.add(r)
	t.buf = problems(t.buf[:0], r)
	for _, p := range t.buf {
		if strings.HasPrefix(p.code, "warn:") {
			continue
		}
		c := Cause{Status: r.Status, Field: item(p.field), Code: item(p.code)}
		t.causes[c]++
		if !ok {
			first, ok = c, true
		}
	}
	if !ok && r.Status != ledger.Created {
		first, ok = Cause{Status: r.Status}, true
		t.causes[first]++
	}
	return first, ok
}

// left is the rows that the next run goes on with.
func (t *tally) left() int {
	return t.counts[ledger.Pending] + t.counts[ledger.InsufficientBalance] + t.counts[ledger.InDoubt]
}

// list is the causes in the order of statuses, created last, and the most
// frequent first.
func (t *tally) list() []Cause {
	var list []Cause
	for c, n := range t.causes {
		c.Count = n
		list = append(list, c)
	}
	slices.SortFunc(list, compareCauses)
	return list
}

func compareCauses(a, b Cause) int {
	order := ledger.Statuses()
	place := func(s ledger.Status) int {
		if s == ledger.Created {
			return len(order) // nothing is wrong with these
		}
		return slices.Index(order, s)
	}
	return cmp.Or(cmp.Compare(place(a.Status), place(b.Status)),
		-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
}

// facts are the lines on the run that stand at the head of a report for
// people. What is not known is left out.
func facts(m Meta, t *tally) [][2]string {
	var list [][2]string
	add := func(name, value string) {
		if value != "" {
			list = append(list, [2]string{name, clean(value)})
		}
	}
	add("Environment", m.Environment)
	var files []string
	for _, b := range m.Batches {
		for i, name := range fileNames(b.Files) {
			if sheet := b.Files[i].Sheet; sheet != "" {
				name += ", sheet " + sheet
			}
			files = append(files, name+" ("+thousands(b.Files[i].Rows)+" rows)")
		}
	}
	if n := len(files); n > maxFilesShown {
		files = append(files[:maxFilesShown], "and "+thousands(n-maxFilesShown)+" more")
	}
	add("Input", strings.Join(files, "\n"))
	add("Ledger", m.Ledger)
	if m.Run != 0 {
		add("Run", strconv.FormatInt(m.Run, 10))
	}
	add("As of", people(Moment{m.Asked}))
	add("Started", people(Moment{m.Started}))
	add("Finished", people(Moment{m.Finished}))
	if !m.Started.IsZero() && m.Finished.After(m.Started) {
		add("Duration", took(m.Finished.Sub(m.Started)))
	}
	list = append(list, t.pace.outlook(t.left(), m.Finished)...)
	list = append(list, t.checks.facts()...)
	add("Stopped by", strings.ReplaceAll(m.StopReason, "_", " "))
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

// costs are the lines on money that are known.
func costs(m Money) []cost {
	var list []cost
	for _, c := range []cost{
		{name: "Fee for each customer", amount: m.Fee}, {name: "Charged in this run", amount: m.Charged},
		{name: "Wallet before", amount: m.WalletBefore}, {name: "Wallet after", amount: m.WalletAfter},
	} {
		if c.amount != "" {
			list = append(list, c)
		}
	}
	return list
}

// people is a moment as people read it, in UTC.
func people(m Moment) string {
	if m.IsZero() {
		return ""
	}
	return m.UTC().Format("2 January 2006, 15:04:05 UTC")
}

// thousands groups digits by commas, as English text does.
func thousands(n int) string {
	return grouped(strconv.Itoa(n))
}

// grouped is a decimal number with commas between its thousands. What is no
// number stays as it is.
func grouped(s string) string {
	if !number.MatchString(s) {
		return s
	}
	whole, _, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// share is n of all in per cent. What is there is never 0, and what is not all
// is never 100.
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
