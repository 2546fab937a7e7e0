//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The disk fails while answers are on their way: nothing more is sent, and no
// answer is lost.

// Faults 38 to 40: the disk is full when the answers come. Nothing more is
// sent, the answers are kept in the emergency file, and the next start has them.
func TestPromiseFullDisk(t *testing.T) {
	t.Parallel()
	d := newDoor(sandbox.Acted)
	s := newScene(t, sandbox.Config{Barrier: d.barrier}, people(30))
	t.Cleanup(d.release)
	disk := s.path("disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=4m,mode=0700"); err != nil {
		t.Skipf("a small disk cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	s.ledger = filepath.Join(disk, "ledger.db")
	p := s.start(s.runArgs(patient()...)...)
	d.await(t, 4)
	filler := filepath.Join(disk, "filler")
	fillDisk(t, filler)
	sent := len(s.posts())
	d.release()
	p.ends(9)
	if n := len(s.posts()) - sent; n > onTheWay {
		t.Errorf("%d requests after the ledger had failed", n)
	}
	users := len(s.users())
	if users == 0 || users >= 30 {
		t.Fatalf("%d users: the fault did not strike where it should", users)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.run(s.runArgs(patient()...)...).ends(0)
	s.all(ledger.Created, 30) // not one link was lost
	if n := len(s.posts()); n != 30 {
		t.Errorf("%d requests for 30 people", n)
	}
}

// onTheWay is how many of thirty requests may begin before the program knows
// that the four answers at hand cannot be recorded: the twelve workers that these
// allow have intents that are on the disk.
const onTheWay = 12

func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, f)
	for size := 64 << 10; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
}

// Fault 38: from some moment on, no sync of the ledger succeeds.
func TestPromiseSyncFails(t *testing.T) {
	t.Parallel()
	const n = 30
	s, d := held(t, sandbox.Acted, n)
	p := s.start(s.runArgs(patient()...)...)
	d.await(t, 4)
	// Only now: what is in flight has its intent on the disk.
	detached := spoil(t, p, "fsync,fdatasync:error=EIO", s.ledger+"-wal")
	sent := len(s.posts())
	d.release()
	p.ends(9)
	<-detached
	if more := len(s.posts()) - sent; more > onTheWay {
		t.Errorf("%d requests after the ledger had failed", more)
	}
	users := len(s.users())
	if users == 0 || users == n {
		t.Fatalf("%d users: the fault did not strike where it should", users)
	}
	s.run(s.runArgs(patient()...)...).ends(0)
	s.all(ledger.Created, n)
	if posts := len(s.posts()); posts != n {
		t.Errorf("%d requests for %d people", posts, n)
	}
}

// spoil makes system calls of a running program fail on some files. The
// channel is closed when the program has ended.
func spoil(t *testing.T, p *process, inject string, files ...string) <-chan struct{} {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing")
	}
	calls, _, _ := strings.Cut(inject, ":")
	args := []string{"-f", "-p", fmt.Sprint(p.cmd.Process.Pid), "-o", p.scene.path("trace"), "-e", "trace=" + calls, "-e", "inject=" + inject}
	for _, f := range files {
		args = append(args, "-P", f)
	}
	var told said
	cmd := exec.Command(strace, args...)
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it ends with the program, as that does
	}()
	t.Cleanup(func() { p.kill(); <-ended })
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); !strings.Contains(told.String(), "attached"); <-tick.C {
		select {
		case <-ended:
			t.Skipf("strace may not attach: %s", told.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("strace does not attach: %s", told.String())
		}
	}
	return ended
}

// Fault 41: neither the ledger nor its emergency file takes what was answered.
// Then the link is printed, for it exists nowhere else.
func TestPromiseLastResort(t *testing.T) {
	long(t)
	t.Parallel()
	const n = 30
	s, d := held(t, sandbox.Acted, n)
	p := s.start(s.runArgs(patient()...)...)
	d.await(t, 4)
	detached := spoil(t, p, "pwrite64:error=ENOSPC", s.ledger+"-wal", s.ledger+".emergency")
	d.release()
	p.ends(9)
	<-detached
	allPrinted(s, p)
	s.run(s.runArgs()...).ends(3)
	if users := len(s.users()); users != n {
		t.Errorf("%d users for %d people", users, n)
	}
}

// allPrinted fails unless every link stands on standard error, but that of the
// first user, who was recorded before the fault.
func allPrinted(s *scene, p *process) {
	s.Helper()
	kept := 0
	customers := s.customers()
	for _, u := range s.users() {
		switch {
		case strings.Contains(p.err.String(), u.VerificationURL):
		case customers[u.Email].URL == u.VerificationURL:
			kept++
		default:
			s.Errorf("the only copy of a link is lost:\n%s", p.err.String())
			return
		}
	}
	if kept > 1 {
		s.Errorf("%d users were recorded: the fault did not strike where it should", kept)
	}
}

// Fault 39: a limit on the size of files (ulimit -f, a container's) is met in
// the middle of the run. It is an error like any other, and no signal that ends
// the program: the answers go where the limit still lets them.
func TestPromiseFileSizeLimit(t *testing.T) {
	long(t)
	t.Parallel()
	const n = 30
	names := []string{"the ledger may not grow", "nothing may be written"}
	strands(t, names, 2, func(i int, t strand) {
		s, d := held(t, sandbox.Acted, n)
		p := s.start(s.runArgs(patient()...)...)
		d.await(t, 4)
		limit := uint64(0)
		if i == 0 { // the emergency file has its first answers below that
			info, err := os.Stat(s.ledger + "-wal")
			if err != nil || info.Size() < 16<<10 {
				t.Fatalf("%v, %v", info, err)
			}
			limit = uint64(info.Size())
		}
		if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}, nil); err != nil {
			t.Fatal(err)
		}
		sent := len(s.posts())
		d.release()
		p.ends(9)
		if more := len(s.posts()) - sent; more > onTheWay {
			t.Errorf("%d requests after the ledger had failed", more)
		}
		made := s.users()
		if len(made) == 0 || len(made) == n {
			t.Fatalf("%d users: the fault did not strike where it should", len(made))
		}
		if i == 1 {
			allPrinted(s, p)
		}
		if i == 0 {
			s.run(s.runArgs(patient()...)...).ends(0)
			s.all(ledger.Created, n)
		} else {
			s.run(s.runArgs()...).ends(3)
		}
		if posts, users := len(s.posts()), len(s.users()); posts != n || users != n {
			t.Errorf("%d requests and %d users for %d people", posts, users, n)
		}
	})
}

// Fault 40: the disk is full when the report is due. The old one stays as it
// was, the ledger has everything, and the code tells.
func TestPromiseFullDiskAtTheReport(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(3))
	disk := s.path("disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=256k,mode=0700"); err != nil {
		t.Skipf("a small disk cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	s.report = filepath.Join(disk, "report.csv")
	s.flags = append(s.flags, patient()...)
	s.run(s.runArgs()...).ends(0)
	old, err := os.ReadFile(s.report)
	if err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(disk, "filler")
	fillDisk(t, filler)
	s.write(s.input, people(30))
	p := s.run(s.runArgs()...).ends(1)
	if kept, err := os.ReadFile(s.report); err != nil || !bytes.Equal(kept, old) {
		t.Errorf("the old report is not what it was (%v)", err)
	}
	if parts, err := filepath.Glob(filepath.Join(disk, ".*.tmp")); err != nil || len(parts) > 0 {
		t.Errorf("left behind: %v (%v)", parts, err)
	}
	if !strings.Contains(p.err.String(), "bulkonboard report") {
		t.Errorf("nobody is told how to get the report:\n%s", p.err.String())
	}
	s.all(ledger.Created, 30)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.run("report", "--base-url", s.base, "--ledger", s.ledger, "--report", s.report).ends(0)
	if n := len(s.reported()); n != 30 {
		t.Errorf("the report has %d rows, want 30", n)
	}
}

// Fault 47: another program holds the ledger for a while as answers come. They
// are recorded when it lets go, and none is lost.
func TestPromiseHeldLedger(t *testing.T) {
	t.Parallel()
	const n = 12
	var s *scene
	var once sync.Once
	var held *frozen
	free := make(chan struct{})
	s = newScene(t, sandbox.Config{Barrier: func(stage sandbox.Stage, _, _ string) {
		if stage == sandbox.Answering {
			once.Do(func() {
				defer close(free)
				var err error
				if held, err = freeze(s.ledger); err != nil {
					t.Error(err)
				}
			})
		}
	}}, people(n))
	p := s.start(s.runArgs(patient()...)...)
	<-free
	if got := having(s.rows(), ledger.Created); got != 0 {
		t.Errorf("%d were recorded in a ledger that is held", got)
	}
	if held != nil {
		time.AfterFunc(promiseTimeout+promiseSettle, held.thaw) // how long the other holds on; nothing is synchronised by it
	}
	p.ends(0)
	s.all(ledger.Created, n)
}
