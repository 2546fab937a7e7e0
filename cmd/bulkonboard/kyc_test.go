//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"io"
	"net/http"
	"net/http/httptest"
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

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// story is one batch from the first request to the last approval.
type story struct {
	t      *testing.T
	dir    string
	server *sandbox.Server
	url    string
	hook   atomic.Pointer[string] // where webhooks are passed on to; nil = nowhere yet
	drop   sync.Map               // serviceIds whose webhooks get lost
	posts  chan struct{}
}

const storyRows = 300

func newStory(t *testing.T) *story {
	t.Helper()
	var faults []sandbox.Fault
	for _, text := range []string{"reset-after=try1,0.02", "cut-after=try1,0.01", "500-before=#90", "429=#250"} {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	return openStory(t, sandbox.Config{KeyTTL: time.Second, Latency: 2 * time.Millisecond, Balance: "100.00", Fee: "0.50", Seed: 5, Faults: faults,
		Webhook: sandbox.Webhook{Secret: "whsec_story", Prefix: "sha256=", SeedName: true, Repeat: 1}}, customersCSV(storyRows))
}

// openStory starts a partner whose webhooks go to whoever listens, and writes the list.
func openStory(t *testing.T, cfg sandbox.Config, list string) *story {
	t.Helper()
	s := &story{t: t, dir: t.TempDir(), posts: make(chan struct{}, 10*storyRows)}
	relay := httptest.NewServer(http.HandlerFunc(s.relay))
	t.Cleanup(relay.Close)
	cfg.Webhook.URL = relay.URL
	cfg.Barrier = func(st sandbox.Stage, _, _ string) {
		if st == sandbox.Arrived {
			select {
			case s.posts <- struct{}{}:
			default:
			}
		}
	}
	var err error
	s.server, err = sandbox.New(cfg)
	if err == nil {
		s.url, err = s.server.Listen("127.0.0.1:0")
	}
	for name, text := range map[string]string{"in.csv": list, "secret": "whsec_story\n"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// relay passes webhooks on to whoever listens, but for those that get lost.
func (s *story) relay(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	to := s.hook.Load()
	if err != nil || to == nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if e, err := kyc.ParseEvent(body); err == nil {
		if _, lost := s.drop.Load(e.ServiceID); lost {
			return
		}
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, *to, bytes.NewReader(body))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	_ = resp.Body.Close() // it is empty
	w.WriteHeader(resp.StatusCode)
}

func (s *story) command(args ...string) *exec.Cmd {
	return command(s.t, s.dir, append(args, "--base-url", s.url, "--ledger", "l.db")...)
}

func (s *story) sender(args ...string) *exec.Cmd {
	return s.command(append(args, "in.csv", "--report", "r.csv", "--rate", "unlimited", "--workers", "8", "--timeout", "2s", "--settle", "2s", "--key-ttl", "1s", "--fee", "0.50")...)
}

// expect runs a command to its end.
func (s *story) expect(c *exec.Cmd, code int) string {
	s.t.Helper()
	out, err := c.CombinedOutput()
	if got := exitOfProcess(s.t, err); got != code {
		s.t.Fatalf("%v: exit %d, want %d\n%s", c.Args[1:3], got, code, out)
	}
	return string(out)
}

// killAt kills a command when the partner has seen n more POSTs.
func (s *story) killAt(c *exec.Cmd, n int) {
	s.t.Helper()
	for len(s.posts) > 0 {
		<-s.posts
	}
	var text bytes.Buffer
	c.Stderr = &text
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range n {
		select {
		case <-s.posts:
		case <-time.After(20 * time.Second):
			s.t.Fatalf("too few requests:\n%s", &text)
		}
	}
	if err := c.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	if code := exitOfProcess(s.t, c.Wait()); code != -1 {
		s.t.Fatalf("exit %d of a killed process\n%s", code, &text)
	}
}

// listen starts the endpoint and returns how to end it, which returns what it said.
func (s *story) listen() func() string {
	s.t.Helper()
	c := s.command("kyc", "listen", "--addr", "127.0.0.1:0", "--secret-file", "secret")
	c.Env = nil // it needs no key
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, settings.KeyVariable+"=") {
			c.Env = append(c.Env, kv)
		}
	}
	out, err := c.StdoutPipe()
	var text bytes.Buffer
	c.Stderr = &text
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("%v\n%s", err, &text)
	}
	url := strings.TrimSpace(line) + "webhooks/kyc"
	s.hook.Store(&url)
	return func() string {
		s.t.Helper()
		s.hook.Store(nil)
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			s.t.Error(err)
		}
		if code := exitOfProcess(s.t, c.Wait()); code != 0 {
			s.t.Errorf("kyc listen: exit %d\n%s", code, &text)
		}
		return text.String()
	}
}

func (s *story) set(id, status string) {
	s.t.Helper()
	if err := s.server.SetStatus(id, status); err != nil {
		s.t.Error(err)
	}
}

// told waits until all webhooks have arrived.
func (s *story) told() {
	s.t.Helper()
	if _, lost, err := s.server.WaitForWebhooks(s.t.Context()); err != nil || lost > 0 {
		s.t.Errorf("%d webhooks were given up: %v", lost, err)
	}
}

// exported is what the ledger says of everybody with a link, by e-mail.
func (s *story) exported(more ...string) map[string]map[string]string {
	s.t.Helper()
	c := s.command(append([]string{"links", "export"}, more...)...)
	out, err := c.Output()
	if err != nil {
		s.t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(out), "\ufeff"))).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		all[row["email"]] = row
	}
	return all
}

// The whole way of a batch: killed, out of money, resumed, followed by webhooks
// and by the list, denied users retried, lost links recovered, killed in that,
// too. In the end every person has one user, one link and the right KYC status,
// and the money adds up.
func TestTheWholeStory(t *testing.T) {
	long(t)
	t.Parallel()
	s := newStory(t)
	s.killAt(s.sender("run"), 60)
	s.expect(s.command("kyc", "sync", "--rate", "unlimited"), 0)
	s.expect(s.sender("run"), 4)
	if n := s.server.Counters().Users; n != 200 {
		t.Fatalf("%d users for 100.00, want 200", n)
	}
	endListening := s.listen()
	if err := s.server.TopUp("60.00"); err != nil {
		t.Fatal(err)
	}

	// The rest is sent while webhooks come in beside it.
	c := s.sender("run")
	var text bytes.Buffer
	c.Stderr = &text
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for i, u := range s.server.Users() {
		if i%10 == 1 {
			s.drop.Store(u.ServiceID, true)
		}
		s.set(u.ServiceID, "pending")
	}
	if code := exitOfProcess(t, c.Wait()); code != 3 {
		t.Fatalf("exit %d, want 3: links are lost\n%s", code, &text)
	}
	s.told()
	lost := map[string]bool{}
	for _, r := range readReport(t, filepath.Join(s.dir, "r.csv")) {
		switch r["status"] {
		case "link_missing":
			lost[r["email"]] = true
		case "created":
		default:
			t.Errorf("row %s is %s", r["row"], r["status"])
		}
	}
	if len(lost) < 5 {
		t.Fatalf("%d links were lost: that is no story", len(lost))
	}

	// Everybody's check comes to something, in an order of its own.
	approvedLost := 0
	for i, u := range s.server.Users() {
		status := []string{"approved", "denied", "needsVerification", "approved", "pending"}[i%5]
		if lost[u.Email] {
			if status = "pending"; approvedLost < 2 {
				status = "approved"
				approvedLost++
			}
		}
		s.set(u.ServiceID, status)
	}
	s.told()
	s.expect(s.command("kyc", "sync", "--rate", "unlimited"), 0)
	s.compare(lost)
	out := s.expect(s.command("status"), 0)
	for _, part := range []string{"approved", "denied", "must verify once more", "without a link"} {
		if !strings.Contains(out, part) {
			t.Errorf("status does not say %q:\n%s", part, out)
		}
	}

	s.expect(s.command("report", "--report", "r.html"), 0)
	if page, err := os.ReadFile(filepath.Join(s.dir, "r.html")); err != nil || !bytes.Contains(page, []byte("Identity checks")) {
		t.Errorf("the page says nothing of identity checks: %v", err)
	}

	// The denied begin again, with new links, and are approved.
	before := s.exported()
	s.drop.Clear()
	s.expect(s.command("kyc", "retry", "--rate", "unlimited"), 0)
	again := 0
	for email, row := range s.exported("--unverified") {
		if before[email]["kycStatus"] == "denied" {
			again++
			if row["verificationUrl"] == before[email]["verificationUrl"] || row["kycRetries"] != "1" || row["kycStatus"] != "pending_kyc" {
				t.Errorf("begun again: %q", row)
			}
			s.set(row["serviceId"], "approved")
		}
	}
	s.told()
	if again != s.server.Counters().Retries || again == 0 {
		t.Errorf("%d begun again, the partner counts %d", again, s.server.Counters().Retries)
	}

	// The lost links: killed in the middle, then the same command again.
	s.killAt(s.sender("links", "recover", "--yes"), len(lost)/2)
	code := 0
	if _, err := s.sender("run").CombinedOutput(); err != nil {
		code = exitOfProcess(t, err)
	}
	if code != 0 && code != 3 {
		t.Fatalf("an ordinary run after that: exit %d", code)
	}
	s.expect(s.sender("links", "recover", "--yes"), 0)
	s.expect(s.command("kyc", "sync", "--rate", "unlimited"), 0)
	endListening()
	s.compare(nil)
	s.adds(approvedLost)
}

// compare holds every line of the report and the export against the partner.
func (s *story) compare(lost map[string]bool) {
	s.t.Helper()
	users := map[string]sandbox.User{}
	for _, u := range s.server.Users() {
		if _, twice := users[u.Email]; twice {
			s.t.Errorf("somebody has two users")
		}
		users[u.Email] = u
	}
	links := s.exported()
	if len(users) != storyRows || len(links) != storyRows-len(lost) {
		s.t.Errorf("%d users and %d links for %d customers, %d of them without a link", len(users), len(links), storyRows, len(lost))
	}
	wrong := map[string]int{}
	for email, u := range users {
		row, ok := links[email]
		if ok == lost[email] {
			s.t.Errorf("link of a user: %v, lost: %v", ok, lost[email])
		}
		if !ok {
			continue
		}
		if row["serviceId"] != u.ServiceID || row["verificationUrl"] != u.VerificationURL || row["issuedAt"] == "" {
			s.t.Errorf("exported %q, the partner has %s", row, u.ServiceID)
		}
		if want := string(kyc.StatusOf(u.Status)); row["kycStatus"] != want {
			wrong[row["kycStatus"]+" for "+want]++
		}
	}
	if len(wrong) > 0 {
		s.t.Errorf("KYC status: %v", wrong)
	}
}

// adds holds the money against the users: those who had been approved when they
// were deleted are paid for twice.
func (s *story) adds(twice int) {
	s.t.Helper()
	want := sandboxMoney(storyRows + twice)
	if got := s.server.Charged(); got != want {
		s.t.Errorf("%s were charged for %d users, %d of them twice: want %s", got, storyRows, twice, want)
	}
	for _, r := range readReport(s.t, filepath.Join(s.dir, "r.csv")) {
		if r["status"] != string(ledger.Created) {
			s.t.Errorf("row %s is %s", r["row"], r["status"])
		}
	}
	out := s.expect(s.sender("run"), 0)
	if strings.Contains(out, "warning: the wallet") {
		s.t.Error(out)
	}
}

// sandboxMoney is what n users cost at 0.50.
func sandboxMoney(n int) string {
	if n%2 == 0 {
		return strconv.Itoa(n/2) + ".00"
	}
	return strconv.Itoa(n/2) + ".50"
}
