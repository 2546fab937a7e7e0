//go:build !windows

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// What the tests of the promise share: the program as a process of its own, a
// simulated partner inside the test, and a directory between the two.

// Times that both sides agree on, short enough for a row in doubt to be sent
// again, or given up, within a few seconds.
const (
	promiseTimeout = 800 * time.Millisecond * slowdown
	promiseSettle  = 900 * time.Millisecond * slowdown
	promiseTTL     = 900 * time.Millisecond * slowdown
	promiseKey     = "sk_staging_9fQx7Planted+Key/Zz3Wc41"
	promiseLimit   = 60 * time.Second // no process takes longer
)

// hooks are what a test has done with requests on their way to the partner.
type hooks struct {
	instead func(http.ResponseWriter, *http.Request) bool // answers in the partner's stead, if it returns true
	before  func(call string, n int)                      // called at the arrival of each request, by its own goroutine; create, list or wallet, and its number from 1
	accepts func() bool                                   // called with each connection, before a byte of it is read; false: nothing of it ever is
}

// scene is one partner, one input and one ledger.
type scene struct {
	testing.TB
	dir     string
	server  *sandbox.Server
	listen  func() // once everything else here is set
	base    string // URL of the API
	input   string
	ledger  string
	report  string
	ttl     time.Duration         // of an idempotency key, on both sides
	flags   []string              // added to every run
	hooks                         // as the test sets them, for the runs that begin afterwards
	set     atomic.Pointer[hooks] // as the front of the partner heeds them
	calls   [3]atomic.Int64       // create, list and wallet
	faults  []sandbox.Fault       // the partner's at the start
	skipped [3]int64              // calls of the earlier customers' run
	earlier int                   // runs of earlier customers
	env     []string
	wrapper []string // argv that the program is run under
}

// newScene starts a partner. The flags of run may be changed until the first start.
func newScene(t testing.TB, cfg sandbox.Config, input string) *scene {
	t.Helper()
	if cfg.KeyTTL == 0 {
		cfg.KeyTTL = promiseTTL
	}
	if barrier := cfg.Barrier; barrier != nil {
		cfg.Barrier = func(stage sandbox.Stage, key, email string) {
			if !isEarlier(email) {
				barrier(stage, key, email)
			}
		}
	}
	server, err := sandbox.New(cfg)
	if err != nil {
		t.Fatalf("sandbox: %v", err)
	}
	s := &scene{TB: t, dir: t.TempDir(), server: server, ttl: cfg.KeyTTL, faults: cfg.Faults}
	front := httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	front.Config.ErrorLog = discardLog()
	front.Config.ConnContext = sandbox.ConnContext
	front.Listener = gate{front.Listener, s}
	s.listen = sync.OnceFunc(front.Start)
	t.Cleanup(func() {
		s.listen()
		_ = server.Close() // what it says of its own end proves nothing
		front.CloseClientConnections()
		front.Close()
	})
	s.base = "http://" + front.Listener.Addr().String() + sandbox.BasePath
	s.input, s.ledger, s.report = s.path("people.csv"), s.path("ledger.db"), s.path("report.csv")
	s.write(s.input, input)
	s.flags = []string{"--rate", "unlimited", "--workers", "4", "--patience", "20s", "--no-progress",
		"--timeout", promiseTimeout.String(), "--settle", promiseSettle.String(), "--key-ttl", s.ttl.String()}
	return s
}

// gate is the front's listener.
type gate struct {
	net.Listener
	scene *scene
}

func (g gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		h := g.scene.set.Load()
		if err != nil || h == nil || h.accepts == nil || h.accepts() {
			return conn, err
		}
		_ = conn.Close()
	}
}

func (s *scene) path(name string) string { return filepath.Join(s.dir, name) }

func (s *scene) write(path, text string) {
	s.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.Fatalf("%v", err)
	}
}

// serve hands a request on to the partner, and tells the test of it.
func (s *scene) serve(w http.ResponseWriter, r *http.Request) {
	call, at := "create", 0
	switch {
	case strings.HasSuffix(r.URL.Path, "/wallet"):
		call, at = "wallet", 2
	case r.Method == http.MethodGet:
		call, at = "list", 1
	}
	n := s.calls[at].Add(1)
	h := s.set.Load()
	if h == nil {
		h = &hooks{}
	}
	if h.before != nil {
		h.before(call, int(n))
	}
	if h.instead == nil || !h.instead(w, r) {
		s.server.ServeHTTP(w, r)
	}
}

// requests is how many requests of any kind have arrived.
func (s *scene) requests() int64 { return s.calls[0].Load() + s.calls[1].Load() + s.calls[2].Load() }

// all fails unless every row has this status and the partner has one user for each.
func (s *scene) all(want ledger.Status, n int) {
	s.Helper()
	got := statuses(s.rows())
	for _, st := range got {
		if st != want {
			s.Errorf("rows are %v, want all %s", got, want)
			return
		}
	}
	if users := len(s.users()); len(got) != n || users != n {
		s.Errorf("%d rows, %d users, want %d", len(got), users, n)
	}
}

// setFaults replaces the partner's faults.
func (s *scene) setFaults(texts ...string) {
	s.Helper()
	faults, err := parseFaults(texts)
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.setParsedFaults(faults)
}

func (s *scene) setParsedFaults(faults []sandbox.Fault) {
	s.Helper()
	if err := s.server.SetFaults(s.renumbered(faults)); err != nil {
		s.Fatalf("%v", err)
	}
}

func parseFaults(texts []string) (faults []sandbox.Fault, err error) {
	for _, text := range texts {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// process is one run of the program.
type process struct {
	scene *scene
	cmd   *exec.Cmd
	out   said
	err   said
	ended chan struct{}
	code  int // exit code; 128 and the signal's number if one killed it
}

// said is what a program has written so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// until waits until the program has written some words to standard error.
func (p *process) until(words string) {
	p.scene.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); !strings.Contains(p.err.String(), words); <-tick.C {
		if !p.running() && !strings.Contains(p.err.String(), words) || time.Now().After(end) {
			p.scene.Fatalf("the program never said %q:\n%s", words, p.err.String())
		}
	}
}

// patient are the flags of a run in which no answer is lost: on a busy machine
// no request is given up for being slow.
func patient() []string { return []string{"--timeout", "20s", "--settle", "20s"} }

// unhurried are the flags of a run that has rows in doubt to settle and in which
// no further answer is lost.
func unhurried() []string { return []string{"--timeout", "4s", "--settle", "4s"} }

// never are the flags of a run that is not to end by a timeout: longer than any
// test waits.
func never() []string { return []string{"--timeout", "10m", "--settle", "10m"} }

// runArgs is the everyday command of a scene.
func (s *scene) runArgs(more ...string) []string {
	args := []string{"run", "--base-url", s.base, "--ledger", s.ledger, "--report", s.report, "--rejects", s.path("rejects.csv"), "--json"}
	return append(append(append(args, s.flags...), more...), s.input)
}

// command prepares the program without starting it.
func (s *scene) command(args ...string) *process {
	at := s.hooks
	s.set.Store(&at)
	s.listen()
	p := &process{scene: s, ended: make(chan struct{})}
	program, err := exec.LookPath(programName)
	if err != nil {
		s.Fatalf("%v", err)
	}
	argv := append(append(append([]string{}, s.wrapper...), program), args...)
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Dir = s.dir
	p.cmd.Env = append([]string{"BULKONBOARD_API_KEY=" + promiseKey, "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + s.dir, "GORACE=atexit_sleep_ms=0"},
		append(shortLived(), s.env...)...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	return p
}

// begin starts a prepared program; it is killed when it outlives the limit.
func (p *process) begin() *process {
	p.scene.Helper()
	if err := p.cmd.Start(); err != nil {
		p.scene.Fatalf("%v", err)
	}
	go func() {
		defer close(p.ended)
		err := p.cmd.Wait()
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
			p.code = 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
		case err == nil || errors.As(err, &exit):
			p.code = p.cmd.ProcessState.ExitCode()
		default:
			p.code = -1
		}
	}()
	return p
}

func (s *scene) start(args ...string) *process { s.Helper(); return s.command(args...).begin() }

// run runs the program to its end.
func (s *scene) run(args ...string) *process { s.Helper(); return s.start(args...).wait() }

// wait waits for the end. A program that does not end is asked where it stands.
func (p *process) wait() *process {
	p.scene.Helper()
	select {
	case <-p.ended:
	case <-time.After(promiseLimit):
		p.signal(syscall.SIGQUIT)
		select {
		case <-p.ended:
		case <-time.After(5 * time.Second):
			p.kill()
		}
		p.scene.Fatalf("the program did not end within %s:\n%s", promiseLimit, p.err.String())
	}
	return p
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) } // it may have ended

// kill is kill -9, and returns when the process is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// running reports whether it has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// summary is the JSON that a run printed; nil if it printed none.
func (p *process) summary() *runSummary {
	var sum runSummary
	if json.Unmarshal([]byte(p.out.String()), &sum) != nil {
		return nil
	}
	return &sum
}

type runSummary struct {
	Counts    map[ledger.Status]int
	Sent      int
	Remaining int
	ExitCode  int
	Money     struct{ WalletBefore, WalletAfter json.Number }
}

// ends fails unless the program ended with one of the codes.
func (p *process) ends(codes ...int) *process {
	p.scene.Helper()
	p.wait()
	for _, c := range codes {
		if p.code == c {
			return p
		}
	}
	p.scene.Fatalf("exit code %d, want %v\n%s", p.code, codes, p.err.String())
	return p
}

// openLedger is a ledger of any kind that is open to be read.
type openLedger interface {
	ledger.Ledger
	ledger.Plans
	io.Closer
	Verify(ctx context.Context) ([]string, error)
}

// open opens the ledger beside whoever else has it open; nil if there is none yet.
func (s *scene) open() openLedger {
	var l openLedger
	var err error
	if postgres.IsAddress(s.ledger) {
		l, err = postgres.Open(context.Background(), postgres.Options{Address: s.ledger, ReadOnly: true})
	} else {
		l, err = sqlite.Open(context.Background(), sqlite.Options{Path: s.ledger, ReadOnly: true})
	}
	if errors.Is(err, ledger.ErrMissing) {
		return nil
	}
	if err != nil {
		s.Errorf("the ledger cannot be read: %v", err)
		return nil
	}
	return l
}

// customers are all customers of the ledger but the earlier ones, by identity,
// with their attempts.
func (s *scene) customers(identities ...string) map[string]ledger.Customer {
	all := map[string]ledger.Customer{}
	l := s.open()
	if l == nil {
		return all
	}
	defer closing(s, l)
	for c, err := range l.Customers(context.Background(), ledger.Query{Identities: identities, History: true}) {
		if err != nil {
			s.Errorf("reading customers: %v", err)
			return all
		}
		if !isEarlier(c.Identity) {
			all[c.Identity] = c
		}
	}
	return all
}

// rows are the ledger's report lines of the newest batch; none if that is the
// earlier customers'.
func (s *scene) rows() (rows []ledger.Reported) {
	l := s.open()
	if l == nil {
		return nil
	}
	defer closing(s, l)
	for r, err := range l.Rows(context.Background(), ledger.Selection{}) {
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			s.Errorf("reading rows: %v", err)
			return nil
		}
		rows = append(rows, r)
	}
	return withoutEarlier(rows)
}

func closing(t testing.TB, c io.Closer) {
	if err := c.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// reported is the CSV report as maps from column to cell; nil if there is none.
func (s *scene) reported() []map[string]string {
	s.Helper()
	text, err := os.ReadFile(s.report)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.Fatalf("%v", err)
	}
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil || len(lines) == 0 {
		s.Errorf("the report does not parse: %v", err)
		return nil
	}
	out := []map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		out = append(out, row)
	}
	return out
}

const peopleHeader = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n"

// person is a good row; no two of them look alike.
func person(i int, email string) string {
	letters := string([]byte{'a' + byte(i/26%26), 'a' + byte(i%26)})
	return fmt.Sprintf("Canary%s,Surname%s,%s,+1415555%04d,Payments,8.8.8.8,true,custodial\n", letters, letters, email, 100+i)
}

// people is an input of n good rows.
func people(n int) string {
	var b strings.Builder
	b.WriteString(peopleHeader)
	for i := range n {
		b.WriteString(person(i, fmt.Sprintf("person%d@example.org", i)))
	}
	return b.String()
}

// strand is a test that runs in a goroutine of its own: as many of them go at
// once as the work's waiting allows, which is more than there are processors.
type strand struct {
	*testing.T
	name string
	bad  *atomic.Bool
	back *[]func()
}

func (s strand) Errorf(format string, args ...any) {
	s.Helper()
	s.bad.Store(true)
	s.T.Errorf("%s: %s", s.name, fmt.Sprintf(format, args...))
}

func (s strand) Fatalf(format string, args ...any) {
	s.Helper()
	s.Errorf(format, args...)
	runtime.Goexit() // FailNow is for the test's own goroutine
}

func (s strand) Fatal(args ...any) {
	s.Helper()
	s.Fatalf("%s", fmt.Sprint(args...))
}

func (s strand) Cleanup(f func()) { *s.back = append(*s.back, f) }

// TempDir is removed when the strand ends, so that a long run needs little room.
func (s strand) TempDir() string {
	dir, err := os.MkdirTemp(s.T.TempDir(), "strand")
	if err != nil {
		s.Fatalf("%v", err)
	}
	s.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			s.Errorf("%v", err)
		}
	})
	return dir
}

// strands runs work for each name, width of them at a time.
func strands(t *testing.T, names []string, width int, work func(i int, s strand)) (failed []string) {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	room := make(chan struct{}, width)
	for i, name := range names {
		room <- struct{}{}
		wg.Go(func() {
			s := strand{T: t, name: name, bad: new(atomic.Bool), back: new([]func())}
			defer func() {
				for i := len(*s.back) - 1; i >= 0; i-- {
					(*s.back)[i]()
				}
				if s.bad.Load() {
					mu.Lock()
					failed = append(failed, name)
					mu.Unlock()
				}
				<-room
			}()
			work(i, s)
		})
	}
	wg.Wait()
	return failed
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
