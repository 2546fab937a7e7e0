package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// layout is what a header row means: which column holds what.
type layout struct {
	header    []string
	mapped    []Mapping // one for each column
	written   []bool    // by column: it is that of a Field.Written
	values    []int     // column of each Options.Fields, -1 = none; of a joined field the first
	joined    [][]int   // columns of each Options.Fields that is joined, else nil; nil if none is
	id        int       // column of Options.ID, -1 = none
	send      []int     // column of each Options.Send
	rejects   bool      // a rejects file of ours
	guarded   bool      // its cells are guarded, see formula.Guard
	origin    int       // column with the place of its rows in the first list, if rejects
	was       int       // column of the status that they had there, if rejects
	problem   int       // column of what was wrong with them, if rejects
	another   []bool    // by column: it was not taken because of what its cells hold
	ambiguous []int     // fields read from a column whose header may mean another thing
	parts     []Join    // fields of which a part is left behind
	notes     []Note
}

// isRejectColumn reports whether this is a column that a rejects file has besides
// the sender's own.
func isRejectColumn(header string) bool {
	switch foldHeader(header) {
	case "onboardrow", "onboardstatus", "onboardproblem":
		return true
	}
	return false
}

// isRejects reports whether a header row is that of a rejects file.
func isRejects(header []string) bool {
	ours := 0
	for _, h := range header {
		if isRejectColumn(h) {
			ours++
		}
	}
	return ours == 3
}

// isUnguarded reports whether the cells of a rejects file are as they are:
// workbooks have our columns first. CSV files, and workbooks of earlier
// versions, have them last, and their cells are guarded.
func isUnguarded(header []string) bool { return foldHeader(header[0]) == "onboardrow" }

// isOurColumn reports whether this is a column of a rejects file or of an
// annotated workbook, which is no data in any file.
func isOurColumn(header string) bool {
	return isRejectColumn(header) || foldHeader(header) == "onboardlink"
}

// readLayout finds out what the columns of a header row are, with a look at the
// first rows below it. Its errors lack the file and the row.
func (m *matcher) readLayout(header []string, rows []table.Record) (*layout, *Error) {
	rejects := isRejects(header)
	guarded := rejects && !isUnguarded(header)
	if guarded {
		header = slices.Clone(header)
		for i, h := range header {
			header[i] = formula.Unguard(h)
		}
	}
	l := &layout{header: header, id: -1, values: slices.Repeat([]int{-1}, len(m.opt.Fields)),
		mapped: make([]Mapping, len(header)), written: make([]bool, len(header)), another: make([]bool, len(header))}
	for i, h := range header {
		l.mapped[i] = Mapping{Column: i, Header: h}
	}
	l.rejects, l.guarded = rejects, guarded
	if rejects {
		l.origin, l.was, l.problem = findColumn(header, OriginColumn), findColumn(header, "onboard_status"), findColumn(header, "onboard_problem")
	}
	if isReport(header) {
		return nil, &Error{Reason: reportReason}
	}
	if isQuotedSingly(header) {
		return nil, &Error{Reason: "the headers are in single quotation marks", Hint: `Save the file with double ones (")`}
	}
	if e := m.checkDuplicates(header); e != nil {
		return nil, e
	}
	if e := m.assignColumns(l, rows); e != nil {
		return nil, e
	}
	if e := m.checkMissing(l); e != nil {
		return nil, e
	}
	if e := m.findNamed(l); e != nil {
		return nil, e
	}
	m.markAmbiguous(l)
	m.noteColumns(l, rows)
	return l, nil
}

// isQuotedSingly reports whether all cells are in single quotation marks, as some
// database tools write them.
func isQuotedSingly(cells []string) bool {
	quoted := 0
	for _, cell := range cells {
		cell = strings.TrimSpace(cell)
		if len(cell) >= 2 && cell[0] == '\'' && cell[len(cell)-1] == '\'' {
			quoted++
		} else if cell != "" {
			return false
		}
	}
	return quoted > 0
}

// assignColumns gives columns to fields: first those of Options.Map, then those with
// the canonical name, then those with an alias. It never chooses between two.
func (m *matcher) assignColumns(l *layout, rows []table.Record) *Error {
	if e := m.joinColumns(l); e != nil {
		return e
	}
	for i, f := range m.opt.Fields {
		wanted, asked := m.opt.Map[f.Name]
		if !asked || l.isJoined(i) {
			continue
		}
		column := findColumn(l.header, wanted)
		if column < 0 {
			e := l.missingHeader("--map "+f.Name+" or the map file", wanted)
			e.Hint = fmt.Sprintf("Name the column that has it now: --map %s=COLUMN", f.Name)
			return e
		}
		if other := l.mapped[column].Field; other != "" {
			return &Error{Column: column + 1, Reason: fmt.Sprintf("the header %s is mapped to both %s and %s",
				displayHeader(l.header[column], column+1), other, f.Name), Hint: "Correct --map"}
		}
		m.assignColumn(l, i, f.Name, column)
	}
	byName := func(h string) (int, bool) { i, found := m.names[foldHeader(h)]; return i, found }
	byAlias := func(h string) (int, bool) { i, found := m.aliases[foldHeader(h)]; return i, found }
	for tier, find := range []func(string) (int, bool){byName, byAlias, m.findRemarked} {
		settled := slices.Clone(l.values)
		for column, h := range l.header {
			i, found := find(h)
			if !found || l.mapped[column].Field != "" || tier == 2 && settled[i] >= 0 {
				continue
			}
			if l.isJoined(i) {
				continue // its columns are named
			}
			if e := m.offerColumn(l, i, column, rows); e != nil {
				return e
			}
		}
	}
	return nil
}

// offerColumn gives a column to the field that its header names, unless its cells
// show that it is another thing.
func (m *matcher) offerColumn(l *layout, field, column int, rows []table.Record) *Error {
	h, name, first := l.header[column], m.opt.Fields[field].Name, l.values[field]
	if foldHeader(h) != foldHeader(name) && m.meansAnother(field, column, rows) {
		l.another[column] = true
		l.addNote("other_meaning", true, "%s is not read as %s, because most of its cells hold other words", displayHeader(h, column+1), name)
		return nil
	}
	if first < 0 {
		m.assignColumn(l, field, name, column)
		return nil
	}
	if _, chosen := m.opt.Map[name]; chosen || foldHeader(l.header[first]) == foldHeader(name) {
		return nil // noteColumns says so
	}
	return &Error{Column: column + 1, Reason: fmt.Sprintf("the headers %s and %s may both be %s",
		displayHeader(l.header[first], first+1), displayHeader(h, column+1), name),
		Hint: fmt.Sprintf("Choose with --map %s=COLUMN", name), Unclear: name}
}

func (m *matcher) assignColumn(l *layout, field int, name string, column int) {
	l.values[field] = column
	l.mapped[column].Field = name
	l.written[column] = m.opt.Fields[field].Written
}

// checkMissing refuses a header row without a required field.
func (m *matcher) checkMissing(l *layout) *Error {
	var names, wanted []string
	for i, f := range m.opt.Fields {
		if l.values[i] < 0 && m.isRequired(f) {
			names = append(names, f.Name)
			wanted = append(append(wanted, f.Name), f.Aliases...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	e := &Error{Reason: "no column for " + strings.Join(names, ", ")}
	if near := listNearest(l.header, l.isUsed, wanted...); near != "" {
		e.Reason += "; " + near
	}
	e.Hint = fmt.Sprintf("Add it, or name the column that holds it: --map %s=COLUMN", names[0])
	return e
}

func (l *layout) isUsed(column int) bool {
	return l.mapped[column].Field != "" || isOurColumn(l.header[column])
}

// findNamed finds the columns of --id and --send. Those of --carry need not be in
// every file, so they are looked for when all files are known.
func (m *matcher) findNamed(l *layout) *Error {
	if m.opt.ID != "" {
		if l.id = findColumn(l.header, m.opt.ID); l.id < 0 {
			return l.missingHeader("--id", m.opt.ID)
		}
	}
	for _, send := range m.opt.Send {
		column := findColumn(l.header, send.Column)
		if column < 0 {
			return l.missingHeader("--send "+send.Field, send.Column)
		}
		l.send = append(l.send, column)
	}
	return nil
}

func (l *layout) missingHeader(flag, header string) *Error {
	e := &Error{Reason: fmt.Sprintf("no header %s, which %s names", strconv.Quote(header), flag)}
	if near := listNearest(l.header, func(int) bool { return false }, header); near != "" {
		e.Reason += "; " + near
	}
	e.Hint = "Correct the flag, or the header"
	return e
}

// noteColumns notes what was taken under another name, what is nearly a field and
// what has no name.
func (m *matcher) noteColumns(l *layout, rows []table.Record) {
	if l.rejects {
		l.addNote("rejects", false, "is a rejects file: its onboard_ columns are understood and are not data")
	}
	for column, h := range l.header {
		shown := displayHeader(h, column+1)
		whole, isPart := m.findWhole(l, column)
		switch taken := l.mapped[column].Field; {
		case taken != "" && strings.TrimSpace(h) != taken:
			l.addNote("mapped", false, "%s is read as %s", shown, taken)
		case l.isUsed(column) || slices.Contains(l.send, column) || column == l.id:
		case strings.TrimSpace(h) == "": // noteUnnamed says so
		case isPart && hasValues(rows, column):
			l.addPart(m.opt.Fields[whole].Name, l.values[whole], column)
			l.addNote("part_unread", true, "%s is not read, but seems to hold a part of %s, which is read from %s only. Put both into one column", shown, m.opt.Fields[whole].Name, displayHeader(l.header[l.values[whole]], l.values[whole]+1))
		case l.another[column]: // assignColumns said so
		default:
			if i, exact := m.findNear(h); i >= 0 {
				name := m.opt.Fields[i].Name
				switch other := l.values[i]; {
				case other >= 0:
					l.addNote("nearly", true, "%s looks like %s, which is read from %s", shown, name, displayHeader(l.header[other], other+1))
				case !exact:
					l.addNote("nearly", true, "%s looks like %s but is not read. If it is that, pass --map %s=%s", shown, name, name, shown)
				}
			}
		}
	}
}

func (l *layout) addNote(code string, warning bool, format string, args ...any) {
	l.notes = append(l.notes, Note{Code: code, Warning: warning, Message: fmt.Sprintf(format, args...)})
}
