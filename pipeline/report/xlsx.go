package report

import (
	"errors"
	"io"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// workbookLimits are lower in tests.
type workbookLimits struct {
	rows  int // of a sheet, with its header
	links int // clickable ones of a sheet; further links are text
}

// writeXLSX writes the workbook for people, finance among them: a summary with a
// chart, the links to hand out, what needs attention by cause, and all rows as
// the CSV report has them. Sheets are streamed; a full one continues in the
// next. No cell is a formula.
func (limits workbookLimits) writeXLSX(w io.Writer, scratch string, m Meta, rows Rows) (err error) {
	b, err := workbook.New(scratch, "Summary")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	d := &detailSheets{book: b, groups: newGroups(scratch), maxLinks: limits.links, hasAges: m.KYC || m.LinkAges}
	defer func() { err = errors.Join(err, d.groups.close()) }()
	t := newRowTable(m)
	t.phrases = finance.NewPhrases(m.Headings)
	if err := d.addSheets(t, limits.rows, m.NoLinks); err != nil {
		return err
	}
	counted := newTally(m)
	for r, err := range rows {
		if err != nil {
			return err
		}
		first, ok := counted.add(&r)
		if err := d.writeRow(&r, t.rowCells(&r), first, ok); err != nil {
			return err
		}
	}
	if err := d.finish(counted, t.phrases); err != nil {
		return err
	}
	if err := writeSummary(b, m, counted, t.phrases); err != nil {
		return err
	}
	return b.Save(w, "")
}

// detailSheets are the sheets that have rows.
type detailSheets struct {
	book      *workbook.Workbook
	links     *workbook.Sheet // nil without links
	attention *workbook.Sheet
	duplicate *workbook.Sheet
	balance   *workbook.Sheet
	all       *workbook.Sheet
	groups    *groups // rows of attention
	maxLinks  int
	hasAges   bool                 // of the links
	clickable *workbook.LinkColumn // of the current sheet of links
}

func (d *detailSheets) addSheets(t *rowTable, maxRows int, noLinks bool) (err error) {
	st := d.book.Style
	customer := []workbook.Column{{Title: "File", Width: 22, Style: st.Text}, {Title: "Row", Width: 8, Style: st.Number}, {Title: "Customer number", Width: 18, Style: st.Text},
		{Title: t.phrases.Title("email"), Width: 32, Style: st.Text}, {Title: t.phrases.Title("firstName"), Width: 18, Style: st.Text}, {Title: t.phrases.Title("lastName"), Width: 18, Style: st.Text}}
	with := func(more ...workbook.Column) []workbook.Column {
		return append(customer[:len(customer):len(customer)], more...)
	}
	all := make([]workbook.Column, len(t.header))
	for i, h := range t.header {
		all[i] = workbook.Column{Title: h, Width: columnWidth(i, h), Style: st.Text}
		if isNumeric(i) {
			all[i].Style = st.Number
		}
	}
	message := workbook.Column{Title: "What is wrong, and what to do", Width: messageWidth, Style: st.Wrapped}
	decided := workbook.Column{Title: "Decided at (UTC)", Width: 22, Style: st.Text}
	status := func(width float64) workbook.Column {
		return workbook.Column{Title: "Status", Width: width, Style: st.Text}
	}
	for _, s := range []struct {
		to   **workbook.Sheet
		name string
		cols []workbook.Column
		skip bool
	}{
		{&d.links, "Verification links", with(workbook.Column{Title: "Verification link", Width: 70, Style: st.Link}, workbook.Column{Title: "Number at the partner", Width: 34, Style: st.Text}, decided), noLinks},
		{&d.attention, "Needs attention", append([]workbook.Column{{Title: "Cause", Width: 34, Style: st.Text}}, with(status(18), message)...), false},
		{&d.duplicate, "Duplicates", with(status(20), message), false},
		{&d.balance, "Insufficient balance", with(workbook.Column{Title: "Attempts", Width: 10, Style: st.Number}, decided), false},
		{&d.all, "All rows", all, false},
	} {
		if s.skip {
			continue
		}
		if s.to == &d.links && t.checks {
			s.cols = append(s.cols, workbook.Column{Title: "Age of the link", Width: 15, Style: st.Text}, workbook.Column{Title: "State of the link", Width: 16, Style: st.Text})
		}
		if *s.to, err = d.book.AddSeries(s.name, s.cols, maxRows); err != nil {
			return err
		}
	}
	return nil
}

// messageWidth is the width in characters of the column message.
const messageWidth = 80

// columnWidth returns a width in characters.
func columnWidth(col int, title string) float64 {
	widths := map[int]float64{colRow: 11, colAttempts: 11, colHTTPStatus: 11, colEmail: 32, colServiceID: 32, colURL: 60, colMessage: 60,
		colField: 26, colCode: 26, colKey: 38, colFirstSent: 22, colDecided: 22, colFile: 22, colStatus: 22}
	if width, ok := widths[col]; ok {
		return width
	}
	return min(max(float64(len(title))+4, 16), 40)
}

// writeRow writes one row, with cells c, into the sheets that it belongs to.
func (d *detailSheets) writeRow(r *ledger.Reported, c []string, cause Cause, hasCause bool) error {
	if err := d.all.WriteRow(c, 0); err != nil {
		return err
	}
	customer := []string{c[colFile], c[colRow], c[colID], c[colEmail], c[colFirstName], c[colLastName]}
	withMessage := append(customer[:len(customer):len(customer)], c[colStatus], nameColumns(c[colField], c[colMessage]))
	switch r.Status {
	case ledger.Created:
		if d.links != nil {
			if err := d.writeLink(append(append(customer, c[colURL], c[colServiceID], c[colDecided]), d.linkCells(c)...)); err != nil {
				return err
			}
		}
		if hasCause { // its details changed
			return d.groups.add(cause, withMessage)
		}
	case ledger.Duplicate, ledger.DuplicateInInput:
		return d.duplicate.WriteRow(withMessage, workbook.TextHeight(withMessage[len(withMessage)-1], messageWidth))
	case ledger.InsufficientBalance:
		return d.balance.WriteRow(append(customer, c[colAttempts], c[colDecided]), 0)
	}
	if isGrouped(r.Status) {
		return d.groups.add(cause, withMessage)
	}
	return nil
}

// nameColumns joins the lists field and message of a row for a sheet without
// their columns: each problem on a line, behind the heading of its column.
func nameColumns(fields, messages string) string {
	lines := strings.Split(messages, "; ")
	for i, field := range strings.Split(fields, "; ") {
		if i < len(lines) && field != "" {
			lines[i] = field + ": " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}

// isGrouped reports whether rows of a status are grouped by their cause.
func isGrouped(s ledger.Status) bool {
	return s == ledger.LinkMissing || s == ledger.Invalid || s == ledger.Rejected || s == ledger.InDoubt
}

// linkCells returns the age of the link in words, if the report has it.
func (d *detailSheets) linkCells(c []string) []string {
	if !d.hasAges {
		return nil
	}
	state := map[string]string{string(ledger.LinkWorks): "works", string(ledger.LinkDead): "probably dead", string(ledger.LinkUsed): "used"}[c[len(c)-1]]
	return []string{c[len(c)-2], state}
}

// writeLink writes a row of the sheet of links. It is clickable up to the limit
// of the sheet, and only if it is an https address.
func (d *detailSheets) writeLink(cells []string) error {
	const column, maxLength = 6, 2079 // of the address; Excel's limit for one
	before := d.links.Name
	if err := d.links.WriteRow(cells, 0); err != nil {
		return err
	}
	if d.clickable == nil || d.links.Name != before {
		var err error
		if d.clickable, err = d.book.AddLinkColumn(d.links.Name, column); err != nil {
			return err
		}
	}
	address := cells[column]
	if d.clickable.Len() >= d.maxLinks || !strings.HasPrefix(address, "https://") || len(address) > maxLength {
		return nil
	}
	return d.clickable.Add(d.links.LastRow, address)
}

// finish writes the grouped rows, and ends the sheets.
func (d *detailSheets) finish(t *tally, p *finance.Phrases) error {
	listed := map[Cause]int{}
	for _, c := range d.groups.causes() {
		listed[Cause{Status: c.Status, Field: c.Field, Code: c.Code}] = c.Count
	}
	for _, c := range t.sortedCauses() {
		key := Cause{Status: c.Status, Field: c.Field, Code: c.Code}
		if !isGrouped(c.Status) && listed[key] == 0 {
			continue
		}
		if err := d.writeGroup(c, listed[key], p); err != nil {
			return err
		}
		delete(listed, key)
	}
	for _, c := range d.groups.causes() { // those that had no group of their own
		if listed[Cause{Status: c.Status, Field: c.Field, Code: c.Code}] > 0 {
			if err := d.writeGroup(c, c.Count, p); err != nil {
				return err
			}
		}
	}
	for _, s := range []*workbook.Sheet{d.links, d.attention, d.duplicate, d.balance, d.all} {
		if s == nil {
			continue
		}
		if err := s.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// writeGroup writes the heading of a cause, and those of its rows that are
// listed under it: a row with several problems is listed under the first.
func (d *detailSheets) writeGroup(c Cause, listed int, p *finance.Phrases) error {
	title, advice := p.CauseTitle(c.Status, c.Field, c.Code), p.Advice(c.Status, c.Field, c.Code)
	count := reporttext.CountNoun(c.Count, "row")
	switch {
	case listed == 0:
		advice = "Listed under another cause. " + advice
	case listed < c.Count:
		advice = reporttext.FormatCount(listed) + " listed here, the others under another cause. " + advice
	}
	head := []string{title, "", "", "", "", "", "", count, advice}
	if err := d.attention.WriteStyled(head, d.book.Style.Group, max(24, workbook.TextHeight(advice, 70))); err != nil || listed == 0 {
		return err
	}
	return d.groups.eachRow(c, func(cells []string) error {
		return d.attention.WriteRow(append([]string{title}, cells...), workbook.TextHeight(cells[len(cells)-1], messageWidth))
	})
}
