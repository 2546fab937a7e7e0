package columns

import (
	"strconv"
	"strings"
)

// Counter notices a column that counts up by one from row to row, as when the fill
// handle of a spreadsheet is dragged over it. P is how the caller names a row. The zero value is ready; it is for one goroutine.
type Counter[P any] struct {
	filled      int    // cells that are not empty
	counted     int    // cells in runs that are long enough
	longest     int    // cells in the longest run
	run         int    // cells in the run under way
	stem, tail  string // what is before and behind the number
	number      uint64
	began, next P // the first two rows of the run
	first       []P
}

const (
	minRun     = 3  // cells that count up before chance is unlikely
	minPartial = 20 // cells that count up in a column that otherwise does not
	firstRows  = 5
	maxDigits  = 18 // fit in 64 bits
)

// Add adds the next cell of the column.
func (c *Counter[P]) Add(at P, v string) {
	if v == "" {
		c.run = 0
		return
	}
	c.filled++
	stem, number, tail, ok := cutNumber(v)
	if !ok {
		c.run = 0
		return
	}
	if c.run > 0 && number == c.number+1 && stem == c.stem && tail == c.tail {
		c.extendRun(at)
	} else {
		c.run, c.began = 1, at
	}
	c.stem, c.number, c.tail = stem, number, tail
}

func (c *Counter[P]) extendRun(at P) {
	c.run++
	switch {
	case c.run < minRun:
		c.next = at
	case c.run == minRun:
		c.counted += minRun
		for _, p := range []P{c.began, c.next, at} {
			c.keepFirst(p)
		}
	default:
		c.counted++
		c.keepFirst(at)
	}
	c.longest = max(c.longest, c.run)
}

func (c *Counter[P]) keepFirst(at P) {
	if len(c.first) < firstRows {
		c.first = append(c.first, at)
	}
}

// Found returns how many cells count up and the first of them, 0 and nil unless
// most of the column does, or so many in a row that it is no chance. least is
// the smallest number of cells that is worth a word.
func (c *Counter[P]) Found(least int) (cells int, first []P) {
	if c.counted < least || c.counted*2 <= c.filled && c.longest < minPartial {
		return 0, nil
	}
	return c.counted, c.first
}

// cutNumber splits a text around the number that a fill handle counts up: the
// one at its end, or else the one at its beginning.
func cutNumber(v string) (stem string, number uint64, tail string, ok bool) {
	const digits = "0123456789"
	stem = strings.TrimRight(v, digits)
	counted := v[len(stem):]
	if counted == "" {
		tail = strings.TrimLeft(v, digits)
		stem, counted = "", v[:len(v)-len(tail)]
	}
	number, err := strconv.ParseUint(counted, 10, 64)
	return stem, number, tail, err == nil && len(counted) <= maxDigits
}
