package report

import (
	"bufio"
	"context"
	_ "embed"
	"html/template"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
)

//go:embed page.html
var page string

// htmlFormat is the page for whoever wants to know how it went: counts, causes
// with advice, and money. It names no customer, shows no link, and loads
// nothing: its policy forbids it.
type htmlFormat struct{}

func (htmlFormat) write(_ context.Context, w io.Writer, _ string, m Meta, rows Rows) error {
	t := newTally()
	for r, err := range rows {
		if err != nil {
			return err
		}
		t.add(&r)
	}
	view, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := view.Execute(out, newPage(m, t)); err != nil {
		return err
	}
	return out.Flush()
}

// pageData is what the page shows.
type pageData struct {
	Title    string
	Rows     string
	Lead     string
	Bars     []bar
	Causes   []causeLine
	Facts    [][2]string
	Costs    [][2]string
	BarWidth int
}

// bar is one status in the outcome bar and in the table under it.
type bar struct {
	Status, Title, Meaning, Count, Share string
	X, Width                             float64 // in units of the drawing
}

type causeLine struct{ Status, Title, Count, Advice string }

// barWidth is the width of the drawing in its own units.
const barWidth = 1000

func newPage(m Meta, t *tally) pageData {
	p := pageData{Title: "Onboarding report", Rows: thousands(t.rows), Lead: lead(t), Facts: facts(m), Costs: costs(m.Money), BarWidth: barWidth}
	if len(m.Batches) > 0 && len(m.Batches[0].Files) > 0 {
		p.Title += ": " + fileNames(m.Batches[0].Files)[0]
	}
	widths := barWidths(t)
	x := 0.0
	for i, s := range ledger.Statuses() {
		if t.counts[s] == 0 {
			continue
		}
		p.Bars = append(p.Bars, bar{string(s), statusTitle(s), statusMeaning(s), thousands(t.counts[s]), share(t.counts[s], t.rows), x, widths[i]})
		x += widths[i]
	}
	for _, c := range t.list() {
		p.Causes = append(p.Causes, causeLine{statusTitle(c.Status), c.title(), thousands(c.Count), Advice(c.Status, c.Code)})
	}
	return p
}

// barWidths gives each status its part of the bar, in the order of statuses. A
// single row among millions stays visible.
func barWidths(t *tally) []float64 {
	const least = 6
	widths := make([]float64, len(ledger.Statuses()))
	sum := 0.0
	for i, s := range ledger.Statuses() {
		if t.counts[s] > 0 {
			widths[i] = max(least, barWidth*float64(t.counts[s])/float64(t.rows))
			sum += widths[i]
		}
	}
	for i := range widths {
		widths[i] = float64(int(widths[i]*barWidth/max(sum, 1)*10)) / 10
	}
	return widths
}

// lead says in a sentence how it went.
func lead(t *tally) string {
	if t.rows == 0 {
		return "No rows."
	}
	done := t.counts[ledger.Created] + t.counts[ledger.LinkMissing]
	left := t.counts[ledger.Pending] + t.counts[ledger.InsufficientBalance] + t.counts[ledger.InDoubt]
	text := thousands(done) + " of " + thousands(t.rows) + " rows onboarded (" + share(done, t.rows) + ")."
	if left > 0 {
		text += " " + thousands(left) + " left for the next run."
	}
	if other := t.rows - done - left; other > 0 {
		text += " " + thousands(other) + " not onboarded, see the causes."
	}
	return text
}
