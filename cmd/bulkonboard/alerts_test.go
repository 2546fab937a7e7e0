package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// alertSink receives what --notify-url-file posts.
type alertSink struct {
	*httptest.Server
	mu   sync.Mutex
	told []string
}

func newAlertSink(t *testing.T) *alertSink {
	s := &alertSink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, string(body))
	}))
	t.Cleanup(s.Close)
	return s
}

// takeAll returns what was posted since the last call.
func (s *alertSink) takeAll() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.told
	s.told = nil
	return told
}

// alert is what scripts and chat programs read of an alert.
type alert struct {
	Event, Text, Command string
	ExitCode             *int
	StopReason           string
	Sent, Remaining      *int
	Counts               map[string]int
}

func oneAlert(t *testing.T, name string, told []string) alert {
	t.Helper()
	if len(told) != 1 {
		t.Fatalf("%s: told %d times: %v", name, len(told), told)
	}
	var a alert
	if err := json.Unmarshal([]byte(told[0]), &a); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if a.ExitCode == nil || a.Text == "" || a.Event != "ended" {
		t.Errorf("%s: %s", name, told[0])
	}
	return a
}

// TestAlerts: every way in which a nightly run can fail reaches operators, and none of
// them changes how it ends.
func TestAlerts(t *testing.T) {
	sink := newAlertSink(t)
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(3), "bad.csv": strings.Replace(customersCSV(3), "@", " at ", 1),
		"broken.csv": "no,such,columns\n1,2,3\n", "url": sink.URL + "/T000-SECRET\n", "bad.yaml": "rate: fast\n", "key": "sk_test_alerts"})
	run := func(name string, want int, args ...string) (string, []string) {
		t.Helper()
		code, said := inDirectory(t, dir, nil, append(args, "--notify-url-file", "url")...)
		if code != want {
			t.Errorf("%s: exit %d, want %d\n%s", name, code, want, said)
		}
		if strings.Contains(said, "T000") {
			t.Errorf("%s shows the URL:\n%s", name, said)
		}
		return said, sink.takeAll()
	}
	for _, c := range []struct {
		name, reason string
		code         int
		args         []string
	}{
		{"rows to review", "", 3, []string{"run", "--sandbox", "--rate", "unlimited", "bad.csv"}},
		{"an unusable list", "input", 2, []string{"run", "--sandbox", "broken.csv"}},
		{"no list", "input", 2, []string{"run", "--sandbox", "missing.csv"}},
		{"a ledger of another environment", "ledger", 7, []string{"run", "--ledger", "bulkonboard-sandbox.db", "--api-key-file", "key", "--base-url", "http://127.0.0.1:9/api", "in.csv"}},
		{"flags that make no sense", "", 2, []string{"run", "--sandbox", "--again", "often", "in.csv"}},
		{"a setting that makes no sense", "", 2, []string{"run", "--sandbox", "--config", "bad.yaml", "in.csv"}},
		{"an empty wallet", "low_balance", 4, []string{"run", "--sandbox", "--fresh", "--rate", "unlimited", "--fee", "0.50", "--sandbox-balance", "1.20", "in.csv"}},
		{"a guard", "max_invalid", 10, []string{"run", "--sandbox", "--fresh", "--max-invalid", "10%", "bad.csv"}},
	} {
		_, told := run(c.name, c.code, c.args...)
		if a := oneAlert(t, c.name, told); *a.ExitCode != c.code || a.StopReason != c.reason || a.Command != "run" {
			t.Errorf("%s: %s", c.name, told[0])
		}
	}
	for _, c := range []struct {
		name string
		when string
		code int
		args []string
		told int
	}{
		{"done", "failed,attention", 0, []string{"in.csv"}, 0},
		{"done, and always told", "always", 0, []string{"in.csv"}, 1},
		{"rows to review, and only failures told", "failed", 3, []string{"--strict", "bad.csv"}, 0},
	} {
		_, told := run(c.name, c.code, append([]string{"run", "--sandbox", "--rate", "unlimited", "--notify-when", c.when}, c.args...)...)
		if len(told) != c.told {
			t.Errorf("%s: told %v", c.name, told)
		}
	}
}

// TestAlertsSayNothingOfCustomers: an alert is the whole summary as it is printed, and
// holds nothing of a customer.
func TestAlertsSayNothingOfCustomers(t *testing.T) {
	sink := newAlertSink(t)
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(5), "url": sink.URL})
	code, said := inDirectory(t, dir, nil, "run", "--sandbox", "--rate", "unlimited", "--notify-url-file", "url", "--notify-when", "always", "--json", "in.csv")
	told := sink.takeAll()
	if code != 0 || oneAlert(t, "run", told).Counts["created"] != 5 {
		t.Fatalf("exit %d: %v", code, told)
	}
	at := strings.Index(said, `{"schema"`)
	summary, end := said[at:], strings.Index(said[at:], "\n")
	var printed, posted map[string]any
	if err := json.Unmarshal([]byte(summary[:end]), &printed); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(told[0]), &posted); err != nil {
		t.Fatal(err)
	}
	for key, value := range printed {
		was, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		is, err := json.Marshal(posted[key])
		if err != nil || string(is) != string(was) {
			t.Errorf("%s is %s, printed as %s", key, is, was)
		}
	}
	if posted["schema"] != float64(report.Schema) {
		t.Errorf("schema %v", posted["schema"])
	}
	for _, row := range readReport(t, filepath.Join(dir, "in.sandbox.report.csv")) {
		for _, name := range []string{"email", "firstName", "lastName", "serviceId", "verificationUrl", "idempotencyKey"} {
			if cell := row[name]; cell == "" || strings.Contains(told[0], cell) {
				t.Errorf("%s %q: %s", name, cell, told[0])
			}
		}
	}
}

// TestAlertThatFailsChangesNothing: the exit code is that of the run, and what failed is
// said.
func TestAlertThatFailsChangesNothing(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(2), "url": server.URL + "/T000-SECRET", "http": "http://hooks.example.com/T000-SECRET"})
	code, said := inDirectory(t, dir, nil, "run", "--sandbox", "--rate", "unlimited", "--notify-url-file", "url", "--notify-when", "always", "in.csv")
	if code != 0 || !strings.Contains(said, "warning: notification failed: --notify-url-file: it answered HTTP 404") || strings.Contains(said, "T000") {
		t.Errorf("exit %d\n%s", code, said)
	}
	code, said = inDirectory(t, dir, nil, "run", "--sandbox", "--notify-url-file", "http", "in.csv")
	if code != 2 || !strings.Contains(said, "--notify-url-file: the URL begins with http") || strings.Contains(said, "T000") {
		t.Errorf("exit %d\n%s", code, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "in.sandbox.report.csv")); err != nil {
		t.Error(err)
	}
}
