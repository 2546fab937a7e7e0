package source

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sheetInfo is what openXLSX says of the sheet it chose.
type sheetInfo struct {
	Sheet string
	Notes []Note // File is 0: the caller knows which it is
}

// openXLSX opens a workbook and chooses the sheet to read, by opt.Sheet or as
// the only one with data. Of opt it uses Sheet, Formulas and MaxBytes.
//
// When it returns, the whole sheet has been read once and found sound: every
// structural error, in whatever row, is known before the first row is handed
// out, and so are the merged ranges, which stand behind the rows, and the counts
// for the notes. Reading the rows is a second pass over the same part. Memory
// is bounded whatever the size: the sheet is streamed, the texts are spooled.
func openXLSX(name string, opt Options) (_ records, _ sheetInfo, err error) {
	pkg, err := openPackage(name, opt.MaxBytes)
	if err != nil {
		return nil, sheetInfo{}, err
	}
	return readXLSX(pkg, opt)
}

// readXLSX is openXLSX on a checked package, which it closes unless it returns
// records.
func readXLSX(pkg *workbookPackage, opt Options) (_ records, info sheetInfo, err error) {
	book, err := readWorkbook(pkg)
	if err != nil {
		return nil, info, closing(err, pkg)
	}
	defer func() {
		if err != nil {
			err = closing(err, book)
		}
	}()
	ours, err := book.isReport()
	if err != nil {
		return nil, info, err
	}
	if ours {
		err = &Error{File: pkg.name, Reason: reportReason, Hint: reportHint(pkg.name)}
		return nil, info, err
	}
	sheet, notes, err := book.choose(opt.Sheet)
	if err != nil {
		return nil, info, err
	}
	found, err := book.survey(sheet, opt.Formulas == "refuse")
	if err != nil {
		return nil, info, err
	}
	rows, err := newSheetPass(book, sheet)
	if err != nil {
		return nil, info, err
	}
	rows.refuse = opt.Formulas == "refuse"
	rows.merges = newMergeSweep(found.merges)
	info = sheetInfo{Sheet: sheet.name, Notes: append(append(pkg.extras(), notes...), found.notes(sheet, rows.refuse, book.stale)...)}
	return &xlsxRecords{sheetPass: rows}, info, nil
}

// xlsxRecords are the rows of the chosen sheet. They own the workbook.
type xlsxRecords struct{ *sheetPass }

var _ records = (*xlsxRecords)(nil)

func (r *xlsxRecords) Close() error {
	return errors.Join(r.sheetPass.Close(), r.book.Close())
}

// survey reads a sheet through and keeps only what it finds.
func (b *workbook) survey(sheet bookSheet, refuse bool) (_ *sheetFindings, err error) {
	p, err := newSheetPass(b, sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p) }()
	p.refuse = refuse
	for {
		if _, err := p.next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	if newMergeSweep(p.found.merges).overlap() {
		p.row = 0
		return nil, p.fail(0, "merged ranges of the sheet overlap")
	}
	return &p.found, nil
}

// hasData reports whether a sheet has a row that is not blank, and is not one
// that we added to a workbook ourselves: those begin with ownSheetMark. It
// reads up to that row, so faults behind it do not count.
func (b *workbook) hasData(sheet bookSheet) (bool, error) {
	if sheet.part == "" {
		return false, nil
	}
	first, err := b.firstCells(sheet)
	ours := len(first) > 0 && strings.HasPrefix(first[0], ownSheetMark)
	return err == nil && first != nil && !ours, err
}

// firstCells reads up to the first row of a sheet that is not blank; nil if
// there is none.
func (b *workbook) firstCells(sheet bookSheet) (_ []string, err error) {
	p, err := newSheetPass(b, sheet)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, p) }()
	p.merges = newMergeSweep(nil) // else the record has no cells
	first, err := p.next()
	if err == io.EOF {
		return nil, nil
	}
	return first.cells, err
}

// ownSheetMark begins the first cell of the sheets of problems and of
// instructions that annotated workbooks and templates have.
const ownSheetMark = "bulkonboard: "

// choose finds the sheet to read. A hidden sheet is read only if it is named,
// and one with data that is passed over is told.
func (b *workbook) choose(want string) (bookSheet, []Note, error) {
	refuse := func(reason, hint string) (bookSheet, []Note, error) {
		return bookSheet{}, nil, &Error{File: b.pkg.name, Reason: reason, Hint: hint}
	}
	if want != "" {
		sheet, ok := b.named(want)
		if !ok {
			return refuse("there is no sheet "+strconv.Quote(want), "Its sheets are "+sheetNames(b.sheets))
		}
		if sheet.part == "" {
			return refuse("sheet "+strconv.Quote(sheet.name)+" has no cells: it is a chart, a dialog or macros", "Name another with --sheet: "+sheetNames(b.sheets))
		}
		return sheet, nil, nil
	}
	var seen, hidden []bookSheet
	for _, sheet := range b.sheets {
		has, err := b.hasData(sheet)
		switch {
		case err != nil:
			return bookSheet{}, nil, err
		case has && sheet.hidden:
			hidden = append(hidden, sheet)
		case has:
			seen = append(seen, sheet)
		}
	}
	switch {
	case len(seen) > 1:
		return refuse("several sheets have data", "Choose one with --sheet: "+sheetNames(append(seen, hidden...)))
	case len(seen) == 0 && len(hidden) > 0:
		return refuse("only hidden sheets have data", "If they are meant, choose one with --sheet: "+sheetNames(hidden))
	case len(seen) == 0:
		return refuse("no customer rows: no sheet has data", "")
	}
	var notes []Note
	if len(hidden) > 0 {
		notes = append(notes, Note{Code: "hidden_sheet", Warning: true, Message: "hidden sheets with data were not read: " + sheetNames(hidden)})
	}
	return seen[0], notes, nil
}

// named finds a sheet by name, as written or in another case, else by number.
func (b *workbook) named(want string) (bookSheet, bool) {
	for _, sheet := range b.sheets {
		if sheet.name == want {
			return sheet, true
		}
	}
	for _, sheet := range b.sheets {
		if strings.EqualFold(sheet.name, want) {
			return sheet, true
		}
	}
	if n, err := strconv.Atoi(want); err == nil && n >= 1 && n <= len(b.sheets) {
		return b.sheets[n-1], true
	}
	return bookSheet{}, false
}

// sheetNames lists sheets for people, with the numbers that --sheet takes.
func sheetNames(sheets []bookSheet) string {
	const most = 20
	var names []string
	for i, s := range sheets {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(sheets)-most))
			break
		}
		text := fmt.Sprintf("%d %s", s.number, strconv.Quote(s.name))
		if s.hidden {
			text += " (hidden)"
		}
		names = append(names, text)
	}
	return strings.Join(names, ", ")
}

// notes say what the survey found that a look at the sheet does not show.
func (f *sheetFindings) notes(sheet bookSheet, refuse, stale bool) []Note {
	var notes []Note
	warn := func(code, format string, args ...any) {
		notes = append(notes, Note{Code: code, Message: fmt.Sprintf(format, args...), Warning: true})
	}
	if sheet.hidden {
		warn("hidden_sheet", "the sheet is hidden, and read as it was asked for")
	}
	if f.hiddenRows > 0 {
		code, why := "hidden_rows", "hidden"
		if f.filtered {
			code, why = "filtered_rows", "hidden by a filter or by hand"
		}
		warn(code, "%s with data %s %s, the first is row %d. such rows are read like the others", counted(f.hiddenRows, "row"), isAre(f.hiddenRows), why, f.firstHidden)
	}
	var columns []string
	for column, used := range f.used {
		if used && f.columnHidden(column) {
			columns = append(columns, columnName(column))
		}
	}
	if len(columns) > 0 {
		warn("hidden_columns", "hidden columns with data are read like the others: %s", strings.Join(columns, ", "))
	}
	if f.struckRows > 0 {
		warn("struck_out_rows", "%s %s struck out, the first is row %d. such rows are not sent", counted(f.struckRows, "row"), isAre(f.struckRows), f.firstStruck)
	}
	if f.formatted > 0 {
		warn("number_format", "%s %s read as the number format shows them, such as 02139 for 2139", counted(f.formatted, "cell"), isAre(f.formatted))
	}
	switch {
	case f.formulas == 0 || refuse:
	case stale:
		warn("formulas", "%s %s made by formulas that the workbook says are not calculated yet. open it in a spreadsheet program and save it", counted(f.formulas, "cell"), isAre(f.formulas))
	default:
		warn("formulas", "%s %s made by formulas. the results saved with the workbook are used", counted(f.formulas, "cell"), isAre(f.formulas))
	}
	return notes
}

func (f *sheetFindings) columnHidden(column int) bool {
	for _, span := range f.hiddenColumns {
		if span.first <= column && column <= span.last {
			return true
		}
	}
	return false
}
