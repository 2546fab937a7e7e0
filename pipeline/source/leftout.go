package source

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// leftOut collects the rows of a file that are no customers, and so are not
// handed on: totals, headings of sections, remarks, and the header row again.
type leftOut struct {
	rows   int      // of the file, handed on
	before []string // cells of the last row, handed on or not
	kinds  [rowKinds]leftOutKind
}

type leftOutKind struct {
	count int
	first []int // row numbers
}

// rowKind is a kind of row that is no customer.
type rowKind int

const (
	customerRow rowKind = iota
	totalRow
	remarkRow // one filled cell
	headerRow // the headers again
	rulerRow  // nothing but dashes
	blankRow  // nothing that was entered
	struckRow // of StruckOutRows
	sparseRow // of NoCustomerRows
	rowKinds
)

// maxLeftOutShown is how many rows of each kind a note names.
const maxLeftOutShown = 5

// kindOf returns what a row is. A row that may be a customer is one: it has an
// e-mail, or two of the fields that every customer needs, or more than one cell
// without a word for a total. A comment line is one too, so that a customer who
// was commented out is noticed. So is every row of a rejects file. before is the
// cells of the row above.
func (f *file) kindOf(m *matcher, rec *table.Record, before []string) rowKind {
	if f.rejects || f.kind == kindJSONL { // objects have no totals and remarks among them
		return customerRow
	}
	if f.repeatsHeader(rec.Cells) {
		return headerRow
	}
	switch kind := f.kindAsked(m, rec); {
	case isRuler(rec.Cells):
		return rulerRow
	case f.isUnentered(m, rec, before):
		return blankRow
	case kind != customerRow:
		return kind
	}
	filled, numbers, first := 0, 0, ""
	for _, cell := range rec.Cells {
		cell = strings.TrimSpace(cell)
		switch {
		case cell == "":
			continue
		case strings.Contains(cell, "@"), filled == 0 && strings.HasPrefix(cell, "#"):
			return customerRow
		case filled == 0:
			first = cell
		}
		filled++
		if isCount(cell) {
			numbers++
		}
	}
	needed := f.countNeeded(m, rec.Cells)
	switch {
	case needed <= 1 && isTotal(first), filled > 0 && filled <= maxBareCounts && numbers == filled && needed == 0:
		return totalRow
	case filled == 1 && !isNumeric(first) && !hasHiddenValue(rec):
		return remarkRow
	}
	return customerRow
}

// kindAsked returns which of the kinds of Options.LeaveOut a row is, customerRow if
// of none.
func (f *file) kindAsked(m *matcher, rec *table.Record) rowKind {
	isStruck := func(is table.CellIssue) bool { return is.Code == "struck_out_row" }
	if slices.Contains(m.opt.LeaveOut, StruckOutRows) && slices.ContainsFunc(rec.Issues, isStruck) {
		return struckRow
	}
	if !slices.Contains(m.opt.LeaveOut, NoCustomerRows) || f.countNeeded(m, rec.Cells) > 1 {
		return customerRow
	}
	for i, field := range m.opt.Fields {
		if at := f.values[i]; field.Identifies && at >= 0 && at < len(rec.Cells) && strings.TrimSpace(rec.Cells[at]) != "" {
			return customerRow
		}
	}
	return sparseRow
}

// maxBareCounts is how many numbers a row of totals without a word for it has.
const maxBareCounts = 3

// hasHiddenValue reports whether a row has more than its cells show: values that
// could not be read, or that are struck out.
func hasHiddenValue(rec *table.Record) bool {
	return slices.ContainsFunc(rec.Issues, func(is table.CellIssue) bool { return !is.Warning && is.Code != codeMerged })
}

// countNeeded counts the cells of required fields that hold more than a count.
func (f *file) countNeeded(m *matcher, cells []string) (n int) {
	for i, field := range m.opt.Fields {
		if at := f.values[i]; field.Required && at >= 0 && at < len(cells) {
			if cell := strings.TrimSpace(cells[at]); cell != "" && !isCount(cell) {
				n++
			}
		}
	}
	return n
}

// isCount reports whether a cell holds a short number, such as the count beside
// the word total. A long one may be a phone number.
func isCount(cell string) bool { return len(cell) <= 12 && !isPhoneLike(cell) && isNumeric(cell) }

// isNumeric reports whether a cell holds digits and the signs of numbers only.
func isNumeric(cell string) bool {
	return strings.ContainsAny(cell, "0123456789") && strings.Trim(cell, "0123456789.,'+-%€$£¥ \u00a0\u202f") == ""
}

// isPhoneLike reports whether a number may be that of a phone: seven digits or
// more without a sign of thousands or decimals.
func isPhoneLike(cell string) bool {
	return len(cell) > 6 && !strings.ContainsAny(cell, ".,%€$£¥")
}

// totalWords are the words that begin a row of totals, in the languages that
// the headers are known in.
func totalWords() []string {
	return []string{"total", "sum", "subtotal", "grandtotal", "count", "summe", "gesamt", "zwischensumme", "endsumme", "gesamtsumme", "anzahl",
		"somme", "soustotal", "suma", "totale", "somma", "subtotale", "totaal", "som", "soma", "razem", "итого", "всего", "合計", "总计"}
}

// isTotal reports whether a cell begins with a word for a total, in one word or
// in two: "Summe EUR", "Sub-total: 3".
func isTotal(cell string) bool {
	words := strings.FieldsFunc(strings.ToLower(cell), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 {
		return false
	}
	totals := totalWords()
	return slices.Contains(totals, words[0]) || len(words) > 1 && slices.Contains(totals, words[0]+words[1])
}

// add notes a row that is left out.
func (l *leftOut) add(kind rowKind, number int) {
	k := &l.kinds[kind]
	if k.count++; len(k.first) < maxLeftOutShown {
		k.first = append(k.first, number)
	}
}

// notes returns the notes on the rows that are left out.
func (l *leftOut) notes() []Note {
	var notes []Note
	const unentered = " only unticked boxes, prefilled values or running numbers, and "
	if blank := l.describe(blankRow, "has"+unentered+"counts as blank", "have"+unentered+"count as blank"); len(blank) > 0 {
		notes = append(notes, Note{Code: "blank_rows", Message: blank[0]})
	}
	unasked := l.describe(totalRow, "is a total", "are totals")
	unasked = append(unasked, l.describe(remarkRow, "is a heading or a remark", "are headings or remarks")...)
	unasked = append(unasked, l.describe(headerRow, "repeats the headers", "repeat the headers")...)
	unasked = append(unasked, l.describe(rulerRow, "is a line of dashes", "are lines of dashes")...)
	if len(unasked) > 0 {
		notes = append(notes, Note{Code: "left_out", Warning: true, Message: strings.Join(unasked, ", ") + ", left out. Such rows are not customers"})
	}
	asked := l.describe(struckRow, "is struck out", "are struck out")
	asked = append(asked, l.describe(sparseRow, "names no customer", "name no customer")...)
	if len(asked) > 0 {
		notes = append(notes, Note{Code: "left_out_asked", Warning: true, Message: strings.Join(asked, ", ") + ", left out as --leave-out or the map file says"})
	}
	return notes
}

// describe names the rows of one kind; nil if there are none.
func (l *leftOut) describe(kind rowKind, one, more string) []string {
	found := l.kinds[kind]
	if found.count == 0 {
		return nil
	}
	var numbers []string
	for _, n := range found.first {
		numbers = append(numbers, strconv.Itoa(n))
	}
	text, verb := "row ", one
	if found.count > 1 {
		text, verb = "rows ", more
	}
	text += strings.Join(numbers, ", ")
	if hidden := found.count - len(found.first); hidden > 0 {
		text += " and " + strconv.Itoa(hidden) + " more"
	}
	return []string{text + " " + verb}
}

// isRuler reports whether a row is a line between the headers and the rows, as
// the tools of databases draw it: |---|:---|.
func isRuler(cells []string) bool {
	filled := 0
	for _, cell := range cells {
		if cell = strings.TrimSpace(cell); cell == "" {
			continue
		}
		if strings.Trim(cell, "-=_*~+:─━═–—") != "" {
			return false
		}
		filled++
	}
	return filled >= 2
}

// repeatsHeader reports whether a row is the header row again.
func (f *file) repeatsHeader(cells []string) bool {
	same := false
	for i, cell := range cells {
		if i >= len(f.header) {
			if strings.TrimSpace(cell) != "" {
				return false
			}
			continue
		}
		if cell != f.header[i] && !strings.EqualFold(strings.TrimSpace(cell), strings.TrimSpace(f.header[i])) {
			return false
		}
		same = same || cell != ""
	}
	return same && (len(cells) >= len(f.header) || table.IsBlank(f.header[len(cells):]))
}

// isOtherHeader reports whether a row is the header row of another list that was
// pasted below: most of its cells name fields, and at least three do.
func (m *matcher) isOtherHeader(cells []string) bool {
	filled := 0
	for _, cell := range cells {
		if strings.Contains(cell, "@") { // a customer
			return false
		}
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	named := m.countKnown(cells)
	return named >= 3 && named*2 > filled
}
