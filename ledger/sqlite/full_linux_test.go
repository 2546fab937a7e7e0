package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// faults 39 and 41: the disk fills up while answers come in. They go into the
// emergency file, which has its room already, and none is lost.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m,mode=700"); err != nil {
		t.Skip("no mounting here: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	o := optionsFor(filepath.Join(dir, "l.db"))
	o.Create = true
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if len(l.Notices()) != 1 {
		t.Errorf("no notice of tmpfs: %q", l.Notices())
	}
	b := registerAll(t, l, "one", validRows(500, "a"))
	p, err := l.Plan(t.Context(), b.ID, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	in := intentsFor(p)
	ids, err := l.Intend(t.Context(), 1, in)
	if err != nil {
		t.Fatal(err)
	}
	stuff, err := os.Create(filepath.Join(dir, "stuff"))
	if err != nil {
		t.Fatal(err)
	}
	defer stuff.Close()
	for err == nil {
		_, err = stuff.Write(make([]byte, 4096))
	}
	for i := 0; err == nil || !errors.Is(err, ledger.ErrWrite); i++ { // what the log has room for still goes in
		if err = l.SaveFact(t.Context(), "a", string(make([]byte, 100_000)), time.Now()); i > 100 {
			t.Fatal("the disk does not fill up")
		}
	}
	if err := recordAll(t.Context(), l, answersTo(in, ids)); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("recorded on a full disk: %v", err)
	}
	if err := l.Emergency(answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	if n := len(selectCustomers(t, reopen(t, killedCopy(t, l)), ledger.Query{Status: []ledger.Status{ledger.Created}})); n != 64 {
		t.Errorf("%d of 64 answers came through", n)
	}
}
