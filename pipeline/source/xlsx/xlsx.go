// Package xlsx reads the rows of a sheet in a workbook (.xlsx). Start at [Open],
// then [Workbook.FindSheet] and [Workbook.ReadSheet].
//
// It promises that a sheet is read whole or refused: whatever is wrong with a
// part that is read, in whatever row, is an *table.Error with the place before
// the first row is handed out. Memory is bounded whatever the file says of
// itself. No macro runs, no link is followed, no formula is calculated: a cell
// has the result that was saved with it, or an issue.
//
// It is not excelize, which returns no error for a part that is cut short or has
// its rows out of order, hides what a cell is (its type, style, formula), and
// unpacks every sheet into memory or into files that a crash leaves behind.
//
// What holds it to that: TestSameAsExcelize compares random sheets with what
// excelize reads, FuzzXMLScanner the scanner with encoding/xml, FuzzSheet and
// FuzzPackage look for panics and rows before an error, TestHostileDamagedMember
// damages every part, TestXLSXFromPrograms reads what LibreOffice, Gnumeric and
// openpyxl wrote, and TestLargest and TestManyTexts hold the memory.
package xlsx

import (
	"errors"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Workbook is what is known of a workbook besides its rows. It is used by one
// goroutine.
type Workbook struct {
	file     File
	pkg      *workbookPackage
	sheets   []Sheet
	from1904 bool
	stale    bool           // its formulas have no results, see isStale
	formats  []numberFormat // by style number
	struck   []bool         // by style number: its font has a line through it
	strings  *sharedStrings
}

// File is an open file that can be read anywhere.
type File interface {
	io.ReaderAt
	io.Closer
}

// Open checks the package of a workbook, and reads its list of sheets, styles
// and texts. name is for errors, which are *table.Error; maxBytes is the largest
// size unpacked, 0 = limits.Workbook. The file is the workbook's to close, also
// if Open fails.
func Open(file File, size int64, name string, maxBytes int64) (*Workbook, error) {
	b := &Workbook{file: file, strings: &sharedStrings{}}
	var err error
	if b.pkg, err = scanPackage(file, size, name, maxBytes); err == nil {
		err = b.readParts()
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Workbook) readParts() error {
	p := b.pkg
	root, err := p.readRelationships("")
	if err != nil {
		return err
	}
	main := findTarget(root, "officeDocument")
	if main == "" {
		return &table.Error{File: p.name, Reason: "the workbook has no list of sheets", Hint: "Save it again from a spreadsheet program"}
	}
	rels, err := p.readRelationships(main)
	if err != nil {
		return err
	}
	if err := b.readSheetList(main, rels); err != nil {
		return err
	}
	// Programs write a relationship to texts or styles that no cell uses. A cell
	// that does use one finds it missing.
	if styles := findTarget(rels, "styles"); p.hasPart(styles) {
		err = b.readStyles(styles)
	}
	if texts := findTarget(rels, "sharedStrings"); err == nil && p.hasPart(texts) {
		err = b.strings.readPart(p, texts)
	}
	return err
}

// findTarget returns the part of a kind, "" if there is none.
func findTarget(rels []relationship, kind string) (part string) {
	for _, r := range rels {
		if r.kind() == kind {
			part = r.Target
		}
	}
	return part
}

// Sheets returns the sheets in the order of their tabs.
func (b *Workbook) Sheets() []Sheet { return b.sheets }

func (b *Workbook) hasStyle(i int) bool { return i == 0 || i < len(b.formats) }

func (b *Workbook) format(style int) *numberFormat {
	if style < len(b.formats) {
		return &b.formats[style]
	}
	return &numberFormat{}
}

func (b *Workbook) isStruck(style int) bool { return style < len(b.struck) && b.struck[style] }

// Close closes the file and removes what was kept on disk.
func (b *Workbook) Close() error { return errors.Join(b.file.Close(), b.strings.Close()) }
