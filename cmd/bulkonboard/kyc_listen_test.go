//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// While the secret is replaced, kyc listen takes both; it answers probes, takes events
// of days ago, and names what it did not record.
func TestListenWhileTheSecretIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"in.csv": customersCSV(1), "old": "whsec_old\n", "new": "\n whsec_newer \r\nwhsec_new\n\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := command(t, dir, "run", "in.csv", "--sandbox", "--ledger", "l.db", "--report", "r.csv", "--rate", "unlimited").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	id := readReport(t, filepath.Join(dir, "r.csv"))[0]["serviceId"]

	c := command(t, dir, "kyc", "listen", "--ledger", "l.db", "--addr", "127.0.0.1:0", "--secret-file", "old", "--secret-file", "new", "--partner-id", "ours", "--metrics-addr", "127.0.0.1:0", "--log-file", "listen.log")
	out, err := c.StdoutPipe()
	text := new(lockedText)
	c.Stderr = text
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	address := strings.TrimSpace(line)

	body := func(name, data string, ago time.Duration) string {
		return `{"event":"` + name + `","timestamp":"` + time.Now().Add(-ago).UTC().Format(time.RFC3339Nano) + `","data":{"serviceId":"` + id + `"` + data + `}}`
	}
	for _, test := range []struct {
		name, method, body string
		secrets            []string
		want               int
	}{
		{"probed", "GET", "", nil, 204},
		{"probed by HEAD", "HEAD", "", nil, 204},
		{"unsigned", "POST", body("user.kyc.approved", "", 0), nil, 401},
		{"signed by nobody here", "POST", body("user.kyc.approved", "", 0), []string{"whsec_other", "whsec_old "}, 401},
		{"under the old secret", "POST", body("user.kyc.pending", "", 6*24*time.Hour), []string{"whsec_old"}, 204},
		{"under both", "POST", body("user.kyc-event", `,"status":"denied","reason":["DOCUMENT_EXPIRED"]`, time.Hour), []string{"whsec_next", "whsec_new"}, 204},
		{"under the second of a file", "POST", body("user.kyc.manualReview", "", 2*time.Hour), []string{"whsec_newer"}, 204},
		{"older than a week", "POST", body("user.kyc.pending", "", 8*24*time.Hour), []string{"whsec_new"}, 409},
		{"not understood", "POST", body("rain.user-event", "", 0), []string{"whsec_new"}, 204},
		{"not understood, again", "POST", body("rain.user-event", "", time.Minute), []string{"whsec_new"}, 204},
		{"of another account", "POST", body("user.kyc.approved", `,"partnerId":"theirs"`, 0), []string{"whsec_new"}, 204},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, address+"hooks", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		var signatures []string
		for _, secret := range test.secrets {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write([]byte(test.body))
			signatures = append(signatures, hex.EncodeToString(mac.Sum(nil)))
		}
		req.Header.Set("X-Webhook-Signature", strings.Join(signatures, ","))
		req.Close = true
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode != test.want {
			t.Errorf("%s: %d, want %d", test.name, resp.StatusCode, test.want)
		}
	}
	for _, method := range []string{"GET", "HEAD"} {
		if status, body := askFor(t, method, address+"healthz"); status != 200 || body != "" {
			t.Errorf("%s: health is %d, %q", method, status, body)
		}
	}
	found := regexp.MustCompile(`metrics: (http://\S+)/metrics\n`).FindStringSubmatch(text.String())
	if found == nil {
		t.Fatalf("no address of the metrics in\n%s", text.String())
	}
	if status, _ := askFor(t, "GET", found[1]+"/healthz"); status != 200 {
		t.Errorf("health beside the metrics: %d", status)
	}
	if status, _ := askFor(t, "GET", found[1]+"/"); status != 404 {
		t.Errorf("another path beside the metrics: %d", status)
	}
	_, exposed := askFor(t, "GET", found[1]+"/metrics")
	for _, want := range []string{`bulkonboard_webhook_ledger_writable{environment="sandbox",ledger="l.db"} 1`, `result="recorded"} 2`, `result="repeated"} 1`,
		`result="skipped"} 4`, `code="204"} 8`, `code="401"} 2`, `code="409"} 1`} {
		if !strings.Contains(exposed, want+"\n") {
			t.Errorf("no %q in\n%s", want, exposed)
		}
	}
	if strings.Contains(exposed, id) || strings.Contains(exposed, "whsec") {
		t.Errorf("the metrics hold more than figures:\n%s", exposed)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if code := exitOfProcess(t, c.Wait()); code != 0 {
		t.Errorf("exit %d", code)
	}
	for _, part := range []string{"\nrain.user-event not recorded: ", "warning: rain.user-event: 2 events not recorded: not an event of an identity check",
		"warning: user.kyc.approved: 1 event not recorded: the event is of another partner account\n",
		"warning: user.kyc.pending: 1 event not recorded: the event is too old, or from the future\n"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, "listen.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`level=INFO msg="kyc status" status=denied at=`, `level=WARN msg="rain.user-event not recorded: `} {
		if !strings.Contains(string(log), part) {
			t.Errorf("no %q in\n%s", part, log)
		}
	}
	if strings.Contains(text.String()+string(log), id) {
		t.Error("a log line has a serviceId")
	}
	if out, err := command(t, dir, "report", "--sandbox", "--ledger", "l.db", "--report", "r.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if r := readReport(t, filepath.Join(dir, "r.csv"))[0]; r["kycStatus"] != "denied" || r["kycReasons"] != "DOCUMENT_EXPIRED" {
		t.Errorf("%q", r)
	}
}

// askFor returns the status and the body of an answer.
func askFor(t *testing.T, method, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// lockedText is what a process writes while the test reads it.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// While a check pass holds the ledger, an event cannot be recorded: the endpoint is not
// healthy, and goes on.
func TestListenWhileTheLedgerIsHeld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"in.csv": customersCSV(1), "secret": "whsec_1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := command(t, dir, "run", "in.csv", "--sandbox", "--ledger", "l.db", "--report", "r.csv", "--rate", "unlimited").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := command(t, dir, "kyc", "listen", "--ledger", "l.db", "--addr", "127.0.0.1:0", "--secret-file", "secret", "--log-format", "json")
	out, err := c.StdoutPipe()
	var text bytes.Buffer
	c.Stderr = &text
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, &text)
	}
	address := strings.TrimSpace(line)
	if status, _ := askFor(t, "GET", address); status != 204 { // it serves, so its own entry is in the log
		t.Errorf("probed: %d", status)
	}
	held, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(dir, "l.db"), Environment: "sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	check, err := held.Register(t.Context(), ledger.Batch{Fingerprint: "long"})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := askFor(t, "GET", address+"healthz"); status != 503 || body != "" {
		t.Errorf("while the ledger is held: %d, %q", status, body)
	}
	if err := errors.Join(check.Rollback(), held.Close()); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if code := exitOfProcess(t, c.Wait()); code != 0 {
		t.Errorf("exit %d\n%s", code, &text)
	}
	for line := range strings.Lines(text.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON on standard error: %q", line)
		}
	}
	if !strings.Contains(text.String(), "listening for webhooks") {
		t.Errorf("operators are told nothing:\n%s", &text)
	}
}
