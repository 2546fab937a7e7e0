package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
)

// closedWith makes a ledger with some created customers, closes it and returns
// its path.
func closedWith(t *testing.T, n int) string {
	t.Helper()
	l, _, in, ids := newWithIntents(t, 20, n)
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.path
}

// goOn opens a ledger, writes something and closes it.
func writeOnce(t *testing.T, path string) {
	t.Helper()
	l, err := Open(t.Context(), optionsFor(path))
	if err == nil {
		err = errors.Join(l.SaveFact(t.Context(), "x", "y", time.Now()), l.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func gapCauses(t *testing.T, path string, o Options) (out []ledger.GapCause, err error) {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	all, err := l.Gaps(t.Context())
	for _, g := range all {
		if g.From.Partner().After(g.To.Partner()) || !g.IsOpen() {
			t.Errorf("%+v", g)
		}
		out = append(out, g.Cause)
	}
	if isNoticed := strings.Contains(strings.Join(l.Notices(), "\n"), "copy"); isNoticed != (len(out) > 0) {
		t.Errorf("gaps %v, notices %q", out, l.Notices())
	}
	return out, err
}

// A copy is known as one however it came to its place, once; what is no copy is
// not mistaken for one.
func TestCopies(t *testing.T) {
	aside := func(t *testing.T) string { return filepath.Join(t.TempDir(), "aside.db") }
	backup := func(t *testing.T, path string) string {
		l, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
		to := aside(t)
		if err == nil {
			err = errors.Join(l.Backup(t.Context(), to), l.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	remove := func(t *testing.T, path string, ends ...string) {
		for _, end := range ends {
			if err := os.Remove(path + end); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name string
		do   func(t *testing.T, path string) string // returns what is to be opened
		want []ledger.GapCause
		err  error
	}{
		{"the original", func(_ *testing.T, path string) string { return path }, nil, nil},
		{"the original, opened often", func(t *testing.T, path string) string {
			for range 3 {
				writeOnce(t, path)
			}
			return path
		}, nil, nil},
		{"all files moved", func(t *testing.T, path string) string {
			to := aside(t)
			for _, end := range []string{"", ".emergency", ".lock"} {
				if err := os.Rename(path+end, to+end); err != nil {
					t.Fatal(err)
				}
			}
			return to
		}, nil, nil},
		{"all files moved to another disk", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "", ".emergency", ".lock")
			return to
		}, nil, nil},
		{"a backup elsewhere", backup, []ledger.GapCause{ledger.GapBackup}, nil},
		{"a backup in the place of a ledger that is gone", func(t *testing.T, path string) string {
			b := backup(t, path)
			writeOnce(t, path)
			remove(t, path, "", ".emergency", ".lock")
			copyFiles(t, b, path, "")
			return path
		}, []ledger.GapCause{ledger.GapBackup}, nil},
		{"a plain copy elsewhere", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "")
			return to
		}, []ledger.GapCause{ledger.GapCopy}, nil},
		{"a plain copy where no ledger is any more", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "")
			writeOnce(t, path)
			remove(t, path, "", ".emergency", ".lock")
			copyFiles(t, to, path, "")
			return path
		}, []ledger.GapCause{ledger.GapCopy}, nil},
		{"a plain copy with the newer side files", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "")
			writeOnce(t, path)
			copyFiles(t, to, path, "")
			return path
		}, nil, ledger.ErrDamaged},
		{"a backup with the newer side files", func(t *testing.T, path string) string {
			b := backup(t, path)
			writeOnce(t, path)
			copyFiles(t, b, path, "")
			return path
		}, nil, ledger.ErrDamaged},
		{"a copy that was used elsewhere, with the older side files", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "", ".emergency")
			for range 4 {
				writeOnce(t, to)
			}
			copyFiles(t, to, path, "")
			return path
		}, nil, ledger.ErrDamaged},
		{"all files of an older state under the same path", func(t *testing.T, path string) string {
			to := aside(t)
			copyFiles(t, path, to, "", ".emergency")
			writeOnce(t, path)
			// Unlinked only after the copy exists: a number that is free may be drawn again.
			copyFiles(t, to, path+".x", "")
			copyFiles(t, to, path, ".emergency")
			if err := os.Rename(path+".x", path); err != nil {
				t.Fatal(err)
			}
			if datafile.PlaceOf(path) == "" {
				t.Skip("the file system draws the numbers of its files")
			}
			return path
		}, []ledger.GapCause{ledger.GapCopy}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.do(t, closedWith(t, 3))
			got, err := gapCauses(t, path, optionsFor(path))
			if !errors.Is(err, c.err) || c.err == nil && err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("%v, %v; want %v, %v", got, err, c.want, c.err)
			}
			if err == nil {
				writeOnce(t, path)
				if all := gapsIn(t, path); len(all) != len(c.want) {
					t.Errorf("opened again: %v", all)
				}
				return
			}
			for _, way := range []string{"ledger restore", "ledger adopt"} {
				if !strings.Contains(err.Error(), way) {
					t.Errorf("%q is not named: %v", way, err)
				}
			}
			o := optionsFor(path)
			o.Adopt = true
			if got, err := gapCauses(t, path, o); err != nil || !slices.Equal(got, []ledger.GapCause{ledger.GapAdopt}) {
				t.Errorf("adopted: %v, %v", got, err)
			}
			writeOnce(t, path)
		})
	}
}

func gapsIn(t *testing.T, path string) []ledger.Gap {
	t.Helper()
	l, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	all, err := l.Gaps(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A copy whose first opening is cut off in the middle is a copy still.
func TestCopyOpeningCutOff(t *testing.T) {
	path := closedWith(t, 3)
	to := filepath.Join(t.TempDir(), "aside.db")
	copyFiles(t, path, to, "")
	// Only the emergency file was written: the transaction was never committed.
	before, err := prepare(Options{Path: to, ReadOnly: true})
	if err == nil {
		err = before.open(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	answers, err := emergency.Open(to+".emergency", before.id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := answers.Announce(before.copied.Token); err != nil {
		t.Fatal(err)
	}
	if err := answers.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := gapCauses(t, to, optionsFor(to)); err != nil || !slices.Equal(got, []ledger.GapCause{ledger.GapCopy}) {
		t.Errorf("%v, %v", got, err)
	}
}

// An opening that is cut off right after its commit is not mistaken for a copy.
func TestOpeningCutOff(t *testing.T) {
	path := closedWith(t, 3)
	b, err := os.ReadFile(path + ".emergency")
	if err != nil {
		t.Fatal(err)
	}
	e, err := emergency.Peek(path+".emergency", string(b[8:34]))
	if err != nil {
		t.Fatal(err)
	}
	if e.Token() == "" || !e.Knows("") {
		t.Fatalf("after a clean end: %q", e.Token())
	}
	for name, tokens := range map[string][2]string{"before the commit": {e.Token(), "never"}, "after it": {"old", e.Token()}} {
		spoiled := bytes.Clone(b)
		at := spoiled[64 : 64+65]
		clear(at)
		copy(at, tokens[0])
		copy(at[32:], tokens[1])
		binary.BigEndian.PutUint32(spoiled[64+65:], crc32.Checksum(at, crc32.MakeTable(crc32.Castagnoli)))
		to := filepath.Join(t.TempDir(), "l.db")
		copyFiles(t, path, to, "")
		if err := os.WriteFile(to+".emergency", spoiled, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := gapCauses(t, to, optionsFor(to)); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestRestore(t *testing.T) {
	path := closedWith(t, 3)
	copied := filepath.Join(t.TempDir(), "copy.db")
	ro, err := Open(t.Context(), Options{Path: path, ReadOnly: true})
	if err == nil {
		err = errors.Join(ro.Backup(t.Context(), copied), ro.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	writeOnce(t, path)
	held := optionsFor(path)
	for name, o := range map[string]Options{"another environment": {Path: path, Environment: "staging"}, "the ledger itself": held} {
		from, want := copied, ledger.ErrEnvironment
		if name == "the ledger itself" {
			from, want = path, os.ErrExist
		}
		if _, _, err := Restore(t.Context(), o, from); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	damaged := filepath.Join(t.TempDir(), "damaged.db")
	if err := os.WriteFile(damaged, whole[:len(whole)-5000], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Restore(t.Context(), held, damaged); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("a damaged copy: %v", err)
	}
	writeOnce(t, path) // nothing has come of these
	if all := gapsIn(t, path); len(all) != 0 {
		t.Fatalf("%v", all)
	}
	newer, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	l, kept, err := Restore(t.Context(), held, copied)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), held); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("while it is restored: %v", err)
	}
	checkSound(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if all := gapsIn(t, path); len(all) != 1 || all[0].Cause != ledger.GapRestore {
		t.Errorf("%v", all)
	}
	if b, err := os.ReadFile(kept); err != nil || string(b) != string(newer) {
		t.Errorf("what was there is not kept: %v", err)
	}
	if b, err := os.ReadFile(copied); err != nil || string(b) != string(whole) {
		t.Errorf("the copy was written to: %v", err)
	}
	writeOnce(t, path)
	writeOnce(t, kept) // it is a whole ledger with its own files

	// Where nothing is, from a copy of a ledger that was not closed, with its log.
	crashed, _, in, ids := newWithIntents(t, 20, 3)
	if err := recordAll(t.Context(), crashed, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(t.TempDir(), "new.db")
	l, kept, err = Restore(t.Context(), optionsFor(place), killedCopy(t, crashed))
	if err != nil || kept != "" {
		t.Fatalf("%q, %v", kept, err)
	}
	defer l.Close()
	if n := len(selectCustomers(t, l, ledger.Query{Status: []ledger.Status{ledger.Created}})); n != 3 {
		t.Errorf("%d created", n)
	}
	// Over a ledger with answers that were never recorded: they are not lost.
	if err := crashed.Emergency(answersTo(in, ids)[:1]); err != nil {
		t.Fatal(err)
	}
	over := killedCopy(t, crashed)
	again, kept, err := Restore(t.Context(), optionsFor(over), copied)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if b, err := os.ReadFile(kept + ".emergency"); err != nil || !strings.Contains(string(b), answersTo(in, ids)[0].URL) || !strings.Contains(strings.Join(again.Notices(), "\n"), "(1)") {
		t.Errorf("answers: %v, notices %q", err, again.Notices())
	}
	left, err := filepath.Glob(place + ".restore*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// An older copy under the log of a newer ledger that was killed: the two of them
// are no state that ever was, although every page in the log is good.
func TestCopyUnderForeignLog(t *testing.T) {
	path := closedWith(t, 3)
	old := filepath.Join(t.TempDir(), "old.db")
	copyFiles(t, path, old, "")
	l, err := Open(t.Context(), optionsFor(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SaveFact(t.Context(), "x", "y", time.Now()); err != nil {
		t.Fatal(err)
	}
	killed := killedCopy(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := gapCauses(t, killed, optionsFor(killed)); err != nil || len(got) != 0 {
		t.Fatalf("only killed: %v, %v", got, err)
	}
	killed = func() string { // once more, because that opening has moved the log into the file
		l, err := Open(t.Context(), optionsFor(killed))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if err := l.SaveFact(t.Context(), "x", "z", time.Now()); err != nil {
			t.Fatal(err)
		}
		return killedCopy(t, l)
	}()
	copyFiles(t, old, killed, "")
	for _, adopt := range []bool{false, true} {
		o := optionsFor(killed)
		o.Adopt = adopt
		if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), "-wal") {
			t.Errorf("adopt %v: %v", adopt, err)
		}
	}
	if err := os.Remove(killed + "-wal"); err != nil {
		t.Fatal(err)
	}
	o := optionsFor(killed)
	o.Adopt = true
	if got, err := gapCauses(t, killed, o); err != nil || !slices.Equal(got, []ledger.GapCause{ledger.GapAdopt}) {
		t.Errorf("without the log: %v, %v", got, err)
	}
}
