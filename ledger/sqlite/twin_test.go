package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
)

// life is a ledger in a file as ledgertest.RunTwins plays it.
type life struct {
	*Ledger
	dir    string
	copies int
	others []ledger.Ledger // one that only reads, and one that writes concurrently
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
	}, 6)
}

func (x *life) open(path string) (err error) {
	if x.Ledger, err = Open(context.Background(), Options{Path: path, Environment: "sandbox", Create: true}); err != nil {
		return err
	}
	x.others = nil
	for _, o := range []Options{{ReadOnly: true}, {Concurrent: true}} {
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

// Find reports where in the ledger's files a text is.
func (x *life) Find(text string) (string, error) {
	for _, end := range []string{"", "-wal", ".emergency"} {
		b, err := os.ReadFile(x.path + end)
		if err != nil || bytes.Contains(b, []byte(text)) {
			return end + " of the ledger", err
		}
	}
	return "", nil
}
