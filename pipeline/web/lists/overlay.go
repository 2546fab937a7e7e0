package lists

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// overlay is the corrections of a list by row numbers. It is for one goroutine.
type overlay struct {
	cells map[int]map[int]string // by row and column: what the cell holds now
	left  map[int]string         // rows that are left out by hand, and why
}

var _ source.Overlay = (*overlay)(nil)

func newOverlay() *overlay { return &overlay{map[int]map[int]string{}, map[int]string{}} }

// setCell corrects a cell; back to what the file has, it is not corrected any more.
func (o *overlay) setCell(c cellChange) {
	row := o.cells[c.Row]
	if c.To == c.Was {
		if delete(row, c.Column); len(row) == 0 {
			delete(o.cells, c.Row)
		}
		return
	}
	if row == nil {
		row = map[int]string{}
		o.cells[c.Row] = row
	}
	row[c.Column] = c.To
}

func (o *overlay) leaveOut(row int, why string, back bool) {
	if back {
		delete(o.left, row)
		return
	}
	o.left[row] = why
}

func (o *overlay) clone() *overlay {
	c := &overlay{make(map[int]map[int]string, len(o.cells)), maps.Clone(o.left)}
	for row, cells := range o.cells {
		c.cells[row] = maps.Clone(cells)
	}
	return c
}

// rowsOf returns a copy that has the corrections of some rows only.
func (o *overlay) rowsOf(numbers []int) *overlay {
	c := newOverlay()
	for _, n := range numbers {
		if cells, isEdited := o.cells[n]; isEdited {
			c.cells[n] = maps.Clone(cells)
		}
		if why, isLeft := o.left[n]; isLeft {
			c.left[n] = why
		}
	}
	return c
}

// countCells counts the corrected cells.
func (o *overlay) countCells() (n int) {
	for _, row := range o.cells {
		n += len(row)
	}
	return n
}

// isEmpty reports whether nothing is corrected.
func (o *overlay) isEmpty() bool { return len(o.cells) == 0 && len(o.left) == 0 }

// Correct changes a record as a spreadsheet program would: a corrected cell is plain
// text, so what the reader noticed in it is gone.
func (o *overlay) Correct(rec *table.Record) bool {
	if _, isLeft := o.left[rec.Number]; isLeft {
		return false
	}
	edits := o.cells[rec.Number]
	if len(edits) == 0 {
		return true
	}
	rec.Cells = slices.Clone(rec.Cells)
	for column, text := range edits {
		for len(rec.Cells) <= column {
			rec.Cells = append(rec.Cells, "")
		}
		rec.Cells[column] = text
	}
	isGone := func(is table.CellIssue) bool {
		for column := is.Column; column >= 0 && column <= max(is.Column, is.LastColumn); column++ {
			if _, isEdited := edits[column]; isEdited {
				return true
			}
		}
		return false
	}
	rec.Issues = slices.DeleteFunc(slices.Clone(rec.Issues), isGone)
	return true
}

// Fingerprint returns a hash of all corrections, "" if there are none.
func (o *overlay) Fingerprint() string {
	if o.isEmpty() {
		return ""
	}
	var text strings.Builder
	for _, row := range slices.Sorted(maps.Keys(o.cells)) {
		for _, column := range slices.Sorted(maps.Keys(o.cells[row])) {
			fmt.Fprintf(&text, "cell %d %d %q\n", row, column, o.cells[row][column])
		}
	}
	for _, row := range slices.Sorted(maps.Keys(o.left)) {
		fmt.Fprintf(&text, "left %d\n", row)
	}
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:])
}

// overlayRef is corrections that can be exchanged after a list was opened. It is for one
// goroutine.
type overlayRef struct{ now *overlay }

var _ source.Overlay = (*overlayRef)(nil)

// Correct changes a record by the present corrections.
func (r *overlayRef) Correct(rec *table.Record) bool { return r.now.Correct(rec) }

// Fingerprint returns that of the present corrections.
func (r *overlayRef) Fingerprint() string { return r.now.Fingerprint() }
