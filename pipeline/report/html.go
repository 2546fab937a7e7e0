package report

import (
	"bufio"
	_ "embed"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

//go:embed page.html
var page string

// writeHTML writes the page that shows how a run went: counts, causes with advice,
// and money. It names no customer, shows no link, and loads nothing: its policy
// forbids it.
func writeHTML(w io.Writer, _ string, m Meta, rows Rows) error {
	t := newTally(m)
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
	Title       string
	Place       string
	Environment string
	Rows        string
	Lead        string
	Bars        []bar
	Causes      []causeLine
	Facts       [][2]string
	Costs       [][2]string
	BarWidth    int
	Pace        *paceView // nil: too few, or in too short a time, for a picture
	Days        []dayLine
	Lists       []dayLine       // with the input in the place of the day
	Reasons     []funnel.Reason // of denials
}

// paceView is the picture of creations over time.
type paceView struct {
	Per, Most, From, To string
	Columns             []paceColumn
}

// paceColumn is a span of it, in units of the drawing.
type paceColumn struct {
	X, Y, Width, Height float64
	Text                string
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
	p := pageData{Title: pageTitle(m), Place: environmentNote(m.Environment), Environment: m.Environment, Rows: reporttext.FormatCount(t.rows), Lead: lead(t), Facts: facts(m, t), BarWidth: barWidth}
	for _, c := range costs(m.Money) {
		p.Costs = append(p.Costs, [2]string{c.name, strings.TrimSpace(reporttext.GroupDigits(string(c.amount)) + " " + reporttext.Clean(string(m.Money.Currency)))})
	}
	p.Pace = newPaceView(&t.pace)
	p.Days, p.Lists, p.Reasons = dayLines(t.checks.Funnel), t.checks.listLines(m.Batches), mainReasons(t.checks.Funnel)
	widths := barWidths(t)
	phrases := finance.NewPhrases(m.Headings)
	x := 0.0
	for i, s := range ledger.Statuses() {
		if t.counts[s] == 0 {
			continue
		}
		p.Bars = append(p.Bars, bar{string(s), statusTitle(s), phrases.StatusMeaning(s), reporttext.FormatCount(t.counts[s]), share(t.counts[s], t.rows), x, widths[i]})
		x += widths[i]
	}
	for _, c := range t.sortedCauses() {
		p.Causes = append(p.Causes, causeLine{statusTitle(c.Status), phrases.CauseTitle(c.Status, c.Field, c.Code), reporttext.FormatCount(c.Count), phrases.Advice(c.Status, c.Field, c.Code)})
	}
	return p
}

// pageTitle returns the title of a report for people.
func pageTitle(m Meta) string {
	title := "Onboarding report"
	if len(m.Batches) > 0 && len(m.Batches[0].Files) > 0 {
		title += ": " + fileNames(m.Batches[0].Files)[0]
	}
	return title
}

// paceHeight is the height of the picture of the pace in its own units.
const paceHeight = 120

func newPaceView(p *pace) *paceView {
	counts, from, each := p.bars()
	if len(counts) == 0 {
		return nil
	}
	const moment = "2 Jan 2006, 15:04"
	most := slices.Max(counts)
	v := &paceView{Per: each.name, Most: reporttext.FormatCount(most), From: p.all.first.UTC().Format(moment + " UTC"), To: p.all.last.UTC().Format(moment + " UTC")}
	step := float64(barWidth) / float64(len(counts))
	for i, n := range counts {
		height := 0.0
		if n > 0 {
			height = max(1.5, float64(paceHeight)*float64(n)/float64(most))
		}
		v.Columns = append(v.Columns, paceColumn{X: roundTenth(float64(i) * step), Y: roundTenth(paceHeight - height), Width: roundTenth(step * 0.86), Height: roundTenth(height),
			Text: from.Add(time.Duration(i)*each.length).Format(moment) + ": " + reporttext.FormatCount(n)})
	}
	return v
}

func roundTenth(f float64) float64 { return math.Round(f*10) / 10 }

// barWidths returns the part of the bar of each status, in the order of
// statuses. A single row among millions stays visible.
func barWidths(t *tally) []float64 {
	const minWidth = 6
	widths := make([]float64, len(ledger.Statuses()))
	sum := 0.0
	for i, s := range ledger.Statuses() {
		if t.counts[s] > 0 {
			widths[i] = max(minWidth, barWidth*float64(t.counts[s])/float64(t.rows))
			sum += widths[i]
		}
	}
	for i := range widths {
		widths[i] = float64(int(widths[i]*barWidth/max(sum, 1)*10)) / 10
	}
	return widths
}

// lead returns a sentence on the result.
func lead(t *tally) string {
	if t.rows == 0 {
		return "No rows."
	}
	done := t.counts[ledger.Created] + t.counts[ledger.LinkMissing]
	left := t.left()
	text := reporttext.FormatCount(done) + " of " + reporttext.FormatCount(t.rows) + " rows onboarded (" + share(done, t.rows) + ")."
	if left > 0 {
		text += " " + reporttext.FormatCount(left) + " left for the next run."
	}
	if other := t.rows - done - left; other > 0 {
		text += " " + reporttext.FormatCount(other) + " not onboarded, see the causes."
	}
	return text
}
