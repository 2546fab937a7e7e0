//go:build !windows

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// browser is a user of the finance page of a scene.
type browser struct {
	*scene

	base   string
	client *http.Client
}

// openPage starts `bulkonboard web` with a scene's flags. It returns the process and the
// address, with the token if there is one.
func (s *scene) openPage(more ...string) (p *process, address string) {
	s.Helper()
	p = s.start(append(append([]string{"web", "--no-open", "--base-url", s.base, "--ledger", s.ledger}, webFlags(s.flags)...), more...)...)
	s.Cleanup(p.kill)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); !strings.Contains(p.out.String(), "\n"); <-tick.C {
		if !p.running() || time.Now().After(end) {
			s.Fatalf("the page does not begin:\n%s", p.err.String())
		}
	}
	return p, strings.TrimSpace(p.out.String())
}

// webFlags are those flags of a run that web has.
func webFlags(flags []string) (all []string) {
	for i := 0; i < len(flags); i++ {
		if flags[i] != "--no-progress" {
			all = append(all, flags[i])
		}
	}
	return all
}

// signIn signs in with the token of an address, or as a user with the password "pw".
func (s *scene) signIn(address, user string) *browser {
	s.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.Fatal(err)
	}
	base, token, _ := strings.Cut(address, "#")
	b := &browser{s, strings.TrimSuffix(base, "/"), &http.Client{Jar: jar, Timeout: promiseLimit}}
	login := api.Login{Token: token}
	if user != "" {
		login = api.Login{User: user, Password: "pw"}
	}
	b.send("POST", "/session", login, http.StatusOK, nil)
	return b
}

// reply is the head of an answer.
type reply struct{ StatusCode int }

// request sends a request and returns the answer with its body.
func (b *browser) request(method, path string, body any, header ...string) (reply, []byte) {
	b.Helper()
	var content io.Reader
	kind := "application/json"
	switch v := body.(type) {
	case nil:
	case []byte:
		content, kind = bytes.NewReader(v), "application/octet-stream"
	default:
		text, err := json.Marshal(v)
		if err != nil {
			b.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, b.base+path, content)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatalf("%s %s: %v", method, path, err)
	}
	if bytes.Contains(text, []byte(promiseKey)) {
		b.Errorf("%s %s: the answer has the API key", method, path)
	}
	return reply{answer.StatusCode}, text
}

// send sends a request that must be answered with a status, and reads its answer.
func (b *browser) send(method, path string, body any, want int, into any, header ...string) {
	b.Helper()
	answer, text := b.request(method, path, body, header...)
	if answer.StatusCode != want {
		b.Fatalf("%s %s: %d, want %d: %s", method, path, answer.StatusCode, want, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		b.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

func match(revision int) []string { return []string{"If-Match", fmt.Sprintf(`"%d"`, revision)} }

// drop uploads a list and waits for its check.
func (b *browser) drop(name string, content []byte) api.List {
	b.Helper()
	var list api.List
	b.send("PUT", "/api/lists?name="+name, content, http.StatusCreated, &list)
	return b.checked(list.ID)
}

// checked waits for the check of a list.
func (b *browser) checked(id string) (list api.List) {
	b.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(promiseLimit); time.Now().Before(end); <-tick.C {
		if b.send("GET", "/api/lists/"+id, nil, http.StatusOK, &list); list.State == api.ListChecked {
			return list
		}
	}
	b.Fatalf("list %s is %s: %+v", id, list.State, list.Refusal)
	return list
}

// submit makes a plan of a list.
func (b *browser) submit(list api.List, order api.MakePlan) (plan api.Plan) {
	b.Helper()
	order.Save = true
	b.send("POST", "/api/lists/"+list.ID+"/plans", order, http.StatusOK, &plan, match(list.Revision)...)
	return plan
}

func (b *browser) approve(plan api.Plan) {
	b.Helper()
	b.send("POST", "/api/plans/"+plan.ID+"/approve", api.Approval{Digest: plan.Digest, Rows: plan.Send}, http.StatusOK, &plan)
}

// approved drops a list, plans all of it and approves the plan.
func (b *browser) approved(name, content string) (list api.List, plan api.Plan) {
	b.Helper()
	list = b.drop(name, []byte(content))
	plan = b.submit(list, api.MakePlan{})
	b.approve(plan)
	return list, plan
}

func (b *browser) begin(plan api.Plan) (run api.Run) {
	b.Helper()
	b.send("POST", "/api/plans/"+plan.ID+"/run", nil, http.StatusOK, &run)
	return run
}

// finished watches a run to its end.
func (b *browser) finished(id int64) (run api.Run) {
	b.Helper()
	_, text := b.request("GET", fmt.Sprintf("/api/runs/%d/events", id), nil)
	if bytes.Contains(text, []byte("@")) || bytes.Contains(text, []byte("https://")) {
		b.Errorf("the events have more than figures:\n%s", text)
	}
	events := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	last, isEvent := strings.CutPrefix(events[len(events)-1], "event: run\ndata: ")
	if err := json.Unmarshal([]byte(last), &run); err != nil || !isEvent || run.Finished == nil {
		b.Fatalf("run %d: %v: %s", id, err, events[len(events)-1])
	}
	return run
}

// writeUsers writes a users file in which everyone has the password "pw".
func (s *scene) writeUsers(lines ...string) string {
	s.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("pw"), 10)
	if err != nil {
		s.Fatal(err)
	}
	text := ""
	for _, line := range lines {
		text += line + ":" + string(hash) + "\n"
	}
	path := s.path("users.txt")
	s.write(path, text)
	return path
}

// WEB.md, checks 23, 24, 26 and 30: maker and checker are two, the log names both, and
// links are for those who prepare, and in the log.
func TestWebTeam(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(6))
	_, address := s.openPage("--fee", "0.50", "--users", s.writeUsers("anna:prepare", "ben:approve", "eva:see", "max:prepare,approve"))
	anna, ben, eva, max := s.signIn(address, "anna"), s.signIn(address, "ben"), s.signIn(address, "eva"), s.signIn(address, "max")
	list := max.drop("people.csv", []byte(people(6)))
	if answer, _ := eva.request("POST", "/api/lists/"+list.ID+"/plans", api.MakePlan{Save: true}, match(list.Revision)...); answer.StatusCode != http.StatusForbidden {
		t.Errorf("eva plans: %d", answer.StatusCode)
	}
	plan := max.submit(list, api.MakePlan{})
	yes := api.Approval{Digest: plan.Digest, Rows: plan.Send}
	var seen api.Plan
	if max.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &seen); !seen.Mine || len(seen.Sample) != 6 || len(seen.Approvers) != 1 || seen.Approvers[0] != "ben" {
		t.Errorf("max sees %+v", seen)
	}
	if eva.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &seen); len(seen.Sample) != 0 || len(seen.Decisions) != 0 {
		t.Errorf("eva sees rows: %+v", seen)
	}
	for who, b := range map[string]*browser{"max, who made it": max, "anna, who may not approve": anna, "eva": eva} {
		if answer, _ := b.request("POST", "/api/plans/"+plan.ID+"/approve", yes); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s approves: %d", who, answer.StatusCode)
		}
	}
	ben.approve(plan)
	run := ben.begin(plan)
	if end := eva.finished(run.ID); end.State != api.RunFinished || end.Created != 6 || end.By != "ben" {
		t.Errorf("%+v", end)
	}
	report := fmt.Sprintf("/api/runs/%d/report.csv", run.ID)
	if _, text := eva.request("GET", report, nil); bytes.Contains(text, []byte("https://")) || !bytes.Contains(text, []byte("created")) {
		t.Errorf("eva's report:\n%s", text)
	}
	for _, path := range []string{report + "?links=1", fmt.Sprintf("/api/runs/%d/links", run.ID), fmt.Sprintf("/api/runs/%d/mail-merge.csv", run.ID)} {
		for who, b := range map[string]*browser{"ben": ben, "eva": eva} {
			if answer, text := b.request("GET", path, nil); answer.StatusCode != http.StatusForbidden || bytes.Contains(text, []byte("https://")) {
				t.Errorf("%s gets %s: %d", who, path, answer.StatusCode)
			}
		}
		if answer, text := anna.request("GET", path, nil); answer.StatusCode != http.StatusOK || bytes.Count(text, []byte("https://")) != 6 {
			t.Errorf("anna does not get %s: %d\n%s", path, answer.StatusCode, text)
		}
	}
	var log api.Log
	anna.send("GET", "/api/log", nil, http.StatusOK, &log)
	did := map[string]int{}
	for _, e := range log.Entries {
		did[e.User+" "+e.Action]++
		if strings.Contains(e.Detail, "example") || e.At.IsZero() || e.From != "127.0.0.1" {
			t.Errorf("entry %+v", e)
		}
	}
	for _, want := range []string{"max login", "max upload", "max plan", "ben approve", "ben run", "eva report", "anna report", "anna links"} {
		if did[want] == 0 {
			t.Errorf("the log lacks %q: %v", want, did)
		}
	}
	var shown api.Report
	if anna.send("GET", fmt.Sprintf("/api/runs/%d/report", run.ID), nil, http.StatusOK, &shown); len(shown.Exports) != 3 || shown.Exports[0].User != "anna" || !shown.MayLinks || shown.Links != 6 {
		t.Errorf("%+v", shown)
	}
	said := s.run("ledger", "log", "--ledger", s.ledger, "-").ends(0).out.String()
	if !strings.Contains(said, "max") || !strings.Contains(said, "approved by ben@") {
		t.Errorf("the ledger's log:\n%s", said)
	}
}

// WEB.md, check 28, and "kill -9 at any moment and start again": the plan is continued,
// and the partner has everyone once.
func TestWebKilledAndContinued(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 12)
	s.establish()
	s.flags = append(s.flags, patient()...)
	page, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	list, plan := me.approved("people.csv", people(12))
	begun := me.begin(plan)
	d.await(t, 3)
	page.kill()
	d.release()
	s.flags = append(s.flags, unhurried()...)
	_, address = s.openPage("--fee", "0.50")
	me = s.signIn(address, "")
	var seen api.Run
	if me.send("GET", fmt.Sprintf("/api/runs/%d", begun.ID), nil, http.StatusOK, &seen); seen.State != api.RunStopped || seen.Stop.Code != "run_cut" || seen.Stop.Sentence == "" || seen.Stop.WhatToDo == "" {
		t.Errorf("after the kill: %+v", seen)
	}
	var again api.Plan
	if me.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &again); again.State != api.PlanRunning || again.Run != begun.ID || again.List != list.ID {
		t.Errorf("after the kill: %+v", again)
	}
	end := me.finished(me.begin(again).ID)
	if end.State != api.RunFinished || end.Statuses["created"]+end.Statuses["link_missing"] != 12 {
		t.Errorf("continued: %+v", end)
	}
	if n := len(s.users()); n != 12 {
		t.Errorf("the partner has %d users", n)
	}
	if me.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &again); again.State != api.PlanUsed {
		t.Errorf("at the end: %+v", again)
	}
	if answer, text := me.request("POST", "/api/plans/"+plan.ID+"/run", nil); answer.StatusCode != http.StatusConflict {
		t.Errorf("a used plan: %d %s", answer.StatusCode, text)
	}
}

// A hundred requests at once and a browser that does not read its events change nothing
// for a run. WEB.md, check 29: nor does closing the browser.
func TestWebRunGoesOn(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 200)
	s.flags = append(s.flags, patient()...)
	_, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	list, plan := me.approved("people.csv", people(200))
	run := me.begin(plan)
	d.await(t, 3)
	events := fmt.Sprintf("%s/api/runs/%d/events", me.base, run.ID)
	for range 3 {
		stalled, err := me.client.Get(events)
		if err != nil {
			t.Fatal(err)
		}
		defer stalled.Body.Close() // nothing is read of it
	}
	all := make(chan error, 100)
	for i := range 100 {
		path := []string{"/api/lists", "/api/plans", "/api/runs", "/api/lists/" + list.ID, "/api/session"}[i%5]
		go func() {
			answer, err := me.client.Get(me.base + path)
			if err == nil && answer.StatusCode != http.StatusOK {
				err = fmt.Errorf("%s: %s", path, answer.Status)
			}
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
			all <- err
		}()
	}
	d.release()
	for range 100 {
		if err := <-all; err != nil {
			t.Error(err)
		}
	}
	if end := me.finished(run.ID); end.State != api.RunFinished || end.Created != 200 || *end.ExitCode != 0 {
		t.Errorf("%+v", end)
	}
	if n := len(s.users()); n != 200 {
		t.Errorf("the partner has %d users", n)
	}
}

func TestWebEndsCleanly(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(1))
	page, address := s.openPage()
	me := s.signIn(address, "")
	if answer, _ := me.request("POST", "/session", api.Login{Token: strings.SplitN(address, "#", 2)[1]}); answer.StatusCode != http.StatusForbidden {
		t.Errorf("the token works twice: %d", answer.StatusCode)
	}
	if info, err := os.Stat(s.ledger + ".web"); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	page.signal(syscall.SIGINT)
	page.ends(0)
}

// The first signal lets the requests of a run finish; the page says so until it ends.
func TestWebEndsWithItsRun(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 50)
	s.flags = append(s.flags, patient()...)
	page, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	_, plan := me.approved("people.csv", people(50))
	me.begin(plan)
	d.await(t, 3)
	page.signal(syscall.SIGTERM)
	page.until("stopping")
	d.release()
	page.ends(0)
	if rows := s.rows(); having(rows, ledger.Created) < 4 || having(rows, ledger.InDoubt) != 0 || having(rows, ledger.Created) != len(s.users()) {
		t.Errorf("rows %v, %d users", statuses(rows), len(s.users()))
	}
}

// A list that was sent, and left nothing to correct, is removed when the program starts
// again; one that has rows to correct stays.
func TestWebKeepsNothingOfAListThatWasSent(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(3))
	page, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	_, plan := me.approved("people.csv", people(3))
	sent := me.finished(me.begin(plan).ID)
	rows := strings.SplitAfter(people(6), "\n")
	rows[6] = strings.Replace(rows[6], "@", " at ", 1)
	partly, plan := me.approved("more.csv", strings.Join(rows, ""))
	if end := me.finished(me.begin(plan).ID); *end.ExitCode != 3 {
		t.Errorf("%+v", end)
	}
	page.signal(syscall.SIGINT)
	page.ends(0)
	if left, err := filepath.Glob(s.ledger + "-wal"); err != nil || len(left) > 0 {
		t.Errorf("the ledger was left open: %v, %v", left, err)
	}
	half := filepath.Join(s.ledger+".web", "scratch", "bulkonboard-1")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	s.write(filepath.Join(half, "book-1"), "links of a report that a kill cut short")
	_, address = s.openPage()
	me = s.signIn(address, "")
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("a part of a report is still there: %v", err)
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var kept []string
	for end := time.Now().Add(promiseLimit); time.Now().Before(end) && len(kept) != 1; <-tick.C {
		var err error
		if kept, err = filepath.Glob(s.ledger + ".web/lists/*/events.jsonl"); err != nil {
			t.Fatal(err)
		}
	}
	var left api.Lists
	if me.send("GET", "/api/lists", nil, http.StatusOK, &left); len(left.Lists) != 1 || left.Lists[0].ID != partly.ID || len(kept) != 1 {
		t.Errorf("%+v, %v", left, kept)
	}
	var run api.Run
	if me.send("GET", fmt.Sprintf("/api/runs/%d", sent.ID), nil, http.StatusOK, &run); run.Name != "people.csv" || run.Statuses["created"] != 3 {
		t.Errorf("%+v", run)
	}
	if answer, text := me.request("GET", "/api/log.csv?user="+run.By, nil); answer.StatusCode != http.StatusOK || bytes.Count(text, []byte("127.0.0.1,run,")) != 2 || bytes.Contains(text, []byte("@")) {
		t.Errorf("%d\n%s", answer.StatusCode, text)
	}
}

// WEB.md, checks 22 and 27: a wallet that is too small, and a ledger that was put back
// from the time when the plan was approved.
func TestWebMoneyAndOlderLedger(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{Balance: "1.50", Fee: "0.50"}, people(5))
	page, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var session api.Session
	for end := time.Now().Add(promiseLimit); time.Now().Before(end) && session.Target.Wallet == ""; <-tick.C {
		me.send("GET", "/api/session", nil, http.StatusOK, &session)
	}
	if to := session.Target; to.Wallet != "1.50" || to.Currency != "USD" || to.Rehearsal || to.Live || to.Key == "" || to.Key == promiseKey || session.Held != nil {
		t.Errorf("%+v", session)
	}
	list := me.drop("people.csv", []byte(people(5)))
	order := api.MakePlan{Save: true}
	var refused api.Error
	if me.send("POST", "/api/lists/"+list.ID+"/plans", order, http.StatusUnprocessableEntity, &refused, match(list.Revision)...); refused.Code != "wallet_short" || refused.Shortfall != "1.00" || refused.Covers != 3 || refused.Sentence != "The wallet covers 3 of 5 rows. It is short by 1.00 USD." {
		t.Errorf("%+v", refused)
	}
	plan := me.submit(list, api.MakePlan{Funded: true})
	me.approve(plan)
	page.signal(syscall.SIGINT)
	page.ends(0)
	older, err := os.ReadFile(s.ledger)
	if err != nil {
		t.Fatal(err)
	}
	page, address = s.openPage("--fee", "0.50")
	me = s.signIn(address, "")
	if end := me.finished(me.begin(plan).ID); end.Created != 3 || end.Stop == nil || end.Stop.Code != "limit" {
		t.Errorf("%+v", end)
	}
	page.signal(syscall.SIGINT)
	page.ends(0)
	s.write(s.ledger, string(older))
	_, address = s.openPage("--fee", "0.50")
	me = s.signIn(address, "")
	if answer, text := me.request("POST", "/api/plans/"+plan.ID+"/run", nil); answer.StatusCode < 400 || !bytes.Contains(text, []byte(`"sentence":"`)) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if n := len(s.users()); n != 3 {
		t.Errorf("the partner has %d users", n)
	}
}

// Behind TLS the cookie belongs to this host alone, and other names are refused.
func TestWebTLS(t *testing.T) {
	t.Parallel()
	s := newScene(t, sandbox.Config{}, people(1))
	cert, key := s.writeCertificate("pay.example")
	_, address := s.openPage("--tls-cert", s.path("cert.pem"), "--tls-key", key, "--users", s.writeUsers("anna:prepare"), "--host", "pay.example")
	port := address[strings.LastIndex(address, ":"):]
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "pay.example"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1"+strings.TrimSuffix(port, "/"))
		}}}
	for host, want := range map[string]int{"pay.example": http.StatusOK, "pay.example" + strings.TrimSuffix(port, "/"): http.StatusOK, "other.example": http.StatusMisdirectedRequest, "localhost": http.StatusMisdirectedRequest} {
		r, err := http.NewRequest("POST", "https://pay.example/session", strings.NewReader(`{"user":"anna","password":"pw"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, answer.StatusCode, want)
		}
		if want != http.StatusOK {
			continue
		}
		if c := answer.Cookies(); len(c) != 1 || !strings.HasPrefix(c[0].Name, "__Host-") || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteStrictMode {
			t.Errorf("%s: cookies %v", host, c)
		}
	}
}

// writeCertificate writes a certificate for a name, and its key.
func (s *scene) writeCertificate(name string) (cert *x509.Certificate, keyPath string) {
	s.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		s.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err == nil {
		cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.write(s.path("cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write(s.path("key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, s.path("key.pem")
}

// A run of the command line holds the ledger: the page says which, refuses to plan, and
// shows the run.
func TestWebLedgerIsHeld(t *testing.T) {
	t.Parallel()
	s, d := held(t, sandbox.Acting, 6)
	s.flags = append(s.flags, patient()...)
	run := s.start(s.runArgs("--fee", "0.50")...)
	d.await(t, 3)
	_, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	list := me.drop("more.csv", []byte(people(8)))
	var session api.Session
	if me.send("GET", "/api/session", nil, http.StatusOK, &session); session.Held == nil || session.Held.What != "run" || !strings.Contains(session.Held.Who, fmt.Sprint(run.cmd.Process.Pid)) {
		t.Errorf("%+v", session)
	}
	var refused api.Error
	if me.send("POST", "/api/lists/"+list.ID+"/plans", api.MakePlan{}, http.StatusConflict, &refused, match(list.Revision)...); refused.Code != "held" || !strings.Contains(refused.Sentence, "in use by \"run\"") {
		t.Errorf("%+v", refused)
	}
	var runs api.Runs
	if me.send("GET", "/api/runs", nil, http.StatusOK, &runs); len(runs.Runs) != 1 || runs.Runs[0].State != api.RunSending || runs.Runs[0].Name != "people.csv" || runs.Runs[0].Plan != "" {
		t.Errorf("%+v", runs)
	}
	if answer, _ := me.request("POST", fmt.Sprintf("/api/runs/%d/stop", runs.Runs[0].ID), nil); answer.StatusCode != http.StatusConflict {
		t.Errorf("another process's run is stopped: %d", answer.StatusCode)
	}
	d.release()
	run.ends(0)
	if plan := me.submit(list, api.MakePlan{}); plan.Send != 2 || plan.Known != 6 {
		t.Errorf("%+v", plan)
	}
}

// testPostgresPage sends a list from the page with a ledger in PostgreSQL.
func testPostgresPage(t *testing.T, cluster *pgtest.Cluster) {
	s := newScene(t, sandbox.Config{}, people(6))
	s.ledger = cluster.URL()
	_, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	_, plan := me.approved("people.csv", people(6))
	end := me.finished(me.begin(plan).ID)
	if end.State != api.RunFinished || end.Created != 6 || len(s.users()) != 6 {
		t.Errorf("%+v, %d users", end, len(s.users()))
	}
	if _, report := me.request("GET", fmt.Sprintf("/api/runs/%d/report.csv?links=1", end.ID), nil); bytes.Count(report, []byte("https://")) != 6 {
		t.Errorf("%s", report)
	}
	if kept, err := filepath.Glob(filepath.Join(s.dir, "bulkonboard-*.web", "log.jsonl")); err != nil || len(kept) != 1 {
		t.Errorf("%v, %v", kept, err)
	}
	var session api.Session
	if me.send("GET", "/api/session", nil, http.StatusOK, &session); strings.Contains(session.Target.Ledger, "@") {
		t.Errorf("%+v", session.Target)
	}
}
