//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// What a hostile file, partner or caller may cost. Each test runs the program
// as a process of its own and asks the kernel for its peak memory. Files just
// above a limit must be refused with exit code 2, their name, the place and the
// limit; the largest that are accepted must not take more memory either.
//
// The heaviest inputs are left out of a usual run. All of them, in about five
// minutes:
//
//	HOSTILE_ALL=1 go test ./cmd/bulkonboard -run TestHostileLimits -timeout 30m

// input is one hostile input and what the program must do with it.
type hostileInput struct {
	name  string
	file  string             // its name
	write func(*hostileFile) // makes it; nil = the file is there, such as a device
	args  string             // in which FILE is the file
	exit  int                // -1 = any
	says  []string           // on standard error
	heavy bool               // only with HOSTILE_ALL
	stdin bool               // the file is standard input
}

// hostileFile is a file under way.
type hostileFile struct {
	io.Writer
	t testing.TB
}

func (f *hostileFile) print(format string, args ...any) {
	if _, err := fmt.Fprintf(f, format, args...); err != nil {
		f.t.Fatal(err)
	}
}

// repeat writes a text so often.
func (f *hostileFile) repeat(text string, n int) {
	block := strings.Repeat(text, max(1, min(n, 64<<10/len(text))))
	for left := n * len(text); left > 0; left -= len(block) {
		f.print("%s", block[:min(left, len(block))])
	}
}

func (in hostileInput) run(t *testing.T) {
	if in.heavy && os.Getenv("HOSTILE_ALL") == "" {
		t.Skip("only with HOSTILE_ALL=1")
	}
	dir := t.TempDir()
	path := in.file
	if in.write != nil {
		path = filepath.Join(dir, in.file)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriterSize(f, 1<<20)
		in.write(&hostileFile{w, t})
		if err := errors.Join(w.Flush(), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	args := strings.Fields(in.args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", path)
	}
	if in.args == "" {
		t.Fatal("no command")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	peakPath := filepath.Join(t.TempDir(), "peak")
	cmd.Env = []string{peakFile + "=" + peakPath, "BULKONBOARD_API_KEY=sk_test_hostile", "PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "GORACE=atexit_sleep_ms=0"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if in.stdin {
		stdin, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		cmd.Stdin = stdin
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	said, exit := out.String(), cmd.ProcessState.ExitCode()
	text, err := os.ReadFile(peakPath)
	if err != nil {
		t.Fatal(err)
	}
	peak, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || peak == 0 {
		t.Fatalf("the kernel does not say how much memory it needed: %q", text)
	}
	peak <<= 10
	t.Logf("%s in memory, %s; exit code %d: %s", limits.FormatSize(peak&^0xfffff), cmd.ProcessState.UserTime().Round(1e8), exit, firstLine(said))
	if slowdown == 1 && peak > limits.Memory { // the race detector takes several times as much
		t.Errorf("peak memory %d MiB, more than %s", peak>>20, limits.FormatSize(limits.Memory))
	}
	if in.exit >= 0 && exit != in.exit || exit < 0 || strings.Contains(said, "panic") || strings.Contains(said, "goroutine ") || strings.Contains(said, "unknown flag") {
		t.Errorf("exit code %d, want %d\n%s", exit, in.exit, said)
	}
	for _, want := range in.says {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line[:min(len(line), 200)]
}

func runHostile(t *testing.T, inputs []hostileInput) {
	t.Helper()
	for _, in := range inputs {
		t.Run(in.name, in.run)
	}
}

// hostileLedger makes a ledger with a user s1.
func hostileLedger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	old, path := filepath.Join(dir, "old.csv"), filepath.Join(dir, "l.db")
	if err := os.WriteFile(old, []byte("email,serviceId,verificationUrl\na@example.com,s1,https://example.com/a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, dir, "ledger", "import", "--ledger", path, old).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
