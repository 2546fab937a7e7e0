package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// nights is a whole list of customers that is run every night: it grows, a few
// people change their details, a few rows are always bad, and two customers were
// with the partner before.
type nights struct {
	dir, url string
	rows     int
	grows    int // a night
	night    int
	took     time.Duration // of the last one
	bytes    int64         // of the ledger after it
}

func newNights(t testing.TB, rows, grows int) *nights {
	t.Helper()
	n := &nights{dir: t.TempDir(), rows: rows, grows: grows}
	server, err := sandbox.New(sandbox.Config{Preexisting: []sandbox.User{{Email: dumped(1)}, {Email: dumped(2)}}})
	if err == nil {
		n.url, err = server.Listen("127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func dumped(n int) string { return fmt.Sprintf("u%d@example.com", n) }

// write writes tonight's list. Every night its last person but one has moved.
func (n *nights) write(t testing.TB) {
	t.Helper()
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	fmt.Fprintln(w, "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,city")
	for i := range n.rows {
		city := "Ulm"
		if n.night > 1 && i == n.rows-n.grows-n.night {
			city = "Bonn"
		}
		fmt.Fprintf(w, "Ann %s,Lee %s,%s,+1415555%04d,personal use,203.0.113.%d,true,custodial,%s\n", spelt(i), spelt(i/7), dumped(i), 2000+i%8000, i%250, city)
	}
	fmt.Fprintln(w, "Bad,One,nobody,+14155552000,personal use,203.0.113.1,true,custodial,Ulm")
	err := w.Flush()
	if err == nil {
		err = os.WriteFile(filepath.Join(n.dir, "customers.csv"), b.Bytes(), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// spelt is a number in letters, as a name has them.
func spelt(n int) string {
	out := []byte("aaaaa")
	for i := range out {
		out[i] = byte('a' + n%26)
		n /= 26
	}
	return string(out)
}

// run runs tonight's list and checks what it says: what is new is sent, and last
// night's problems are no news.
func (n *nights) run(t testing.TB, more ...string) {
	t.Helper()
	n.night++
	if n.night > 1 {
		n.rows += n.grows
	}
	n.write(t)
	args := append([]string{"run", "--base-url", n.url, "--ledger", "l.db", "--rate", "unlimited", "--quiet", "--json", "customers.csv"}, more...)
	c := command(t, n.dir, args...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	began := time.Now()
	err := c.Run()
	n.took = time.Since(began)
	var got struct {
		Rows, Sent, Known, Changed, Remaining, ExitCode int
		New                                             map[string]int
	}
	if failed := json.Unmarshal(out.Bytes(), &got); failed != nil {
		t.Fatalf("%v, %v\n%s%s", err, failed, &out, &said)
	}
	created, known, changed, code := n.grows, 3, 1, 0
	if n.night == 1 {
		created, known, changed, code = n.rows-2, 0, 0, 3
	}
	if got.Rows != n.rows+1 || got.New["created"] != created || got.Known != known || got.Changed != changed || got.Remaining != 0 || got.ExitCode != code {
		t.Fatalf("night %d: %+v, want %d created, %d known, %d changed, exit %d\n%s", n.night, got, created, known, changed, code, &said)
	}
	if code == 0 && said.Len() > 0 {
		t.Errorf("night %d: cron would send a mail:\n%s", n.night, &said)
	}
	n.bytes = 0
	for _, end := range []string{"", "-wal"} {
		if info, err := os.Stat(filepath.Join(n.dir, "l.db"+end)); err == nil {
			n.bytes += info.Size()
		}
	}
}

// A whole list every night says what is new and what has changed, ends with 0,
// and leaves the ledger bounded.
func TestEveryNight(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	n := newNights(t, 1500, 5)
	var after []int64
	for range 7 {
		n.run(t, "--keep-runs", "2")
		after = append(after, n.bytes)
	}
	if n.bytes > after[2]*11/10 {
		t.Errorf("the ledger grows every night: %d bytes", after)
	}
}

// BenchmarkEveryNight measures the eighth night of b.N rows of which 200 are new,
// and tells how the ledger has grown since the fourth, from which on as many
// lists go as come. It logs the seconds and the ledger's megabytes of each night:
//
//	go test ./cmd/bulkonboard -run '^$' -bench EveryNight -benchtime 300000x -timeout 30m
func BenchmarkEveryNight(b *testing.B) {
	n := newNights(b, max(b.N, 500), 200)
	var seconds []float64
	var megabytes []int64
	for range 8 {
		n.run(b, "--keep-runs", "3")
		seconds, megabytes = append(seconds, math.Round(n.took.Seconds()*10)/10), append(megabytes, n.bytes>>20)
	}
	b.Logf("%d rows: seconds %v, megabytes %v", n.rows, seconds, megabytes)
	b.ReportMetric(float64(n.rows)/n.took.Seconds(), "rows/s")
	b.ReportMetric(float64(megabytes[7])/float64(max(1, megabytes[3])), "night8/night4")
}
