package sqlite

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
)

// life is a ledger in a file as ledgertest.RunTwins plays it.
type life struct {
	*Ledger
	dir    string
	copies int
	others []ledger.Ledger // one that reads only, and one that writes beside
}

func TestTwins(t *testing.T) {
	ledgertest.RunTwins(t, func(t *testing.T) ledger.Ledger {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		x := &life{dir: dir}
		if err := x.open(filepath.Join(dir, "l.db")); err != nil {
			t.Fatal(err)
		}
		return x
	}, 20)
}

// fewChecks makes a property be tried twenty times, unless a flag says otherwise.
func fewChecks(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set("20"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

func (x *life) open(path string) (err error) {
	if x.Ledger, err = Open(context.Background(), Options{Path: path, Environment: "sandbox", Create: true}); err != nil {
		return err
	}
	x.Ledger.late.enough = []int{1, 5, 10, 20, lateEntries}[x.copies%5]
	x.others = nil
	for _, o := range []Options{{ReadOnly: true}, {Beside: true}} {
		o.Path, o.Environment = path, "sandbox"
		l, err := Open(context.Background(), o)
		if err != nil {
			return err
		}
		x.others = append(x.others, &life{Ledger: l})
	}
	return nil
}

func (x *life) shut() error {
	err := x.Ledger.Close()
	for _, l := range x.others {
		err = errors.Join(err, l.(*life).Ledger.Close())
	}
	return err
}

func (x *life) Close() error { return errors.Join(x.shut(), os.RemoveAll(x.dir)) }

func (x *life) Others() []ledger.Ledger { return x.others }

func (x *life) Reopen(end ledgertest.Ending) (ledger.Ledger, error) {
	x.copies++
	to := filepath.Join(x.dir, fmt.Sprintf("%d.db", x.copies))
	switch end {
	case ledgertest.Killed:
		for _, end := range []string{"", "-wal", ".emergency"} {
			b, err := os.ReadFile(x.path + end)
			if err == nil {
				err = os.WriteFile(to+end, b, 0o600)
			}
			if err != nil {
				return nil, err
			}
		}
	case ledgertest.Closed:
		to = x.path
	case ledgertest.Restored:
		if err := x.Backup(context.Background(), to); err != nil {
			return nil, err
		}
	}
	if err := x.shut(); err != nil {
		return nil, err
	}
	return x, x.open(to)
}

// Group has each write queue up before it lets any go on.
func (x *life) Group(writes []func()) {
	x.turn <- struct{}{}
	var all sync.WaitGroup
	for _, write := range writes {
		waiting := queued(x.Ledger)
		done := make(chan struct{})
		all.Go(func() { defer close(done); write() })
		for isOver := false; !isOver && queued(x.Ledger) == waiting; {
			select {
			case <-done:
				isOver = true
			default:
				runtime.Gosched()
			}
		}
	}
	x.leave()
	all.Wait()
}

func (x *life) Maintain(ctx context.Context) error { return x.write(ctx, x.index) }

func (x *life) Find(text string) (string, error) {
	for _, end := range []string{"", "-wal", ".emergency"} {
		b, err := os.ReadFile(x.path + end)
		if err != nil || bytes.Contains(b, []byte(text)) {
			return end + " of the ledger", err
		}
	}
	return "", nil
}
