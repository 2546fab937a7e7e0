package emergency

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const id = "abcdefghijklmnopqrstuvwxyz"

// answer is a change with every field that a reader of the file could mix up.
func answer(customer int64) ledger.Change {
	at := ledger.Instant{At: time.Unix(1_700_000_000, 123456789).UTC(), Offset: -time.Second, Certain: true}
	return ledger.Change{Expect: ledger.Expect{Customer: customer, Status: ledger.InDoubt, Intents: 3}, Status: ledger.Created, ServiceID: "canary-user", URL: "https://verify.test/1",
		Manual: true, At: at.At, Close: []ledger.Closing{{Attempt: 7, Class: ledger.OK, NotAfter: at, HTTPStatus: 201, Code: "c", Excerpt: []byte{0, 1, 255}}}}
}

func open(t *testing.T, path string, seq int64) *File {
	t.Helper()
	e, err := Open(path, id, seq)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeepsChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.emergency")
	e := open(t, path, 5)
	if e.HasExisted() || e.Seq() != 5 || len(e.Kept()) != 0 || !e.IsUnused() {
		t.Errorf("made: %+v", e.content)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Size() != fileSize || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes, %s", info.Size(), info.Mode())
	}
	must(t, e.Add([]ledger.Change{answer(1), answer(2)}))
	must(t, e.Add([]ledger.Change{answer(3)}))
	e.NoteWrite(9)
	for name, read := range map[string]func(path, id string) (*File, error){"peek": Peek, "open": func(path, id string) (*File, error) { return Open(path, id, 1) }} {
		again, err := read(path, id)
		must(t, err)
		if !again.HasExisted() || again.Seq() != 9 || !reflect.DeepEqual(again.Kept(), []ledger.Change{answer(1), answer(2), answer(3)}) {
			t.Errorf("%s: %+v", name, again.content)
		}
	}
	if n := CountKept(path); n != 3 {
		t.Errorf("%d are kept", n)
	}
	again := open(t, path, 1)
	name, err := again.SetAside(time.Unix(1, 0))
	must(t, err)
	if !strings.HasPrefix(name, path+"-1970") || !strings.HasSuffix(name, ".kept") {
		t.Error(name)
	}
	must(t, again.Empty())
	must(t, again.Empty())
	b, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(b, []byte("canary")) || len(b) != fileSize || len(open(t, path, 1).Kept()) != 0 {
		t.Error("something is left")
	}
	if aside, err := Peek(name, id); err != nil || len(aside.Kept()) != 3 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	must(t, again.Add([]ledger.Change{answer(4)})) // it goes on where it was emptied
	if kept := open(t, path, 1).Kept(); len(kept) != 1 || kept[0].Customer != 4 {
		t.Errorf("%+v", kept)
	}
}

// A frame that is cut off at any byte ends the list, and no earlier one is lost.
func TestCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.emergency")
	e := open(t, path, 5)
	must(t, e.Add([]ledger.Change{answer(1)}))
	first := e.end
	must(t, e.Add([]ledger.Change{answer(2)}))
	b, err := os.ReadFile(path)
	must(t, err)
	for cut := first; cut <= e.end; cut++ {
		part := bytes.Clone(b)
		clear(part[cut:])
		c, err := parseContent(part, id)
		want := 1
		if cut == e.end {
			want = 2
		}
		if err != nil || len(c.kept) != want {
			t.Fatalf("cut at %d of %d: %d, %v", cut, e.end, len(c.kept), err)
		}
	}
}

func TestOtherLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.emergency")
	open(t, path, 5)
	for _, other := range []string{id + "x", id[:25], strings.Repeat("x", 32), strings.Repeat("x", 33), ""} {
		if _, err := Open(path, other, 5); !errors.Is(err, ErrOtherLedger) || !errors.Is(err, ledger.ErrDamaged) {
			t.Errorf("%q: %v", other, err)
		}
	}
	kept, err := MoveAside(path, time.Unix(1, 0))
	must(t, err)
	if _, err := os.Stat(kept); err != nil || open(t, path, 6).Seq() != 6 {
		t.Errorf("moved aside: %v", err)
	}
	if e, err := Peek(path+"x", id); err != nil || e.HasExisted() {
		t.Errorf("a file that is not there: %v", err)
	}
	must(t, os.WriteFile(path, []byte("short"), 0o600))
	if _, err := Open(path, id, 5); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("another file: %v", err)
	}
	must(t, os.Truncate(path, maxSize+1))
	if _, err := Open(path, id, 5); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("a long file: %v", err)
	}
}

func TestNotPrivate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "l.emergency")
	open(t, path, 5)
	must(t, os.Symlink(path, filepath.Join(dir, "link")))
	for _, read := range []func(path, id string) (*File, error){Peek, func(path, id string) (*File, error) { return Open(path, id, 1) }} {
		if _, err := read(filepath.Join(dir, "link"), id); !errors.Is(err, ledger.ErrUnsafe) {
			t.Errorf("a link: %v", err)
		}
	}
	if _, err := Open(filepath.Join(dir, "none", "l.emergency"), id, 1); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("no folder: %v", err)
	}
}

func TestTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.emergency")
	e := open(t, path, 5)
	if !e.IsUnused() || e.IsOfOtherState("any") || !e.Knows("") {
		t.Errorf("made: %+v", e.content)
	}
	first, err := e.Announce("")
	must(t, err)
	if at := open(t, path, 5); at.IsUnused() || at.Token() != "" || !at.Knows(first) || !at.Knows("") || at.IsOfOtherState("any") {
		t.Errorf("announced: %+v", at.content)
	}
	e.Confirm(first, true)
	at := open(t, path, 5)
	if at.Token() != first || !at.IsCheckpointed() || !at.Knows(first) || !at.IsOfOtherState("any") || at.IsOfOtherState(first) {
		t.Errorf("confirmed: %+v", at.content)
	}
	second, err := at.Announce(first)
	must(t, err)
	if at := open(t, path, 5); at.Token() != first || !at.Knows(first) || !at.Knows(second) || at.IsCheckpointed() || at.IsOfOtherState(second) {
		t.Errorf("announced again: %+v", at.content)
	}
	copied := open(t, path, 5) // a copy of the ledger from before is opened
	third, err := copied.Announce("any")
	must(t, err)
	if at := open(t, path, 5); at.Token() != "" || !at.Knows(third) || at.Knows(first) {
		t.Errorf("a copy: %+v", at.content)
	}
	b, err := os.ReadFile(path)
	must(t, err)
	b[tokensAt+3] ^= 1
	b[seqAt+3] ^= 1
	c, err := parseContent(b, id)
	if err != nil || c.token != "" || c.nextToken != "" || c.seq != 0 {
		t.Errorf("not readable: %+v, %v", c, err)
	}
}
