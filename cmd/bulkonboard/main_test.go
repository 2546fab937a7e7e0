package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// programName is the program, which the tests find on their PATH.
const programName = "bulkonboard"

// peakFile is the environment variable that puts a small process between the tests and
// the program, which writes the program's peak memory in KiB into the file that it names.
// A process inherits the peak of the one that starts it, and the tests need much memory.
const peakFile = "PROMISE_PEAK_FILE"

// runMeasured runs the program with the same arguments, and returns its exit code.
func runMeasured(file string) int {
	cmd := exec.Command(programName, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), peakFile+"=", "GOGC=100")
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.WriteFile(file, []byte(strconv.FormatInt(peakOf(cmd.ProcessState), 10)), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}

func TestMain(m *testing.M) {
	if file := os.Getenv(peakFile); file != "" {
		os.Exit(runMeasured(file))
	}
	for _, setting := range shortLived() {
		name, value, _ := strings.Cut(setting, "=")
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	// Most tests wait for something most of the time. Four more than there are cores
	// at once keep the cores busy; many more would make short timeouts pass. Under the
	// race detector the programs themselves keep them busy.
	more := 4
	if slowdown > 1 {
		more = 1
	}
	if err := flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0)+more)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	testscript.Main(leakless{m}, map[string]func(){programName: main, "instant": instant})
}

// shortLived is the environment of the programs that tests start. They live for a moment:
// collecting garbage less often saves a tenth of their time. Where memory is measured it is
// collected as usual; see runMeasured.
func shortLived() []string { return []string{"GOGC=800"} }

// withProgram builds the program, and puts it on the PATH in place of this binary, which can be
// the program, too, but takes twice as long to start because of what only tests use.
func withProgram(run func() int) (code int, err error) {
	dir, err := os.MkdirTemp("", "bulkonboard-tests")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	build := exec.Command("go", "build", "-buildvcs=false", "-o", dir+string(os.PathSeparator), ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 1, fmt.Errorf("building the program: %w", err)
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 1, err
	}
	return run(), nil
}

// long skips a test that mostly waits for real clocks, or compares what many processes
// write, under -short: the race
// detector makes each of the processes it starts several times slower, and
// finds in the others what there is to find.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("without -short")
	}
}

// clusters are the PostgreSQL servers of the tests.
var clusters pgtest.Shared

// leakless fails if the tests leave goroutines behind: partners, watchers and
// readers of what runs in this process. The program itself is another one.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	var code int
	if slowdown > 1 {
		code = m.M.Run() // the program is this binary, in which races are detected
	} else {
		var err error
		if code, err = withProgram(m.M.Run); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := clusters.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if code == 0 {
		// Of a connection that a toxic has ended, toxiproxy leaves this one waiting
		// for ever; a proxy that was not stopped would leave others, too.
		if err := goleak.Find(goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// TestScripts drives the real main. Beside testscript's own commands there are
//
//	code N bulkonboard ...   runs it and expects this exit code
//	partner [FLAG...]        serves a simulated partner at $URL, with
//	                         -ttl D, -balance N, -preexist FILE, -fault F ...
//	production               plays the partner's production host behind $PROXY
//	refusing-proxy STATUS    is a proxy in $REFUSING that answers everything so
//	users N, posts N         what the newest partner has seen
//	events FILE EVENT...     every line is JSON, an event as session.Events has it or a warning; these are there
//
// Each ledger that a script leaves must agree with status; see compareLedgers.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	office, err := filepath.Abs("testdata/office")
	if err != nil {
		t.Fatal(err)
	}
	partners := &registry{}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLES", samples)
			e.Setenv("OFFICE", office)
			e.Setenv("BULKONBOARD_API_KEY", "sk_test_script")
			e.Vars = append(e.Vars, shortLived()...)
			e.Defer(func() {
				if err := booktest.Gather(e.WorkDir, filepath.Base(e.WorkDir)); err != nil {
					t.Error(err)
				}
			})
			script := filepath.Join("testdata/script", strings.TrimPrefix(filepath.Base(e.WorkDir), "script-")+".txtar")
			e.Defer(func() {
				if err := compareLedgers(e.WorkDir, script); err != nil {
					e.T().Fatal(err)
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": expectCode, "partner": partners.serve, "production": partners.serveProduction, "refusing-proxy": refusingProxy, "users": partners.expectUsers, "posts": partners.expectPosts, "events": expectEvents,
		},
	})
}

func expectCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = strconv.Itoa(exit.ExitCode())
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// registry finds the partner of a script, which may run beside others.
type registry struct{ byScript sync.Map }

func (r *registry) Load(script string) *sandbox.Server {
	if s, ok := r.byScript.Load(script); ok {
		server, _ := s.(*sandbox.Server)
		return server
	}
	return nil
}

func (r *registry) Store(script string, s *sandbox.Server) { r.byScript.Store(script, s) }

func (r *registry) serve(ts *testscript.TestScript, _ bool, args []string) {
	var cfg sandbox.Config
	flags := flag.NewFlagSet("partner", flag.ContinueOnError)
	flags.DurationVar(&cfg.KeyTTL, "ttl", time.Second, "")
	flags.StringVar(&cfg.Balance, "balance", "", "")
	flags.Func("fault", "", func(text string) error {
		f, err := sandbox.ParseFault(text)
		cfg.Faults = append(cfg.Faults, f)
		return err
	})
	flags.Func("preexist", "", func(path string) error {
		users, err := sandbox.ReadPreexisting(strings.NewReader(ts.ReadFile(path)))
		cfg.Preexisting = users
		return err
	})
	ts.Check(flags.Parse(args))
	server, err := sandbox.New(cfg)
	ts.Check(err)
	url, err := server.Listen("127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("URL", url)
	ts.Setenv("HOSTWORD", settings.FileWord(settings.HostOf(url)))
	r.Store(ts.Name(), server)
	ts.Defer(func() {
		if err := server.Close(); err != nil {
			ts.Logf("closing the partner: %v", err)
		}
	})
}

func (r *registry) expectUsers(ts *testscript.TestScript, _ bool, args []string) {
	r.expect(ts, args, "users")
}
func (r *registry) expectPosts(ts *testscript.TestScript, _ bool, args []string) {
	r.expect(ts, args, "posts")
}

func (r *registry) expect(ts *testscript.TestScript, args []string, what string) {
	server := r.Load(ts.Name())
	if server == nil || len(args) != 1 {
		ts.Fatalf("usage: %s N, after partner", what)
	}
	n := server.Counters()
	got := map[string]int{"users": n.Users, "posts": n.Posts}[what]
	if args[0] != strconv.Itoa(got) {
		ts.Fatalf("the partner has %d %s, want %s", got, what, args[0])
	}
}

// command is bulkonboard as a process of its own, in a directory.
func command(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	booktest.Keep(t, dir)
	c := exec.CommandContext(t.Context(), programName, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "BULKONBOARD_API_KEY=sk_test_script")
	return c
}

// exitOfProcess is the exit code of a finished process.
func exitOfProcess(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

// copySample puts a sample into a directory and returns its name there.
func copySample(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../samples", name))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// customersCSV is an input of n good rows.
func customersCSV(n int) string {
	var b strings.Builder
	b.WriteString("firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n")
	for i := range n {
		fmt.Fprintf(&b, "Ann%c%c,Roe,ann%d@example.com,+4915112%06d,cards,203.0.113.9,TRUE,custodial\n", 'a'+i%26, 'a'+i/26%26, i, i)
	}
	return b.String()
}
