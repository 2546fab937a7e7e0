package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Metrics is what the Prometheus text file (--metrics-file) says of a run, for
// node_exporter's textfile collector. What is not known is left out of the
// file: nil maps, nil pointers, zero times, "". It holds figures, the ledger's
// name and the version, and nothing of a customer.
//
// Environment and Ledger label every sample. The collector refuses all its
// files when two of them hold the same series, so runs on two ledgers need
// files that differ in these.
type Metrics struct {
	Environment string
	Ledger      string // base name of its file
	Version     string // of the program
	Run         int64  // 0 = none yet
	Started     time.Time
	Ended       time.Time // zero while it goes on
	ExitCode    *int      // nil while it goes on
	// LastSuccess is when a run last ended with 0 or 3, this one included. An
	// alarm on its age notices a cron job that has stopped running at all.
	LastSuccess time.Time

	Rows              map[ledger.Status]int // of the input; those absent are 0
	Requests          map[ledger.Class]int  // create-user requests of this run by how they ended; those absent are 0
	Latency           Latency               // of the same requests
	Rate              float64               // requests a second that the pace allows now; +Inf = unlimited, 0 = not known
	Wallet            Amount
	Currency          string // of Wallet
	WaitingForBalance bool
}

// latencyBounds are upper bounds of the buckets, in seconds. The longest is
// well past the default of --timeout.
func latencyBounds() [11]float64 {
	return [11]float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, math.Inf(1)}
}

// Latency counts requests by how long they took. The zero value is empty. A
// copy is independent of the original; one value is for one goroutine at a time.
type Latency struct {
	buckets [11]int // each without those below it
	sum     time.Duration
}

// Add counts a request that took d.
func (l *Latency) Add(d time.Duration) {
	d = max(d, 0)
	for i, bound := range latencyBounds() {
		if d.Seconds() <= bound {
			l.buckets[i]++
			break
		}
	}
	l.sum += d
}

// classes are the ways in which a request ends, so that a series is there from
// the start and its first increase is seen.
func classes() []ledger.Class {
	return []ledger.Class{ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent, ledger.Unknown}
}

// Encode writes the metrics in the text exposition format, version 0.0.4
// (prometheus.io, "Exposition formats").
func (m Metrics) Encode(w io.Writer) error {
	e := exposition{base: []string{"environment", m.Environment, "ledger", m.Ledger}}
	e.family("bulkonboard_build_info", "gauge", "Always 1; the label tells the version of the program.")
	e.sample("", 1, "version", m.Version)
	if m.Run != 0 {
		e.one("bulkonboard_run_number", "gauge", "Number of the run, as the ledger's log has it.", float64(m.Run))
	}
	e.moment("bulkonboard_run_start_timestamp_seconds", "When the run began, in Unix time.", m.Started)
	e.moment("bulkonboard_run_end_timestamp_seconds", "When the run ended, in Unix time; absent while it goes on.", m.Ended)
	if m.ExitCode != nil {
		e.one("bulkonboard_run_exit_code", "gauge", "Exit code of the run; absent while it goes on.", float64(*m.ExitCode))
	}
	e.moment("bulkonboard_last_success_timestamp_seconds", "When a run last ended with exit code 0 or 3, in Unix time.", m.LastSuccess)
	if m.Rows != nil {
		e.family("bulkonboard_rows", "gauge", "Rows of the input by status.")
		for _, s := range ledger.Statuses() {
			e.sample("", float64(m.Rows[s]), "status", string(s))
		}
	}
	if m.Requests != nil {
		e.family("bulkonboard_requests_total", "counter", "Create-user requests of this run by how they ended.")
		for _, c := range classes() {
			e.sample("", float64(m.Requests[c]), "class", string(c))
		}
		for _, c := range slices.Sorted(maps.Keys(m.Requests)) {
			if c != ledger.Open && !slices.Contains(classes(), c) {
				e.sample("", float64(m.Requests[c]), "class", string(c))
			}
		}
	}
	e.histogram("bulkonboard_request_duration_seconds", "How long create-user requests of this run took.", m.Latency)
	if m.Rate > 0 {
		e.one("bulkonboard_requests_per_second_limit", "gauge", "Requests a second that the pace allows now.", m.Rate)
	}
	if number.MatchString(string(m.Wallet)) {
		e.family("bulkonboard_wallet_balance", "gauge", "Balance of the partner wallet when it was last asked, in units of its currency.")
		e.text("", string(m.Wallet), "currency", m.Currency)
	}
	waiting := 0.0
	if m.WaitingForBalance {
		waiting = 1
	}
	e.one("bulkonboard_waiting_for_balance", "gauge", "1 while the run waits for the wallet to be topped up.", waiting)
	_, err := w.Write(e.out.Bytes())
	return err
}

// Metrics replaces the file at path in one step, so that a collector never
// reads half of it. It is open to all (0644): whoever collects is another user.
// A symbolic link, or an input, is refused as for a report. It is not fsynced:
// a power loss costs figures that the next write brings back.
func (o Output) Metrics(path string, m Metrics) error {
	if err := o.metrics(path, m); err != nil {
		return fmt.Errorf("metrics %s: %w", path, plain(err))
	}
	return nil
}

func (o Output) metrics(path string, m Metrics) (err error) {
	if _, err := o.permit(path); err != nil {
		return err
	}
	s, err := stage(path)
	if err != nil {
		return err
	}
	defer func() {
		if dropped := s.drop(); err == nil {
			err = dropped
		}
	}()
	if err := m.Encode(s.file); err != nil {
		return err
	}
	if err := s.file.Chmod(0o644); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return err
	}
	// Unlike a report it takes no other name while this one is held open: a
	// collector looks for this one, and the next write is near.
	if o.rename != nil {
		return o.rename(s.file.Name(), path)
	}
	return os.Rename(s.file.Name(), path)
}

// exposition collects the text. A family's samples follow its head.
type exposition struct {
	out  bytes.Buffer
	base []string // label names and values of every sample
	name string   // of the family
}

func (e *exposition) family(name, kind, help string) {
	e.name = name
	fmt.Fprintf(&e.out, "# HELP %s %s\n# TYPE %s %s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(help), name, kind)
}

// one is a family of one sample.
func (e *exposition) one(name, kind, help string, value float64) {
	e.family(name, kind, help)
	e.sample("", value)
}

// moment is a family of one time; none for the zero time.
func (e *exposition) moment(name, help string, t time.Time) {
	if !t.IsZero() {
		e.one(name, "gauge", help, float64(t.UnixMilli())/1000)
	}
}

func (e *exposition) histogram(name, help string, l Latency) {
	e.family(name, "histogram", help)
	n := 0
	for i, bound := range latencyBounds() {
		n += l.buckets[i]
		e.sample("_bucket", float64(n), "le", figure(bound))
	}
	e.sample("_sum", l.sum.Seconds())
	e.sample("_count", float64(n))
}

func (e *exposition) sample(suffix string, value float64, labels ...string) {
	e.text(suffix, figure(value), labels...)
}

// text writes a sample whose value is spelt already. A label without a value
// is the same as none, and left out.
func (e *exposition) text(suffix, value string, labels ...string) {
	e.out.WriteString(e.name + suffix)
	separator := "{"
	all := append(e.base[:len(e.base):len(e.base)], labels...)
	for i := 0; i < len(all); i += 2 {
		if all[i+1] == "" {
			continue
		}
		e.out.WriteString(separator + all[i] + `="` + labelValue(all[i+1]) + `"`)
		separator = ","
	}
	if separator == "," {
		e.out.WriteByte('}')
	}
	e.out.WriteString(" " + value + "\n")
}

// labelValue escapes what the format asks for, and nothing else.
func labelValue(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

// figure spells a number as Go does, which is what the format takes.
func figure(f float64) string {
	if math.IsInf(f, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
