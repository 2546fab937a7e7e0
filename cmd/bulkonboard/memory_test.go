package main

import (
	"runtime/debug"
	"testing"
)

func TestRoomLimit(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		room  room
		inUse int64
		want  int64
	}{
		"nothing read yet":             {room{base: roomForCheck}, 3 * mb, 60 * mb},
		"a million rows":               {room{base: roomForCheck, rows: 1_000_000}, 50 * mb, 60*mb + 24_000_000},
		"a million rows of a run":      {room{base: roomForRun, rows: 1_000_000}, 50 * mb, 46*mb + 24_000_000},
		"a workbook":                   {room{base: roomForWorkbook, rows: 10_000}, 50 * mb, 96*mb + 240_000},
		"tables larger than the rows":  {room{base: roomForCheck, rows: 1000}, 160 * mb, 182 * mb},
		"more in use than main allows": {room{base: roomForCheck, rows: 10_000_000}, 800 * mb, 862 * mb},
	} {
		got := c.room.limit(c.inUse)
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
	s := sleuth{room: room{base: 1 << 30}}
	s.begin()
	if limit() != 1<<30 {
		t.Errorf("%d at the start", limit())
	}
	s.room.add(3 * roomEvery / 2)
	if want := int64(1<<30 + roomForRow*3*roomEvery/2); limit() != want {
		t.Errorf("%d after some rows, want %d", limit(), want)
	}
	s.end()
	if limit() != memoryLimit {
		t.Errorf("%d at the end", limit())
	}
	debug.SetMemoryLimit(2 << 30)
	s.begin()
	s.room.add(roomEvery)
	s.end()
	if limit() != 2<<30 {
		t.Errorf("the operator's limit became %d", limit())
	}
}
