//go:build !windows

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Lost links, made anew under kill -9: users are deleted and created again, and
// the program is killed around each of the two requests, while the list is
// read, and at random moments. However that goes on, nobody is without a user
// but those whom the ledger has in doubt, and in the end everybody has one user
// and one link, and was paid for once.
//
// TestRecoverCrash plays a few seeds and takes some ten seconds. The long one:
//
//	RECOVER_SEEDS=300 go test ./cmd/bulkonboard -run TestRecoverLong -timeout 60m
//
// plays the seeds 1 to 300, RECOVER_SEEDS=17-17 the one that failed.

// moment is when the program is killed: around the n-th request of a call since
// it started, or some time after the start.
type moment struct {
	call  string // DELETE, POST, GET; "" = at random
	acted bool   // when the partner has acted and has not answered; else when the request arrives
	told  bool   // when the answer has left
	nth   int64
	after time.Duration
}

func (m moment) String() string {
	switch {
	case m.call == "":
		return m.after.String()
	case m.told:
		return fmt.Sprintf("%s %d answered", m.call, m.nth)
	case m.acted:
		return fmt.Sprintf("%s %d acted", m.call, m.nth)
	}
	return fmt.Sprintf("%s %d arrived", m.call, m.nth)
}

// loss is one case.
type loss struct {
	seed    uint64
	rows    int
	moments []moment
	byRun   []bool   // whether an ordinary run of the input is killed instead
	faults  []string // until the killing is over
	renews  bool     // links renew is killed, and every link is dead; else links recover
}

func (l loss) String() string {
	if l.renews {
		return "renew, " + loss{l.seed, l.rows, l.moments, l.byRun, l.faults, false}.String()
	}
	return fmt.Sprintf("seed %d: %d rows, kills %v, by an ordinary run %v, faults %v", l.seed, l.rows, l.moments, l.byRun, l.faults)
}

func drawnLoss(seed uint64) loss {
	r := rand.New(rand.NewPCG(seed, 11))
	l := loss{seed: seed, rows: 4 + r.IntN(8)}
	for range 1 + r.IntN(4) {
		m := moment{call: []string{http.MethodDelete, http.MethodDelete, http.MethodPost, http.MethodGet, ""}[r.IntN(5)], nth: 1 + r.Int64N(4)}
		switch r.IntN(3) {
		case 0:
			m.acted = true
		case 1:
			m.told = true
		}
		if m.call == "" {
			m.after = time.Duration(r.IntN(int(700 * time.Millisecond)))
		}
		l.moments = append(l.moments, m)
		l.byRun = append(l.byRun, r.IntN(4) == 0)
	}
	troubles := []string{"drop-after=30%", "reset-after=30%", "500-before=30%", "500-after=30%", "drop-before=30%", "cut-after=30%",
		"delete:drop-after=30%", "delete:drop-before=30%", "delete:500-after=30%", "delete:500-before=30%", "list-500=#1", "429=1s,#3"}
	if r.IntN(3) > 0 {
		for _, i := range r.Perm(len(troubles))[:1+r.IntN(2)] {
			l.faults = append(l.faults, troubles[i])
		}
	}
	return l
}

func TestRecoverCrash(t *testing.T) {
	long(t)
	t.Parallel()
	var cases []loss
	for i, m := range []moment{{call: http.MethodDelete, nth: 1}, {call: http.MethodDelete, acted: true, nth: 2}, {call: http.MethodDelete, told: true, nth: 2},
		{call: http.MethodPost, nth: 1}, {call: http.MethodPost, acted: true, nth: 2}, {call: http.MethodPost, told: true, nth: 1}, {after: 60 * time.Millisecond}} {
		cases = append(cases, loss{seed: uint64(1000 + i), rows: 5, moments: []moment{m}, byRun: []bool{false}})
	}
	// Deletions that were done, and whose answers were lost.
	cases = append(cases, loss{seed: 2000, rows: 5, moments: []moment{{call: http.MethodPost, nth: 1}}, byRun: []bool{false}, faults: []string{"delete:drop-after=60%"}})
	for seed := uint64(2); seed <= 3; seed++ {
		cases = append(cases, drawnLoss(seed))
	}
	if slowdown > 1 {
		cases = cases[:5]
	}
	recoverAll(t, cases)
}

// TestRenewCrash kills links renew likewise. Users who have begun the check are never
// deleted, whatever happens, and nobody more than three times. The long one is
//
//	RENEW_SEEDS=300 go test ./cmd/bulkonboard -run TestRenewLong -timeout 60m
func TestRenewCrash(t *testing.T) {
	long(t)
	t.Parallel()
	var cases []loss
	for i, m := range []moment{{call: http.MethodDelete, nth: 1}, {call: http.MethodDelete, acted: true, nth: 2}, {call: http.MethodDelete, told: true, nth: 2},
		{call: http.MethodPost, nth: 1}, {call: http.MethodPost, acted: true, nth: 2}, {call: http.MethodPost, told: true, nth: 1}, {call: http.MethodGet, acted: true, nth: 4}} {
		cases = append(cases, loss{seed: uint64(3000 + i), rows: 5, moments: []moment{m}, byRun: []bool{false}, renews: true})
	}
	// Deletions that were done, and whose answers were lost.
	cases = append(cases, loss{seed: 4000, rows: 5, moments: []moment{{call: http.MethodPost, nth: 2}}, byRun: []bool{false}, faults: []string{"delete:drop-after=60%"}, renews: true})
	cases = append(cases, drawnRenewal(2), drawnRenewal(3))
	if slowdown > 1 {
		cases = cases[:5]
	}
	recoverAll(t, cases)
}

func drawnRenewal(seed uint64) loss {
	l := drawnLoss(seed)
	l.renews = true
	if seed%3 == 0 {
		l.faults = append(l.faults, "list-newest-first")
	}
	if seed%5 == 0 {
		l.faults = append(l.faults, "list-lag=200ms")
	}
	if seed%4 == 0 {
		l.faults = append(l.faults, "list-cap=3", "list-deleted")
	}
	return l
}

func TestRenewLong(t *testing.T) { recoverSeeds(t, "RENEW_SEEDS", drawnRenewal) }

func TestRecoverLong(t *testing.T) { recoverSeeds(t, "RECOVER_SEEDS", drawnLoss) }

// recoverSeeds plays the seeds that an environment variable names.
func recoverSeeds(t *testing.T, variable string, draw func(seed uint64) loss) {
	t.Helper()
	from, to, err := seedRange(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	if to == 0 {
		t.Skip(variable + " says how many")
	}
	var cases []loss
	for seed := from; seed <= to; seed++ {
		cases = append(cases, draw(seed))
	}
	recoverAll(t, cases)
}

func recoverAll(t *testing.T, cases []loss) {
	t.Helper()
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.String()
	}
	var killed, without, deletes atomic.Int64
	failed := strands(t, names, 16/slowdown, func(i int, s strand) { cases[i].play(s, &killed, &without, &deletes) })
	t.Logf("%d cases, %d failed: killed %d times, %d times somebody was without a user then, %d users deleted", len(cases), len(failed), killed.Load(), without.Load(), deletes.Load())
	if killed.Load() < int64(len(cases))/2 || without.Load() == 0 {
		t.Error("hardly a kill hit: the test proves nothing")
	}
}

func (l loss) play(t strand, killed, without, deletes *atomic.Int64) {
	if l.renews {
		l.playRenewal(t, killed, without, deletes)
		return
	}
	faults, err := parseFaults([]string{"drop-after=try1,50%"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults, Seed: l.seed, Latency: 4 * time.Millisecond, LatencyMax: 20 * time.Millisecond}, people(l.rows))
	s.establish()
	h := &hunter{scene: s}
	s.instead = h.serve
	s.run(s.runArgs("--limit", fmt.Sprint(l.rows-1))...).ends(6, 8) // many lost answers in a row look like a partner that is down
	s.run(s.runArgs()...).ends(0, 3, 6)
	s.setFaults(l.faults...)
	for i, m := range l.moments {
		args := s.recoverArgs()
		if l.byRun[i] {
			args = s.runArgs()
		}
		if h.kill(s.start(args...), m) {
			killed.Add(1)
		}
		without.Add(int64(l.nobodyUnnoticed(s)))
	}
	s.setFaults()
	for range 6 {
		if p := s.run(s.recoverArgs()...); p.code != 0 && p.code != 3 {
			t.Fatalf("recovering: exit %d\n%s", p.code, p.err.String())
		}
		l.nobodyUnnoticed(s)
		if rows := s.rows(); having(rows, ledger.Created) == len(rows) {
			break
		}
	}
	l.compare(s)
	deletes.Add(int64(s.server.Counters().Deletes))
}

// playRenewal kills links renew. Two users have begun the check at the partner, which the
// ledger does not know; the links of all others are dead.
func (l loss) playRenewal(t strand, killed, without, deletes *atomic.Int64) {
	s := newScene(t, sandbox.Config{Seed: l.seed, Latency: 4 * time.Millisecond, LatencyMax: 20 * time.Millisecond}, people(l.rows))
	s.establish()
	h := &hunter{scene: s}
	s.instead = h.serve
	s.run(s.runArgs()...).ends(0)
	begun := map[string]string{}
	for i, status := range []string{"approved", "pending"} {
		u := s.users()[i]
		begun[u.Email] = u.ServiceID
		if err := s.server.SetStatus(u.ServiceID, status); err != nil {
			t.Fatal(err)
		}
	}
	renew := append([]string{"links", "renew", "--yes", "--link-life", "1ms"}, s.runArgs()[1:]...)
	s.setFaults(l.faults...)
	for i, m := range l.moments {
		args := renew
		if l.byRun[i] {
			args = s.runArgs()
		}
		if h.kill(s.start(args...), m) {
			killed.Add(1)
		}
		without.Add(int64(l.nobodyUnnoticed(s)))
	}
	s.setFaults()
	p := s.run(renew...)
	if p.code != 0 && p.code != 3 {
		t.Fatalf("renewing: exit %d\n%s", p.code, p.err.String())
	}
	l.nobodyUnnoticed(s)
	posts := map[string]int{}
	for _, p := range s.posts() {
		if p.ServiceID != "" {
			posts[p.Email]++
		}
	}
	for email, n := range posts {
		if n > 1+kyc.MaxRenewals {
			s.Errorf("%s was created %d times", email, n)
		}
	}
	for range 4 {
		if rows := s.rows(); having(rows, ledger.Created) == len(rows) {
			break
		}
		s.run(s.recoverArgs()...).ends(0, 3) // an answer may have been lost with its new link
		l.nobodyUnnoticed(s)
	}
	l.compare(s)
	for _, u := range s.users() {
		if id, has := begun[u.Email]; has && u.ServiceID != id {
			s.Errorf("%s has begun the check, and was deleted", u.Email)
		}
	}
	deletes.Add(int64(s.server.Counters().Deletes))
}

func (s *scene) recoverArgs() []string {
	return append([]string{"links", "recover", "--yes"}, s.runArgs()[1:]...)
}

// nobodyUnnoticed holds the ledger against the partner between two runs: who has
// no user is in doubt, or was never sent. It returns how many those are.
func (l loss) nobodyUnnoticed(s *scene) (without int) {
	users := map[string]sandbox.User{}
	for _, u := range s.users() {
		if _, twice := users[u.Email]; twice {
			s.Errorf("%s has two users", u.Email)
		}
		users[u.Email] = u
	}
	for _, c := range s.customers() {
		if _, there := users[c.Email]; there {
			continue
		}
		switch without++; c.Status {
		case ledger.InDoubt, ledger.Pending:
		default:
			s.Errorf("%s has no user, and is %s", c.Email, c.Status)
		}
	}
	return without
}

// compare is what must hold in the end.
func (l loss) compare(s *scene) {
	users, customers := s.users(), s.customers()
	if len(users) != l.rows || len(customers) != l.rows {
		s.Errorf("%d users and %d customers for %d rows", len(users), len(customers), l.rows)
	}
	for _, u := range users {
		c := customers[strings.ToLower(u.Email)]
		if c.Status != ledger.Created || c.ServiceID != u.ServiceID || c.URL != u.VerificationURL || c.URL == "" {
			s.Errorf("%s is %s (%s %s) with %s; the partner has %s", u.Email, c.Status, c.Code, c.Message, c.ServiceID, u.ServiceID)
		}
	}
	links := map[string]bool{}
	for _, r := range s.reported() {
		if r["verificationUrl"] == "" || links[r["verificationUrl"]] {
			s.Errorf("row %s has no link of its own", r["row"])
		}
		links[r["verificationUrl"]] = true
	}
	if got, want := s.server.Charged(), sandboxMoney(l.rows+earlierCustomers); got != want {
		s.Errorf("%s were charged, want %s", got, want)
	}
}

// hunter kills a program at a moment.
type hunter struct {
	scene *scene

	mu   sync.Mutex
	prey *process
	at   moment
	seen int64
}

// kill lets a program run until it is killed or ends by itself.
func (h *hunter) kill(p *process, m moment) bool {
	h.mu.Lock()
	h.prey, h.at, h.seen = p, m, 0
	h.mu.Unlock()
	if m.call == "" {
		select {
		case <-p.ended:
		case <-time.After(m.after): // the random moment is what is tested
			p.kill()
		}
	}
	p.wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prey = nil
	return p.code == 128+9
}

// serve answers in the partner's stead around the moment.
func (h *hunter) serve(w http.ResponseWriter, r *http.Request) bool {
	h.mu.Lock()
	p, m := h.prey, h.at
	due := false
	if p != nil && r.Method == m.call && !strings.HasSuffix(r.URL.Path, "/wallet") {
		h.seen++
		due = h.seen == m.nth
	}
	h.mu.Unlock()
	switch {
	case !due:
		return false
	case m.told:
		h.scene.server.ServeHTTP(w, r)
		_ = http.NewResponseController(w).Flush() // who waited for it may be gone
	case m.acted:
		h.scene.server.ServeHTTP(httptest.NewRecorder(), r)
	}
	p.kill()
	return true
}
