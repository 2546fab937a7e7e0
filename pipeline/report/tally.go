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
	buf    []problem
}

func newTally() *tally { return &tally{counts: Counts{}, causes: map[Cause]int{}} }

// add counts a row and returns its first cause, the one it is grouped by. A
// row that is as it should be has none.
func (t *tally) add(r *ledger.Reported) (first Cause, ok bool) {
	t.rows++
	t.counts[r.Status]++
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
func facts(m Meta) [][2]string {
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
	add("Started", people(Moment{m.Started}))
	add("Finished", people(Moment{m.Finished}))
	if !m.Started.IsZero() && m.Finished.After(m.Started) {
		add("Duration", m.Finished.Sub(m.Started).Round(1e9).String())
	}
	add("Stopped by", strings.ReplaceAll(m.StopReason, "_", " "))
	add("Program", m.Version)
	return list
}

// maxFilesShown keeps the head of a report on one page.
const maxFilesShown = 12

// costs are the lines on money; none if nothing is known.
func costs(m Money) [][2]string {
	var list [][2]string
	for _, line := range []struct {
		name   string
		amount Amount
	}{
		{"Fee for each customer", m.Fee}, {"Charged in this run", m.Charged},
		{"Wallet before", m.WalletBefore}, {"Wallet after", m.WalletAfter},
	} {
		if line.amount != "" {
			list = append(list, [2]string{line.name, strings.TrimSpace(string(line.amount) + " " + string(m.Currency))})
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
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// share is n of all in per cent. What is there is never 0, and what is not all
// is never 100.
func share(n, all int) string {
	if n == 0 || all == 0 {
		return "0 %"
	}
	p := 100 * float64(n) / float64(all)
	switch {
	case n < all && p > 99.9:
		return "> 99.9 %"
	case p < 0.1:
		return "< 0.1 %"
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + " %"
}
