package xlsx

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Sheet is one sheet of a workbook.
type Sheet struct {
	Name   string
	number int // from 1, hidden ones and charts counted
	hidden bool
	part   string // "" if it has no cells: a chart, a dialog, macros
}

// HasCells reports whether the sheet can have rows: it is no chart, dialog or
// macro sheet.
func (s *Sheet) HasCells() bool { return s.part != "" }

// hasData reports whether a sheet has a row that is not blank, and is not one
// that we added to a workbook ourselves. Faults below that row do not count.
func (b *Workbook) hasData(sheet Sheet) (bool, error) {
	if !sheet.HasCells() {
		return false, nil
	}
	first, err := b.FirstRow(sheet)
	return len(first) > 0 && !strings.HasPrefix(first[0], ownSheetMark), err
}

// FirstRow returns the first row of a sheet that is not blank; nil if there is
// none. Faults below it go unnoticed.
func (b *Workbook) FirstRow(sheet Sheet) (_ []string, err error) {
	rows, err := b.OpenSheet(sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	first, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return first.Cells, err
}

// ownSheetMark begins the first cell of the sheets of problems and of
// instructions that annotated workbooks and templates have.
const ownSheetMark = "bulkonboard: "

// FindSheet returns the sheet with a name or, if no sheet is called that, with a
// number; for "" the only one with data. A hidden sheet is found only by its
// name or number. The notes say what of the workbook is not read: macros,
// links, hidden sheets with data.
func (b *Workbook) FindSheet(want string) (Sheet, []table.Note, error) {
	refuse := func(reason, hint string) (Sheet, []table.Note, error) {
		return Sheet{}, nil, &table.Error{File: b.pkg.name, Reason: reason, Hint: hint}
	}
	if want != "" {
		sheet, ok := b.SheetByName(want)
		switch {
		case !ok:
			return refuse("there is no sheet "+strconv.Quote(want), "Its sheets are "+listSheets(b.sheets))
		case !sheet.HasCells():
			return refuse("sheet "+strconv.Quote(sheet.Name)+" has no cells: it is a chart, a dialog or macros", "Name another with --sheet: "+listSheets(b.sheets))
		}
		return sheet, b.pkg.noteExtras(), nil
	}
	seen, hidden, err := b.SheetsWithData()
	switch {
	case err != nil:
		return Sheet{}, nil, err
	case len(seen) > 1:
		return Sheet{}, nil, &table.Error{File: b.pkg.name, Reason: "several sheets have data", Hint: "Choose one with --sheet: " + listSheets(append(seen, hidden...)), Err: ErrSeveralSheets}
	case len(seen) == 0 && len(hidden) > 0:
		return refuse("only hidden sheets have data", "If they are meant, choose one with --sheet: "+listSheets(hidden))
	case len(seen) == 0:
		return refuse("no customer rows: no sheet has data", "")
	}
	notes := b.pkg.noteExtras()
	if len(hidden) > 0 {
		notes = append(notes, table.Note{Code: "hidden_sheet", Warning: true, Message: "hidden sheets with data were not read: " + listSheets(hidden)})
	}
	return seen[0], notes, nil
}

// ErrSeveralSheets is the Err of FindSheet's error where more than one sheet has
// data.
var ErrSeveralSheets = errors.New("several sheets have data")

// SheetsWithData returns the sheets that have rows of their own, and the hidden
// ones among them apart.
func (b *Workbook) SheetsWithData() (seen, hidden []Sheet, err error) {
	for _, sheet := range b.sheets {
		has, err := b.hasData(sheet)
		switch {
		case err != nil:
			return nil, nil, err
		case has && sheet.hidden:
			hidden = append(hidden, sheet)
		case has:
			seen = append(seen, sheet)
		}
	}
	return seen, hidden, nil
}

// SheetByName returns the sheet of a name, as written or in another case, else
// the one of that number.
func (b *Workbook) SheetByName(want string) (Sheet, bool) {
	i := slices.IndexFunc(b.sheets, func(s Sheet) bool { return s.Name == want })
	if i < 0 {
		i = slices.IndexFunc(b.sheets, func(s Sheet) bool { return strings.EqualFold(s.Name, want) })
	}
	if n, err := strconv.Atoi(want); i < 0 && err == nil && n >= 1 && n <= len(b.sheets) {
		i = n - 1
	}
	if i < 0 {
		return Sheet{}, false
	}
	return b.sheets[i], true
}

// listSheets lists sheets for a message, with the numbers that --sheet accepts.
func listSheets(sheets []Sheet) string {
	const maxListed = 20
	var names []string
	for i, s := range sheets {
		if i == maxListed {
			names = append(names, fmt.Sprintf("and %d more", len(sheets)-maxListed))
			break
		}
		text := fmt.Sprintf("%d %s", s.number, strconv.Quote(s.Name))
		if s.hidden {
			text += " (hidden)"
		}
		names = append(names, text)
	}
	return strings.Join(names, ", ")
}
