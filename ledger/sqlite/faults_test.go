package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// fault 32: a kill between intent and record.
func TestKilledWithOpenAttempts(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 300, 3)
	if err := recordAll(t.Context(), l, answersTo(in, ids)[:1]); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, killedCopy(t, l))
	p, err := again.Plan(t.Context(), b.ID, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	info, err := again.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []ledger.Status{ledger.Created, ledger.InDoubt, ledger.InDoubt, ledger.Pending} {
		c := p[i].Customer
		if c.Status != want {
			t.Errorf("row %d is %s, want %s", i, c.Status, want)
		}
		if want == ledger.InDoubt {
			a := c.History[0]
			if a.Class != ledger.Unknown || !a.NotAfter.At.Equal(info.Opened) || !a.NotAfter.Certain {
				t.Errorf("row %d: %+v", i, a)
			}
		}
	}
	checkSound(t, again)
}

// fault 37: our clock was set back between the crash and the opening.
func TestKilledAndClockSetBack(t *testing.T) {
	l, _, in, _ := newWithIntents(t, 3, 1)
	o := optionsFor(killedCopy(t, l))
	o.Now = func() time.Time { return in[0].At.At.Add(-time.Hour) }
	again, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	a := selectCustomers(t, again, ledger.Query{Status: []ledger.Status{ledger.InDoubt}, History: true})[0].History[0]
	if a.NotAfter.Partner().Before(a.NotBefore.Partner()) || a.NotAfter.Certain {
		t.Errorf("the attempt ends before it began: %+v", a)
	}
}

// faults 38 and 39: answers that Record refused come back from the emergency file.
func TestEmergency(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 5, 3)
	out := answersTo(in, ids)
	if err := l.Emergency(out[:1]); err != nil {
		t.Fatal(err)
	}
	if err := l.Emergency(out[1:2]); err != nil {
		t.Fatal(err)
	}
	if err := recordAll(t.Context(), l, out[1:2]); err != nil { // a commit that failed and is there after all
		t.Fatal(err)
	}
	path := killedCopy(t, l)
	kept, err := os.ReadFile(path + ".emergency")
	if err != nil {
		t.Fatal(err)
	}
	again := reopen(t, path)
	list := selectCustomers(t, again, ledger.Query{Status: []ledger.Status{ledger.Created}})
	if len(list) != 2 || list[0].URL != out[0].URL || list[1].URL != out[1].URL || len(again.Notices()) != 0 {
		t.Errorf("merged: %+v, notices %q", list, again.Notices())
	}
	emptied, err := os.ReadFile(path + ".emergency")
	if err != nil || bytes.Contains(emptied, []byte("verify.test")) {
		t.Errorf("not emptied: %v", err)
	}
	checkSound(t, again)

	// Opened once without it, then it turns up: the ledger may have given the
	// numbers in it to others since. It is kept, and nothing of it is merged.
	path = killedCopy(t, l)
	if err := os.Remove(path + ".emergency"); err != nil {
		t.Fatal(err)
	}
	without, err := Open(t.Context(), optionsFor(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := without.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".emergency", kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), optionsFor(path)); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("with the side files of another state: %v", err)
	}
	o := optionsFor(path)
	o.Adopt = true
	adopted, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer adopted.Close()
	if n := len(selectCustomers(t, adopted, ledger.Query{Status: []ledger.Status{ledger.Created}})); n != 1 { // the one whose Record was there after all
		t.Errorf("merged: %d", n)
	}
	aside, err := filepath.Glob(path + ".emergency-*.kept")
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %q, %v", aside, err)
	}
	if b, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(b, kept) {
		t.Errorf("not as it was: %v", err)
	}
	checkSound(t, adopted)
}

func TestEmergencyThatDoesNotFitIsSetAside(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 5, 1)
	out := answersTo(in, ids)
	other := out[0]
	other.ServiceID, other.Intents = "another", 7
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	if err := l.Emergency([]ledger.Change{other}); err != nil {
		t.Fatal(err)
	}
	path := killedCopy(t, l)
	again := reopen(t, path)
	kept, err := filepath.Glob(path + ".emergency-*.kept")
	if err != nil || len(kept) != 1 || len(again.Notices()) == 0 {
		t.Fatalf("kept %q, notices %q, %v", kept, again.Notices(), err)
	}
	b, err := os.ReadFile(kept[0])
	if err != nil || !bytes.Contains(b, []byte("another")) {
		t.Errorf("the answer is not in it: %v", err)
	}
}

// fault 44.
func TestDamaged(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 2000, 64)
	older := killedCopy(t, l)
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	edit := func(end string, do func([]byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			b, err := os.ReadFile(path + end)
			if err == nil {
				err = os.WriteFile(path+end, do(b), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name string
		do   func(*testing.T, string)
		want error
	}{
		{"untouched", func(*testing.T, string) {}, nil},
		{"log deleted", func(t *testing.T, path string) { os.Remove(path + "-wal") }, ledger.ErrDamaged},
		{"log emptied", edit("-wal", func([]byte) []byte { return nil }), ledger.ErrDamaged},
		{"log cut", edit("-wal", func(b []byte) []byte { return b[:len(b)-5000] }), ledger.ErrDamaged},
		{"log zero-filled", edit("-wal", func(b []byte) []byte { return make([]byte, len(b)) }), ledger.ErrDamaged},
		{"log and emergency file deleted", func(t *testing.T, path string) {
			os.Remove(path + "-wal")
			os.Remove(path + ".emergency")
			if err := os.WriteFile(path+".lock", nil, 0o600); err != nil { // a ledger was used here
				t.Fatal(err)
			}
		}, ledger.ErrDamaged},
		{"emptied", edit("", func([]byte) []byte { return nil }), ledger.ErrDamaged},
		{"cut", edit("", func(b []byte) []byte { return b[:len(b)/2+100] }), ledger.ErrDamaged},
		{"zero-filled", edit("", func(b []byte) []byte { return make([]byte, len(b)) }), ledger.ErrDamaged},
		{"not SQLite", edit("", func([]byte) []byte { return []byte(strings.Repeat("email,name\n", 100)) }), ledger.ErrDamaged},
		{"another program's", edit("", func(b []byte) []byte { b[70]++; return b }), ledger.ErrDamaged},
		{"newer", func(t *testing.T, path string) {
			if err := tamper(t, path, fmt.Sprintf("PRAGMA user_version = %d", newestSchema(steps())+1)); err != nil {
				t.Fatal(err)
			}
		}, ledger.ErrNewer},
		{"older copy put back", func(t *testing.T, path string) {
			for _, end := range []string{"", "-wal"} {
				b, err := os.ReadFile(older + end)
				if err == nil {
					err = os.WriteFile(path+end, b, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}, ledger.ErrDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := killedCopy(t, l)
			c.do(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Open(t.Context(), optionsFor(path))
			if again != nil {
				defer again.Close()
			}
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if third, err := Open(t.Context(), optionsFor(path)); c.want != nil {
				if third != nil {
					defer third.Close()
				}
				if !errors.Is(err, c.want) {
					t.Errorf("refused once, and then: %v", err)
				}
			}
			if after, err := os.ReadFile(path); c.want != nil && (err != nil || !bytes.Equal(before, after)) {
				t.Error("a refused ledger was written to")
			}
		})
	}
}

// An older state can be gone on with, when its owner says so: with a gap.
func TestAdopt(t *testing.T) {
	l, _, _, _ := newWithIntents(t, 20, 2)
	path := killedCopy(t, l)
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	o := optionsFor(path)
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrDamaged) {
		t.Fatalf("not accepted: %v", err)
	}
	o.Adopt = true
	again, err := Open(t.Context(), o)
	if err == nil {
		err = again.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Adopt = false // once accepted it is the state
	if again, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if err := again.SaveFact(t.Context(), "a", "b", time.Now()); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a write after Close: %v", err)
	}
}

// fault 44: flipped bits in a ledger that was closed. They are refused, found
// by Verify, or lie where nothing is; never a panic.
func TestBitFlips(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 2000, 64)
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range 60 {
		b := bytes.Clone(whole)
		for at := i * 97; at < len(b); at += 4096 {
			b[at] ^= 1 << (i % 8)
		}
		path := filepath.Join(t.TempDir(), "l.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := Open(t.Context(), optionsFor(path))
		if err != nil {
			refused++
			continue
		}
		found, err := again.Verify(t.Context())
		if err != nil || len(found) > 0 {
			refused++
		}
		_ = again.Close() // it may refuse to close what is damaged
	}
	if refused < 50 {
		t.Errorf("%d of 60 damaged copies were noticed", refused)
	}
}

// fault 43.
func TestUnsafe(t *testing.T) {
	l := openNew(t)
	real := killedCopy(t, l)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	readable := killedCopy(t, l)
	if err := os.Chmod(readable, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{link: "symbolic link", readable: "chmod 600"} {
		for _, readOnly := range []bool{false, true} {
			o := optionsFor(path)
			o.ReadOnly = readOnly
			if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, read-only %v: %v", filepath.Base(path), readOnly, err)
			}
		}
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(filepath.Dir(real), 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(filepath.Dir(real), 0o700)
		if _, err := Open(t.Context(), optionsFor(real)); !errors.Is(err, ledger.ErrWrite) {
			t.Errorf("read-only directory: %v", err)
		}
	}
	for _, end := range []string{"", "-wal", "-shm", ".lock", ".emergency"} {
		info, err := os.Stat(l.path + end)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v %v", end, info.Mode(), err)
		}
	}
}

// fault 46.
func TestSecondOpener(t *testing.T) {
	l := openNew(t)
	if _, err := Open(t.Context(), optionsFor(l.path)); !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second: %v", err)
	}
	o := optionsFor(l.path)
	o.ReadOnly = true
	reader, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	registerAll(t, l, "one", validRows(10, "a"))
	if n := len(selectCustomers(t, reader, ledger.Query{})); n != 10 {
		t.Errorf("the reader sees %d customers", n)
	}
	if err := reader.SaveFact(t.Context(), "a", "b", time.Now()); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("a reader writes: %v", err)
	}
	if err := errors.Join(reader.Close(), reader.Close()); err != nil {
		t.Error(err)
	}
	o = optionsFor(l.path)
	o.LockTimeout = time.Minute
	free := make(chan error, 1)
	go func() { free <- l.Close() }()
	waited, err := Open(t.Context(), o)
	if err := errors.Join(err, <-free); err != nil {
		t.Fatal(err)
	}
	if err := waited.Close(); err != nil {
		t.Error(err)
	}
}

func TestMissingAndForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	if _, err := Open(t.Context(), optionsFor(path)); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("missing: %v", err)
	}
	if names, err := os.ReadDir(filepath.Dir(path)); err != nil || len(names) > 0 {
		t.Errorf("a refusal left %v", names)
	}
	l := openNew(t)
	o := optionsFor(killedCopy(t, l))
	o.Environment = "production"
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrEnvironment) {
		t.Errorf("other environment: %v", err)
	}
}

// fault 47: another program holds the write lock for a while.
func TestBusyIsWaitedOut(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 10, 2)
	p, err := openPool(l.path, modeWrite, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	other, err := p.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.ExecScript(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- recordAll(context.Background(), l, answersTo(in, ids)) }()
	select {
	case err := <-done:
		t.Fatalf("recorded past another writer: %v", err)
	case <-time.After(300 * time.Millisecond): // how long the other holds on; nothing is synchronised by it
	}
	if err := other.ExecScript(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// fault 38: after one write that failed, nothing is written any more.
func TestFailedWriteIsFinal(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 10, 2)
	if err := l.w.ExecScript(t.Context(), "PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	first := recordAll(t.Context(), l, answersTo(in, ids))
	if !errors.Is(first, ledger.ErrWrite) {
		t.Fatalf("got %v", first)
	}
	if err := l.w.ExecScript(t.Context(), "PRAGMA query_only = off"); err != nil {
		t.Fatal(err)
	}
	second := l.SaveFact(t.Context(), "a", "b", time.Now())
	if !errors.Is(second, ledger.ErrWrite) || second.Error() != first.Error() {
		t.Errorf("second write: %v", second)
	}
	if _, err := l.Tally(t.Context(), ledger.Selection{}); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := l.Emergency(answersTo(in, ids)); err != nil {
		t.Error(err)
	}
	if n := len(selectCustomers(t, reopen(t, killedCopy(t, l)), ledger.Query{Status: []ledger.Status{ledger.Created}})); n != 2 {
		t.Errorf("after the next opening %d are created", n)
	}
}

func TestBackupDuringRegistration(t *testing.T) {
	l, b, _, _ := newWithIntents(t, 300, 2)
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Add(t.Context(), validRows(500, "b")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := reg.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := l.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file that is there: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	copied := reopen(t, path)
	tally, err := copied.Tally(t.Context(), ledger.Selection{})
	if err != nil || tally.Rows != b.Rows || tally.Status[ledger.InDoubt] != 2 {
		t.Errorf("%+v %v", tally, err)
	}
	checkSound(t, copied)
}
