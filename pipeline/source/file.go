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
)

// file is one input file, understood.
type file struct {
	*content
	*layout
	dialect   // of text
	sheet     string
	headerRow int    // Number of the header row
	width     int    // cells that each row must have; 0 = rows may be short (XLSX)
	carry     []int  // column of each carried name, -1 = none here
	dates     []bool // for each Options.Send, whether its column holds dates

	// Opening a workbook reads all of it, so the one that Open opened serves the
	// first pass. nil for text, and once it is taken.
	warm *resumed
}

// resumed are records whose first rows were read before.
type resumed struct {
	records
	head []record
}

func (r *resumed) next() (record, error) {
	if len(r.head) == 0 {
		return r.records.next()
	}
	row := r.head[0]
	r.head = r.head[1:]
	return row, nil
}

// close frees what Open kept.
func (f *file) close() error {
	err := f.content.close()
	if f.warm != nil {
		err = errors.Join(err, f.warm.Close())
		f.warm = nil
	}
	return err
}

// verified is a reader that can compare the hash of what it read itself.
type verified interface {
	verify(ctx context.Context) error
}

// records opens the file for one pass, before its first row.
func (in *input) records(ctx context.Context, c *content) (records, sheetInfo, error) {
	if c.kind == kindXLSX {
		return openXLSX(c.name, in.opt)
	}
	t, err := openText(ctx, c, in.matcher)
	return t, sheetInfo{}, err
}

// open reads the head of a file and settles what its columns are.
func (in *input) open(ctx context.Context, path string, stdin io.Reader) (_ *file, err error) {
	c, err := newContent(ctx, path, stdin)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	rows, sheet, err := in.records(ctx, c)
	if err != nil {
		return nil, err
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, rows.Close())
		}
	}()
	if t, text := rows.(*textRecords); text && in.opt.Encoding != "" && !strings.HasPrefix(t.Encoding, "utf-") {
		if refusal := c.misread(t.Encoding); refusal != nil {
			return nil, refusal
		}
	}
	f := &file{content: c, sheet: sheet.Sheet}
	head, err := readHead(rows, in.opt.HeaderRow)
	if err != nil {
		return nil, err
	}
	if refusal := in.understand(f, head); refusal != nil {
		refusal.File, refusal.Sheet = f.name, f.sheet
		return nil, refusal
	}
	f.notes = append(slices.Clone(sheet.Notes), f.notes...)
	if t, text := rows.(*textRecords); text {
		f.dialect = t.dialect
		in.settleText(f, head)
		return f, nil
	}
	f.warm, keep = &resumed{rows, head}, true
	return f, nil
}

// readHead reads the rows among which the headers are.
func readHead(rows records, headerRow int) (head []record, err error) {
	for len(head) < headRows {
		row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if row.number >= headerRow {
			head = append(head, row)
		}
	}
	return head, nil
}

// understand finds the header row and what it means.
func (in *input) understand(f *file, head []record) *Error {
	if len(head) == 0 && in.opt.HeaderRow > 1 {
		return &Error{Row: in.opt.HeaderRow, Reason: "the rows end above this one", Hint: "Correct --header-row"}
	}
	if len(head) == 0 {
		return noRows("")
	}
	at, refusal := in.headerAt(head, in.opt.HeaderRow)
	if refusal != nil {
		return refusal
	}
	f.headerRow = head[at].number
	header := head[at].cells
	if f.kind == kindXLSX { // cells that are only styled
		for len(header) > 0 && strings.TrimSpace(header[len(header)-1]) == "" {
			header = header[:len(header)-1]
		}
	}
	if len(header) == 1 && head[at].lines > 0 && in.isWholeLine(header[0]) {
		return &Error{Row: f.headerRow, Line: head[at].line, Reason: "each line is quoted as a whole, so it reads as one cell", Hint: "Save the file again and quote single cells only"}
	}
	if len(header) == 1 && f.kind != kindXLSX && len(in.required()) > 1 {
		return &Error{Row: f.headerRow, Line: head[at].line, Reason: "only one column found", Hint: "Pass --delimiter, or save it as .xlsx"}
	}
	f.layout, refusal = in.layout(header, head[at+1:])
	if refusal != nil {
		if isReport(header) {
			refusal.Hint = reportHint(f.name)
		}
		refusal.Row, refusal.Line = f.headerRow, head[at].line
		return refusal
	}
	if at+1 == len(head) {
		return noRows("")
	}
	if quotedSingly(head[at+1].cells) {
		return &Error{Row: head[at+1].number, Line: head[at+1].line, Reason: "the cells stand in single quotation marks", Hint: `Save the file with double ones (")`}
	}
	return nil
}

// settleText notes how a text file is written, and how wide its rows are.
func (in *input) settleText(f *file, head []record) {
	if f.Encoding != utf8Name {
		f.note("encoding", false, "read as %s", f.Encoding)
	}
	if f.Delimiter != "," && in.opt.Delimiter == 0 {
		f.note("delimiter", false, "columns are separated by %s", delimiterName(f.Delimiter))
	}
	data := head[slices.IndexFunc(head, func(r record) bool { return r.number == f.headerRow })+1:]
	var trailing bool
	if f.width, trailing = width(f.header, data); trailing {
		f.note("trailing_delimiter", true, "every row ends in a delimiter, and the empty column behind it is not read")
	}
}

// name settles what the columns that are read are called in issues. Headers
// are the sender's text: one that is no name, or the name of a field, gives way
// to the column's letter.
func (in *input) name(f *file) {
	for column := range f.mapped {
		m := &f.mapped[column]
		switch sent := slices.Index(f.send, column); {
		case m.Field != "":
			m.Name = m.Field
		case sent >= 0:
			m.Name = in.opt.Send[sent].Field
		case column == f.id || slices.Contains(f.carry, column):
			m.Name = strings.TrimSpace(m.Header)
			odd := func(r rune) bool { return r == ';' || !unicode.IsPrint(r) }
			if m.Name == "" || looksLikeData(m.Name) || strings.ContainsFunc(m.Name, odd) || slices.Contains(in.columns, m.Name) {
				m.Name = "column " + columnName(column+1)
			}
		}
	}
}

// ignored tells of the columns that nobody reads.
func (f *file) ignored(index int, carried []string) {
	var names []string
	for column, h := range f.header {
		if strings.TrimSpace(h) == "" || f.used(column) || column == f.id ||
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
				Message: "has no column " + strconv.Quote(carried[i]) + " to carry: it stays empty"})
		}
	}
}
