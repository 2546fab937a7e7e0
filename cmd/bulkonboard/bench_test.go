//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// These benchmarks measure whole processes: the program in one, a partner that
// answers at once in another. What they reach stands in pipeline/PERFORMANCE.md.
// b.N is the number of rows, so give it:
//
//	go test ./cmd/bulkonboard -run '^$' -bench 'Whole' -benchtime 100000x -timeout 60m
//	go test ./cmd/bulkonboard -run '^$' -bench 'Pacing' -timeout 60m
//
// Figures of a machine with other work to do say little; ratios, measured in
// one run, say more.

// bulk is an input of good rows and a partner in another process.
type bulk struct {
	dir, input, url string
	ca              string // file of the partner's certificate; "" without TLS
	client          *http.Client
}

func newBulk(b *testing.B, rows int, overTLS bool, partner ...string) bulk {
	b.Helper()
	s := bulk{dir: b.TempDir()}
	s.input = filepath.Join(s.dir, "in.csv")
	if overTLS {
		s.ca = filepath.Join(s.dir, "ca.pem")
		partner = append(partner, "-tls", s.ca)
	}
	s.list(b, 0, rows)
	cmd := exec.Command("instant", partner...)
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
	s.client = s.bareClient(b)
	return s
}

// bareClient is net/http with a connection for each request and nothing else.
func (s bulk) bareClient(b *testing.B) *http.Client {
	b.Helper()
	t := &http.Transport{DisableKeepAlives: true}
	if s.ca != "" {
		text, err := os.ReadFile(s.ca)
		if err != nil {
			b.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		t.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return &http.Client{Transport: t}
}

// list writes the input: people from one number to another.
func (s bulk) list(b *testing.B, from, to int) {
	b.Helper()
	f, err := os.Create(s.input)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program")
	for n := from; n < to; n++ {
		fmt.Fprintf(w, "Ann %s,Lee %s,u%d@example.com,+1415555%04d,personal use,203.0.113.%d,true,custodial\n", spelt(n), spelt(n/7), n, 2000+n%8000, n%250)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// run runs the program and returns when it began, how long it took and its peak memory in MB.
func (s bulk) run(b *testing.B, args ...string) (began time.Time, took time.Duration, peak float64) {
	b.Helper()
	cmd := exec.Command("bulkonboard", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "BULKONBOARD_API_KEY=sk_test_bench", "GOGC=100")
	var text bytes.Buffer
	cmd.Stderr = &text
	began = time.Now()
	err := cmd.Run()
	took = time.Since(began)
	if err != nil && exit.Code(cmd.ProcessState.ExitCode()) != exit.Limit { // --max-duration ends a run
		b.Fatalf("%v\n%s", err, text.String())
	}
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = float64(use.Maxrss) / 1024
	}
	return began, took, peak
}

func (s bulk) send(b *testing.B, more ...string) (began time.Time, took time.Duration, peak float64) {
	b.Helper()
	if s.ca != "" {
		more = append(more, "--ca-file", s.ca)
	}
	return s.run(b, append([]string{"run", "--base-url", s.url, "--check-existing", "never", "--quiet", s.input}, more...)...)
}

// seen asks the partner when requests came, and how many it turned away.
func (s bulk) seen(b *testing.B) (posts []time.Time, refused int) {
	b.Helper()
	res, err := s.client.Get(s.url + "/seen")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for first := true; lines.Scan(); first = false {
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		if first {
			refused = int(n)
		} else {
			posts = append(posts, time.Unix(0, n))
		}
	}
	return posts, refused
}

// BenchmarkWholeValidate reports rows/s and peak memory of validate.
func BenchmarkWholeValidate(b *testing.B) {
	s := newBulk(b, b.N, false)
	_, took, peak := s.run(b, "validate", s.input)
	b.ReportMetric(float64(b.N)/took.Seconds(), "rows/s")
	b.ReportMetric(peak, "peak-MB")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWholeRun reports, at an unlimited rate, the rows/s of the send pass,
// from the first request that the partner sees to the last, and its ratio to
// the bare loop, which is run before and after and opens a connection for each
// request, too; the rows/s until the first
// request; and the peak memory.
func BenchmarkWholeRun(b *testing.B) {
	b.Run("plain", func(b *testing.B) { wholeRun(b, false) })
	b.Run("TLS", func(b *testing.B) { wholeRun(b, true) })
}

func wholeRun(b *testing.B, overTLS bool) {
	s := newBulk(b, b.N, overTLS)
	before := s.bare(b)
	began, _, peak := s.send(b, "--rate", "unlimited")
	posts, _ := s.seen(b)
	if len(posts) != b.N {
		b.Fatalf("%d requests for %d rows", len(posts), b.N)
	}
	bare := (before + s.bare(b)) / 2
	// The first row goes alone and the first few settle the number of workers: not the send pass.
	rate := float64(len(posts)-1) / posts[len(posts)-1].Sub(posts[0]).Seconds()
	b.ReportMetric(rate, "rows/s")
	b.ReportMetric(bare, "bare-rows/s")
	b.ReportMetric(rate/bare, "of-bare")
	b.ReportMetric(float64(b.N)/posts[0].Sub(began).Seconds(), "checked-rows/s")
	b.ReportMetric(peak, "peak-MB")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkWholeAgain reports, for a finished list: how many seconds the same
// list takes again without its report; and then, with one row in a thousand
// new, the rows/s until the first request.
func BenchmarkWholeAgain(b *testing.B) {
	s := newBulk(b, b.N, false)
	s.send(b, "--rate", "unlimited")
	s.seen(b)
	_, again, _ := s.send(b, "--rate", "unlimited")
	_, report, _ := s.run(b, "report", "--base-url", s.url, "--report", filepath.Join(s.dir, "r.csv"))
	if posts, _ := s.seen(b); len(posts) != 0 {
		b.Fatalf("%d requests for a list that is finished", len(posts))
	}
	b.ReportMetric((again - report).Seconds(), "again-s")
	b.ReportMetric(float64(b.N)/report.Seconds(), "report-rows/s")
	_, workbook, peak := s.run(b, "report", "--base-url", s.url, "--report", filepath.Join(s.dir, "r.xlsx"))
	b.ReportMetric(float64(b.N)/workbook.Seconds(), "xlsx-rows/s")
	b.ReportMetric(peak, "xlsx-peak-MB")
	s.list(b, max(1, b.N/1000), b.N+max(1, b.N/1000))
	began, _, peak := s.send(b, "--rate", "unlimited")
	posts, _ := s.seen(b)
	if len(posts) != max(1, b.N/1000) {
		b.Fatalf("%d requests for %d new rows", len(posts), max(1, b.N/1000))
	}
	b.ReportMetric(float64(b.N)/posts[0].Sub(began).Seconds(), "changed-rows/s")
	b.ReportMetric(peak, "peak-MB")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPacing reports, after the first seconds, the share of the asked rate
// that is reached, and how many requests were turned away by a partner that
// allows the rate with a burst of 5 %; and with a partner that allows half, the
// share of what it allows. By themselves workers become 512 at most, which is
// 5000/s at 100 ms; for more latency their number is given, rate times latency
// and a tenth.
func BenchmarkPacing(b *testing.B) {
	for _, c := range []struct {
		rate    int
		latency time.Duration
		allow   int
		seconds int
		settled time.Duration
		workers string
		overTLS bool
	}{
		{50, 200 * time.Millisecond, 50, 14, 5 * time.Second, "auto", false},
		{50, time.Second, 50, 14, 5 * time.Second, "auto", true},
		{500, 200 * time.Millisecond, 500, 14, 5 * time.Second, "auto", false},
		{500, 200 * time.Millisecond, 0, 20, 5 * time.Second, "auto", true},
		{500, time.Second, 500, 14, 5 * time.Second, "auto", true},
		{5000, 80 * time.Millisecond, 5000, 14, 5 * time.Second, "auto", false},
		{5000, 200 * time.Millisecond, 5000, 14, 5 * time.Second, "1100", false},
		{5000, time.Second, 5000, 14, 5 * time.Second, "5500", false},
		{500, 200 * time.Millisecond, 250, 60, 30 * time.Second, "auto", false},
	} {
		name := fmt.Sprintf("%d-%s-allowed-%d", c.rate, c.latency, c.allow)
		if c.overTLS {
			name += "-TLS"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := newBulk(b, c.rate*c.seconds, c.overTLS, "-latency", c.latency.String(), "-allow", fmt.Sprint(float64(c.allow)))
				s.send(b, "--rate", fmt.Sprintf("%d/s", c.rate), "--workers", c.workers, "--max-duration", fmt.Sprintf("%ds", c.seconds))
				posts, refused := s.seen(b)
				first, last, n := posts[0].Add(c.settled), posts[len(posts)-1].Add(-time.Second), 0
				for _, p := range posts {
					if p.After(first) && p.Before(last) {
						n++
					}
				}
				most := c.rate
				if c.allow > 0 {
					most = min(c.rate, c.allow)
				}
				b.ReportMetric(100*float64(n)/last.Sub(first).Seconds()/float64(most), "%-of-rate")
				b.ReportMetric(float64(refused), "refused")
				b.ReportMetric(float64(busiest(posts)), "busiest-second")
			}
		})
	}
}

// busiest is the most requests that came within one second.
func busiest(posts []time.Time) (most int) {
	for from, to := 0, 0; to < len(posts); to++ {
		for posts[to].Sub(posts[from]) >= time.Second {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// bare sends the same bodies from as many workers with net/http alone, a
// connection for each: no checks, no ledger, no report. It returns rows/s.
func (s bulk) bare(b *testing.B) float64 {
	b.Helper()
	const connections = 64
	client := s.client
	var next atomic.Int64
	var wait sync.WaitGroup
	began := time.Now()
	for range connections {
		wait.Go(func() {
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				if err := s.post(client, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	s.seen(b)
	return float64(b.N) / took.Seconds()
}

func (s bulk) post(client *http.Client, n int) error {
	body := fmt.Sprintf(`{"firstName":"Ann %s","lastName":"Lee %s","email":"u%d@example.com","phoneNumber":"+1415555%04d","accountPurpose":"personal use","ipAddress":"203.0.113.%d","isTermsOfServiceAccepted":true,"program":"custodial"}`,
		spelt(n), spelt(n/7), n, 2000+n%8000, n%250)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.url+"/v2/partner/card/users", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer sk_test_bench")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("idempotency-key", fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if closed := res.Body.Close(); err != nil {
		return err
	} else if closed != nil {
		return closed
	}
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("HTTP %d", res.StatusCode)
	}
	return nil
}
