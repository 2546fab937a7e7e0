package report

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/xuri/excelize/v2"
)

// front is the first sheet under way, written from the top down.
type front struct {
	file *excelize.File
	name string
	row  int
	err  error // the first; later calls do nothing
}

// put writes a cell of the present row.
func (s *front) put(col int, style int, value any) {
	if text, ok := value.(string); ok {
		value = Guard(text)
	}
	s.do(func(cell string) error { return s.file.SetCellValue(s.name, cell, value) }, col)
	s.do(func(cell string) error { return s.file.SetCellStyle(s.name, cell, cell, style) }, col)
}

func (s *front) do(f func(cell string) error, col int) {
	if s.err != nil {
		return
	}
	cell, err := excelize.CoordinatesToCellName(col, s.row)
	if err == nil {
		err = f(cell)
	}
	s.err = err
}

// line puts one value in each column, in these styles, and goes to the next row.
func (s *front) line(height float64, styles []int, values ...any) {
	for i, v := range values {
		s.put(i+1, styles[i], v)
	}
	if height > 0 && s.err == nil {
		s.err = s.file.SetRowHeight(s.name, s.row, height)
	}
	s.row++
}

// head starts a block of four columns.
func (s *front) head(st styles, titles ...any) {
	s.row++
	s.line(24, []int{st.headEdge, st.headRight, st.headRight, st.headIndent}, titles...)
}

// summary fills the first sheet, one column of blocks that prints on pages
// upright: counts and their chart, causes with what to do, money, the run.
func (b *book) summary(m Meta, t *tally) error {
	const name, adviceWidth = "Summary", 62
	st := b.style
	s := &front{file: b.file, name: name, row: 1}
	for i, width := range []float64{40, 10, 10, adviceWidth} {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err == nil {
			err = b.file.SetColWidth(name, col, col, width)
		}
		if err != nil {
			return err
		}
	}
	s.line(34, []int{st.title}, newPage(m, t).Title)
	s.line(20, []int{st.lead}, lead(t))
	if where := place(m.Environment); where != "" {
		s.line(18, []int{st.subtitle}, where)
	}

	s.head(st, "Outcome", "Rows", "Share", "Meaning")
	from := s.row
	for _, status := range ledger.Statuses() {
		if n := t.counts[status]; n > 0 {
			s.line(18, []int{b.signal(status), st.count, st.share, st.label}, statusTitle(status), n, portion(n, t.rows), statusMeaning(status))
		}
	}
	to := s.row - 1
	s.line(20, []int{st.sum, st.sumCount, st.sumCount, st.sumCount}, "all rows", t.rows, "", "")
	if to >= from && s.err == nil {
		s.chart(b, from, to)
	}

	pairs := func(title string, list [][2]string) {
		if len(list) == 0 {
			return
		}
		s.head(st, title, "", "", "")
		for _, p := range list {
			row := s.row
			s.line(max(18, heightFor(p[1], adviceWidth+18)), []int{st.key, st.value, st.value, st.value}, p[0], p[1], "", "")
			if s.err == nil {
				s.err = b.file.MergeCell(name, "B"+strconv.Itoa(row), "D"+strconv.Itoa(row))
			}
		}
	}
	if err := s.money(b, m.Money); err != nil {
		return err
	}
	if causes := t.list(); len(causes) > 0 {
		s.head(st, "Cause", "Rows", "", "What to do")
		for _, c := range causes {
			title, advice := c.title(), Advice(c.Status, c.Code)
			s.line(max(18, heightFor(advice, adviceWidth), heightFor(title, 38)), []int{st.cause, st.count, st.label, st.label}, title, c.Count, "", advice)
		}
		s.line(18, []int{st.subtitle}, "A row with several problems counts in each of its causes.")
	}
	pairs("This run", facts(m, t))
	if s.err != nil {
		return s.err
	}
	return b.dress(name, m)
}

// money writes the amounts as numbers, so that they can be added up.
func (s *front) money(b *book, m Money) error {
	lines := costs(m)
	if len(lines) == 0 {
		return nil
	}
	style, err := b.moneyStyle(string(m.Currency))
	if err != nil {
		return err
	}
	st := b.style
	s.head(st, "Money", "", "", "")
	for _, c := range lines {
		row := strconv.Itoa(s.row)
		var value any = string(c.amount)
		if f, err := strconv.ParseFloat(string(c.amount), 64); err == nil && len(c.amount) <= 15 {
			value = f // a float64 holds all digits of these
		}
		s.line(18, []int{st.key, style, style, style}, c.name, value, "", "")
		if s.err == nil {
			s.err = b.file.MergeCell(s.name, "B"+row, "D"+row)
		}
	}
	return nil
}

// portion is a share as a number for a cell, unless its text says more.
func portion(n, all int) any {
	if text := share(n, all); strings.HasPrefix(text, "<") || strings.HasPrefix(text, ">") {
		return text
	}
	return float64(n) / float64(max(all, 1))
}

// signal is the style of a status: done, waiting, wrong, or none of these.
func (b *book) signal(s ledger.Status) int {
	switch signalColour(s) {
	case greenColour:
		return b.style.good
	case redColour:
		return b.style.bad
	case amberColour:
		return b.style.warn
	}
	return b.style.muted
}

func signalColour(s ledger.Status) string {
	switch s {
	case ledger.Created:
		return greenColour
	case ledger.Rejected, ledger.Invalid, ledger.InDoubt:
		return redColour
	case ledger.LinkMissing, ledger.InsufficientBalance, ledger.Pending:
		return amberColour
	}
	return greyColour
}

// chart draws the counts of the rows from to to under them, in a row as tall
// as it is, so that nothing lies behind it.
func (s *front) chart(b *book, from, to int) {
	at := func(col string) string {
		return s.name + "!$" + col + "$" + strconv.Itoa(from) + ":$" + col + "$" + strconv.Itoa(to)
	}
	const pixels, points = 4.0 / 3, 24 // of a point; each bar's height
	tall := float64(44 + points*(to-from+1))
	gap := uint(45)
	s.row++
	s.err = errors.Join(b.file.SetRowHeight(s.name, s.row, tall+18), b.file.AddChart(s.name, "A"+strconv.Itoa(s.row), &excelize.Chart{
		Type: excelize.Bar,
		Series: []excelize.ChartSeries{{Name: s.name + "!$B$" + strconv.Itoa(from-1), Categories: at("A"), Values: at("B"),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{barColour}}}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Rows by outcome", Font: &excelize.Font{Size: 12, Bold: true, Color: headColour}}}},
		Legend:    excelize.ChartLegend{Position: "none"},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 10, Color: inkColour}},
		YAxis:     excelize.ChartAxis{None: true},
		GapWidth:  &gap,
		Border:    excelize.LineOptions{Type: excelize.LineNone},
		Dimension: excelize.ChartDimension{Width: 860, Height: uint(tall * pixels)},
		Format:    excelize.GraphicOptions{AltText: "Bar chart of the rows by outcome"},
	}))
	s.row++
}

// dress sets how the first sheet prints and what the file says of itself.
func (b *book) dress(name string, m Meta) error {
	hide := false
	err := errors.Join(b.layout(name, "portrait", 1), b.file.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &hide}))
	if err != nil {
		return err
	}
	props := &excelize.DocProperties{Title: "Onboarding report", Creator: "bulkonboard", LastModifiedBy: "bulkonboard"}
	if at := m.asOf(); !at.IsZero() {
		props.Created = at.UTC().Format(time.RFC3339)
		props.Modified = props.Created
	}
	return b.file.SetDocProps(props)
}
