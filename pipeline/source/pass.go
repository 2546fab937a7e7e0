package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// pass implements Rows.
type pass struct {
	ctx     context.Context
	in      *input
	at      int     // index of the open file
	open    records // nil between two files
	done    error   // what ended the pass
	unread  int     // problems of the open file in columns that are not read
	again   int     // rows of the open file, a rejects file, that repeated another
	strings []string
}

var _ Rows = (*pass)(nil)

func (in *input) Rows(ctx context.Context) (Rows, error) {
	if in.closed {
		return nil, errors.New("source: the input is closed")
	}
	return &pass{ctx: ctx, in: in}, nil
}

func (p *pass) Read(dst []Row) (int, error) {
	if p.done != nil {
		return 0, p.done
	}
	p.strings = p.strings[:0]
	n, size := 0, 0
	for n < len(dst) && size < limits.Batch {
		if err := p.ctx.Err(); err != nil {
			return 0, p.end(err)
		}
		if p.open == nil {
			if p.at == len(p.in.files) {
				if n > 0 {
					return n, nil
				}
				return 0, p.end(io.EOF)
			}
			if err := p.begin(); err != nil {
				return 0, p.end(err)
			}
		}
		rec, err := p.open.next()
		if err == io.EOF {
			if err := p.finish(); err != nil {
				return 0, p.end(err)
			}
			continue
		}
		if err != nil {
			return 0, p.end(p.suspect(err))
		}
		if rec.number <= p.in.files[p.at].headerRow {
			continue
		}
		f := p.in.files[p.at]
		if line, column, found := strayPair(rec, f.width, f.Delimiter); found {
			refusal := strayPairError(rec, line, column)
			refusal.File = f.name
			return 0, p.end(p.suspect(refusal))
		}
		p.fill(&dst[n], rec)
		before := size
		for _, cell := range rec.cells {
			size += len(cell)
		}
		if size-before > limits.RowRead {
			dst[n].detach()
		}
		n++
	}
	return n, nil
}

func (p *pass) end(err error) error {
	p.done = err
	return err
}

// begin opens the file at hand.
func (p *pass) begin() error {
	f := p.in.files[p.at]
	if f.kind == kindXLSX { // it is read in any order, so its hash is taken before and after
		if err := f.verify(p.ctx); err != nil {
			return err
		}
	}
	if f.warm != nil {
		p.open, f.warm = f.warm, nil
		return nil
	}
	rows, _, err := p.in.records(p.ctx, f.content)
	if err != nil {
		return p.suspect(err)
	}
	p.open = rows
	if t, text := rows.(*textRecords); text && (t.raw.size != f.size || t.raw.modified != f.modified) {
		// The hash would tell at the end; until then rows of it would be used.
		return f.verify(p.ctx)
	}
	return nil
}

// finish closes the file at hand and makes sure of what was read.
func (p *pass) finish() error {
	f := p.in.files[p.at]
	err := p.verify()
	if t, text := p.open.(*textRecords); text && t.ctrlZ {
		f.remarkOnce(Note{File: p.at, Code: "ctrl_z", Warning: true, Message: "the end-of-file mark Ctrl-Z at its end is not read"})
	}
	if t, text := p.open.(*textRecords); text && t.spaced {
		f.remarkOnce(Note{File: p.at, Code: "quote_blanks", Message: "blanks between delimiters and quotation marks are left out"})
	}
	if p.unread > 0 {
		f.remarkOnce(Note{File: p.at, Code: "unread_cells", Warning: true, Message: fmt.Sprintf("problems of cells in columns that are not read do not count, such as errors of formulas or merged cells: %d", p.unread)})
	}
	if p.again > 0 {
		f.remarkOnce(Note{File: p.at, Code: "repeated_before", Warning: true, Message: fmt.Sprintf("%s repeated another one of the first list. such a row goes out only with an e-mail of its own", counted(p.again, "row"))})
	}
	err = errors.Join(err, p.open.Close())
	p.open, p.unread, p.again = nil, 0, 0
	p.at++
	return err
}

func (p *pass) verify() error {
	if own, ok := p.open.(verified); ok {
		return own.verify(p.ctx)
	}
	return p.in.files[p.at].verify(p.ctx)
}

// suspect says that the file changed when that is why it cannot be read.
func (p *pass) suspect(err error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if changed := p.in.files[p.at].verify(p.ctx); errors.Is(changed, ErrChanged) {
		return changed
	}
	return err
}

func (p *pass) Close() error {
	if p.done == nil {
		p.done = errors.New("source: the pass is closed")
	}
	if p.open == nil {
		return nil
	}
	err := p.open.Close()
	p.open = nil
	return err
}

func (f *file) remarkOnce(n Note) {
	for _, known := range f.notes {
		if known == n {
			return
		}
	}
	f.notes = append(f.notes, n)
}

// fill makes a row of a record. Its lists share one array, which the next Read
// uses again.
func (p *pass) fill(row *Row, rec record) {
	f := p.in.files[p.at]
	*row = Row{File: p.at, Number: rec.number, Line: rec.line, Names: p.in.columns, Issues: p.issues(f, rec.issues)}
	cells, columns := rec.cells, len(f.header)
	switch {
	case f.width > 0 && (len(cells) != f.width || f.width > columns && cells[columns] != ""):
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "columns", Message: fmt.Sprintf("%s, header has %d. take out or add what shifts the cells", counted(len(cells), "column"), columns)})
	case f.width == 0 && len(cells) > columns && !blank(cells[columns:]):
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "columns_beyond", Warning: true, Message: "cells to the right of the headers are not read"})
	}
	if len(cells) > columns {
		if !blank(cells[columns:]) {
			row.Extra = cells[columns:]
		}
		cells = cells[:columns:columns]
	}
	for len(cells) < columns {
		cells = append(cells, "")
	}
	if f.rejects {
		for i, cell := range cells {
			cells[i] = formula.Unguard(cell)
		}
		row.Origin, row.Was = strings.TrimSpace(cells[f.origin]), strings.TrimSpace(cells[f.was])
		row.Issues = append(row.Issues, f.unsettled(cells)...)
		if row.Was == repeatedRow || strings.HasSuffix(strings.TrimSpace(cells[f.problem]), sharedMark) {
			row.Was = repeatedRow
			p.again++
		}
	}
	for _, is := range row.Issues {
		if is.Column >= 0 && (is.Code == "struck_out" || is.Code == "number_format") { // no value to go by, also when the row is fed back in a rejects file
			cells[is.Column] = ""
		}
	}
	if f.repeated(cells) || p.in.columnNames(cells) {
		row.Issues = append(row.Issues, Issue{Column: -1, Code: "header_repeated", Message: "names of columns, not a customer. delete the row"})
	}
	row.Cells = cells
	cells, marks := f.unmarked(cells)
	row.Issues = append(append(append(row.Issues, marks...), f.dateIssues(cells)...), p.foreignIssues(f, cells)...)
	row.Values = p.pick(cells, f.values)
	row.Carry = p.pick(cells, f.carry)
	row.Send = p.pick(cells, f.send)
	if f.id >= 0 {
		row.ID = cells[f.id]
	}
	for i := range row.Issues {
		if is := &row.Issues[i]; is.Column >= 0 && is.Column < columns && is.Field == "" {
			is.Field = f.mapped[is.Column].Name
		}
	}
}

// detach gives a large row values of its own, so that whoever keeps them does
// not keep the whole text of the row with them. It takes away what is too much
// to be kept.
func (r *Row) detach() {
	lists := [][]string{r.Values, r.Carry, r.Send, {r.ID}}
	size := 0
	for _, list := range lists {
		for _, cell := range list {
			size += len(cell)
		}
	}
	if size > limits.RowRead {
		r.Issues = append(r.Issues, Issue{Column: -1, Code: "row_too_long", Message: "the cells of the row that are read hold more than " + limits.Size(limits.RowRead) + ". shorten them"})
	}
	for _, list := range lists {
		for i, cell := range list {
			if list[i] = ""; size <= limits.RowRead || len(cell) <= limits.RowRead/64 {
				list[i] = strings.Clone(cell)
			}
		}
	}
	r.ID = lists[3][0]
}

// issues keeps of a record's issues those of columns that are read: what is
// wrong in another one is no reason to hold the customer back. It always makes
// a list of its own.
func (p *pass) issues(f *file, found []cellIssue) []Issue {
	var kept []Issue
	for _, is := range found {
		if is.Column < 0 {
			kept = append(kept, is.Issue)
			continue
		}
		column, read := f.readColumn(is.Column, max(is.Column, is.last))
		switch {
		case is.written && !(read && f.written[column]):
		case is.sent && read && !f.decides(column):
		case read:
			is.Column = column
			kept = append(kept, is.Issue)
		case is.Code == "cell_too_long":
			// A quotation mark that is never closed swallows rows, wherever it stands.
			kept = append(kept, is.Issue)
		case !is.Warning:
			p.unread++
		}
	}
	return kept
}

// decides reports whether a column is more than carried along.
func (f *file) decides(column int) bool {
	return f.mapped[column].Field != "" || column == f.id || slices.Contains(f.send, column)
}

// readColumn finds the first column from first to last that is read, one that
// is a field before others.
func (f *file) readColumn(first, last int) (column int, read bool) {
	last = min(last, len(f.header)-1)
	for c := first; c <= last; c++ {
		if f.mapped[c].Field != "" {
			return c, true
		}
	}
	for c := first; c <= last; c++ {
		if c == f.id || slices.Contains(f.carry, c) || slices.Contains(f.send, c) {
			return c, true
		}
	}
	return 0, false
}

// pick copies the cells of some columns.
func (p *pass) pick(cells []string, columns []int) []string {
	if len(columns) == 0 {
		return nil
	}
	from := len(p.strings)
	for _, column := range columns {
		cell := ""
		if column >= 0 {
			cell = cells[column]
		}
		p.strings = append(p.strings, cell)
	}
	return p.strings[from:len(p.strings):len(p.strings)]
}
