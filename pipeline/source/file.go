package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/pipeline/source/csvfile"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// file is one input file whose header is understood.
type file struct {
	*content
	*layout
	csvfile.Dialect // of text
	sheet           string
	headerRow       int      // Number of the header row
	isHeaderFound   bool     // because of Options.TakeFound
	hidden          []int    // columns that are hidden in the sheet
	width           int      // cells that each row must have; 0 = rows may be short (XLSX)
	shapes          []shape  // by column, of text: the forms that its first cells have
	prefilled       []string // by column: the value that most of its first cells have, "" = they differ
	exact           []bool   // by column: most of its first long numbers do not end in zeros
	carry           []int    // column of each carried name, -1 = none here
	dates           []bool   // for each Options.Send: its column holds dates
}

// recordReader gives the rows of one open file that are not blank, in order, as
// text. It does not know what is a header.
type recordReader interface {
	// Next returns io.EOF after the last row, or an *Error.
	Next() (table.Record, error)
	// finish compares what was read with what Open saw, and returns what was
	// noticed on the way.
	finish(ctx context.Context) ([]Note, error)
	Close() error
}

// openRecords opens the file for one pass, before its first row.
func (m *matcher) openRecords(ctx context.Context, c *content) (recordReader, error) {
	switch c.kind {
	case kindXLSX:
		return m.openSheet(c)
	case kindJSONL:
		return c.openLines(ctx)
	}
	return m.openText(ctx, c)
}

// isText reports whether a file is CSV.
func (c *content) isText() bool { return c.kind == kindText || c.kind == kindGzip }

// openFile reads the head of a file and finds out what its columns are.
func (in *Input) openFile(ctx context.Context, path string, stdin io.Reader) (_ *file, err error) {
	c, err := newContent(ctx, path, stdin)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	wanted, isEarlier := in.opt.HeaderRow, false
	switch {
	case c.kind == kindJSONL:
		wanted = 0 // the keys are the headers
	case wanted == 0:
		wanted, isEarlier = in.opt.EarlierHeaderRow, in.opt.EarlierHeaderRow > 0
	}
	f, err := in.readColumns(ctx, c, wanted, isEarlier)
	if errors.Is(err, errHeadersMoved) {
		return in.readColumns(ctx, c, 0, false)
	}
	return f, err
}

// errHeadersMoved means that a file has no headers where an earlier list had them.
var errHeadersMoved = errors.New("source: the headers are not where those of an earlier list were")

// readColumns reads the head of a file, whose headers are in row wanted; 0 = not known.
// isEarlier says that an earlier list had them there: the error is then errHeadersMoved
// if this file has none.
func (in *Input) readColumns(ctx context.Context, c *content, wanted int, isEarlier bool) (_ *file, err error) {
	rows, err := in.openRecords(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	f := &file{content: c}
	var notes []Note
	switch r := rows.(type) {
	case *textRows:
		f.Dialect = r.Dialect
		if refusal := in.checkEncoding(f); refusal != nil {
			return nil, refusal
		}
	case *workbookRows:
		f.sheet, notes = r.sheet, r.notes
	}
	head, last, err := readHead(rows, wanted)
	if err != nil {
		return nil, err
	}
	if isEarlier && !slices.ContainsFunc(head, func(r table.Record) bool { return r.Number == wanted && in.countKnown(r.Cells) > 0 }) {
		return nil, errHeadersMoved
	}
	if last < wanted {
		return nil, &Error{File: f.name, Sheet: f.sheet, Reason: fmt.Sprintf("--header-row %d: the sheet has only %d rows", in.opt.HeaderRow, last)}
	}
	if refusal := in.readHeader(f, head, wanted); refusal != nil {
		refusal.File, refusal.Sheet = f.name, f.sheet
		return nil, refusal
	}
	f.notes = append(notes, f.notes...)
	if r, isSheet := rows.(*workbookRows); isSheet {
		f.hidden = r.HiddenColumns(len(f.header))
	}
	if f.isText() {
		in.noteDialect(f, head)
	}
	return f, nil
}

// checkEncoding refuses an encoding that was asked for and in which the text makes
// no sense.
func (in *Input) checkEncoding(f *file) (refusal *Error) {
	if in.opt.Encoding != "" {
		f.withText(func(text io.Reader) { refusal = csvfile.CheckEncoding(text, f.Encoding) })
	}
	if refusal != nil {
		refusal.File = f.name
	}
	return refusal
}

// readHead reads the first rows, among which the headers are. last is the number of
// the last row that it has seen.
func readHead(rows recordReader, headerRow int) (head []table.Record, last int, err error) {
	for len(head) < headRows {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, last, err
		}
		if last = row.Number; last >= headerRow-1 { // the row above may hold a part of the headers
			head = append(head, row)
		}
	}
	return head, last, nil
}

// Head returns the first rows of the first file, those above the headers included.
func (in *Input) Head(ctx context.Context) (_ []table.Record, err error) {
	rows, err := in.openRecords(ctx, in.files[0].content)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	head, _, err := readHead(rows, 0)
	return head, err
}

// readHeader finds the header row and what it means.
func (in *Input) readHeader(f *file, head []table.Record, wanted int) *Error {
	if len(head) == 0 {
		return refuseNoRows("")
	}
	at, refusal := in.findHeader(head, wanted)
	if refusal != nil {
		return refusal
	}
	f.headerRow, f.isHeaderFound = head[at].Number, at > 0 && wanted == 0
	headers := in.combineHeaders(head, at)
	header := headers.Cells
	if f.kind == kindXLSX { // drop cells that are only styled
		for len(header) > 0 && strings.TrimSpace(header[len(header)-1]) == "" {
			header = header[:len(header)-1]
		}
	}
	if head[at].Lines > 0 && in.isWholeLine(header) {
		return refuseWholeLines(&head[at])
	}
	if len(header) == 1 && f.isText() && len(in.requiredNames()) > 1 {
		return &Error{Row: f.headerRow, Line: head[at].Line, Reason: "only one column found", Hint: "Pass --delimiter, or save it as .xlsx"}
	}
	f.layout, refusal = in.readLayout(header, head[at+1:])
	if refusal != nil {
		if isReport(header) {
			refusal.Hint = reportHint(f.name)
		}
		refusal.Row, refusal.Line = f.headerRow, head[at].Line
		return refusal
	}
	if at+1 == len(head) {
		return refuseNoRows("")
	}
	f.prefilled = findPrefilled(len(f.header), head[at+1:])
	f.exact = findExact(len(f.header), head[at+1:])
	f.noteUnnamed(&head[at])
	f.noteFoundHeader(!slices.Equal(headers.Cells, head[at].Cells))
	if first := &head[at+1]; first.Lines > 0 && len(header) >= 3 && table.IsBlank(first.Cells[1:]) && strings.Count(first.Cells[0], f.Delimiter) >= len(header)-2 {
		return refuseWholeLines(first)
	}
	if isQuotedSingly(head[at+1].Cells) {
		return &Error{Row: head[at+1].Number, Line: head[at+1].Line, Reason: "the cells are in single quotation marks", Hint: `Save the file with double ones (")`}
	}
	return nil
}

func refuseWholeLines(rec *table.Record) *Error {
	return &Error{Row: rec.Number, Line: rec.Line, Reason: "each line is quoted as a whole, so it reads as one cell", Hint: "Save the file again and quote single cells only"}
}

// noteFoundHeader notes that the headers are in a row that nobody named, or in two
// rows.
func (f *file) noteFoundHeader(isTwoRows bool) {
	switch {
	case isTwoRows:
		f.addNote("header_found", false, "the headers are in rows %d and %d", f.headerRow-1, f.headerRow)
	case f.isHeaderFound:
		f.addNote("header_found", false, "the headers are in row %d", f.headerRow)
	}
}

// noteUnnamed notes the columns without a header, except those that a header is
// merged over: they are no columns of their own.
func (f *file) noteUnnamed(header *table.Record) {
	for column, h := range f.header {
		isCovered := slices.ContainsFunc(header.Issues, func(is table.CellIssue) bool {
			return is.Code == codeMerged && is.FirstRow == is.LastRow && is.Column < column && column <= is.LastColumn
		})
		if strings.TrimSpace(h) == "" && !isCovered && !f.isUsed(column) && column != f.id && !slices.Contains(f.send, column) {
			f.addNote("no_header", true, "column %s has no header and is not read", table.ColumnName(column+1))
		}
	}
}

// noteDialect notes how a text file is written, and how wide its rows are.
func (in *Input) noteDialect(f *file, head []table.Record) {
	if f.Encoding != "utf-8" {
		f.addNote("encoding", false, "read as %s", f.Encoding)
	}
	if f.Delimiter != "," && in.opt.Delimiter == 0 {
		f.addNote("delimiter", false, "columns are separated by %s", formatDelimiter(f.Delimiter))
	}
	data := head[slices.IndexFunc(head, func(r table.Record) bool { return r.Number == f.headerRow })+1:]
	var trailing bool
	f.shapes = learnShapes(len(f.header), data)
	if f.width, trailing = findWidth(f.header, data); trailing {
		f.addNote("trailing_delimiter", true, "every row ends with a delimiter, so the empty column after it is not read")
	}
}

// nameColumns sets what the columns that are read are called in issues. Headers
// are the sender's text: one that is no name, or the name of a field, is replaced
// by the letter of the column.
func (in *Input) nameColumns(f *file) {
	for column := range f.mapped {
		m := &f.mapped[column]
		switch sent := slices.Index(f.send, column); {
		case m.Field != "":
			m.Name = m.Field
		case sent >= 0:
			m.Name = in.opt.Send[sent].Field
		case column == f.id || slices.Contains(f.carry, column):
			m.Name = strings.TrimSpace(m.Header)
			isOdd := func(r rune) bool { return r == ';' || !unicode.IsPrint(r) }
			if m.Name == "" || looksLikeData(m.Name) || strings.ContainsFunc(m.Name, isOdd) || slices.Contains(in.columns, m.Name) {
				m.Name = "column " + table.ColumnName(column+1)
			}
		}
	}
}

// noteIgnored notes the columns that are not read.
func (f *file) noteIgnored(index int, carried []string) {
	var names []string
	for column, h := range f.header {
		if strings.TrimSpace(h) == "" || f.isUsed(column) || column == f.id ||
			slices.Contains(f.send, column) || slices.Contains(f.carry, column) {
			continue
		}
		names = append(names, displayHeader(h, column+1))
	}
	if len(names) > 0 {
		more := ""
		if len(names) > 10 {
			names, more = names[:10], fmt.Sprintf(" and %d more", len(names)-10)
		}
		f.notes = append(f.notes, Note{File: index, Code: "ignored", Warning: true,
			Message: "columns not read: " + strings.Join(names, ", ") + more})
	}
	for i, column := range f.carry {
		if column < 0 {
			f.notes = append(f.notes, Note{File: index, Code: "no_carry", Warning: true,
				Message: "has no column " + strconv.Quote(carried[i]) + " to carry, so it stays empty"})
		}
	}
}
