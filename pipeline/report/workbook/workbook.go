// Package workbook writes .xlsx files that people read: streamed sheets of any
// length, lists laid out cell by cell, clickable links and comments. It wraps
// excelize where that is slow for many cells, and holds the looks that our
// workbooks share. No cell that it writes is a formula.
//
// No Workbook, and nothing that holds an excelize.File, is put in an interface, not
// even in an any for fmt: the linker would then keep all methods of the File, with the
// formulas and charts that nobody calls, and the program would be 3 MB larger.
//
// Start at [New]. A Workbook and its sheets are for one goroutine.
package workbook

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Limits of a sheet, from Microsoft's "Excel specifications and limits".
const (
	MaxRows  = limits.SheetRows
	MaxLinks = 65_530
)

const (
	// Author is the author of our workbooks and comments. A later annotation
	// replaces comments of this author.
	Author = "bulkonboard"
	// SheetMark begins the first cell of every sheet that we add to a list of
	// customers. A reader of the list skips such a sheet.
	SheetMark = Author + ": "
)

// Workbook is a workbook that is being written. The caller must call Close.
type Workbook struct {
	File  *excelize.File
	Style Styles

	scratch  string
	links    []*LinkColumn
	elements []element
}

// New creates a workbook whose first sheet has this name. What does not fit in
// memory goes to scratch, a private directory that the caller removes.
func New(scratch, first string) (*Workbook, error) {
	f := excelize.NewFile(excelize.Options{TmpDir: scratch})
	err := errors.Join(f.SetSheetName(f.GetSheetName(0), first), f.SetAppProps(&excelize.AppProperties{Application: Author}))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	b, err := FromFile(f, scratch)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

// FromFile adds our styles to an open workbook. Close closes f. What does not
// fit in memory goes to scratch, a private directory that the caller removes.
func FromFile(f *excelize.File, scratch string) (*Workbook, error) {
	b := &Workbook{File: f, scratch: scratch}
	return b, errors.Join(b.addStyles(), b.addListStyles())
}

// Save writes the workbook to w, by way of a file in scratch: excelize would build the
// whole workbook in memory. The same workbook always gives the same bytes. comment
// becomes the comment of the archive.
func (b *Workbook) Save(w io.Writer, comment string) (err error) {
	spool, err := os.CreateTemp(b.scratch, "book-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	archive := zip.NewWriter(spool)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	b.File.SetZipWriter(func(io.Writer) excelize.ZipWriter { return linkedArchive{archive, b.links, b.elements} })
	if _, err := b.File.WriteToBuffer(); err != nil {
		return err
	}
	return sortArchive(w, spool, comment)
}

// sortArchive copies an archive with its parts in the order of their names: excelize
// writes the sheets in any order.
func sortArchive(w io.Writer, from *os.File, comment string) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	parts, err := zip.NewReader(from, info.Size())
	if err != nil {
		return err
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	archive := zip.NewWriter(w)
	if err := archive.SetComment(comment); err != nil {
		return err
	}
	for _, part := range parts.File {
		if err := archive.Copy(part); err != nil {
			return err
		}
	}
	return archive.Close()
}

// Close closes the workbook's temporary files.
func (b *Workbook) Close() error {
	err := b.File.Close()
	for _, l := range b.links {
		err = errors.Join(err, l.file.Close())
	}
	return err
}

// SetLayout makes a sheet print on A4, pagesWide across, with its name and the
// page number in the footer. Call it before a stream of the sheet begins.
func (b *Workbook) SetLayout(sheet, orientation string, pagesWide int) error {
	a4, tall, fit := 9, 0, true
	side, end, foot := 0.4, 0.6, 0.3 // inches
	return errors.Join(
		b.File.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &orientation, Size: &a4, FitToWidth: &pagesWide, FitToHeight: &tall}),
		b.File.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &side, Bottom: &end, Footer: &foot}),
		b.File.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddFooter: "&L&8&A&R&8&P / &N"}),
		b.File.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
}

// HideGrid hides the grid lines of a sheet.
func (b *Workbook) HideGrid(sheet string) error {
	show := false
	return b.File.SetSheetView(sheet, 0, &excelize.ViewOptions{ShowGridLines: &show})
}

// FrozenPanes returns panes that keep so many rows and columns in view.
func FrozenPanes(rows, columns int) *excelize.Panes {
	at, pane := CellName(columns, rows+1), "bottomLeft"
	if columns > 0 {
		pane = "bottomRight"
	}
	return &excelize.Panes{Freeze: true, YSplit: rows, XSplit: columns, TopLeftCell: at, ActivePane: pane,
		Selection: []excelize.Selection{{SQRef: at, ActiveCell: at, Pane: pane}}}
}

// CellName returns the name of a cell, such as C7, from a column from 0 and a
// row from 1. Beyond the last column it is that of the row's first cell.
func CellName(column, row int) string { return ColumnName(column) + strconv.Itoa(row) }

// ColumnName returns the name of a column from 0, "A" beyond the last.
func ColumnName(column int) string {
	name, err := excelize.ColumnNumberToName(column + 1)
	if err != nil {
		return "A"
	}
	return name
}
