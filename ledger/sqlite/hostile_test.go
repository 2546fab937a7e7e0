package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// FuzzOpen opens files that were tampered with, for reading: never a panic,
// never a byte written to them.
func FuzzOpen(f *testing.F) {
	l, _, in, ids := sent(f, 40, 4)
	if err := recordAll(f.Context(), l, outcomes(in, ids)[:2]); err != nil {
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

func sampleChunk() []packed {
	rows := []packed{
		{Row: ledger.Row{Identity: "a@b.c", Email: "A@b.c", FirstName: "A", LastName: "B", SenderID: "7", Carry: []string{"x", ""}, Claims: true, Repeats: -1, Number: 2, Line: 2}, customer: 12, details: bytes.Repeat([]byte{7}, 56), name: 5, recall: 6},
		{Row: ledger.Row{Ordinal: 1, Verdict: ledger.Invalid, Repeats: -1, Number: 9, Line: 1, File: 3, Findings: []ledger.Finding{{Field: "email", Code: "c", Message: "m"}, {Field: "email", Code: "c", Warning: true}}}},
		{Row: ledger.Row{Ordinal: 2, Identity: "a@b.c", Email: "a@b.c", Verdict: ledger.DuplicateInInput, Repeats: 0, Number: -4}, customer: 12, erased: true},
	}
	return rows
}

func pack(rows []packed) []byte {
	var p packer
	for i := range rows {
		p.add(&rows[i])
	}
	return bytes.Clone(p.seal(chunkFormat))
}

func TestChunk(t *testing.T) {
	rows := sampleChunk()
	data := pack(rows)
	back, err := unpack(data, 0)
	if err != nil || !reflect.DeepEqual(back, rows) {
		t.Errorf("got %+v, %v", back, err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		if _, err := unpack(bad, 0); err == nil {
			t.Errorf("a flipped bit in byte %d is not noticed", i)
		}
		if _, err := unpack(data[:i], 0); err == nil {
			t.Errorf("cut at %d is not noticed", i)
		}
	}
}

// FuzzUnpack reads chunks whose checksum is right: what is read packs again to
// rows that read the same.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(sampleChunk())[4:])
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := unpack(checked(body), 0)
		if err != nil || len(rows) == 0 {
			return
		}
		again, err := unpack(pack(rows), 0)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(pack(again), pack(rows)) {
			t.Errorf("%+v became %+v", rows, again)
		}
	})
}

// checked puts the right checksum before a body.
func checked(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(body, castagnoli())), body...)
}

func TestClaims(t *testing.T) {
	var c claims
	keys := keyed.NewSecret()
	const n = 20_000
	for i := range n {
		d := keys.Identity(fmt.Sprint(i))
		if _, ok := c.get(d); ok {
			t.Fatalf("%d is there already", i)
		}
		c.put(d, i)
	}
	size := 0
	for i := range c.tables {
		size += 16 * len(c.tables[i])
	}
	if size > 28*n {
		t.Errorf("%d bytes a claim", size/n)
	}
	for i := range n {
		if ordinal, ok := c.get(keys.Identity(fmt.Sprint(i))); ordinal != i || !ok {
			t.Fatalf("%d: %d %v", i, ordinal, ok)
		}
	}
	var last keyed.Digest
	all := 0
	for d, ordinal := range c.sorted {
		if bytes.Compare(last[:], d[:]) >= 0 || d != keys.Identity(fmt.Sprint(ordinal)) {
			t.Fatalf("out of order: %d", ordinal)
		}
		last = d
		all++
	}
	if all != n {
		t.Errorf("%d of %d", all, n)
	}
}

func TestKnownClaims(t *testing.T) {
	var c knownClaims
	customers := []int64{1, 2, 255, 256, 257, 1 << 40, 1<<40 + 1}
	for i, id := range customers {
		if _, ok := c.get(id); ok {
			t.Errorf("customer %d is claimed already", id)
		}
		c.put(id, i)
	}
	for i, id := range customers {
		if ordinal, ok := c.get(id); !ok || ordinal != i {
			t.Errorf("customer %d is claimed by %d, %v", id, ordinal, ok)
		}
	}
	if len(c.pages) != 3 {
		t.Errorf("%d pages", len(c.pages))
	}
}
