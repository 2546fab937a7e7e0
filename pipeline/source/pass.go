package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/csvfile"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// Pass is one pass over an Input. It is used by one goroutine.
type Pass struct {
	ctx     context.Context //nolint:containedctx // a pass ends with the context of Input.Rows, and Read has none
	in      *Input
	at      int          // index of the open file
	open    recordReader // nil between two files
	done    error        // what ended the pass
	unread  int          // problems of the open file in columns that are not read
	repeats int          // rows of the open file, a rejects file, that repeated another
	left    leftOut      // of the open file
	ahead   *aheadRecord // of the open file; nil = none was looked at
}

// Rows starts a pass from the first row of the first file.
func (in *Input) Rows(ctx context.Context) (*Pass, error) {
	if in.closed {
		return nil, errors.New("source: the input is closed")
	}
	return &Pass{ctx: ctx, in: in}, nil
}

// Read fills dst from the front, with at most limits.Batch bytes of rows, and
// returns how many rows it filled. What they hold stays valid. It returns io.EOF,
// with 0 rows, after the last row, and only if every file still has the hash that
// Files reports; else ErrChanged. Other errors are *Error: structural, naming file,
// sheet, row, column.
func (p *Pass) Read(dst []Row) (int, error) {
	if p.done != nil {
		return 0, p.done
	}
	n, size := 0, 0
	for n < len(dst) && size < limits.Batch {
		rec, err := p.nextRecord()
		if errors.Is(err, io.EOF) && n > 0 {
			return n, nil
		}
		if err != nil {
			p.done = err
			return 0, err
		}
		p.fillRow(&dst[n], rec)
		length := 0
		for _, cell := range rec.Cells {
			length += len(cell)
		}
		if length > limits.RowRead {
			dst[n].detachValues()
		}
		size += length
		n++
	}
	return n, nil
}

// nextRecord returns the next record below a header row, of whatever file, or
// io.EOF after the last file was verified.
func (p *Pass) nextRecord() (table.Record, error) {
	for {
		if err := p.ctx.Err(); err != nil {
			return table.Record{}, err
		}
		if p.open == nil {
			if p.at == len(p.in.files) {
				return table.Record{}, io.EOF
			}
			if err := p.beginFile(); err != nil {
				return table.Record{}, err
			}
		}
		f := p.in.files[p.at]
		rec, err := p.readRecord()
		switch {
		case errors.Is(err, io.EOF):
			if err := p.finishFile(); err != nil {
				return table.Record{}, err
			}
			continue
		case err != nil:
			return table.Record{}, p.blameChange(err)
		case rec.Number <= f.headerRow, p.in.opt.Overlay != nil && !p.in.opt.Overlay.Correct(&rec):
			continue
		}
		if refusal := csvfile.CheckStrayPair(rec, f.width, f.Delimiter); refusal != nil {
			refusal.File = f.name
			return table.Record{}, p.blameChange(refusal)
		}
		kind := f.kindOf(p.in.matcher, &rec, p.left.before)
		p.left.before = rec.Cells
		if kind != customerRow {
			p.left.add(kind, rec.Number)
			continue
		}
		if p.isCutByLineBreak(f, &rec) {
			rec.Issues = append(rec.Issues, table.CellIssue{Issue: Issue{Column: -1, Code: "columns",
				Message: "the row ends early, and the next one seems to be the rest of it: a line break inside a cell without quotation marks splits a row in two. Remove the line break"}})
		}
		p.left.rows++
		return rec, nil
	}
}

// aheadRecord is what the reader returned before it was asked for.
type aheadRecord struct {
	rec table.Record
	err error
}

// readRecord returns the next record of the open file.
func (p *Pass) readRecord() (table.Record, error) {
	if a := p.ahead; a != nil {
		p.ahead = nil
		return a.rec, a.err
	}
	return p.open.Next()
}

// peekRecord returns the record that readRecord will return next.
func (p *Pass) peekRecord() (table.Record, error) {
	if p.ahead == nil {
		rec, err := p.open.Next()
		p.ahead = &aheadRecord{rec, err}
	}
	return p.ahead.rec, p.ahead.err
}

// beginFile opens the file at hand.
func (p *Pass) beginFile() error {
	f := p.in.files[p.at]
	if f.kind == kindXLSX { // it is read in any order, so its hash is compared before and after
		if err := f.verify(p.ctx); err != nil {
			return err
		}
	}
	rows, err := p.in.openRecords(p.ctx, f.content)
	if err != nil {
		return p.blameChange(err)
	}
	p.open = rows
	if t, isText := rows.(interface{ isOther() bool }); isText && t.isOther() {
		// The hash would show it at the end; until then rows of it would be used.
		return f.verify(p.ctx)
	}
	return nil
}

// finishFile closes the file at hand and makes sure of what was read.
func (p *Pass) finishFile() error {
	notes, err := p.open.finish(p.ctx)
	if p.unread > 0 {
		notes = append(notes, Note{Code: "unread_cells", Warning: true, Message: fmt.Sprintf("problems in columns that are not read, such as formula errors or merged cells, are ignored: %d", p.unread)})
	}
	if p.repeats > 0 {
		notes = append(notes, Note{Code: "repeated_before", Warning: true, Message: fmt.Sprintf("%s repeated another row of the first list. Such a row is sent only with an e-mail of its own", table.FormatCount(p.repeats, "row"))})
	}
	f := p.in.files[p.at]
	notes = append(notes, p.left.notes()...)
	for _, n := range notes {
		if n.File = p.at; !slices.Contains(f.notes, n) { // each pass notices the same
			f.notes = append(f.notes, n)
		}
	}
	err = errors.Join(err, p.open.Close())
	if err == nil && p.left.rows == 0 {
		refusal := refuseNoRows("")
		refusal.File, refusal.Sheet = f.name, f.sheet
		err = refusal
	}
	p.open, p.unread, p.repeats, p.left, p.ahead = nil, 0, 0, leftOut{}, nil
	p.at++
	return err
}

// blameChange says that the file changed if that is why it cannot be read.
func (p *Pass) blameChange(err error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if changed := p.in.files[p.at].verify(p.ctx); errors.Is(changed, ErrChanged) {
		return changed
	}
	return err
}

// Close ends the pass.
func (p *Pass) Close() error {
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
