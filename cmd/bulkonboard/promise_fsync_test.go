//go:build !windows

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The order of system calls: an intent is on the disk before its request
// leaves, an outcome before anybody is told of it. strace tells; where it is
// missing, or may not trace, these tests are skipped.

// event is one system call, at the moment that matters: a sync when it has
// returned, anything else when it was entered.
type event struct {
	call string
	line string // with the path of the file and the bytes written
	ok   bool
}

// traced runs the program under strace.
func traced(t testing.TB, s *scene, calls string, args ...string) []event {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	s.wrapper = []string{strace, "-f", "-y", "-s", "65536", "-xx", "-e", "signal=none", "-e", "trace=" + calls, "-o", trace}
	p := s.run(args...)
	s.wrapper = nil
	if strings.Contains(p.err.String(), "Operation not permitted") && p.code == 1 {
		t.Skip("strace may not trace here")
	}
	p.ends(0, 3)
	return readTrace(t, trace)
}

// readTrace puts together the calls that other threads interrupted.
func readTrace(t testing.TB, path string) (events []event) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, f)
	form := regexp.MustCompile(`^(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>)`)
	written := regexp.MustCompile(`\\x[0-9a-f]{2}`) // how -xx shows each byte
	begun := map[string]string{}                    // by thread
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := written.ReplaceAllStringFunc(lines.Text(), func(b string) string {
			n, err := strconv.ParseUint(b[2:], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			return string([]byte{byte(n)})
		})
		m := form.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		thread, call, resumed := m[1], m[2], m[3] != "("
		unfinished := strings.HasSuffix(line, "<unfinished ...>")
		sync := call == "fsync" || call == "fdatasync"
		if unfinished {
			begun[thread] = line
		}
		if sync && unfinished || !sync && resumed {
			continue
		}
		whole := line
		if resumed {
			whole = begun[thread] + line
		}
		events = append(events, event{call, whole, strings.HasSuffix(line, "= 0")})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

const fileCalls = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg,rename,renameat,renameat2,mmap,openat"

func (e event) writes() bool {
	switch e.call {
	case "pwrite64", "write", "writev", "sendto", "sendmsg":
		return true
	}
	return false
}

func (e event) on(part string) bool {
	at := strings.IndexByte(e.line, '>')
	return at >= 0 && strings.Contains(e.line[:at], part)
}

// Invariant 5, fault 51: what a power cut leaves is what was synced, in this order.
func TestPromiseSyncOrder(t *testing.T) {
	t.Parallel()
	const n = 12
	s := newScene(t, sandbox.Config{}, people(n))
	events := traced(t, s, fileCalls, s.runArgs("--timeout", "10s", "--settle", "10s", "--rate", "100/s")...)
	s.all(ledger.Created, n)
	for _, c := range s.customers() {
		intent, intentSync, post, outcome, outcomeSync, told := -1, -1, -1, -1, -1, -1
		for i, e := range events {
			wal := e.on("ledger.db-wal")
			switch {
			case wal && e.writes() && intent < 0 && strings.Contains(e.line, c.Key):
				intent = i
			case wal && e.writes() && outcome < 0 && strings.Contains(e.line, c.ServiceID):
				outcome = i
			case wal && strings.HasSuffix(e.call, "sync") && e.ok:
				if intent >= 0 && intentSync < 0 {
					intentSync = i
				}
				if outcome >= 0 && outcomeSync < 0 {
					outcomeSync = i
				}
			case !wal && e.writes() && post < 0 && e.on("socket:") && strings.Contains(e.line, c.Key):
				post = i
			case !e.on("ledger.db") && !e.on("socket:") && e.writes() && told < 0 && strings.Contains(e.line, c.ServiceID):
				told = i
			}
		}
		if intent < 0 || post < 0 || outcome < 0 || told < 0 {
			t.Fatalf("not all of it was seen: intent %d, request %d, outcome %d, report %d", intent, post, outcome, told)
		}
		if intent >= intentSync || intentSync >= post {
			t.Errorf("the request left before its intent was on the disk: written %d, synced %d, sent %d", intent, intentSync, post)
		}
		if post >= outcome || outcome >= outcomeSync || outcomeSync >= told {
			t.Errorf("told before it was on the disk: sent %d, written %d, synced %d, told %d", post, outcome, outcomeSync, told)
		}
	}
}

// Invariant 22: to check needs no network and leaves no file.
func TestPromiseValidateIsAlone(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, crash{rows: 6}.people())
	before, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	events := traced(t, s, "%network,openat,creat,execve", "validate", s.input)
	opened := 0
	for _, e := range events {
		switch {
		case e.call == "openat" && strings.Contains(e.line, "people.csv"):
			opened++
		case e.call == "openat" && strings.Contains(e.line, "O_CREAT"), e.call == "creat":
			t.Errorf("makes a file: %s", e.line)
		case e.call != "openat" && e.call != "execve":
			t.Errorf("uses the network: %s", e.line)
		}
	}
	if opened == 0 {
		t.Error("the trace does not show the input: it proves nothing")
	}
	after, err := os.ReadDir(s.dir)
	if err != nil || len(after) != len(before) {
		t.Errorf("files before: %v, after: %v (%v)", before, after, err)
	}
	if n := s.requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
}
