package sqlite

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// FuzzOpen opens files that were tampered with, for reading: never a panic,
// never a byte written to them.
func FuzzOpen(f *testing.F) {
	l, _, in, ids := newWithIntents(f, 40, 4)
	if err := recordAll(f.Context(), l, answersTo(in, ids)[:2]); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "copy.db")
	if err := l.Backup(f.Context(), path); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("SQLite format 3\x00"), uint32(0))
	f.Add(uint32(100), []byte{13, 0, 0, 255, 255}, uint32(0))
	f.Add(uint32(8192), bytes.Repeat([]byte{0xff}, 64), uint32(20000))
	f.Add(uint32(28), []byte{0, 0, 0, 1}, uint32(4096))
	f.Fuzz(func(t *testing.T, at uint32, over []byte, keep uint32) {
		b := bytes.Clone(whole)
		copy(b[int(at)%len(b):], over)
		if keep > 0 {
			b = b[:int(keep)%len(b)]
		}
		path := filepath.Join(t.TempDir(), "l.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		if err == nil {
			readAll(t.Context(), l)
			err = l.Close()
		}
		after, readErr := os.ReadFile(path)
		if readErr != nil || !bytes.Equal(b, after) {
			t.Errorf("the file was written to (%v, %v)", err, readErr)
		}
	})
}

// readAll calls every reading method; what it says of a damaged file is free.
func readAll(ctx context.Context, l *Ledger) {
	_, _ = l.Verify(ctx)
	_, _ = l.Tally(ctx, ledger.Selection{All: true})
	_, _ = l.Plan(ctx, 1, 0, 100)
	_, _ = l.Batches(ctx)
	for range l.Customers(ctx, ledger.Query{History: true, Batch: 1}) {
	}
	for range l.Customers(ctx, ledger.Query{Newest: 3}) {
	}
	for range l.Log(ctx) {
	}
}
