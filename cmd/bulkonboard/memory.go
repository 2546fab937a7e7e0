package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// memoryLimit is the heap from which the collector runs more often than
	// it likes to, in bytes.
	memoryLimit = 400 << 20
	// roomForCheck, roomForRun and roomForWorkbook are what a check pass
	// takes besides its tables, in bytes. A ledger has caches of its own, and a
	// run goes on to send within the same bounds.
	roomForCheck    = 60 << 20
	roomForRun      = 42 << 20
	roomForWorkbook = 96 << 20
	// roomForReport is what a report takes that is written by itself.
	roomForReport = 64 << 20
	// roomAtLeast is for a run of few rows that sends fast: it leaves as much
	// behind as one of many.
	roomAtLeast = 52 << 20
	// roomForWorker is what each costs beyond those that a run has by itself.
	roomForWorker = 24 << 10
	// roomForRow is for the tables: who is in the list, and what rows share.
	roomForRow = 24
	// roomToWork is what is free between two collections at least, in bytes.
	roomToWork = 12 << 20
	// roomPercent is how much the heap may grow between two collections below
	// the limit: a run that sends fast leaves more behind than it keeps.
	roomPercent = 400
	// roomEvery is after how many rows the limit follows.
	roomEvery = 1 << 14
)

// room keeps the memory near what the rows of an input need. Left alone, the
// collector lets the heap grow to twice that. What a check pass keeps are tables
// without pointers, so that collecting often costs little. Only the limit that
// main has set is moved: another is the operator's, by GOMEMLIMIT or GOGC. It is safe
// for several goroutines; base is set before.
type room struct {
	base int64 // one of the above

	mu      sync.Mutex
	rows    int
	on      bool
	percent int // what it was before
}

// begin is called before the first row is read, and end after the last use.
func (r *room) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.on && debug.SetMemoryLimit(-1) == memoryLimit {
		r.on, r.percent = true, debug.SetGCPercent(roomPercent)
		if r.percent != 100 { // the operator's, by GOGC
			debug.SetGCPercent(r.percent)
		}
	}
	r.rows = 0
	r.set()
}

func (r *room) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.on {
		debug.SetMemoryLimit(memoryLimit)
		debug.SetGCPercent(r.percent)
	}
	r.on = false
}

// reached takes how many rows a pass has read.
func (r *room) reached(rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.rows / roomEvery
	r.rows = max(r.rows, rows)
	if r.rows/roomEvery > before {
		r.set()
	}
}

// keep follows what is in use without rows being read, and ends with ctx.
func (r *room) keep(ctx context.Context) {
	defer r.end()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.mu.Lock()
			r.set()
			r.mu.Unlock()
		}
	}
}

// within does what reads no rows of an input.
func (r *room) within(ctx context.Context, work func() error) error {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	r.begin()
	var keeping errgroup.Group
	keeping.Go(func() error {
		r.keep(ctx)
		return nil
	})
	defer func() {
		end()
		_ = keeping.Wait() // it has no error
	}()
	return work()
}

func (r *room) set() {
	if !r.on {
		return
	}
	used := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(used)
	beside := used[1].Value.Uint64() - used[2].Value.Uint64() - used[3].Value.Uint64() - used[4].Value.Uint64()
	debug.SetMemoryLimit(r.limit(int64(used[0].Value.Uint64() + beside)))
}

// limit is the memory for so many rows, when the last collection left so much
// in use. It is always well above that: a limit below makes the collector run
// without end.
func (r *room) limit(inUse int64) int64 {
	return max(roomAtLeast, r.base+roomForRow*int64(r.rows), inUse+inUse/16+roomToWork)
}
