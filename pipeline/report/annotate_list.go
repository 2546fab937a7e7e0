package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// problemsTitle is the first cell of the sheet of problems.
const problemsTitle = SheetMark + "what to correct in this list"

// markList gathers marks for the sheet of problems: all are counted, the first
// are listed.
type markList struct {
	kinds map[markKind]*kindCount
	list  []listedMark
	done  Annotated
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

func newMarkList() *markList { return &markList{kinds: map[markKind]*kindCount{}} }

// add takes the marks of a row. header gives a column's header.
func (l *markList) add(r *AnnotatedRow, header func(int) string) {
	wrong := false
	for _, m := range r.Marks {
		h := header(m.Column)
		k := markKind{m.Warning, h, m.Field, m.Code}
		if l.kinds[k] == nil {
			l.kinds[k] = &kindCount{firstRow: r.Number}
		}
		l.kinds[k].cells++
		if m.Warning {
			l.done.Warnings++
		} else {
			l.done.Problems++
			wrong = true
		}
		if room := maxListed - len(l.list); room > maxListed/2 || room > 0 && !m.Warning {
			l.list = append(l.list, listedMark{m, r.Number, h})
		} else {
			l.done.Unlisted++
		}
	}
	if wrong {
		l.done.Rows++
	}
}

// write adds the sheet of problems to a workbook and opens the workbook on it.
// sheet is where the marked cells are. Widths are those of A4 across.
func (l *markList) write(b *book, sheet string, a Annotation) error {
	name := freeName(b.file, "Problems")
	index, err := b.file.NewSheet(name)
	if err != nil {
		return err
	}
	p, err := newLeaflet(b, name, 12, 11, 28, 20, 81)
	if err != nil {
		return err
	}
	p.put(p.style.title, 30, problemsTitle)
	for _, line := range l.guide(sheet) {
		p.put(p.lead, 19, line)
	}
	if len(l.list) > 0 {
		p.row++
		l.counts(p, a.Meanings)
		p.row++
		l.cells(p, sheet)
	}
	if p.err != nil {
		return p.err
	}
	if err := b.landscape(name); err != nil { // last: a filter undoes it
		return err
	}
	off := false
	if err := b.file.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: &off}); err != nil {
		return err
	}
	b.file.SetActiveSheet(index)
	return nil
}

// guide says what to do, in a few lines.
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
			fmt.Sprintf("%s in %s must be corrected before %s can be sent.", counted(d.Problems, "problem"), counted(d.Rows, "row"), oneOrMore(d.Rows, "it", "they")),
			fmt.Sprintf("1.  Go to sheet %q and correct the red cells. %s", clean(sheet), says),
			"2.  Save the file, as .xlsx, and give it back. Colours, comments and this sheet may stay as they are.")
	}
	if d.Warnings > 0 {
		lines = append(lines, fmt.Sprintf("%s, yellow: have a look; %s sent as %s.", counted(d.Warnings, "warning"), oneOrMore(d.Warnings, "it is", "they are"), oneOrMore(d.Warnings, "it stands", "they stand")))
	}
	if d.Displaced > 0 {
		lines = append(lines, fmt.Sprintf("%s no comment of ours, so that those that were there stay as they are: the list below says what to write.", counted(d.Displaced, "marked cell")+oneOrMore(d.Displaced, " has", " have")))
	}
	if d.Comments > 0 && !d.Commented {
		lines = append(lines, fmt.Sprintf("Only the first %s cells have a comment. Every problem is in the list below.", thousands(d.Comments)))
	}
	if d.Unlisted > 0 {
		lines = append(lines, fmt.Sprintf("The list ends after %s entries; %s more are only coloured.", thousands(len(l.list)), thousands(d.Unlisted)))
	}
	return lines
}

// counts writes how often each kind occurs: what must be corrected first, the
// most frequent first.
func (l *markList) counts(p *leaflet, meanings map[string]string) {
	var kinds []markKind
	for k := range l.kinds {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b markKind) int {
		if a.warning != b.warning {
			if a.warning {
				return 1
			}
			return -1
		}
		return cmp.Or(-cmp.Compare(l.kinds[a].cells, l.kinds[b].cells), cmp.Compare(l.kinds[a].firstRow, l.kinds[b].firstRow),
			cmp.Compare(a.column, b.column), cmp.Compare(a.code, b.code))
	})
	p.put(p.style.head, 20, "How many", "First row", "Column", "What to do", "What is wrong")
	for _, k := range kinds {
		meaning := meanings[k.code]
		if meaning == "" {
			meaning = strings.ReplaceAll(k.code, "_", " ")
		}
		meaning = sentence(meaning)
		p.line(l.kinds[k].cells, l.kinds[k].firstRow, columnTitle(k.column, k.field), severity(k.warning), meaning)
		p.signal(k.warning)
	}
}

// cells writes the list, with a link to each cell.
func (l *markList) cells(p *leaflet, sheet string) {
	p.put(p.style.head, 20, "Row", "Cell", "Column", "What to do", "What is wrong, and what to write")
	first := p.row
	for _, m := range l.list {
		at := cellName(max(m.Column, 0), m.row)
		p.line(m.row, at, columnTitle(m.header, m.Field), severity(m.Warning), sentence(m.Text))
		p.signal(m.Warning)
		p.link(at, "'"+strings.ReplaceAll(sheet, "'", "''")+"'!"+at)
	}
	if p.err == nil {
		p.err = p.file.AutoFilter(p.name, fmt.Sprintf("A%d:E%d", first, p.row), nil)
	}
}

func severity(warning bool) string {
	if warning {
		return "have a look"
	}
	return "correct it"
}

// columnTitle is the header that the sender knows, and the field if that is
// called otherwise.
func columnTitle(header, field string) string {
	header = strings.TrimSpace(clean(header))
	switch {
	case header == "" && field == "":
		return "(whole row)"
	case header == "" || field == "" || strings.EqualFold(header, field):
		return either(header, field)
	}
	return header + " (" + field + ")"
}

// cellName is that of a column from 0 and a row from 1.
func cellName(column, row int) string {
	name, err := excelize.ColumnNumberToName(column + 1)
	if err != nil {
		return "A" + strconv.Itoa(row) // beyond the last column of a sheet there is no cell
	}
	return name + strconv.Itoa(row)
}

// freeName is a name that no sheet of the workbook has.
func freeName(f *excelize.File, name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(f.GetSheetList(), func(s string) bool { return strings.EqualFold(s, name) })
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s (%d)", name, n)
	}
	return free
}

func counted(n int, what string) string {
	return thousands(n) + " " + what + oneOrMore(n, "", "s")
}

func oneOrMore(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
