package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Y arrives first, X gets the turn first. Y's write fails: the ledger has failed, X must not be written.
func TestNothingIsWrittenAfterAFailure(t *testing.T) {
	l, err := Open(t.Context(), Options{Path: t.TempDir() + "/l.db", Environment: "sandbox", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	y := &writing{do: func(context.Context) error { return errors.New("disk I/O error") }}
	l.queue.put(y)
	ran := false
	err = l.write(t.Context(), func(context.Context) error { ran = true; return nil })
	if err == nil || !errors.Is(err, ledger.ErrWrite) || ran {
		t.Errorf("after a failed write another was made: err %v, ran %v, ledger failed: %v", err, ran, l.failed)
	}
}

func queued(l *Ledger) int { l.queue.mu.Lock(); defer l.queue.mu.Unlock(); return len(l.queue.list) }

func TestPanicInAWriteDoesNotHangAnother(t *testing.T) {
	l, err := Open(t.Context(), Options{Path: t.TempDir() + "/l.db", Environment: "sandbox", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // a ledger that has failed says so again
	l.turn <- struct{}{}
	done := make(chan error, 2)
	start := func(do func(context.Context) error) {
		n := queued(l)
		go func() {
			defer func() {
				if p := recover(); p != nil {
					done <- errors.New("panic")
				}
			}()
			done <- l.write(t.Context(), do)
		}()
		for queued(l) == n {
			runtime.Gosched()
		}
	}
	start(func(context.Context) error { return nil })
	start(func(context.Context) error { panic("boom") })
	l.leave()
	for range 2 {
		select {
		case err := <-done:
			t.Log(err)
		case <-time.After(3 * time.Second):
			t.Fatal("a write spins for ever after another's panic")
		}
	}
}

func TestDoneContextWritesNothing(t *testing.T) {
	l := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wrote := 0
	for range 300 {
		var wg sync.WaitGroup
		wg.Go(func() { _ = l.write(t.Context(), func(context.Context) error { return nil }) })
		wg.Go(func() {
			if l.write(ctx, func(context.Context) error { return nil }) == nil {
				wrote++
			}
		})
		wg.Wait()
	}
	if wrote > 0 {
		t.Errorf("%d of 300 writes with a context that was done before they began were made", wrote)
	}
}

func TestFailedIsReadWithTheTurn(t *testing.T) { // -race
	l, err := Open(t.Context(), Options{Path: t.TempDir() + "/l.db", Environment: "sandbox", Create: true})
	if err != nil {
		t.Fatal(err)
	}
	_ = l.write(t.Context(), func(context.Context) error { return errors.New("disk") })
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 300 {
				_ = l.write(t.Context(), func(context.Context) error { return nil })
			}
		})
	}
	wg.Go(func() { time.Sleep(time.Millisecond); _ = l.Close() })
	wg.Wait()
}
