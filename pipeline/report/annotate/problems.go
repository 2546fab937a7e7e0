package annotate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// problemsTitle is the first cell of the sheet of problems.
const problemsTitle = workbook.SheetMark + "what to correct in this list"

// markList gathers marks for the sheet of problems: all are counted, the first
// are listed.
type markList struct {
	a     *Annotation
	kinds map[markKind]*kindCount
	list  []listedMark
	done  Result
	sheet string // its name
}

type markKind struct {
	warning       bool
	column, field string // column: its header
	code          string
}

type kindCount struct{ cells, firstRow int }

type listedMark struct {
	Mark
	row    int
	header string
}

// add counts and lists the marks of a row.
func (l *markList) add(r *Row) {
	isWrong := false
	for _, m := range r.Marks {
		h := l.a.columnHeader(m.Column)
		k := markKind{m.Warning, h, m.Field, m.Code}
		if l.kinds[k] == nil {
			l.kinds[k] = &kindCount{firstRow: r.Number}
		}
		l.kinds[k].cells++
		if m.Warning {
			l.done.Warnings++
		} else {
			l.done.Problems++
			isWrong = true
		}
		if room := maxListed - len(l.list); room > maxListed/2 || room > 0 && !m.Warning {
			l.list = append(l.list, listedMark{m, r.Number, h})
		} else {
			l.done.Unlisted++
		}
	}
	if isWrong {
		l.done.Rows++
	}
}

// addSheet adds the sheet of problems, which is written at the end, to a
// workbook. The workbook then opens on it, unless it is a list of problems
// itself. Sheets are streamed, so this comes before the first row of any.
func (l *markList) addSheet(f *excelize.File) error {
	l.sheet = freeSheetName(f, "Problems")
	index, err := f.NewSheet(l.sheet)
	if err == nil && !l.a.List {
		f.SetActiveSheet(index)
	}
	return err
}

// writeSheet writes the sheet of problems. marked is the sheet with the marks.
func (l *markList) writeSheet(b *workbook.Workbook, marked string) error {
	p, err := b.NewLongList(l.sheet, 13, 11, 28, 20, 80) // as wide as A4
	if err != nil {
		return err
	}
	p.WriteLine(b.Style.Title, 30, problemsTitle)
	for _, line := range l.guide(marked) {
		p.WriteLine(b.Style.Lead, 19, line)
	}
	header := 0
	if len(l.list) > 0 {
		l.writeLegend(p, b.Style)
		p.Skip()
		l.writeCounts(p, b.Style)
		p.Skip()
		header = l.writeCells(p, b.Style, marked)
	}
	return p.Close(header)
}

// writeLegend shows what the marks look like.
func (l *markList) writeLegend(p *workbook.LongList, style workbook.Styles) {
	p.Skip()
	if l.done.Problems > 0 {
		p.WriteRow([]int{style.Problem, style.Lead}, 19, severity(false), " Red with a solid frame: the row is not sent until the cell is corrected.")
	}
	if l.done.Warnings > 0 {
		p.WriteRow([]int{style.Warning, style.Lead}, 19, severity(true), " Yellow with a dashed frame: the cell is sent as it is. Please check it.")
	}
}

// guide returns the lines that say what to do.
func (l *markList) guide(sheet string) []string {
	d := l.done
	var lines []string
	switch {
	case d.Problems == 0 && d.Warnings == 0:
		return []string{"Nothing has to be corrected."}
	case d.Problems == 0:
		lines = append(lines, "Nothing has to be corrected.")
	default:
		says := "The list below says what to write, and leads to every one."
		if d.Comments > 0 {
			says = "Each says in a comment what to write; the list below leads to every one."
		}
		lines = append(lines,
			fmt.Sprintf("%s in %s must be corrected before %s can be sent.", reporttext.CountNoun(d.Problems, "problem"), reporttext.CountNoun(d.Rows, "row"), reporttext.Plural(d.Rows, "it", "they")),
			fmt.Sprintf("1.  Go to sheet %q and correct the red cells. %s", reporttext.Clean(sheet), says),
			"2.  Save the file as .xlsx and return it. Colours, comments and this sheet may stay as they are.")
	}
	if d.Warnings > 0 {
		lines = append(lines, fmt.Sprintf("%s in yellow: please check; %s sent unchanged.", reporttext.CountNoun(d.Warnings, "warning"), reporttext.Plural(d.Warnings, "it is", "they are")))
	}
	for _, column := range d.Widened {
		lines = append(lines, fmt.Sprintf("The drop-down list of %q did not offer what must be entered. It was added to the list.", column))
	}
	for _, column := range d.Lifted {
		lines = append(lines, fmt.Sprintf("A drop-down list or another check of %q could refuse what must be entered. It no longer refuses anything.", column))
	}
	if d.Protected && d.Problems > 0 {
		lines = append(lines, "The sheet is protected. If a cell cannot be changed, choose Review, Unprotect Sheet first; whoever protected the sheet may know a password.")
	}
	if d.Displaced > 0 {
		lines = append(lines, fmt.Sprintf("%s no new comment, so that existing comments are kept: the list below says what to write.", reporttext.CountNoun(d.Displaced, "marked cell")+reporttext.Plural(d.Displaced, " has", " have")))
	}
	if d.Comments > 0 && !d.Commented {
		lines = append(lines, fmt.Sprintf("Only the first %s cells have a comment. Every problem is in the list below.", reporttext.FormatCount(d.Comments)))
	}
	if d.Unlisted > 0 {
		lines = append(lines, fmt.Sprintf("The list ends after %s entries; %s more are only coloured.", reporttext.FormatCount(len(l.list)), reporttext.FormatCount(d.Unlisted)))
	}
	return lines
}

// writeCounts writes the number of marks of each kind: what must be corrected
// first, the most frequent first.
func (l *markList) writeCounts(p *workbook.LongList, style workbook.Styles) {
	isWarning := map[bool]int{true: 1}
	kinds := slices.SortedFunc(maps.Keys(l.kinds), func(a, b markKind) int {
		return cmp.Or(isWarning[a.warning]-isWarning[b.warning], l.kinds[b].cells-l.kinds[a].cells, l.kinds[a].firstRow-l.kinds[b].firstRow,
			cmp.Compare(a.column, b.column), cmp.Compare(a.code, b.code))
	})
	p.WriteLine(style.Head, 20, "How many", "First row", "Column", "What to do", "What is wrong")
	for _, k := range kinds {
		p.WriteEntry(entryStyles(style, k.warning, style.Entry), l.kinds[k].cells, l.kinds[k].firstRow, l.a.columnTitle(k.column, k.field),
			severity(k.warning), l.a.phrases.Meaning(k.code))
	}
}

// writeCells writes the list, with a link to each cell, and returns the row of
// its header.
func (l *markList) writeCells(p *workbook.LongList, style workbook.Styles, marked string) (header int) {
	p.WriteLine(style.Head, 20, "Row", "Cell", "Column", "What to do", "What is wrong, and what to write")
	header = p.Row
	place := "'" + strings.ReplaceAll(marked, "'", "''") + "'!"
	for i := range l.list {
		m := &l.list[i]
		at := workbook.CellName(max(m.Column, 0), cmp.Or(m.anchor, m.row))
		p.WriteEntry(entryStyles(style, m.Warning, style.Jump), m.row, at, l.a.columnTitle(m.header, m.Field), severity(m.Warning), l.a.sentence(&m.Mark))
		p.Jump(1, place+at)
	}
	return header
}

// entryStyles returns the looks of an entry's cells.
func entryStyles(style workbook.Styles, isWarning bool, second int) []int {
	return []int{style.Entry, second, style.Entry, severityStyle(isWarning, style), style.Entry}
}

// severityStyle returns the look of the cell in question.
func severityStyle(isWarning bool, style workbook.Styles) int {
	if isWarning {
		return style.Warning
	}
	return style.Problem
}

func severity(warning bool) string {
	if warning {
		return "please check"
	}
	return "correct it"
}

// freeSheetName returns a name that no sheet of the workbook has.
func freeSheetName(f *excelize.File, name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(f.GetSheetList(), func(s string) bool { return strings.EqualFold(s, name) })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s (%d)", name, n)
	}
	return free
}
