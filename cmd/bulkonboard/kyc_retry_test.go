package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// fronted is a simulated partner behind a handler, which may pass requests on, and the
// base URL of the handler.
func fronted(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) (*sandbox.Server, string) {
	t.Helper()
	server, err := sandbox.New(sandbox.Config{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	address, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: target.Scheme, Host: target.Host})
		r.Out.Host = target.Host
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, pass) }))
	t.Cleanup(front.Close)
	return server, front.URL + target.Path
}

// A list that gives the same page whatever is asked for ends kyc sync, and is told.
func TestSyncOfAListThatIgnoresSkip(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	var lists atomic.Int64
	_, base := fronted(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if broken.Load() && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/v1/partner/card/users") {
			lists.Add(1)
			r.URL.RawQuery = "skip=0&limit=2"
		}
		pass.ServeHTTP(w, r)
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(customersCSV(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, dir, "run", "in.csv", "--base-url", base, "--ledger", "l.db", "--rate", "unlimited").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	broken.Store(true)
	out, err := command(t, dir, "kyc", "sync", "--base-url", base, "--ledger", "l.db").CombinedOutput()
	if code := exitOfProcess(t, err); code != 3 || !strings.Contains(string(out), "2 pages read: 5 users looked for, 2 found") || !strings.Contains(string(out), "3 users not seen, because reading stopped early: the list ignores skip") {
		t.Errorf("exit %d\n%s", code, out)
	}
	// The second page is asked for twice: over a kept connection it might be another request's.
	if n := lists.Load(); n > 3 {
		t.Errorf("%d pages were read", n)
	}
}

// Persona has passed the user and the check was denied: a retry submits the documents
// again, without a link. Nobody is asked to act, in nothing that the program writes.
func TestRetryWithoutALink(t *testing.T) {
	t.Parallel()
	server, base := fronted(t, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		id, isRetry := strings.CutSuffix(r.URL.Path, "/retry-kyc")
		if !isRetry {
			pass.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"status":"success","message":"KYC resubmitted","data":{"serviceId":"`+filepath.Base(id)+`","applicationStatus":"pending","retryCount":1}}`)
	})

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(customersCSV(3)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(code int, args ...string) string {
		t.Helper()
		out, err := command(t, dir, append(args, "--base-url", base, "--ledger", "l.db")...).CombinedOutput()
		if got := exitOfProcess(t, err); got != code {
			t.Fatalf("%v: exit %d, want %d\n%s", args, got, code, out)
		}
		return string(out)
	}
	run(0, "run", "in.csv", "--report", "r.csv", "--rate", "unlimited")
	users := server.Users()
	denied := users[0]
	webhook := `{"event":"user.kyc-event","timestamp":"2026-02-04T09:15:00.000Z","data":{"serviceId":"` + denied.ServiceID + `","status":"denied","reason":["SELFIE_MISMATCH","DOCUMENT_EXPIRED"]}}
{"event":"rain.user-event","timestamp":"2026-02-04T09:16:00.000Z","data":{"serviceId":"` + denied.ServiceID + `","user":{}}}
{"event":"rain.user-event","timestamp":"2026-02-04T09:16:00.000Z","data":{"serviceId":"acme-rain-user-ofsomebodyelse"}}
{"event":"user.kyc.denied","timestamp":"2026-02-04T09:17:00.000Z","data":{"serviceId":"` + users[1].ServiceID + `","partnerId":"another","status":"denied"}}
`
	if err := os.WriteFile(filepath.Join(dir, "events.json"), []byte(webhook), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(0, "kyc", "import", "--partner-id", "ours", "events.json")
	for _, part := range []string{"1 event of identity checks, 1 of them new; 1 of other kinds", "warning: rain.user-event: 1 event not recorded: ", "warning: user.kyc.denied: 1 event not recorded: "} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
	report := func() map[string]string {
		t.Helper()
		run(0, "report", "--report", "r.csv", "--report", "r.html", "--report", "r.json")
		for _, r := range readReport(t, filepath.Join(dir, "r.csv")) {
			if r["serviceId"] == denied.ServiceID {
				return r
			}
		}
		t.Fatal("the denied user is not in the report")
		return nil
	}
	if r := report(); r["kycStatus"] != "denied" || r["kycReasons"] != "DOCUMENT_EXPIRED; SELFIE_MISMATCH" || r["verificationUrl"] != denied.VerificationURL {
		t.Errorf("denied: %q", r)
	}
	if out := run(0, "kyc", "retry", "--rate", "unlimited"); !strings.Contains(out, "1 user denied: 0 with a new link; 1 submitted again without a link; 0 with all 3 attempts used") {
		t.Error(out)
	}
	r := report()
	if r["status"] != "created" || r["kycStatus"] != "pending" || r["kycRetries"] != "1" || r["verificationUrl"] != "" || r["linkIssuedAt"] != "" ||
		r["code"] != "warn:kyc_resubmitted" || !strings.Contains(r["message"], "The user has nothing to do") {
		t.Errorf("submitted again: %q", r)
	}
	for _, name := range []string{"r.csv", "r.html", "r.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(text), denied.VerificationURL) || name != "r.html" && !strings.Contains(string(text), "The user has nothing to do") {
			t.Errorf("%s: %v, the old link in it: %v", name, err, strings.Contains(string(text), denied.VerificationURL))
		}
	}
	for _, args := range [][]string{{"links", "export"}, {"links", "export", "--unverified"}, {"ledger", "export", "-"}} {
		if strings.Contains(run(0, args...), denied.VerificationURL) {
			t.Errorf("%v shows the old link", args)
		}
	}
	if out := run(0, "status"); !strings.Contains(out, "1 user under review again: the documents were submitted again") {
		t.Error(out)
	}
}
