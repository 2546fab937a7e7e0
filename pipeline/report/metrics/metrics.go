// Package metrics writes the Prometheus text file of a run (--metrics-file),
// for node_exporter's textfile collector. Start at [Write].
package metrics

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Snapshot is what the file says of a run. What is unknown is left out of the
// file: nil maps, nil pointers, zero times, "". It holds figures, the ledger's
// name and the version, and no customer data.
//
// Environment and Ledger label every sample. The collector refuses all its
// files when two of them hold the same series, so runs on two ledgers need
// files that differ in these.
type Snapshot struct {
	Environment string
	Ledger      string // base name of its file
	Version     string // of the program
	Run         int64  // 0 = none yet
	Started     time.Time
	Ended       time.Time // zero while it goes on
	ExitCode    *int      // nil while it goes on
	// LastSuccess is when a run last ended with 0 or 3, this one included. An
	// alarm on its age notices a cron job that no longer runs at all.
	LastSuccess time.Time

	Rows              map[ledger.Status]int // of the input; those absent are 0
	Requests          map[ledger.Class]int  // create-user requests of this run by how they ended; those absent are 0
	Latency           Latency               // of the same requests
	Rate              float64               // requests a second that the pace allows now; +Inf = unlimited, 0 = unknown
	Wallet            string                // decimal
	Currency          string                // of Wallet
	WaitingForBalance bool
}

// Latency counts requests by their duration. The zero value is empty. A copy is
// independent of the original; one value is for one goroutine at a time.
type Latency struct {
	buckets [11]int // each without those below it
	sum     time.Duration
}

// latencyBounds returns the upper bounds of the buckets, in seconds. The
// longest is well past the default of --timeout.
func latencyBounds() [11]float64 {
	return [11]float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, math.Inf(1)}
}

// Add counts a request that took d.
func (l *Latency) Add(d time.Duration) {
	d = max(d, 0)
	bounds := latencyBounds()
	l.buckets[slices.IndexFunc(bounds[:], func(bound float64) bool { return d.Seconds() <= bound })]++
	l.sum += d
}

// Bucket is the number of requests that took at most Bound seconds.
type Bucket struct {
	Bound float64
	Count int
}

// CumulativeBuckets returns the counts in the order of their bounds.
func (l Latency) CumulativeBuckets() (list []Bucket) {
	n := 0
	for i, bound := range latencyBounds() {
		n += l.buckets[i]
		list = append(list, Bucket{bound, n})
	}
	return list
}

// SumSeconds returns the duration of all requests in seconds.
func (l Latency) SumSeconds() float64 { return l.sum.Seconds() }

// Count returns the number of requests.
func (l Latency) Count() int { return l.CumulativeBuckets()[len(l.buckets)-1].Count }

// RequestClasses returns all ways in which a request ends, so that a series exists
// from the start and its first increase is seen.
func (s Snapshot) RequestClasses() []ledger.Class {
	all := []ledger.Class{ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent, ledger.Unknown}
	for _, c := range slices.Sorted(maps.Keys(s.Requests)) {
		if c != ledger.Open && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// HasWallet reports whether the balance is known.
func (s Snapshot) HasWallet() bool { return reporttext.IsDecimal(s.Wallet) }

//go:embed metrics.prom.tmpl
var exposition string

// Encode writes the metrics in the text exposition format, version 0.0.4
// (prometheus.io, "Exposition formats").
func (s Snapshot) Encode(w io.Writer) error { return encodeText(w, exposition, s, s) }

// encodeText executes a template of samples that have the labels of s.
func encodeText(w io.Writer, text string, s Snapshot, data any) error {
	t, err := template.New("metrics").Funcs(template.FuncMap{
		"labels":   s.formatLabels,
		"number":   formatNumber,
		"seconds":  func(t time.Time) string { return formatNumber(float64(t.UnixMilli()) / 1000) },
		"statuses": ledger.Statuses,
	}).Parse(text)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// formatLabels returns the labels of a sample, as names and values. A label without
// a value equals none, and is left out.
func (s Snapshot) formatLabels(more ...any) string {
	var list []string
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	all := append([]any{"environment", s.Environment, "ledger", s.Ledger}, more...)
	for i := 0; i < len(all); i += 2 {
		if value := fmt.Sprint(all[i+1]); value != "" {
			list = append(list, fmt.Sprintf(`%s="%s"`, all[i], escape.Replace(strings.ToValidUTF8(value, "\uFFFD"))))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "{" + strings.Join(list, ",") + "}"
}

func formatNumber(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// Write replaces the file at path in one step, so that a collector never reads
// half of it. Its mode is 0644: the collector is another user. A symbolic link
// or an input of the run is refused. A power loss costs figures that the next
// write brings back.
func Write(files atomicfile.Writer, path string, s Snapshot) error {
	if err := files.Publish(path, func(f *os.File) error { return s.Encode(f) }); err != nil {
		return fmt.Errorf("metrics %s: %w", path, err)
	}
	return nil
}
