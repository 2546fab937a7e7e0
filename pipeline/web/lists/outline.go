package lists

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

const (
	maxExamples     = 3
	maxExampleText  = 200 // letters
	maxHeadRows     = 20
	maxSheetsListed = 200
)

// outline is what is known of a list besides its rows.
type outline struct {
	key    string // see settingsKey
	file   source.File
	sheets []api.Sheet
	head   []api.HeadRow
	notes  []source.Note
	taken  []string // flags that name the sheet and the header row

	unclear []string // fields that two columns may be

	filled   []int      // by column: rows in which it has a value
	examples [][]string // by column: its first different values
}

// newOutline returns the outline of a list before its rows are read.
func newOutline(ctx context.Context, path string, in *source.Input, key string) (*outline, error) {
	o := &outline{key: key, file: in.Files()[0], notes: in.Notes(), taken: in.TakenFlags()}
	o.filled, o.examples = make([]int, len(o.file.Header)), make([][]string, len(o.file.Header))
	var head []table.Record
	var err error
	if o.file.Kind == "xlsx" {
		o.sheets, head, err = listSheets(path, o.file.Sheet)
	} else {
		head, err = in.Head(ctx)
	}
	for _, rec := range head[:min(len(head), maxHeadRows)] {
		o.head = append(o.head, api.HeadRow{Number: rec.Number, Cells: shorten(rec.Cells), Header: rec.Number == o.file.HeaderRow})
	}
	return o, err
}

// setRows notes how many rows were read of the sheet that is read.
func (o *outline) setRows(n int) {
	for i := range o.sheets {
		if o.sheets[i].Read {
			o.sheets[i].Rows = n
		}
	}
}

// shorten returns cells that can be shown as examples.
func shorten(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		letters := []rune(strings.Clone(cell))
		out[i] = string(letters[:min(len(letters), maxExampleText)])
	}
	return out
}

// addRow counts the cells of a row.
func (o *outline) addRow(cells []string) {
	for i := range min(len(cells), len(o.filled)) {
		cell := strings.TrimSpace(cells[i])
		if cell == "" {
			continue
		}
		o.filled[i]++
		if len(o.examples[i]) < maxExamples && !slices.Contains(o.examples[i], cell) {
			o.examples[i] = append(o.examples[i], shorten([]string{cell})[0])
		}
	}
}

// outlineRefused returns the outline of a list that cannot be read as it is: with its
// columns if only required ones are missing, else with its sheets only.
func (c *check) outlineRefused(ctx context.Context) (*outline, error) {
	path := c.l.filePath()
	in, unclear, err := openLeniently(ctx, path, c.base)
	var e *source.Error
	switch {
	case err == nil:
		o, err := newOutline(ctx, path, in, "")
		o.unclear = unclear
		return o, errors.Join(err, in.Close())
	case !errors.As(err, &e):
		return nil, err
	}
	o := &outline{file: source.File{Kind: kindOf(path)}}
	if o.file.Kind == "xlsx" {
		o.sheets, _, err = listSheets(path, "")
		if errors.As(err, &e) { // it is damaged; the refusal says so
			err = nil
		}
		return o, err
	}
	return o, nil
}

// kindOf guesses the kind of a file that was not read.
func kindOf(path string) string {
	if strings.HasSuffix(path, ".xlsx") {
		return "xlsx"
	}
	return "csv"
}

// listSheets returns the sheets of a workbook with their rows. read is the one that is
// read, of which head has the first rows; its others are counted when it is read.
func listSheets(path, read string) (list []api.Sheet, head []table.Record, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	book, err := xlsx.Open(f, info.Size(), "", 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	_, hidden, err := book.SheetsWithData()
	if err != nil {
		return nil, nil, err
	}
	for _, sheet := range book.Sheets() {
		if !sheet.HasCells() || len(list) == maxSheetsListed {
			continue
		}
		isHidden := slices.ContainsFunc(hidden, func(h xlsx.Sheet) bool { return h.Name == sheet.Name })
		shown := api.Sheet{Name: sheet.Name, Hidden: isHidden, Read: sheet.Name == read}
		most := limits.SheetRows
		if shown.Read {
			most = maxHeadRows
		}
		first, n, err := readSheet(book, sheet, most)
		if err != nil {
			return nil, nil, err
		}
		if shown.Rows = n; shown.Read {
			head = first
		}
		list = append(list, shown)
	}
	return list, head, nil
}

// readSheet reads at most so many rows of a sheet, and returns the first of them and
// their number.
func readSheet(book *xlsx.Workbook, sheet xlsx.Sheet, most int) (first []table.Record, n int, err error) {
	rows, err := book.OpenSheet(sheet)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n < most {
		rec, err := rows.Next()
		var e *table.Error
		if errors.Is(err, io.EOF) || errors.As(err, &e) { // a sheet that is not read may be damaged
			break
		}
		if err != nil {
			return nil, n, err
		}
		if n++; len(first) < maxHeadRows {
			first = append(first, rec)
		}
	}
	return first, n, nil
}
