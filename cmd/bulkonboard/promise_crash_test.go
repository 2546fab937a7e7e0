//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The crash matrix: the program is killed with SIGKILL at every step of a row's
// life and at random moments, with and without a misbehaving partner, and run
// again until nothing is left to do. Then the partner, the ledger and the
// report are compared with a run that nobody disturbed.
//
// TestPromiseCrash plays each step of the matrix a few times and takes some 20
// seconds. The long one draws kills and faults by seed:
//
//	PROMISE_SEEDS=300 go test ./cmd/bulkonboard -run TestPromiseLong -timeout 60m
//
// plays the seeds 1 to 300, PROMISE_SEEDS=17-17 the one that failed.

// Steps at which the program is killed. Those of the partner's side are
// sandbox.Stage, as the n-th of them comes by.
const (
	atWallet     = "wallet"     // rows read and checked, nothing registered
	atRegistered = "registered" // the batch stands in the ledger
	atList       = "list"       // the list of users is being read
	atReport     = "report"     // the report is being written
	atRandom     = "random"     // some time after the start
)

// killing is one kill -9.
type killing struct {
	step  string
	nth   int
	after time.Duration // with atRandom
}

func (k killing) String() string {
	if k.step == atRandom {
		return k.after.String()
	}
	return k.step + strconv.Itoa(k.nth)
}

// crash is one case of the matrix.
type crash struct {
	seed    uint64
	rows    int
	manners []string // what the partner is like, to the end
	faults  []string // what goes wrong, until the killing is over
	repeat  bool     // the partner takes an e-mail any number of times
	kills   []killing
	flags   []string
	ttl     time.Duration // of a key; 0 = promiseTTL, which is over when settle is. Above that, the two silences differ
}

func (c crash) String() string {
	return fmt.Sprintf("seed %d: %d rows, kills %v, faults %v, partner %v repeat=%v, key %s, flags %v", c.seed, c.rows, c.kills, c.faults, c.manners, c.repeat, c.ttl, c.flags)
}

func manners() []string {
	return []string{"429-burns", "402-burns", "422-burns", "key-at-completion", "list-cap=3", "list-unsorted",
		"list-newest-first", "list-no-total", "email-case", "dup-after-fee", "plain-bodies", "key-used-text=E_77|this request has been seen", "list-lag=300ms"}
}

func troubles() []string {
	return []string{"drop-after=30%", "reset-after=30%", "drop-before=30%", "drop-before-burnt=30%", "cut-after=30%", "500-before=30%",
		"500-before-free=30%", "500-after=30%", "502-html-after=30%", "late=1s,20%", "hang=10%", "429=1s,#3", "402=#4", "trunc-201=30%",
		"no-url=30%", "422=#2", "unknown-400=#5", "duplicate-request=30%", "list-500=#1", "empty-201=#1-2"}
}

// drawn is the crash of a seed.
func drawn(seed uint64) crash {
	r := rand.New(rand.NewPCG(seed, 8))
	c := crash{seed: seed, rows: 4 + r.IntN(12), repeat: r.IntN(4) == 0}
	steps := []string{atWallet, atRegistered, string(sandbox.Arrived), string(sandbox.Acting), string(sandbox.Acted),
		string(sandbox.Answering), string(sandbox.Answered), atList, atReport, atRandom, atRandom, atRandom}
	for range 1 + r.IntN(4) {
		k := killing{step: steps[r.IntN(len(steps))], nth: 1 + r.IntN(8)}
		switch k.step {
		case atWallet, atRegistered, atReport, atList:
			k.nth = 1
		case atRandom:
			k.after = time.Duration(r.IntN(int(600 * time.Millisecond)))
		}
		c.kills = append(c.kills, k)
	}
	pick := func(from []string, most int) (some []string) {
		for _, i := range r.Perm(len(from))[:r.IntN(most+1)] {
			some = append(some, from[i])
		}
		return some
	}
	c.manners = pick(manners(), 3)
	if r.IntN(3) > 0 {
		c.faults = pick(troubles(), 2)
	}
	c.flags = []string{"--workers", []string{"1", "4", "16", "auto"}[r.IntN(4)], "--rate", []string{"unlimited", "40/s", "15/s"}[r.IntN(3)],
		"--check-existing", []string{"auto", "never"}[r.IntN(2)]}
	if r.IntN(4) == 0 {
		c.ttl = 3 * time.Second
	}
	return c
}

// people is the input: good rows, one of each bad kind, and one customer whom
// the partner knows already.
func (c crash) people() string {
	var b strings.Builder
	b.WriteString(peopleHeader)
	for i := range c.rows {
		b.WriteString(person(i, fmt.Sprintf("Person%d@Example.org", i)))
		switch i {
		case 0:
			b.WriteString(person(90, "no address"))
		case 1:
			b.WriteString(person(1, "person1@example.org"))
		case 2:
			b.WriteString(person(91, c.refused()))
		case 3:
			b.WriteString(person(92, "known@example.org"))
		}
	}
	return b.String()
}

// refused is a customer whom the partner refuses, unless it does so in words
// that nobody can read: such a row is left to a person.
func (c crash) refused() string {
	if slices.Contains(c.manners, "plain-bodies") {
		return "accepted@example.org"
	}
	return "refused+blacklisted@example.org"
}

// known are the users that are there before. Where e-mails may repeat there are
// none: two users of one e-mail are for a person to tell apart.
func (c crash) known() []sandbox.User {
	if c.repeat {
		return nil
	}
	return []sandbox.User{{Email: "known@example.org", FirstName: "Other", LastName: "Person"}}
}

func (c crash) partner(faults []string) (sandbox.Config, error) {
	parsed, err := parseFaults(append(slices.Clone(faults), c.manners...))
	return sandbox.Config{Faults: parsed, Seed: c.seed, KeyTTL: c.ttl, EmailsRepeat: c.repeat, Latency: 4 * time.Millisecond, LatencyMax: 30 * time.Millisecond,
		Preexisting: c.known()}, err
}

func TestPromiseCrash(t *testing.T) {
	t.Parallel()
	var cases []crash
	steps := []killing{{atWallet, 1, 0}, {atRegistered, 1, 0}, {string(sandbox.Arrived), 1, 0}, {string(sandbox.Acting), 3, 0},
		{string(sandbox.Acted), 2, 0}, {string(sandbox.Answering), 4, 0}, {string(sandbox.Answered), 3, 0}, {atReport, 1, 0},
		{atRandom, 0, 150 * time.Millisecond}}
	for i, k := range steps {
		cases = append(cases, crash{seed: uint64(1000 + i), rows: 6, kills: []killing{k}})
		if !testing.Short() {
			cases = append(cases, crash{seed: uint64(2000 + i), rows: 8, kills: []killing{k, k, steps[(i+3)%len(steps)]},
				faults: []string{troubles()[2*i]}, manners: []string{manners()[i]}, repeat: i%3 == 0})
		}
	}
	cases = append(cases, crash{seed: 3000, rows: 6, kills: []killing{{string(sandbox.Acted), 1, 0}, {atList, 1, 0}, {atList, 2, 0}}, faults: []string{"500-before=50%"}})
	cases = append(cases, crash{seed: 3001, rows: 6, kills: []killing{{string(sandbox.Arrived), 2, 0}}, faults: []string{"500-before-free=50%"}, ttl: 3 * time.Second})
	if slowdown > 1 {
		cases = cases[2:6]
	}
	playAll(t, cases)
}

func TestPromiseLong(t *testing.T) {
	from, to, err := seedRange(os.Getenv("PROMISE_SEEDS"))
	if err != nil {
		t.Fatal(err)
	}
	if to == 0 {
		t.Skip("PROMISE_SEEDS says how many")
	}
	var cases []crash
	for seed := from; seed <= to; seed++ {
		cases = append(cases, drawn(seed))
	}
	playAll(t, cases)
}

func seedRange(text string) (from, to uint64, err error) {
	if text == "" {
		return 0, 0, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		first, last = "1", text
	}
	from, err = strconv.ParseUint(first, 10, 64)
	if err == nil {
		to, err = strconv.ParseUint(last, 10, 64)
	}
	return from, to, err
}

func playAll(t *testing.T, cases []crash) {
	t.Helper()
	names := make([]string, len(cases))
	for i, c := range cases {
		names[i] = c.String()
	}
	var total toll
	failed := strands(t, names, 16/slowdown, func(i int, s strand) { cases[i].play(s, &total) })
	t.Logf("%d cases, %d failed: %d runs, %d of them killed (%d at their step), %d POSTs, %d users, %d links lost to kills and faults",
		len(cases), len(failed), total.runs.Load(), total.killed.Load(), total.atStep.Load(), total.posts.Load(), total.users.Load(), total.links.Load())
	if total.killed.Load() == 0 {
		t.Error("nothing was killed: the test proves nothing")
	}
}

// toll adds up what all cases did.
type toll struct{ runs, killed, atStep, posts, users, links atomic.Int64 }

// play is one case from the first start to the comparison.
func (c crash) play(s strand, total *toll) {
	want := c.undisturbed(s)
	cfg, err := c.partner(c.faults)
	if err != nil {
		s.Fatalf("%v", err)
	}
	w := &watcher{}
	cfg.Barrier = w.barrier
	sc := newScene(s, cfg, c.people())
	sc.flags = append(sc.flags, c.flags...)
	sc.before = func(call string, _ int) { w.pass(call) }
	w.scene = sc

	killed := 0
	for _, k := range c.kills {
		if w.play(k) {
			killed++
			total.atStep.Add(1)
		}
		total.runs.Add(1)
		c.afterKill(sc)
	}
	total.killed.Add(int64(killed))
	if len(c.faults) > 0 && !slices.Contains(c.faults, "402=#4") { // one whole run with the faults
		sc.run(sc.runArgs()...).ends(0, 3, 4, 5, 6, 8)
		total.runs.Add(1)
	}
	sc.setFaults(c.manners...)
	last := c.finish(sc, total)
	c.compare(sc, want, last, killed, total)
	w.tell(s)

	// A finished ledger: nothing is sent, nothing changes, nobody is needed.
	posts, before := sc.server.Counters().Posts, statuses(sc.rows())
	sc.run(sc.runArgs()...).ends(0)
	if n := sc.server.Counters().Posts - posts; n != 0 {
		s.Errorf("a run over a finished ledger sent %d requests", n)
	}
	if after := statuses(sc.rows()); !slices.Equal(before, after) {
		s.Errorf("a run over a finished ledger changed %v to %v", before, after)
	}
}

// undisturbed plays the case without kills and faults, and returns the rows' statuses.
func (c crash) undisturbed(s strand) []ledger.Status {
	cfg, err := c.partner(nil)
	if err != nil {
		s.Fatalf("%v", err)
	}
	sc := newScene(s, cfg, c.people())
	sc.flags = append(sc.flags, c.flags...)
	p := sc.run(sc.runArgs()...).ends(3)
	got := statuses(sc.rows())
	known, refused := ledger.Duplicate, ledger.Rejected
	if c.repeat {
		known = ledger.Created
	}
	if slices.Contains(c.manners, "plain-bodies") {
		refused = ledger.Created
	}
	want := []ledger.Status{ledger.Created, ledger.Invalid, ledger.Created, ledger.DuplicateInInput, ledger.Created, refused, ledger.Created, known}
	for range c.rows - 4 {
		want = append(want, ledger.Created)
	}
	if !slices.Equal(got, want) {
		s.Fatalf("undisturbed run: %v, want %v", got, want)
	}
	var before, after float64
	if sum := p.summary(); sum != nil {
		before, _ = sum.Money.WalletBefore.Float64()
		after, _ = sum.Money.WalletAfter.Float64()
	}
	if charged, _ := strconv.ParseFloat(sc.server.Charged(), 64); !slices.Contains(c.manners, "dup-after-fee") && before-after != charged {
		s.Errorf("the wallet went down by %v, the tool says by %v", charged, before-after)
	}
	return got
}

func statuses(rows []ledger.Reported) []ledger.Status {
	var all []ledger.Status
	for _, r := range rows {
		all = append(all, r.Status)
	}
	return all
}

// watcher kills the program at its step, and looks into the ledger at each
// arrival.
type watcher struct {
	scene *scene

	mu      sync.Mutex
	process *process
	next    killing
	seen    int
	hit     bool
	bad     []string
}

func (w *watcher) barrier(stage sandbox.Stage, key, email string) {
	if stage == sandbox.Arrived {
		w.intended(key, email)
	}
	w.step(string(stage))
}

func (w *watcher) pass(call string) {
	if call != "create" {
		w.step(call)
	}
}

// step is called as a step comes by, and returns when the program is dead if
// this is where it is to die.
func (w *watcher) step(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.process == nil || w.next.step != name || w.hit {
		return
	}
	if w.seen++; w.seen == w.next.nth {
		w.hit = true
		w.process.kill()
	}
}

// intended fails unless the ledger has the intent of the request that arrives.
func (w *watcher) intended(key, email string) {
	identity := strings.ToLower(email)
	for _, a := range w.scene.customers(identity)[identity].History {
		if a.Key == key {
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = append(w.bad, "a request arrived whose intent is not in the ledger: "+email)
}

func (w *watcher) tell(s strand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.bad {
		s.Errorf("%s", b)
	}
}

// play runs the program and kills it; false if it ended before its step came.
func (w *watcher) play(k killing) bool {
	p := w.scene.command(w.scene.runArgs()...)
	w.mu.Lock()
	p.begin()
	w.process, w.next, w.seen, w.hit = p, k, 0, false
	w.mu.Unlock()
	switch k.step {
	case atRandom:
		w.after(p, k.after)
	case atRegistered:
		w.when(p, func() bool { return len(w.scene.rows()) > 0 })
	case atReport:
		w.when(p, w.reporting)
	}
	p.wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = nil
	return w.hit
}

func (w *watcher) after(p *process, d time.Duration) {
	select {
	case <-p.ended:
	case <-time.After(d):
		w.die(p)
	}
}

func (w *watcher) die(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.running() {
		w.hit = true
		p.kill()
	}
}

// when kills as soon as it sees something.
func (w *watcher) when(p *process, sees func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for p.running() {
		if sees() {
			w.die(p)
			return
		}
		<-tick.C
	}
}

// reporting reports whether a report is under way, after something was sent:
// before that, the targets are only tried out.
func (w *watcher) reporting() bool {
	if w.scene.server.Counters().Users < 2 {
		return false
	}
	parts, err := filepath.Glob(filepath.Join(w.scene.dir, ".*.tmp"))
	return err == nil && len(parts) > 0
}

// afterKill looks at what a kill left behind.
func (c crash) afterKill(sc *scene) {
	sc.Helper()
	if _, err := os.Stat(sc.ledger); errors.Is(err, fs.ErrNotExist) {
		return // killed before it was made
	}
	l := sc.open()
	if l == nil {
		return
	}
	found, err := l.Verify(context.Background())
	if err != nil || len(found) > 0 {
		sc.Errorf("after a kill the ledger does not verify: %v %v", err, found)
	}
	closing(sc, l)
	customers := sc.customers()
	for _, row := range sc.reported() {
		if row["status"] == string(ledger.Created) && customers[strings.ToLower(row["email"])].Status != ledger.Created {
			sc.Errorf("the report says created of a row that is not in the ledger: row %s", row["row"])
		}
	}
}

// finish runs undisturbed until nothing is left to do.
func (c crash) finish(sc *scene, total *toll) *process {
	sc.Helper()
	for range 6 {
		p := sc.run(sc.runArgs()...)
		total.runs.Add(1)
		if sum := p.summary(); sum != nil && sum.Remaining == 0 && (p.code == 0 || p.code == 3) {
			return p
		}
		if !slices.Contains([]int{0, 3, 4, 6, 8}, p.code) {
			sc.Fatalf("exit code %d\n%s", p.code, p.err.String())
		}
	}
	sc.Fatalf("six undisturbed runs did not finish; rows: %v\n%s", statuses(sc.rows()), describe(sc))
	return nil
}

// describe tells the whole story of the rows that did not finish.
func describe(sc *scene) string {
	var b strings.Builder
	for _, cust := range sc.customers() {
		if cust.Status == ledger.Created {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s\n", cust.Identity, cust.Status, cust.Code)
		for _, a := range cust.History {
			fmt.Fprintf(&b, "  run %d gen %d %s %s..%s class %s absent %v http %d %s\n", a.Run, a.Generation, a.Key[:8],
				a.NotBefore.At.Format("05.000"), a.NotAfter.At.Format("05.000"), a.Class, a.Absent, a.HTTPStatus, a.Code)
		}
		for _, p := range sc.server.Posts() {
			if strings.EqualFold(p.Email, cust.Identity) {
				fmt.Fprintf(&b, "  partner: seq %d %s at %s done %s %s %d fault %s user %s\n", p.Seq, p.Key[:8], p.Arrived.Format("05.000"), p.Completed.Format("05.000"), p.Class, p.Status, p.Fault, p.ServiceID)
			}
		}
		for _, u := range sc.server.Users() {
			if strings.EqualFold(u.Email, cust.Identity) {
				fmt.Fprintf(&b, "  user %s created %s\n", u.ServiceID, u.CreatedAt.Format("05.000"))
			}
		}
	}
	return b.String()
}

// compare is the promise, checked from outside.
func (c crash) compare(sc *scene, want []ledger.Status, last *process, killed int, total *toll) {
	sc.Helper()
	rows, customers := sc.rows(), sc.customers()
	users := map[string][]sandbox.User{} // made through the API, by identity
	made := 0
	for _, u := range sc.server.Users() {
		if u.Origin == sandbox.FromAPI {
			users[strings.ToLower(u.Email)] = append(users[strings.ToLower(u.Email)], u)
			made++
		}
	}
	for identity, us := range users {
		if len(us) > 1 {
			sc.Errorf("created %d times: %s\n%s", len(us), identity, describe(sc))
		}
	}
	if charged, _ := strconv.ParseFloat(sc.server.Charged(), 64); !slices.Contains(c.manners, "dup-after-fee") && charged != 0.5*float64(made) {
		sc.Errorf("charged %v for %d users", charged, made)
	}
	if len(rows) != len(want) {
		sc.Fatalf("%d rows in the ledger, want %d", len(rows), len(want))
	}
	missing := 0
	for i, r := range rows {
		switch {
		case r.Status == want[i]:
		case r.Status == ledger.LinkMissing && want[i] == ledger.Created && unansweredOnce(r, customers):
			missing++
		case c.mislabels(r.Status, want[i]):
		default:
			sc.Errorf("row %d is %s (%s), undisturbed it is %s\n%s", r.Number, r.Status, r.Customer.Code, want[i], describe(sc))
		}
	}
	if len(c.faults) == 0 && missing > (16+64)*killed {
		sc.Errorf("%d links lost to %d kills", missing, killed)
	}
	c.compareUsers(sc, rows, users)
	c.compareReport(sc, rows)
	c.comparePosts(sc, customers)
	c.compareExit(sc, rows, last)
	l := sc.open()
	if l != nil {
		if found, err := l.Verify(context.Background()); err != nil || len(found) > 0 {
			sc.Errorf("the ledger does not verify: %v %v", err, found)
		}
		closing(sc, l)
	}
	total.posts.Add(int64(sc.server.Counters().Posts))
	total.users.Add(int64(made))
	total.links.Add(int64(missing))
}

// mislabels lists what the faults, not the kills, make of a row: a partner that
// refuses for no reason is believed.
func (c crash) mislabels(got, want ledger.Status) bool {
	return got == ledger.Rejected && want == ledger.Created && (slices.Contains(c.faults, "422=#2") || slices.Contains(c.faults, "unknown-400=#5"))
}

// unansweredOnce reports whether the row lost an answer: without that, its link
// has no excuse for being lost.
func unansweredOnce(r ledger.Reported, customers map[string]ledger.Customer) bool {
	return slices.ContainsFunc(customers[r.Customer.Identity].History, func(a ledger.Attempt) bool {
		return a.Class == ledger.Unknown || a.Class == ledger.OKBroken || a.Class == ledger.KeyUsed || a.Class == ledger.Unclear
	})
}

func (c crash) compareUsers(sc *scene, rows []ledger.Reported, users map[string][]sandbox.User) {
	sc.Helper()
	ids, told := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		identity := r.Customer.Identity
		us := users[identity]
		switch r.Status {
		case ledger.Created, ledger.LinkMissing:
			told[identity] = true
			if len(us) == 0 {
				sc.Errorf("row %d is %s, and the partner has no user", r.Number, r.Status)
				continue
			}
			u := us[0]
			if u.ServiceID != r.Customer.ServiceID || u.Email != r.Customer.Email || r.Status == ledger.Created && u.VerificationURL != r.Customer.URL {
				sc.Errorf("row %d is %s with another user's data: %+v, partner %+v", r.Number, r.Status, r.Customer, u)
			}
			if ids[u.ServiceID] {
				sc.Errorf("two rows share the user %s", u.ServiceID)
			}
			ids[u.ServiceID] = true
		case ledger.Rejected, ledger.Invalid, ledger.InsufficientBalance, ledger.Duplicate:
			if len(us) > 0 {
				sc.Errorf("row %d is %s, and this file made its user\n%s", r.Number, r.Status, describe(sc))
			}
		}
	}
	for identity := range users {
		if !told[identity] {
			sc.Errorf("a user was made and no row says so: %s\n%s", identity, describe(sc))
		}
	}
}

func (c crash) compareReport(sc *scene, rows []ledger.Reported) {
	sc.Helper()
	lines := sc.reported()
	if len(lines) != len(rows) {
		sc.Errorf("the report has %d rows, the file %d", len(lines), len(rows))
		return
	}
	for i, line := range lines {
		r := rows[i]
		if line["row"] != strconv.Itoa(i+2) || line["status"] != string(r.Status) || r.Status != ledger.DuplicateInInput && (line["serviceId"] != r.Customer.ServiceID || line["verificationUrl"] != r.Customer.URL) {
			sc.Errorf("line %d of the report and the ledger differ: %v", i+2, line["status"])
		}
	}
	if parts, _ := filepath.Glob(filepath.Join(sc.dir, ".*.tmp")); len(parts) > 0 {
		sc.Errorf("left behind after a clean run: %v", parts)
	}
}

// comparePosts holds what the partner saw against the ledger's attempts.
func (c crash) comparePosts(sc *scene, customers map[string]ledger.Customer) {
	sc.Helper()
	posts, lists := sc.server.Posts(), sc.server.Lists()
	seen := map[string]int{}
	last := map[string]sandbox.Post{}
	for _, p := range posts {
		identity := strings.ToLower(p.Email)
		seen[identity+p.Key]++
		if before, ok := last[identity]; ok {
			c.compareTwo(sc, before, p, lists)
		}
		last[identity] = p
	}
	kept := map[string]int{}
	for identity, cust := range customers {
		inRun := map[int64]int{}
		for _, a := range cust.History {
			if a.Class == ledger.NotSent {
				continue
			}
			kept[identity+a.Key]++
			if a.HTTPStatus != 0 && seen[identity+a.Key] == 0 {
				sc.Errorf("an answered attempt that never arrived: %s", identity)
			}
			if a.Class != ledger.Busy && a.Class != ledger.Funds {
				inRun[a.Run]++
			}
		}
		for run, n := range inRun {
			if n > 5+1 { // a used key that a 429 or a 402 left behind spends nothing
				sc.Errorf("%d sends of %s in run %d", n, identity, run)
			}
		}
	}
	// An attempt that a kill kept from leaving is in the ledger only.
	unsent := 0
	for k, n := range seen {
		if n > kept[k] {
			sc.Errorf("%d requests for one key, %d attempts in the ledger: a hidden retry", n, kept[k])
		}
	}
	for k, n := range kept {
		unsent += n - seen[k]
	}
	if most := 100 * len(c.kills); unsent > most {
		sc.Errorf("%d attempts never arrived; %d kills explain at most %d", unsent, len(c.kills), most)
	}
	if len(c.kills) == 0 && unsent > 0 {
		sc.Errorf("%d attempts never arrived, and nothing was killed", unsent)
	}
}

// compareTwo checks two requests for one person that follow each other.
func (c crash) compareTwo(sc *scene, a, b sandbox.Post, lists []sandbox.List) {
	sc.Helper()
	switch a.Class {
	case sandbox.ClassBusy, sandbox.ClassAuth, sandbox.ClassFunds, sandbox.ClassReject:
		return // answered; where the answer was lost the silence below would hold too, but for no reason
	case sandbox.ClassKeyUsed, sandbox.ClassDupUser, sandbox.ClassUnclear:
	default:
		if gap := b.Arrived.Sub(a.Arrived); gap < sc.ttl {
			sc.Errorf("sent again after %s, while the key may live (%s): %s\n%s", gap, sc.ttl, a.Email, describe(sc))
		}
	}
	if !slices.ContainsFunc(lists, func(l sandbox.List) bool { return l.Seq > a.Seq && l.Seq < b.Seq && l.Status == 200 }) {
		sc.Errorf("in doubt, and sent again without a look at the list: %s\n%s", a.Email, describe(sc))
	}
}

// compareExit checks the exit code of the last run: 3 while a row needs a
// person and no finished run has told it, else 0.
func (c crash) compareExit(sc *scene, rows []ledger.Reported, last *process) {
	sc.Helper()
	l := sc.open()
	if l == nil {
		return
	}
	defer closing(sc, l)
	finished := 0
	for r, err := range l.Log(context.Background()) {
		if err != nil {
			sc.Errorf("reading the log: %v", err)
			return
		}
		if r.End != nil && (r.End.ExitCode == 0 || r.End.ExitCode == 3) {
			finished++
		}
	}
	if last.code == 0 && finished < 2 {
		sc.Errorf("exit 0 although nobody was told of the rows that need a person")
	}
	if last.code == 3 && finished > 1 && len(c.faults) == 0 {
		sc.Errorf("exit 3 although an earlier finished run told everything")
	}
	sum := last.summary()
	counts := map[ledger.Status]int{}
	for _, r := range rows {
		counts[r.Status]++
	}
	for st, n := range sum.Counts {
		if counts[st] != n {
			sc.Errorf("the summary counts %d %s, the ledger %d", n, st, counts[st])
		}
	}
	if text, _ := json.Marshal(sum.ExitCode); string(text) != strconv.Itoa(last.code) {
		sc.Errorf("the summary says exit %s, the process %d", text, last.code)
	}
}
