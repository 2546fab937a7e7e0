package report

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
	"github.com/xuri/excelize/v2"
)

const (
	summaryName = "Summary"
	adviceWidth = 62 // in characters
)

// summarySheet is the first sheet: one column of blocks that prints in upright
// format.
type summarySheet struct {
	*workbook.ListSheet
	book *workbook.Workbook
}

// writeSummary fills the first sheet: counts and their chart, causes with what
// to do, money, the run.
func writeSummary(b *workbook.Workbook, m Meta, t *tally, p *finance.Phrases) error {
	s := &summarySheet{b.NewListSheet(summaryName, 40, 10, 10, adviceWidth), b}
	st := b.Style
	s.WriteLine(st.Title, 34, reporttext.Guard(pageTitle(m)))
	s.WriteLine(st.Lead, 20, lead(t))
	if where := environmentNote(m.Environment); where != "" {
		s.WriteLine(st.Subtitle, 18, where)
	}
	s.writeOutcome(t, p)
	if err := s.writeMoney(m.Money); err != nil {
		return err
	}
	if causes := t.sortedCauses(); len(causes) > 0 {
		s.writeHead("Cause", "Rows", "", "What to do")
		for _, c := range causes {
			title, advice := p.CauseTitle(c.Status, c.Field, c.Code), p.Advice(c.Status, c.Field, c.Code)
			s.WriteRow([]int{st.Cause, st.Count, st.Label, st.Label}, max(18, workbook.TextHeight(advice, adviceWidth), workbook.TextHeight(title, 38)), title, c.Count, "", advice)
		}
		s.WriteLine(st.Subtitle, 18, "A row with several problems counts in each of its causes.")
	}
	s.writeDays(t)
	if list := facts(m, t); len(list) > 0 {
		s.writeHead("This run", "", "", "")
		for _, fact := range list {
			s.writeWide(st.Value, max(18, workbook.TextHeight(fact[1], adviceWidth+18)), fact[0], reporttext.Guard(fact[1]))
		}
	}
	if s.Err() != nil {
		return s.Err()
	}
	return setProperties(b, m)
}

// writeHead starts a block of four columns.
func (s *summarySheet) writeHead(titles ...any) {
	s.Row++
	st := s.book.Style
	s.WriteRow([]int{st.HeadEdge, st.HeadRight, st.HeadRight, st.HeadIndent}, 24, titles...)
}

// writeWide writes a name and a value over three columns.
func (s *summarySheet) writeWide(style int, height float64, name string, value any) {
	s.WriteRow([]int{s.book.Style.Key, style, style, style}, height, name, value, "", "")
	s.MergeCells(1, 3)
}

func (s *summarySheet) writeOutcome(t *tally, p *finance.Phrases) {
	st := s.book.Style
	s.writeHead("Outcome", "Rows", "Share", "Meaning")
	from := s.Row + 1
	for _, status := range ledger.Statuses() {
		if n := t.counts[status]; n > 0 {
			meaning := p.StatusMeaning(status)
			s.WriteRow([]int{signalStyle(st, status), st.Count, st.Share, st.Label}, max(18, workbook.TextHeight(meaning, adviceWidth)), statusTitle(status), n, shareValue(n, t.rows), meaning)
		}
	}
	to := s.Row
	s.WriteRow([]int{st.Sum, st.SumCount, st.SumCount, st.SumCount}, 20, "all rows", t.rows, "", "")
	if to >= from && s.Err() == nil {
		s.addChart(from, to)
	}
}

// writeMoney writes the amounts as numbers, so that a spreadsheet can add them.
func (s *summarySheet) writeMoney(m Money) error {
	lines := costs(m)
	if len(lines) == 0 {
		return nil
	}
	style, err := s.book.MoneyStyle(string(m.Currency))
	if err != nil {
		return err
	}
	s.writeHead("Money", "", "", "")
	for _, c := range lines {
		var value any = reporttext.Guard(string(c.amount))
		if f, err := strconv.ParseFloat(string(c.amount), 64); err == nil && len(c.amount) <= 15 {
			value = f // a float64 holds all digits of these
		}
		s.writeWide(style, 18, c.name, value)
	}
	return nil
}

// writeDays writes the identity checks by the day of the creation, and the reasons of
// denials.
func (s *summarySheet) writeDays(t *tally) {
	st := s.book.Style
	if days := newestDays(t.checks.Funnel); len(days) > 0 {
		s.writeHead("Created on", "Users", "Opened", "What came of it")
		for _, d := range days {
			text := reporttext.FormatCount(d.Pending) + " under review, " + reporttext.FormatCount(d.Approved) + " approved, " + reporttext.FormatCount(d.Denied) + " denied"
			if d.Median > 0 {
				text += "; median time to a decision: " + formatDuration(d.Median)
			}
			s.WriteRow([]int{st.Cause, st.Count, st.Count, st.Label}, max(18, workbook.TextHeight(text, adviceWidth)), d.Date, d.Created, d.Opened, text)
		}
	}
	if reasons := mainReasons(t.checks.Funnel); len(reasons) > 0 {
		s.writeHead("Denied because of", "Users", "", "")
		for _, r := range reasons {
			s.WriteRow([]int{st.Cause, st.Count, st.Label, st.Label}, max(18, workbook.TextHeight(r.Reason, 38)), reporttext.Guard(r.Reason), r.Users, "", "")
		}
	}
}

// shareValue returns a share as a number for a cell, or as text where that says
// more.
func shareValue(n, all int) any {
	if text := share(n, all); strings.HasPrefix(text, "<") || strings.HasPrefix(text, ">") {
		return text
	}
	return float64(n) / float64(max(all, 1))
}

// signalStyle returns the look of a status: done, waiting, wrong, or none of these.
func signalStyle(st workbook.Styles, s ledger.Status) int {
	switch s {
	case ledger.Created:
		return st.Good
	case ledger.Rejected, ledger.Invalid, ledger.InDoubt:
		return st.Bad
	case ledger.LinkMissing, ledger.InsufficientBalance, ledger.Pending:
		return st.Warn
	}
	return st.Muted
}

// addChart draws the counts of the rows from to to under them, in a row as tall
// as the chart, so that it hides nothing.
func (s *summarySheet) addChart(from, to int) {
	at := func(col string) string {
		return summaryName + "!$" + col + "$" + strconv.Itoa(from) + ":$" + col + "$" + strconv.Itoa(to)
	}
	const pixels, points = 4.0 / 3, 24 // of a point; each bar's height
	tall := float64(44 + points*(to-from+1))
	gap := uint(45)
	s.Row++
	s.WriteRow(nil, tall+18)
	s.Keep(s.book.File.AddChart(summaryName, workbook.CellName(0, s.Row), &excelize.Chart{
		Type: excelize.Bar,
		Series: []excelize.ChartSeries{{Name: summaryName + "!$B$" + strconv.Itoa(from-1), Categories: at("A"), Values: at("B"),
			Fill: workbook.Fill(workbook.BarColour)}},
		Title:     excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: "Rows by outcome", Font: &excelize.Font{Size: 12, Bold: true, Color: workbook.HeadColour}}}},
		Legend:    excelize.ChartLegend{Position: "none"},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "#,##0"}},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 10, Color: workbook.InkColour}},
		YAxis:     excelize.ChartAxis{None: true},
		GapWidth:  &gap,
		Border:    excelize.LineOptions{Type: excelize.LineNone},
		Dimension: excelize.ChartDimension{Width: 860, Height: uint(tall * pixels)},
		Format:    excelize.GraphicOptions{AltText: "Bar chart of the rows by outcome"},
	}))
}

// setProperties sets how the first sheet prints and the file's own properties.
func setProperties(b *workbook.Workbook, m Meta) error {
	if err := errors.Join(b.SetLayout(summaryName, "portrait", 1), b.HideGrid(summaryName)); err != nil {
		return err
	}
	props := &excelize.DocProperties{Title: "Onboarding report", Creator: workbook.Author, LastModifiedBy: workbook.Author}
	if at := m.asOf(); !at.IsZero() {
		props.Created = at.UTC().Format(time.RFC3339)
		props.Modified = props.Created
	}
	return b.File.SetDocProps(props)
}
