package report

import (
	"errors"
	"strconv"
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

// summary fills the first sheet: counts and their chart, money, the run, and
// the causes with what to do.
func (b *book) summary(m Meta, t *tally) error {
	const name, adviceWidth = "Summary", 66
	st := b.style
	s := &front{file: b.file, name: name, row: 1}
	for i, width := range []float64{38, 12, 12, adviceWidth, 3} {
		col, err := excelize.ColumnNumberToName(i + 1)
		if err == nil {
			err = b.file.SetColWidth(name, col, col, width)
		}
		if err != nil {
			return err
		}
	}
	s.line(32, []int{st.title}, newPage(m, t).Title)
	s.line(20, []int{st.subtitle}, lead(t))

	s.head(st, "Outcome", "Rows", "Share", "Meaning")
	from := s.row
	for _, status := range ledger.Statuses() {
		if n := t.counts[status]; n > 0 {
			s.line(18, []int{b.signal(status), st.count, st.share, st.label}, statusTitle(status), n, share(n, t.rows), statusMeaning(status))
		}
	}
	to := s.row - 1
	s.line(18, []int{st.cause, st.count, st.share, st.label}, "all rows", t.rows, "", "")

	pairs := func(title string, list [][2]string) {
		if len(list) == 0 {
			return
		}
		s.head(st, title, "", "", "")
		for _, p := range list {
			row := s.row
			s.line(max(18, heightFor(p[1], adviceWidth+26)), []int{st.key, st.value, st.value, st.value}, p[0], p[1], "", "")
			if s.err == nil {
				s.err = b.file.MergeCell(name, "B"+strconv.Itoa(row), "D"+strconv.Itoa(row))
			}
		}
	}
	pairs("Money", costs(m.Money))
	pairs("This run", facts(m))

	if causes := t.list(); len(causes) > 0 {
		s.head(st, "Cause", "Rows", "", "What to do")
		for _, c := range causes {
			advice := Advice(c.Status, c.Code)
			s.line(max(18, heightFor(advice, adviceWidth)), []int{st.cause, st.count, st.label, st.label}, c.title(), c.Count, "", advice)
		}
		s.line(18, []int{st.subtitle}, "A row with several problems counts in each of its causes.")
	}
	if s.err != nil {
		return s.err
	}
	if to >= from {
		if err := b.chart(name, from, to); err != nil {
			return err
		}
	}
	return b.dress(name, m)
}

// signal is the style of a status: done, waiting, wrong, or none of these.
func (b *book) signal(s ledger.Status) int {
	switch s {
	case ledger.Created:
		return b.style.good
	case ledger.Rejected, ledger.Invalid, ledger.InDoubt:
		return b.style.bad
	case ledger.LinkMissing, ledger.InsufficientBalance, ledger.Pending:
		return b.style.warn
	}
	return b.style.muted
}

// chart draws the counts of the rows from to to beside them.
func (b *book) chart(name string, from, to int) error {
	at := func(col string) string {
		return name + "!$" + col + "$" + strconv.Itoa(from) + ":$" + col + "$" + strconv.Itoa(to)
	}
	gap := uint(45)
	return b.file.AddChart(name, "F"+strconv.Itoa(from-1), &excelize.Chart{
		Type: excelize.Bar,
		Series: []excelize.ChartSeries{{Name: name + "!$B$" + strconv.Itoa(from-1), Categories: at("A"), Values: at("B"),
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"3B6EA5"}}}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Rows by outcome", Font: &excelize.Font{Size: 12, Bold: true, Color: headColour}}}},
		Legend:    excelize.ChartLegend{Position: "none"},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 10, Color: inkColour}},
		YAxis:     excelize.ChartAxis{None: true},
		GapWidth:  &gap,
		Dimension: excelize.ChartDimension{Width: 520, Height: uint(max(220, 70+34*(to-from+1)))},
		Format:    excelize.GraphicOptions{AltText: "Bar chart of the rows by outcome"},
	})
}

// dress sets how the first sheet prints and what the file says of itself.
func (b *book) dress(name string, m Meta) error {
	hide := false
	err := errors.Join(b.landscape(name), b.file.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &hide}))
	if err != nil {
		return err
	}
	props := &excelize.DocProperties{Title: "Onboarding report", Creator: "bulkonboard", LastModifiedBy: "bulkonboard"}
	if !m.Finished.IsZero() {
		props.Created = m.Finished.UTC().Format(time.RFC3339)
		props.Modified = props.Created
	}
	return b.file.SetDocProps(props)
}
