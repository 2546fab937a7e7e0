//go:build !windows

package main

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// What the promise means for the process: locks, signals, closed streams, a
// sleeping machine, a full disk, and what must not be found anywhere.

// door holds requests back at one stage, but for the first: until a run has its
// first user, it sends one row at a time.
type door struct {
	stage  sandbox.Stage
	first  sync.Once
	inside chan string // e-mails of those that came to it
	open   chan struct{}
	once   sync.Once
}

func newDoor(stage sandbox.Stage) *door {
	return &door{stage: stage, inside: make(chan string, 1000), open: make(chan struct{})}
}

func (d *door) barrier(stage sandbox.Stage, _, email string) {
	if stage != d.stage {
		return
	}
	isFirst := false
	d.first.Do(func() { isFirst = true })
	if !isFirst {
		d.inside <- email
		<-d.open
	}
}

func (d *door) release() { d.once.Do(func() { close(d.open) }) }

// await waits until n requests stand before the door, each with its intent on the
// disk; one more has been answered.
func (d *door) await(t testing.TB, n int) {
	t.Helper()
	limit := time.After(promiseLimit)
	for range n {
		select {
		case <-d.inside:
		case <-limit:
			t.Fatal("the requests did not come")
		}
	}
}

// held is a scene whose requests wait at a door.
func held(t testing.TB, stage sandbox.Stage, rows int) (*scene, *door) {
	t.Helper()
	d := newDoor(stage)
	s := newScene(t, sandbox.Config{Barrier: d.barrier}, people(rows))
	t.Cleanup(d.release) // before the server's own end, which waits for them
	return s, d
}

// Invariant 21, fault 46: a second process is refused, and asks nobody anything.
func TestPromiseLock(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 4)
	s.flags = append(s.flags, never()...)
	first := s.start(s.runArgs()...)
	d.await(t, 3)
	before := s.requests()
	second := s.run(s.runArgs()...).ends(7)
	if pid := fmt.Sprint(first.cmd.Process.Pid); !strings.Contains(second.err.String(), pid) {
		t.Errorf("the holder, process %s, is not named:\n%s", pid, second.err.String())
	}
	if n := s.requests() - before; n != 0 {
		t.Errorf("the refused process made %d requests", n)
	}
	d.release()
	first.ends(0)
	s.all(ledger.Created, 4)
}

// Invariant 21: kill -9 of the holder frees the lock.
func TestPromiseLockIsFreedByKill(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 2)
	s.establish()
	first := s.start(s.runArgs(patient()...)...)
	d.await(t, 1)
	first.kill()
	d.release()
	s.run(s.runArgs(unhurried()...)...).ends(3)
	if rows := s.rows(); having(rows, ledger.Created) != 1 || having(rows, ledger.LinkMissing) != 1 || len(s.users()) != 2 {
		t.Errorf("rows %v, %d users", statuses(rows), len(s.users()))
	}
}

// Fault 34, invariant 32: a signal ends the intake; what is in flight is awaited and recorded.
func TestPromiseSignals(t *testing.T) {
	t.Parallel()
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}
	strands(t, []string{"SIGTERM", "SIGINT", "SIGHUP"}, 3, func(i int, t strand) {
		sig := signals[i]
		s, d := held(t, sandbox.Acted, 20)
		s.flags = append(s.flags, never()...)
		p := s.start(s.runArgs()...)
		d.await(t, 4)
		p.signal(sig)
		p.until("stopping")
		at := len(s.posts())
		d.release()
		code := 143
		if sig == syscall.SIGINT {
			code = 130
		}
		p.ends(code)
		if n := len(s.posts()) - at; n != 0 {
			t.Errorf("%d requests after the signal", n)
		}
		users := len(s.users())
		if got := having(s.rows(), ledger.Created); got != users || got != at {
			t.Errorf("%d requests were in flight, %d users were made, %d are recorded as created", at, users, got)
		}
		told := map[string]int{}
		for _, row := range s.reported() {
			told[row["status"]]++
		}
		if told["created"] != users || told["pending"] != 20-users {
			t.Errorf("%d users were made of 20, the report says %v", users, told)
		}
		s.run(s.runArgs()...).ends(0)
		s.all(ledger.Created, 20)
	})
}

func having(rows []ledger.Reported, st ledger.Status) (n int) {
	for _, r := range rows {
		if r.Status == st {
			n++
		}
	}
	return n
}

// A request that is never answered holds a signalled run for the timeout, no longer.
func TestPromiseSignalWhileHanging(t *testing.T) {
	long(t)
	t.Parallel()
	s, d := held(t, sandbox.Acted, 8)
	s.flags = append(s.flags, "--timeout", "2s", "--settle", "2s")
	p := s.start(s.runArgs()...)
	d.await(t, 4)
	p.signal(syscall.SIGTERM)
	p.ends(143) // nobody has answered by then
	d.release()
	s.run(s.runArgs()...).ends(0, 3)
	if n := len(s.users()); n != 8 {
		t.Errorf("%d users, want 8", n)
	}
}

// The second signal cuts off; the next run still ends well.
func TestPromiseSecondSignal(t *testing.T) {
	long(t)
	t.Parallel()
	s, d := held(t, sandbox.Acted, 8)
	s.establish()
	p := s.start(s.runArgs(never()...)...)
	d.await(t, 4)
	p.signal(syscall.SIGINT)
	p.until("stopping")
	p.signal(syscall.SIGINT)
	p.ends(130) // nobody has answered by then, and no request has timed out
	d.release()
	s.run(s.runArgs()...).ends(3)
	rows := s.rows()
	if having(rows, ledger.Created)+having(rows, ledger.LinkMissing) != 8 || len(s.users()) != 8 {
		t.Errorf("rows %v, %d users", statuses(rows), len(s.users()))
	}
}

// Fault 35: nobody reads what is written. The run goes on, and the code tells.
func TestPromiseStreams(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { closing(t, full) })
	nobody := func(t testing.TB) *os.File {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		closing(t, r)
		t.Cleanup(func() { closing(t, w) })
		return w
	}
	names := []string{"stdout closed", "stdout full", "stderr closed", "stderr full", "both closed"}
	strands(t, names, 5, func(i int, t strand) {
		name := names[i]
		s := newScene(t, sandbox.Config{}, people(10))
		p := s.command(s.runArgs(patient()...)...)
		switch name {
		case "stdout closed":
			p.cmd.Stdout = nobody(t)
		case "stdout full":
			p.cmd.Stdout = full
		case "stderr closed":
			p.cmd.Stderr = nobody(t)
		case "stderr full":
			p.cmd.Stderr = full
		default:
			p.cmd.Stdout, p.cmd.Stderr = nobody(t), nobody(t)
		}
		p.begin().ends(1)
		s.all(ledger.Created, 10)
		if len(s.reported()) != 10 {
			t.Errorf("the report has %d rows, want 10", len(s.reported()))
		}
		if strings.HasPrefix(name, "stdout") && !strings.Contains(p.err.String(), "could not write to standard output") {
			t.Errorf("nobody is told:\n%s", p.err.String())
		}
	})
}

// Fault 36: the machine sleeps for longer than the key lives, at the moment at
// which the list has been asked for, then wakes.
func TestPromiseSleep(t *testing.T) {
	long(t)
	t.Parallel()
	calls := []string{"list", "create"}
	strands(t, calls, 2, func(i int, t strand) {
		at := calls[i]
		faults, err := parseFaults([]string{"500-before-free=#1-2", "reset-after=#3-4"})
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t, sandbox.Config{Faults: faults}, people(6))
		s.establish()
		var p *process
		var once sync.Once
		ready, stopped := make(chan struct{}), make(chan struct{})
		s.before = func(call string, n int) {
			if call == at && (call != "create" || n >= 2) {
				once.Do(func() {
					<-ready
					p.signal(syscall.SIGSTOP)
					close(stopped)
				})
			}
		}
		p = s.start(s.runArgs("--check-existing", "never")...)
		close(ready)
		<-stopped
		time.Sleep(2 * promiseTTL) //nolint:forbidigo // the sleep itself is what is tested
		p.signal(syscall.SIGCONT)
		p.ends(0, 3)
		s.run(s.runArgs()...).ends(0, 3)
		rows := s.rows()
		if having(rows, ledger.Created)+having(rows, ledger.LinkMissing) != 6 || len(s.users()) != 6 {
			t.Errorf("rows %v, %d users\n%s", statuses(rows), len(s.users()), describe(s))
		}
		crash{kills: []killing{{}}}.comparePosts(s, s.customers())
	})
}

// Invariants 24 and 25: the key is nowhere, and no person in what is printed,
// even if a gateway's error page repeats the request's body.
func TestPromiseSecrets(t *testing.T) {
	t.Parallel()
	input := crash{rows: 8}.people() + "Canaryzz,Surnamezz,canary zz@example.org,+14155559999,Payments,8.8.8.8,true,custodial\n"
	faults, err := parseFaults([]string{"422=#3", "drop-after=#4"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults, Preexisting: []sandbox.User{{Email: "known@example.org"}}}, input)
	var p *process
	started := make(chan struct{})
	var first atomic.Bool
	cmdline := make(chan string, 1)
	s.instead = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !first.CompareAndSwap(false, true) {
			return false
		}
		<-started
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid))
		if err != nil {
			text = []byte(promiseKey) // a test that could not look has not passed
		}
		cmdline <- string(text)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		r.Header.Del("Authorization")
		_ = r.Write(w) // the person as it came
		return true
	}
	p = s.start(s.runArgs("--log-file", s.path("run.log"), "--log-format", "text", "--carry", "all")...)
	close(started)
	p.ends(3)
	printed := p.err.String()
	s.run(s.runArgs("--log-format", "json")...).ends(0, 3)
	p2 := s.run("status", "--base-url", s.base, "--ledger", s.ledger)
	printed += p2.err.String() + p2.out.String()
	places := map[string]string{"standard output": p.out.String(), "standard error": printed, "command line": <-cmdline}
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		places[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	forms := []string{promiseKey, promiseKey[len(promiseKey)-8:], url.QueryEscape(promiseKey), url.PathEscape(promiseKey)}
	for shift := range 3 { // base64 looks different by where it begins
		b := base64.RawStdEncoding.EncodeToString([]byte("xyz"[:shift] + promiseKey))
		forms = append(forms, b[4:len(b)-4])
	}
	for place, text := range places {
		for i, form := range forms {
			if strings.Contains(text, form) {
				t.Errorf("the API key (form %d) stands in %s", i, place)
			}
		}
	}
	log, err := os.ReadFile(s.path("run.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{"Canary", "Surname", "@example.org", "person1", "zz@", "14155550", "15559999", "withpersona"} {
		if at := strings.Index(strings.ToLower(printed), strings.ToLower(canary)); at >= 0 {
			t.Errorf("%q is printed: …%s…", canary, printed[max(0, at-60):min(len(printed), at+60)])
		}
		if strings.Contains(string(log), canary) {
			t.Errorf("%q stands in the log", canary)
		}
	}
}

// Invariant 26: whatever the umask, what is written is for its owner alone.
func TestPromiseModes(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, crash{rows: 4}.people())
	s.wrapper = []string{"sh", "-c", `umask 000; exec "$0" "$@"`}
	s.flags = append(s.flags, patient()...)
	p := s.start(s.runArgs("--report", s.path("r.xlsx"), "--report", s.path("r.html"), "--report", s.path("r.json"), "--log-file", s.path("run.log"))...)
	looked := 0
	look := func() {
		err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == s.dir || path == s.input {
				return nil // gone meanwhile, or not the program's
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			looked++
			want := fs.FileMode(0o600)
			if d.IsDir() {
				want = 0o700
			}
			if info.Mode().Perm() != want {
				t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for p.running() {
		look()
		<-tick.C
	}
	p.ends(3)
	look()
	if looked == 0 {
		t.Error("nothing was seen")
	}
}

// Invariant 33: a ledger of another environment is refused, and nothing is asked.
func TestPromiseOtherEnvironment(t *testing.T) {
	t.Parallel()
	a := newScene(t, sandbox.Config{}, people(2))
	a.run(a.runArgs(patient()...)...).ends(0)
	b := newScene(t, sandbox.Config{}, people(4))
	b.ledger = a.ledger
	b.run(b.runArgs()...).ends(7)
	if n := b.requests(); n != 0 {
		t.Errorf("%d requests went to the other environment", n)
	}
	a.all(ledger.Created, 2)
}

// Invariant 23: where a redirect leads, nothing arrives; fault 25.
func TestPromiseRedirect(t *testing.T) {
	long(t)
	t.Parallel()
	redirects := []string{"redirect=301:%s", "redirect=302:%s", "redirect=307:%s", "redirect=308:%s", "wallet:redirect=307:%s"}
	strands(t, redirects, 5, func(i int, t strand) {
		fault := redirects[i]
		target, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var came atomic.Int64
		served := make(chan struct{})
		go func() {
			defer close(served)
			for {
				conn, err := target.Accept()
				if err != nil {
					return
				}
				came.Add(1)
				_ = conn.Close()
			}
		}()
		t.Cleanup(func() { _ = target.Close(); <-served })
		faults, err := parseFaults([]string{fmt.Sprintf(fault, "http://"+target.Addr().String()+"/api/v2/partner/card/users")})
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t, sandbox.Config{Faults: faults}, people(5))
		p := s.run(s.runArgs()...)
		if strings.HasPrefix(fault, "redirect") {
			p.ends(6)
			if !strings.Contains(p.err.String(), target.Addr().String()) {
				t.Errorf("the target is not named:\n%s", p.err.String())
			}
		}
		if n := came.Load(); n != 0 {
			t.Errorf("%d connections to where the redirect leads", n)
		}
		s.setFaults()
		s.run(s.runArgs(unhurried()...)...).ends(0)
		s.all(ledger.Created, 5)
	})
}
