package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func writeNothing(context.Context, *conn) error { return nil }

// openToFail makes a ledger that a test lets fail. Its Close may say so again.
func openToFail(t *testing.T) *Ledger {
	t.Helper()
	o := optionsFor(filepath.Join(t.TempDir(), "l.db"))
	o.Create = true
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A write that waited while another one failed is not made.
func TestNothingIsWrittenAfterAFailure(t *testing.T) {
	l := openToFail(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		first <- l.write(t.Context(), func(context.Context, *conn) error {
			close(begun)
			<-goOn
			return errors.New("disk I/O error")
		})
	}()
	<-begun
	ran := false
	go func() {
		second <- l.write(t.Context(), func(context.Context, *conn) error { ran = true; return nil })
	}()
	close(goOn)
	if err := <-first; !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("the write that failed: %v", err)
	}
	if err := <-second; !errors.Is(err, ledger.ErrWrite) || ran {
		t.Errorf("after a failed write another was made: %v, %t", err, ran)
	}
	if err := l.SaveFact(t.Context(), "a", "b", l.now()); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a third one: %v", err)
	}
	if err := l.CheckWritable(t.Context()); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("writable: %v", err)
	}
}

// A panic rolls its own write back and keeps no other from ending.
func TestPanicInAWriteHangsNoOther(t *testing.T) {
	l := openToFail(t)
	err := l.write(t.Context(), func(ctx context.Context, c *conn) error {
		if err := c.Exec(ctx, "INSERT INTO fact (name, value) VALUES ('half', 'written')"); err != nil {
			return err
		}
		panic("boom")
	})
	if !errors.Is(err, ledger.ErrWrite) || !strings.Contains(err.Error(), "boom") {
		t.Errorf("the write that panicked: %v", err)
	}
	if err := l.write(t.Context(), writeNothing); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("the next one: %v", err)
	}
	if _, _, err := l.Fact(t.Context(), "half"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("what it had written: %v", err)
	}
}

// A change that the rules refuse is rolled back by itself, and the ledger still works.
func TestRefusalIsItsOwn(t *testing.T) {
	l := openNew(t)
	for _, refusal := range []error{ledger.ErrConflict, ledger.ErrNotFound, ledger.ErrAccount} {
		err := l.write(t.Context(), func(ctx context.Context, c *conn) error {
			return errors.Join(c.Exec(ctx, "INSERT INTO fact (name, value) VALUES ('half', 'written')"), refusal)
		})
		if !errors.Is(err, refusal) || errors.Is(err, ledger.ErrWrite) {
			t.Errorf("%v: %v", refusal, err)
		}
		if _, _, err := l.Fact(t.Context(), "half"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("what it had written: %v", err)
		}
		if err := l.write(t.Context(), writeNothing); err != nil {
			t.Errorf("after %v: %v", refusal, err)
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
		wg.Go(func() { _ = l.write(t.Context(), writeNothing) })
		wg.Go(func() {
			if err := l.write(ctx, writeNothing); !errors.Is(err, context.Canceled) {
				wrote++
			}
		})
		wg.Wait()
	}
	if wrote > 0 {
		t.Errorf("%d of 300 writes with a context that was done before they began were made", wrote)
	}
}

// A context that is done while a write waits for its turn ends the wait. One that is
// done after it has begun ends nothing.
func TestContextThatIsDoneLater(t *testing.T) {
	l := openNew(t)
	if err := l.lockWrites(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- l.SaveFact(ctx, "waited", "x", l.now()) }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("a write that waits: %v", err)
	}
	l.unlockWrites()
	ctx, cancel = context.WithCancel(t.Context())
	err := l.write(ctx, func(ctx context.Context, c *conn) error {
		cancel()
		return c.Exec(ctx, "INSERT INTO fact (name, value) VALUES ('begun', 'x')")
	})
	if err != nil {
		t.Errorf("a write that has begun: %v", err)
	}
	for name, want := range map[string]error{"waited": ledger.ErrNotFound, "begun": nil} {
		if _, _, err := l.Fact(t.Context(), name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Writes, a failure and Close from many goroutines. The race detector watches.
func TestFailureAndCloseAmongWrites(t *testing.T) {
	l := openToFail(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				_ = l.write(t.Context(), writeNothing)
			}
		})
	}
	wg.Go(func() { _ = l.write(t.Context(), func(context.Context, *conn) error { return errors.New("disk") }) })
	wg.Go(func() { _ = l.Close() })
	wg.Wait()
	if err := l.write(t.Context(), writeNothing); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("afterwards: %v", err)
	}
}
