package source

import (
	"bytes"
	"sort"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// The size of a sheet in every spreadsheet program that writes .xlsx
// (ECMA-376 part 1, 18.3.1.73 and its limits in Excel), and how much of its
// width is read: a customer sheet that is wider is none.
const (
	maxSheetRow    = limits.SheetRows
	maxSheetColumn = limits.SheetColumns
	maxReadColumn  = limits.Columns
	maxMerges      = limits.Merges
)

// parseCellRef reads a reference such as E17 or $E$17; ok is false if it is
// none, or lies outside a sheet. Both numbers count from 1.
func parseCellRef(ref []byte) (column, row int, ok bool) {
	i := 0
	if i < len(ref) && ref[i] == '$' {
		i++
	}
	for ; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		if column = column*26 + int(c-'A') + 1; column > maxSheetColumn {
			return 0, 0, false
		}
	}
	if i < len(ref) && ref[i] == '$' {
		i++
	}
	row, ok = parseIndex(ref[i:], maxSheetRow)
	return column, row, ok && column > 0 && row > 0
}

// parseIndex reads plain digits not above max.
func parseIndex(digits []byte, max int) (n int, ok bool) {
	if len(digits) == 0 || len(digits) > 10 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int(c-'0'); n > max {
			return 0, false
		}
	}
	return n, true
}

// mergedRange is a range of cells shown as one. Only its first cell has a
// value; what the sender meant for the others is anybody's guess.
type mergedRange struct {
	row, lastRow       int32
	column, lastColumn int32
}

// parseMerge reads a range such as A2:B3. A single cell is a range too.
func parseMerge(ref []byte) (m mergedRange, ok bool) {
	from, to, found := bytes.Cut(ref, []byte(":"))
	if !found {
		to = from
	}
	c1, r1, ok1 := parseCellRef(from)
	c2, r2, ok2 := parseCellRef(to)
	if !ok1 || !ok2 || c2 < c1 || r2 < r1 {
		return m, false
	}
	return mergedRange{int32(r1), int32(r2), int32(c1), int32(c2)}, true
}

// mergeSweep goes through a sheet's merged ranges beside its rows, so that the
// work for a row depends on the ranges that touch it only.
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
	sort.Slice(ranges, func(i, j int) bool {
		a, b := ranges[i], ranges[j]
		return a.row < b.row || a.row == b.row && a.column < b.column
	})
	return &mergeSweep{ranges: ranges}
}

// overlap reports whether two of the ranges share a cell, which no spreadsheet
// program writes.
func (s *mergeSweep) overlap() bool {
	defer func() { s.next, s.active = 0, s.active[:0] }()
	for s.next < len(s.ranges) {
		m := s.ranges[s.next]
		s.retire(m.row)
		for _, a := range s.active {
			if a.column <= m.lastColumn && m.column <= a.lastColumn {
				return true
			}
		}
		s.active = append(s.active, activeMerge{mergedRange: m})
		s.next++
	}
	return false
}

func (s *mergeSweep) retire(row int32) {
	kept := s.active[:0]
	for _, a := range s.active {
		if a.lastRow >= row {
			kept = append(kept, a)
		}
	}
	s.active = kept
}

// at returns the ranges with data that touch a row. filled says whether a cell
// of that row (column from 1) has a value. Rows come in ascending order and
// some may be left out: they are blank.
func (s *mergeSweep) at(row int, filled func(column int) bool, yield func(mergedRange)) {
	if s.next == len(s.ranges) && len(s.active) == 0 {
		return
	}
	s.retire(int32(row))
	for ; s.next < len(s.ranges) && s.ranges[s.next].row <= int32(row); s.next++ {
		if m := s.ranges[s.next]; m.lastRow >= int32(row) {
			s.active = append(s.active, activeMerge{mergedRange: m})
		}
	}
	for i := range s.active {
		a := &s.active[i]
		for c := a.column; !a.data && c <= a.lastColumn && c <= maxReadColumn; c++ {
			a.data = filled(int(c))
		}
		if a.data {
			yield(a.mergedRange)
		}
	}
}
