package main

import (
	"context"
	"runtime/debug"
	"testing"
)

func TestRoomLimit(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		base  int64
		rows  int
		inUse int64
		want  int64
	}{
		"nothing read yet":             {roomForCheck, 0, 3 * mb, 60 * mb},
		"a million rows":               {roomForCheck, 1_000_000, 50 * mb, 60*mb + 24_000_000},
		"a million rows of a run":      {roomForRun, 1_000_000, 40 * mb, 42*mb + 24_000_000},
		"a hundred thousand of a run":  {roomForRun, 100_000, 20 * mb, 52 * mb},
		"a workbook":                   {roomForWorkbook, 10_000, 50 * mb, 96*mb + 240_000},
		"tables larger than the rows":  {roomForCheck, 1000, 160 * mb, 182 * mb},
		"more in use than main allows": {roomForCheck, 10_000_000, 800 * mb, 862 * mb},
	} {
		r := room{base: c.base, rows: c.rows}
		got := r.limit(c.inUse)
		if got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if got < c.inUse+roomToWork {
			t.Errorf("%s: %d leaves no room beside the %d in use", name, got, c.inUse)
		}
	}
}

// The limit follows the rows of a pass and is put back; one that main has not
// set is left alone.
func TestRoomFollows(t *testing.T) {
	before := debug.SetMemoryLimit(memoryLimit)
	defer debug.SetMemoryLimit(before)
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	r := room{base: 1 << 30}
	r.begin()
	r.begin() // again, for the second pass
	if limit() != 1<<30 || percent() != roomPercent {
		t.Errorf("%d and %d %% at the start", limit(), percent())
	}
	for _, pass := range []int{3 * roomEvery, roomEvery} { // the second pass needs no more
		r.reached(pass)
		if want := int64(1<<30 + roomForRow*3*roomEvery); limit() != want {
			t.Errorf("%d after some rows, want %d", limit(), want)
		}
	}
	over, end := context.WithCancel(t.Context())
	end()
	r.keep(over)
	if limit() != memoryLimit || percent() != 100 {
		t.Errorf("%d and %d %% at the end", limit(), percent())
	}
	debug.SetMemoryLimit(2 << 30)
	r.begin()
	r.reached(4 * roomEvery)
	r.end()
	if limit() != 2<<30 {
		t.Errorf("the operator's limit became %d", limit())
	}
}
