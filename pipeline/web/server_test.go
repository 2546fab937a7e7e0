package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

const listener = "127.0.0.1:40913"

// fakeEngine is an engine without a partner. Its plan and run are those of the examples.
type fakeEngine struct {
	calls   []string
	isBusy  bool
	isInUse bool
	watched []api.Run
	done    []plans.DoneList
	runs    []api.Run
	reading chan struct{} // when closed, plans have been read; nil = at once
}

var _ Engine = (*fakeEngine)(nil)

func (f *fakeEngine) note(name string) { f.calls = append(f.calls, name) }

func (f *fakeEngine) Target(context.Context) api.Target {
	return api.Target{Environment: "sandbox", Rehearsal: true, Ledger: "bulkonboard-sandbox.db"}
}
func (f *fakeEngine) Held(context.Context) (*api.Held, error) { return nil, nil }
func (f *fakeEngine) IsBusy() bool                            { return f.isBusy }
func (f *fakeEngine) IsInUse(context.Context, string) (bool, error) {
	return f.isInUse, nil
}

func (f *fakeEngine) MakePlan(_ context.Context, _ access.Visitor, list *lists.Snapshot, order api.MakePlan) (api.Plan, error) {
	f.note("plan " + list.Name)
	return api.Plan{PlanSummary: api.PlanSummary{ID: "p1", List: list.ID, Send: list.Counts.Ready}, Limit: order.Limit}, nil
}
func (f *fakeEngine) Plans(context.Context, access.Visitor) ([]api.PlanSummary, error) {
	if f.reading != nil {
		<-f.reading
	}
	return []api.PlanSummary{}, nil
}
func (f *fakeEngine) Plan(context.Context, access.Visitor, string) (api.Plan, error) {
	return api.Plan{Sample: []api.Row{{Number: 2}}, Decisions: []api.Decision{{ID: 2}}}, nil
}
func (f *fakeEngine) DecidePlan(_ context.Context, by access.Visitor, id string, approves bool, answer api.Approval) (api.Plan, error) {
	f.note("decide " + id)
	if answer.Rows != 7 {
		return api.Plan{}, api.Refuse(http.StatusConflict, "plan_differs")
	}
	return api.Plan{PlanSummary: api.PlanSummary{ID: id, Send: 7}, Decided: &api.PlanAnswer{Approves: approves, By: by.Name}}, nil
}

func (f *fakeEngine) DoneLists(context.Context) ([]plans.DoneList, error) { return f.done, nil }

func (f *fakeEngine) AddCommands(access.Visitor, *lists.Snapshot, *api.Plan) {}

func (f *fakeEngine) NewestPlan(string) string { return "p1" }

func (f *fakeEngine) ListOf(string) string { return "" }

func (f *fakeEngine) StartRun(_ context.Context, _ access.Visitor, plan string, _ *lists.Snapshot) (api.Run, error) {
	f.note("run " + plan)
	return api.Run{ID: 4, Plan: plan}, nil
}
func (f *fakeEngine) Runs(context.Context) ([]api.Run, error) {
	return append([]api.Run{}, f.runs...), nil
}
func (f *fakeEngine) Run(_ context.Context, id int64) (api.Run, error) { return api.Run{ID: id}, nil }
func (f *fakeEngine) WatchRun(_ context.Context, _ int64, show func(api.Run) error) error {
	for _, run := range f.watched {
		if err := show(run); err != nil {
			return err
		}
	}
	return nil
}
func (f *fakeEngine) StopRun(_ context.Context, _ access.Visitor, id int64) (api.Run, error) {
	f.note("stop")
	return api.Run{ID: id, State: api.RunStopping}, nil
}
func (f *fakeEngine) Report(_ context.Context, id int64) (api.Report, error) {
	return api.Report{Run: api.Run{ID: id}}, nil
}
func (f *fakeEngine) WriteReport(_ context.Context, w io.Writer, _ int64, format string, hasLinks bool) error {
	f.note("report " + format)
	if hasLinks {
		f.note("links")
	}
	_, err := io.WriteString(w, "report")
	return err
}
func (f *fakeEngine) WriteMailMerge(context.Context, io.Writer, int64) error { return nil }
func (f *fakeEngine) Links(context.Context, int64, int, int) (api.Links, error) {
	f.note("links")
	return api.Links{Links: []api.Link{{URL: "https://verify.example/u/1"}}, Total: 1}, nil
}

// page is a server with a browser in front of it.
type page struct {
	t      testing.TB
	server *Server
	engine *fakeEngine
	cookie *http.Cookie
	log    *bytes.Buffer
	dir    string
}

func openPage(t testing.TB, change func(*Config)) *page {
	t.Helper()
	p := &page{t: t, engine: &fakeEngine{}, log: &bytes.Buffer{}}
	cfg := Config{Engine: p.engine, Folder: t.TempDir(), Access: access.Config{Listener: listener, Owner: access.User{Name: "sabine", Roles: access.AllRoles()}},
		Log: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&cfg)
	}
	p.dir = cfg.Folder
	var err error
	if p.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.server.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// newRequest returns a request as a browser sends it from our own page.
func (p *page) newRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://"+listener+path, strings.NewReader(body))
	r.Host = listener
	r.RemoteAddr = "127.0.0.1:55555"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if method != http.MethodGet {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "http://"+listener)
	}
	if p.cookie != nil {
		r.AddCookie(p.cookie)
	}
	return r
}

// send answers a request and keeps its cookie.
func (p *page) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if p.cookie = c; c.MaxAge < 0 {
			p.cookie = nil
		}
	}
	return w
}

func (p *page) do(method, path, body string) *httptest.ResponseRecorder {
	return p.send(p.newRequest(method, path, body))
}

// change sends a change of a list in a revision.
func (p *page) change(method, path string, revision, body string) *httptest.ResponseRecorder {
	r := p.newRequest(method, path, body)
	r.Header.Set("If-Match", `"`+revision+`"`)
	return p.send(r)
}

// signIn signs in with the one-time token.
func (p *page) signIn() {
	p.t.Helper()
	w := p.do("POST", "/session", `{"token":"`+p.server.NewToken()+`"}`)
	if w.Code != http.StatusOK || p.cookie == nil {
		p.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// expect checks the status of an answer, and its code if it is an error.
func (p *page) expect(w *httptest.ResponseRecorder, status int, code string) {
	p.t.Helper()
	var e api.Error
	if code != "" {
		p.decode(w, &e)
	}
	if w.Code != status || e.Code != code {
		p.t.Errorf("%d %s, want %d %s", w.Code, w.Body, status, code)
	}
	if code != "" && (e.Sentence == "" || e.WhatToDo == "") {
		p.t.Errorf("%s has no sentence: %+v", code, e)
	}
}

func (p *page) decode(w *httptest.ResponseRecorder, into any) {
	p.t.Helper()
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		p.t.Fatalf("%v: %s", err, w.Body)
	}
}

// pathOf fills in the wildcards of a route.
func pathOf(rt route) string {
	return strings.NewReplacer("{$}", "", "{file...}", "home.js", "{list}", "k3f7", "{plan}", "p1", "{run}", "4", "{change}", "2").Replace(rt.pattern)
}

// Every route but those to sign in asks for a session, and has the headers.
func TestEachRouteAsksForASession(t *testing.T) {
	p := openPage(t, nil)
	open := map[string]bool{"GET /static/{file...}": true, "POST /session": true}
	for _, rt := range append(routes(), route{method: "GET", pattern: "/nothing"}, route{method: "PUT", pattern: "/api/session"}, route{method: "GET", pattern: "/.git/config"}) {
		w := p.do(rt.method, pathOf(rt), "")
		want := http.StatusUnauthorized
		if open[rt.method+" "+rt.pattern] {
			want = map[string]int{"GET": http.StatusOK, "POST": http.StatusUnsupportedMediaType}[rt.method]
		}
		if w.Code != want || open[rt.method+" "+rt.pattern] != rt.isOpen {
			t.Errorf("%s %s: %d, want %d", rt.method, rt.pattern, w.Code, want)
		}
		checkHeaders(t, rt.pattern, w.Header(), rt.method+" "+rt.pattern == "GET /static/{file...}")
		if want == http.StatusUnauthorized && strings.Contains(w.Body.String(), "sandbox") {
			t.Errorf("%s shows data: %s", rt.pattern, w.Body)
		}
	}
	if len(p.engine.calls) > 0 {
		t.Errorf("without a session: %v", p.engine.calls)
	}
}

// TestStaticFiles: each file has its type whatever the system says, and is sent once.
func TestStaticFiles(t *testing.T) {
	p := openPage(t, nil)
	for name, want := range map[string]string{"home.js": "text/javascript; charset=utf-8", "base.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"} {
		w := p.do("GET", "/static/"+name, "")
		tag := w.Header().Get("ETag")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want || w.Body.Len() == 0 || tag == "" {
			t.Errorf("%s: %d, %q, %d bytes, %q", name, w.Code, w.Header().Get("Content-Type"), w.Body.Len(), tag)
		}
		r := p.newRequest("GET", "/static/"+name, "")
		r.Header.Set("If-None-Match", tag)
		again := p.send(r)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d, %d bytes", name, again.Code, again.Body.Len())
		}
	}
	for _, name := range []string{"", "nothing.js", "../pages.go"} {
		if w := p.do("GET", "/static/"+name, ""); w.Code == http.StatusOK {
			t.Errorf("%q: %d", name, w.Code)
		}
	}
}

func checkHeaders(t *testing.T, what string, h http.Header, isStatic bool) {
	t.Helper()
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "no-store", "Access-Control-Allow-Origin": "",
	}
	if isStatic {
		want["Cache-Control"] = "no-cache"
	}
	for name, value := range want {
		if got := h.Get(name); got != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
}

// A user without a role of a route gets 403, one with it does not.
func TestEachRouteAsksForItsRole(t *testing.T) {
	for _, role := range access.AllRoles() {
		p := openPage(t, func(c *Config) { c.Access.Owner.Roles = []api.Role{role} })
		p.signIn()
		user := access.User{Roles: []api.Role{role}}
		for _, rt := range routes() {
			if rt.pattern == "/session" {
				continue // it ends the session
			}
			w := p.do(rt.method, pathOf(rt), "")
			isRefused := w.Code == http.StatusForbidden
			if isRefused == user.HasAny(rt.roles...) {
				t.Errorf("%s asks %s %s: %d %s", role, rt.method, rt.pattern, w.Code, w.Body)
			}
		}
	}
	// What each role is for, whatever the table says.
	for role, refused := range map[api.Role][]string{
		api.See:     {"PUT /api/lists", "GET /api/lists/x/rows", "PATCH /api/lists/x/cells", "POST /api/lists/x/plans", "POST /api/plans/x/approve", "POST /api/plans/x/run", "POST /api/runs/4/stop", "GET /api/runs/4/links", "GET /api/runs/4/mail-merge.csv", "GET /api/runs/4/report.xlsx?links=1", "GET /api/lists/x/marked.xlsx"},
		api.Prepare: {"POST /api/plans/x/approve", "POST /api/plans/x/decline"},
		api.Approve: {"PUT /api/lists", "PATCH /api/lists/x/cells", "GET /api/runs/4/links", "GET /api/runs/4/report.csv?links=1", "GET /api/lists/x/corrected.xlsx"},
	} {
		p := openPage(t, func(c *Config) { c.Access.Owner.Roles = []api.Role{role} })
		p.signIn()
		for _, request := range refused {
			method, path, _ := strings.Cut(request, " ")
			p.expect(p.do(method, path, ""), http.StatusForbidden, "no_role")
		}
		if len(p.engine.calls) > 0 {
			t.Errorf("%s reached %v", role, p.engine.calls)
		}
	}
}

func TestHostNames(t *testing.T) {
	p := openPage(t, func(c *Config) { c.Access.Names = []string{"Finance.Example"} })
	p.signIn()
	for host, want := range map[string]int{
		listener: 200, "finance.example": 200, "FINANCE.example:40913": 200,
		"localhost:40913": 421, "localhost": 421, "127.0.0.1": 421, "127.0.0.1:40914": 421, "[::1]:40913": 421, "evil.example": 421, "finance.example.evil.example": 421, "": 421, "finance.example:80": 421,
	} {
		r := p.newRequest("GET", "/api/session", "")
		r.Host = host
		w := p.send(r)
		if w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
		checkHeaders(t, host, w.Header(), false)
	}
	stranger := openPage(t, nil)
	r := stranger.newRequest("GET", "/", "")
	r.Host = "evil.example"
	stranger.expect(stranger.send(r), http.StatusMisdirectedRequest, "wrong_host") // before the session is asked for
}

// A request that another page sends does nothing, and does not ask for a session first.
func TestOtherOrigins(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	for name, set := range map[string]func(http.Header){
		"cross-site": func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
		"same-site":  func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
		"null":       func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "null") },
		"other port": func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "http://127.0.0.1:9999") },
	} {
		for _, request := range []string{"POST /api/plans/p1/run", "POST /api/plans/p1/approve", "DELETE /session", "PUT /api/lists?name=a.csv", "POST /session"} {
			method, path, _ := strings.Cut(request, " ")
			r := p.newRequest(method, path, `{"rows":7}`)
			set(r.Header)
			w := p.send(r)
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "cross_origin") {
				t.Errorf("%s %s: %d %s", name, request, w.Code, w.Body)
			}
		}
	}
	if len(p.engine.calls) > 0 {
		t.Errorf("another page reached %v", p.engine.calls)
	}
	if w := p.do("GET", "/api/session", ""); w.Code != http.StatusOK {
		t.Errorf("the session has ended: %d", w.Code)
	}
}

func TestTokenWorksOnce(t *testing.T) {
	p := openPage(t, nil)
	old := p.server.NewToken()
	token := p.server.NewToken()
	p.expect(p.do("POST", "/session", `{"token":"`+old+`"}`), http.StatusForbidden, "wrong_token")
	p.expect(p.do("POST", "/session", `{"token":""}`), http.StatusForbidden, "wrong_token")
	w := p.do("POST", "/session", `{"token":"`+token+`"}`)
	p.expect(w, http.StatusOK, "")
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "bulkonboard-40913-") || len(c.Value) < 26 {
		t.Errorf("%+v", c)
	}
	var session api.Session
	p.decode(w, &session)
	if session.User != "sabine" || session.Team || session.Limits.Upload != 64<<20 || !session.Target.Rehearsal {
		t.Errorf("%+v", session)
	}
	other := *p
	other.cookie = nil
	other.expect(other.do("POST", "/session", `{"token":"`+token+`"}`), http.StatusForbidden, "wrong_token")
	other.expect(other.do("GET", "/api/session", ""), http.StatusUnauthorized, "signed_out")
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openPage(t, nil)
		p.signIn()
		for range 32 { // used again and again, until it is 8 hours old
			<-time.After(15*time.Minute - time.Second)
			if w := p.do("GET", "/api/lists", ""); w.Code != http.StatusOK {
				t.Fatalf("in use: %d", w.Code)
			}
		}
		<-time.After(15*time.Minute - time.Second)
		p.expect(p.do("GET", "/api/lists", ""), http.StatusUnauthorized, "signed_out")
		p.signIn()
		<-time.After(15 * time.Minute) // without a request
		p.expect(p.do("GET", "/api/lists", ""), http.StatusUnauthorized, "signed_out")
		p.signIn()
		kept := p.cookie
		if w := p.do("DELETE", "/session", ""); w.Code != http.StatusNoContent || p.cookie != nil {
			t.Errorf("%d %v", w.Code, p.cookie)
		}
		p.cookie = kept // a browser that kept it
		p.expect(p.do("GET", "/api/lists", ""), http.StatusUnauthorized, "signed_out")
	})
}

func TestFiveAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openPage(t, nil)
		token := p.server.NewToken()
		for range 5 {
			p.expect(p.do("POST", "/session", `{"token":"x"}`), http.StatusForbidden, "wrong_token")
		}
		w := p.do("POST", "/session", `{"token":"`+token+`"}`)
		p.expect(w, http.StatusTooManyRequests, "too_many_attempts")
		if w.Header().Get("Retry-After") != "61" {
			t.Errorf("Retry-After %s", w.Header().Get("Retry-After"))
		}
		for range 20 { // they do not fill the disk
			p.expect(p.do("POST", "/session", `{"token":"x"}`), http.StatusTooManyRequests, "too_many_attempts")
		}
		<-time.After(time.Minute)
		p.expect(p.do("POST", "/session", `{"token":"`+token+`"}`), http.StatusOK, "")
		var log api.Log
		if p.decode(p.do("GET", "/api/log?action=login-failed", ""), &log); log.Total != 5 {
			t.Errorf("the log has %d failed attempts", log.Total)
		}
	})
}

func TestTeam(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), 10)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.ParseUsers("# team\nsabine:prepare,see:" + string(hash) + "\njonas:approve:" + string(hash) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	p := openPage(t, func(c *Config) {
		c.Access = access.Config{Listener: "10.0.0.5:8443", Names: []string{"127.0.0.1"}, Secure: true, Users: users}
	})
	asks := func(body string) *httptest.ResponseRecorder {
		r := p.newRequest("POST", "/session", body)
		r.Host = "10.0.0.5:8443"
		r.Header.Set("Origin", "https://10.0.0.5:8443")
		return p.send(r)
	}
	p.expect(asks(`{"user":"sabine","password":"wrong"}`), http.StatusForbidden, "wrong_password")
	p.expect(asks(`{"user":"nobody","password":"correct horse"}`), http.StatusForbidden, "wrong_password")
	p.expect(asks(`{"token":"`+p.server.NewToken()+`"}`), http.StatusForbidden, "wrong_password")
	w := asks(`{"user":"Sabine","password":"correct horse"}`)
	p.expect(w, http.StatusOK, "")
	if c := w.Result().Cookies()[0]; !c.Secure || !strings.HasPrefix(c.Name, "__Host-bulkonboard-8443-") || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v", c)
	}
	if !strings.HasPrefix(w.Header().Get("Strict-Transport-Security"), "max-age=") {
		t.Error("no HSTS")
	}
	r := p.newRequest("POST", "/api/plans/p1/approve", `{"rows":7,"digest":"p1","comment":""}`)
	r.Host = "10.0.0.5:8443"
	p.expect(p.send(r), http.StatusForbidden, "no_role")
}

func TestPlainHTTPStaysOnLoopback(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("x"), 10)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.ParseUsers("a:see:" + string(hash))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg  access.Config
		want bool
	}{
		{access.Config{Listener: "127.0.0.1:1"}, true},
		{access.Config{Listener: "[::1]:1"}, true},
		{access.Config{Listener: "127.0.0.1:1", Users: users}, true},
		{access.Config{Listener: "0.0.0.0:1", Secure: true, Users: users}, true},
		{access.Config{Listener: "0.0.0.0:1"}, false},
		{access.Config{Listener: "10.0.0.5:1", Users: users}, false},
		{access.Config{Listener: "10.0.0.5:1", Secure: true}, false},
		{access.Config{Listener: "localhost:1"}, false},
		{access.Config{Listener: ":1"}, false},
		{access.Config{Listener: "127.0.0.1"}, false},
	} {
		if _, err := access.NewGuard(c.cfg); (err == nil) != c.want {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
}

// The server is not closed before its requests are answered: they may be reading the
// ledger, which the process must not leave open.
func TestCloseWaitsForRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &fakeEngine{reading: make(chan struct{})}
		s, err := New(Config{Engine: engine, Folder: t.TempDir(), Access: access.Config{Listener: listener, Owner: access.User{Name: "sabine", Roles: access.AllRoles()}}})
		if err != nil {
			t.Fatal(err)
		}
		p := &page{t: t, server: s, engine: engine}
		p.signIn()
		answered, isClosed := make(chan int), false
		request := p.newRequest("GET", "/api/plans", "")
		go func() {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, request)
			answered <- w.Code
		}()
		synctest.Wait()
		closed := make(chan error)
		go func() {
			err := s.Close()
			isClosed = true
			closed <- err
		}()
		synctest.Wait()
		if isClosed {
			t.Error("closed while a request was being answered")
		}
		close(engine.reading)
		if code := <-answered; code != http.StatusOK {
			t.Errorf("%d", code)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if w := p.do("GET", "/api/plans", ""); w.Code != http.StatusServiceUnavailable {
			t.Errorf("after the end: %d", w.Code)
		}
	})
}

// Bodies are application/json, without fields that are not documented.
func TestBodies(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	const path = "/api/plans/p1/approve"
	for name, c := range map[string]struct {
		kind, body string
		status     int
		code       string
	}{
		"good":    {"application/json; charset=utf-8", `{"rows":7,"digest":"x","comment":""}`, 200, ""},
		"form":    {"application/x-www-form-urlencoded", `rows=7`, 415, "not_json"},
		"text":    {"text/plain", `{"rows":7}`, 415, "not_json"},
		"none":    {"", `{"rows":7}`, 415, "not_json"},
		"unknown": {"application/json", `{"rows":7,"force":true}`, 400, "not_json"},
		"two":     {"application/json", `{"rows":7} {"rows":7}`, 400, "not_json"},
		"broken":  {"application/json", `{"rows":`, 400, "not_json"},
		"kind":    {"application/json", `{"rows":"7"}`, 400, "not_json"},
		"large":   {"application/json", `{"comment":"` + strings.Repeat("x", 9<<20) + `"}`, 413, "too_large"},
	} {
		r := p.newRequest("POST", path, c.body)
		r.Header.Set("Content-Type", c.kind)
		w := p.send(r)
		var e api.Error
		if c.code != "" {
			p.decode(w, &e)
		}
		if w.Code != c.status || e.Code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, e.Code, c.status, c.code)
		}
	}
}

// The page is idle since the last request with a session, unless a run is under way.
func TestIdleSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openPage(t, nil)
		p.signIn()
		begun := time.Now()
		<-time.After(time.Minute)
		p.do("GET", "/api/lists", "")
		used := time.Now()
		<-time.After(10 * time.Minute)
		kept := p.cookie
		p.cookie = nil
		p.do("GET", "/api/lists", "") // of a stranger
		if got := p.server.IdleSince(); !got.Equal(used) || got.Equal(begun) {
			t.Errorf("idle since %v, want %v", got, used)
		}
		p.cookie, p.engine.isBusy = kept, true
		if got := p.server.IdleSince(); !got.Equal(time.Now()) {
			t.Errorf("busy since %v", got)
		}
	})
}
