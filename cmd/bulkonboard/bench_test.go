//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// These benchmarks measure whole processes: the program in one, the simulated
// partner in another. b.N is the number of rows, so give it:
//
//	go test ./cmd/bulkonboard -run '^$' -bench 'Whole|Bare' -benchtime 100000x -timeout 60m
//
// They report rows/s and the peak memory of the program. BenchmarkBareLoop sends
// the same bodies over as many connections with net/http alone, no checks, no
// ledger and no report: what BenchmarkWholeRun is held against.

// bulk is an input of b.N good rows and a partner in another process.
type bulk struct {
	dir, input, url string
}

func newBulk(b *testing.B) bulk {
	b.Helper()
	s := bulk{dir: b.TempDir()}
	s.input = filepath.Join(s.dir, "in.csv")
	f, err := os.Create(s.input)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program")
	for n := range b.N {
		fmt.Fprintf(w, "Ann %s,Lee %s,u%d@example.com,+1415555%04d,personal use,203.0.113.%d,true,custodial\n", spelt(n), spelt(n/7), n, 2000+n%8000, n%250)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("bulkonboard", "sandbox")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	s.url = strings.TrimSpace(line)
	return s
}

// run runs the program and reports its rows/s and peak memory.
func (s bulk) run(b *testing.B, args ...string) {
	b.Helper()
	cmd := exec.Command("bulkonboard", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "BULKONBOARD_API_KEY=sk_test_bench")
	var text bytes.Buffer
	cmd.Stderr = &text
	b.ResetTimer()
	err := cmd.Run()
	b.StopTimer()
	if err != nil {
		b.Fatalf("%v\n%s", err, text.String())
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.ReportMetric(float64(use.Maxrss)/1024, "peak-MB")
	}
}

func BenchmarkWholeValidate(b *testing.B) {
	s := newBulk(b)
	s.run(b, "validate", s.input)
}

func BenchmarkWholeRun(b *testing.B) {
	s := newBulk(b)
	s.run(b, "run", "--base-url", s.url, "--rate", "unlimited", "--check-existing", "never", s.input)
}

func BenchmarkWholeRunAgain(b *testing.B) {
	s := newBulk(b)
	args := []string{"run", "--base-url", s.url, "--rate", "unlimited", "--check-existing", "never", s.input}
	s.run(b, args...)
	s.run(b, args...)
}

func BenchmarkBareLoop(b *testing.B) {
	s := newBulk(b)
	const connections = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	var next atomic.Int64
	var wait sync.WaitGroup
	b.ResetTimer()
	for range connections {
		wait.Go(func() {
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				body := fmt.Sprintf(`{"firstName":"Ann %s","lastName":"Lee %s","email":"u%d@example.com","phoneNumber":"+1415555%04d","accountPurpose":"personal use","ipAddress":"203.0.113.%d","isTermsOfServiceAccepted":true,"program":"custodial"}`,
					spelt(n), spelt(n/7), n, 2000+n%8000, n%250)
				req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url+"/v2/partner/card/users", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer sk_test_bench")
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("idempotency-key", fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
				res, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if closed := res.Body.Close(); err != nil || closed != nil || res.StatusCode != http.StatusCreated {
					b.Errorf("HTTP %d: %v", res.StatusCode, err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
