package metrics

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

func someMetrics() Snapshot {
	m := Snapshot{Environment: "production", Ledger: "prod.db", Version: "v1.2.0", Run: 7, Started: at(0), Ended: at(59), ExitCode: new(3),
		LastSuccess: at(59), Rows: map[ledger.Status]int{ledger.Created: 1_234_567, ledger.Invalid: 2},
		Requests: map[ledger.Class]int{ledger.OK: 40, ledger.Busy: 1}, Rate: 4.75, Wallet: "1234567.50", Currency: "USD", WaitingForBalance: true}
	for _, d := range []time.Duration{0, 50 * time.Millisecond, 51 * time.Millisecond, 3 * time.Second, 2 * time.Minute} {
		m.Latency.Add(d)
	}
	return m
}

func exposed(t *testing.T, m Snapshot) string {
	t.Helper()
	var out bytes.Buffer
	if err := m.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	errBroken = errors.New("broken")
	update    = flag.Bool("update", false, "write the golden file again")
)

func at(second int) time.Time { return time.Date(2026, 3, 1, 9, 0, second, 999, time.UTC) }

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMetricsGolden(t *testing.T) {
	const path = "testdata/metrics.prom"
	got := exposed(t, someMetrics())
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || got != string(want) {
		t.Errorf("%s differs (run with -update to accept): %v; got\n%s", path, err, got)
	}
}

func TestMetricsFollowTheRules(t *testing.T) {
	if err := checkExposition(exposed(t, someMetrics())); err != nil {
		t.Error(err)
	}
	bare := exposed(t, Snapshot{})
	if err := checkExposition(bare); err != nil {
		t.Error(err)
	}
	for _, unknown := range []string{"_rows", "wallet", "exit_code", "requests_total", "timestamp", "per_second", "="} {
		text := strings.NewReplacer("le=", "").Replace(regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(bare, ""))
		if strings.Contains(text, unknown) {
			t.Errorf("%q is in metrics of which nothing is known:\n%s", unknown, text)
		}
	}
	known := exposed(t, Snapshot{Rows: map[ledger.Status]int{}, Requests: map[ledger.Class]int{}})
	if !strings.Contains(known, "bulkonboard_rows{status=\"created\"} 0\n") || !strings.Contains(known, "bulkonboard_requests_total{class=\"OK\"} 0\n") {
		t.Errorf("empty maps are not zero counts:\n%s", known)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := Snapshot{Environment: rapid.String().Draw(t, "environment"), Ledger: string(rapid.SliceOf(rapid.Byte()).Draw(t, "ledger")),
			Version: rapid.StringMatching(`[\\"\n a-z]*`).Draw(t, "version"), Rate: rapid.Float64Min(0).Draw(t, "rate"),
			Wallet: rapid.StringMatching(`[-0-9.e ]{0,9}`).Draw(t, "wallet"), Currency: rapid.String().Draw(t, "currency"),
			Requests: map[ledger.Class]int{ledger.Class(rapid.StringMatching(`[A-Z_"]*`).Draw(t, "class")): 3}}
		for _, ms := range rapid.SliceOf(rapid.IntRange(-5, 200_000)).Draw(t, "latencies") {
			m.Latency.Add(time.Duration(ms) * time.Millisecond)
		}
		var out bytes.Buffer
		if err := m.Encode(&out); err != nil {
			t.Fatal(err)
		}
		if err := checkExposition(out.String()); err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
	})
}

// The checker itself finds what promtool would.
func TestExpositionChecker(t *testing.T) {
	const head = "# HELP a_seconds x.\n# TYPE a_seconds gauge\n"
	if err := checkExposition(head + "a_seconds 1\n"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "\n", head, head + "a_seconds 1", head + "a_seconds 1\n\n", head + "a_seconds x\n", head + "a_seconds{b=\"\"\"} 1\n", head + "a_seconds{b=\"\\x\"} 1\n",
		head + "a_seconds 1\na_seconds 1\n", head + "b 1\n", head + "a_seconds 1\n" + head + "a_seconds{b=\"c\"} 1\n", "a_seconds 1\n",
		"# TYPE a_seconds gauge\na_seconds 1\n", "# HELP a_total x.\n# TYPE a_total gauge\na_total 1\n", "# HELP a x.\n# TYPE a counter\na 1\n",
		"# HELP a_ms x.\n# TYPE a_ms gauge\na_ms 1\n", "# HELP aB x.\n# TYPE aB gauge\naB 1\n",
		"# HELP a x.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
		"# HELP a x.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
		"# HELP a x.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_sum 1\na_count 1\n",
	} {
		if checkExposition(bad) == nil {
			t.Errorf("taken as valid:\n%s", bad)
		}
	}
}

// checkExposition holds a text against the exposition format and against what
// `promtool check metrics` complains of.
func checkExposition(text string) error {
	if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
		return errors.New("must end with one newline")
	}
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	sample := regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? (\S+)$`)
	kinds, seen, family, filled := map[string]string{}, map[string]bool{}, "", true
	h := &histogramCheck{}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if help, ok := strings.CutPrefix(line, "# HELP "); ok {
			n, words, _ := strings.Cut(help, " ")
			if !filled || words == "" || kinds[n] != "" {
				return fmt.Errorf("%s: a family without samples, without help, or in two pieces", line)
			}
			if err := h.whole(); err != nil {
				return err
			}
			family, filled, kinds[n] = n, false, "?"
			continue
		}
		if kind, ok := strings.CutPrefix(line, "# TYPE "+family+" "); ok && kinds[family] == "?" {
			kinds[family] = kind
			for _, unit := range []string{"_ms", "milliseconds", "_minutes", "_hours", "kilobytes", "percent", "gauge", "counter", "histogram"} {
				if strings.Contains(family, unit) {
					return fmt.Errorf("%s: no base unit, or a type in the name", family)
				}
			}
			if !name.MatchString(family) || (kind == "counter") != strings.HasSuffix(family, "_total") {
				return fmt.Errorf("%s is no name for a %s", family, kind)
			}
			continue
		}
		part := sample.FindStringSubmatch(line)
		if part == nil {
			return fmt.Errorf("not a sample: %q", line)
		}
		suffix, ok := strings.CutPrefix(part[1], family)
		value, err := strconv.ParseFloat(part[3], 64)
		key := part[1] + "{" + part[2] + "}"
		if !ok || family == "" || kinds[family] == "?" || err != nil || seen[key] || suffix != "" && kinds[family] != "histogram" {
			return errors.Join(fmt.Errorf("%q: outside of its family, no number, or there twice", line), err)
		}
		seen[key], filled = true, true
		if kinds[family] == "histogram" {
			if err := h.take(suffix, part[2], value); err != nil {
				return err
			}
		}
	}
	if !filled || family == "" {
		return errors.New("a family without samples")
	}
	return h.whole()
}

type histogramCheck struct {
	last, bound   float64
	any, sum, end bool
}

func (h *histogramCheck) take(suffix, labels string, value float64) error {
	switch suffix {
	case "_bucket":
		_, le, _ := strings.Cut(labels, `le="`)
		bound, err := strconv.ParseFloat(strings.TrimSuffix(le, `"`), 64)
		if err != nil || value < h.last || h.any && bound <= h.bound {
			return fmt.Errorf("bucket %s = %v after %v", labels, value, h.last)
		}
		h.any, h.last, h.bound = true, value, bound
	case "_sum":
		h.sum = true
	case "_count":
		h.end = true
		if value != h.last {
			return fmt.Errorf("count %v, buckets %v", value, h.last)
		}
	default:
		return fmt.Errorf("a histogram has no %q", suffix)
	}
	return nil
}

func (h *histogramCheck) whole() error {
	done := *h
	*h = histogramCheck{}
	if done.any && !(math.IsInf(done.bound, 1) && done.sum && done.end) {
		return errors.New("histogram without +Inf, sum or count")
	}
	return nil
}

func TestMetricsFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bulkonboard.prom")
	for _, m := range []Snapshot{{}, someMetrics()} {
		if err := Write(atomicfile.Writer{}, path, m); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil || string(data) != exposed(t, m) {
			t.Errorf("file holds %s, %v", data, err)
		}
		fi, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o644 {
			t.Errorf("mode %v, %v", fi.Mode(), err)
		}
		if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
			t.Errorf("directory holds %v, %v", names, err)
		}
	}
	err := Write(atomicfile.Writer{}, dir, Snapshot{})
	if !errors.Is(err, atomicfile.ErrNotFile) {
		t.Errorf("a directory: %v", err)
	}
	if err := Write(atomicfile.Writer{Inputs: []string{path}}, path, Snapshot{}); !errors.Is(err, atomicfile.ErrIsInput) {
		t.Errorf("an input: %v", err)
	}
	// What another program holds open stays as it was, and no other name is taken.
	o := atomicfile.Writer{Rename: func(string, string) error { return errBroken }}
	if err := Write(o, path, Snapshot{}); !errors.Is(err, errBroken) {
		t.Errorf("a file that is held open: %v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("directory holds %v, %v", names, err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != exposed(t, someMetrics()) {
		t.Errorf("the old file is gone: %v", err)
	}
}
