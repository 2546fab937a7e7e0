package xlsx

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// mergedRange is a range of cells shown as one. Only its first cell has a value.
type mergedRange struct {
	row, lastRow       int32
	column, lastColumn int32
}

// parseMerge reads a range such as A2:B3 or B:C. A single cell is a range too.
func parseMerge(ref []byte) (m mergedRange, ok bool) {
	from, to, found := bytes.Cut(ref, []byte(":"))
	if !found {
		to = from
	}
	if found && len(bytes.Trim(ref, "$ABCDEFGHIJKLMNOPQRSTUVWXYZ:")) == 0 { // whole columns
		from, to = append(bytes.Clone(from), '1'), strconv.AppendInt(bytes.Clone(to), limits.SheetRows, 10)
	}
	c1, r1, ok1 := parseCellRef(from)
	c2, r2, ok2 := parseCellRef(to)
	if !ok1 || !ok2 || c2 < c1 || r2 < r1 {
		return m, false
	}
	return mergedRange{int32(r1), int32(r2), int32(c1), int32(c2)}, true
}

// mergeSweep goes through a sheet's merged ranges in the order of its rows.
type mergeSweep struct {
	ranges []mergedRange // by first row, then column
	next   int
	active []activeMerge // touch the current row or a later one
}

type activeMerge struct {
	mergedRange
	data bool // its first cell has a value
}

func newMergeSweep(ranges []mergedRange) *mergeSweep {
	slices.SortFunc(ranges, func(a, b mergedRange) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
	})
	return &mergeSweep{ranges: ranges}
}

// hasOverlap reports whether two of the ranges share a cell, which no spreadsheet
// program writes. The sweep is then used up.
func (s *mergeSweep) hasOverlap() bool {
	for _, m := range s.ranges {
		s.dropAbove(m.row)
		if slices.ContainsFunc(s.active, func(a activeMerge) bool { return a.column <= m.lastColumn && m.column <= a.lastColumn }) {
			return true
		}
		s.active = append(s.active, activeMerge{mergedRange: m})
	}
	return false
}

func (s *mergeSweep) dropAbove(row int32) {
	s.active = slices.DeleteFunc(s.active, func(a activeMerge) bool { return a.lastRow < row })
}

// findTouching calls yield for the ranges that touch a row, with whether they have
// data so far. filled reports whether a cell of that row (column from 1) has a value.
// Rows come in ascending order; blank ones may be left out.
func (s *mergeSweep) findTouching(row int, filled func(column int) bool, yield func(m mergedRange, hasData bool)) {
	if s.next == len(s.ranges) && len(s.active) == 0 {
		return
	}
	s.dropAbove(int32(row))
	for ; s.next < len(s.ranges) && s.ranges[s.next].row <= int32(row); s.next++ {
		if m := s.ranges[s.next]; m.lastRow >= int32(row) {
			s.active = append(s.active, activeMerge{mergedRange: m})
		}
	}
	for i := range s.active {
		a := &s.active[i]
		for c := a.column; !a.data && c <= a.lastColumn && c <= limits.Columns; c++ {
			a.data = filled(int(c))
		}
		yield(a.mergedRange, a.data)
	}
}
