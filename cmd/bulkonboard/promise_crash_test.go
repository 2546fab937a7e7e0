//go:build !windows

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
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
// report are compared with a run that nobody disturbed. Faults 1 to 20, 32, 33
// and 57 and the invariants 1 to 13, 16, 17, 19, 28 and 29 are looked at here.
//
// A row may end in doubt only where the partner tells no time, or where nobody
// was onboarded before and so too few users are known to judge the list by.
//
// The partner's clock may differ from ours here; a step of our own clock is
// played in fake time alone (pipeline, ledger/sqlite), for a Go program reads
// the clock where no test can reach.
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
	atIntended   = "intended"   // an intent is on the disk, its request has not left
	atConnected  = "connected"  // likewise, and a connection stands of which the partner never reads a byte
	atUnrecorded = "unrecorded" // the whole answer was read, nothing of it is in the ledger
	atList       = "list"       // the list of users is being read
	atReport     = "report"     // the report is being written
	atRandom     = "random"     // some time after the start
)

// allSteps are the steps in the order of a row's life.
func allSteps() []string {
	steps := []string{atWallet, atRegistered, atIntended, atConnected, string(sandbox.Arrived), string(sandbox.Acting),
		string(sandbox.Acted), string(sandbox.Answering), string(sandbox.Answered), atUnrecorded, atList, atReport, atRandom}
	if !canFreeze {
		steps = slices.DeleteFunc(steps, func(s string) bool { return s == atUnrecorded })
	}
	return steps
}

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
	unused  bool     // nobody was onboarded before: there may be too few users to judge the list by
	kills   []killing
	flags   []string
	skew    time.Duration // partner's clock minus ours
	ttl     time.Duration // of a key; 0 = promiseTTL, which is over when settle is. Above that, the two silences differ
}

func (c crash) String() string {
	return fmt.Sprintf("seed %d: %d rows, kills %v, faults %v, partner %v repeat=%v, unused %v, skew %s, key %s, flags %v", c.seed, c.rows, c.kills, c.faults, c.manners, c.repeat, c.unused, c.skew, c.ttl, c.flags)
}

const (
	noDate          = "no-date"
	noCreationDates = "list-no-dates"
	churn           = "list-churn"
	smallPages      = "list-cap=3"
)

// timeless is where the clocks cannot be compared: a user who was made and whose
// answer was lost is then for a person to tell from another's.
func (c crash) timeless() bool {
	return slices.Contains(c.manners, noDate) || slices.Contains(c.manners, noCreationDates)
}

func manners() []string {
	return []string{"429-burns", "402-burns", "422-burns", "key-at-completion", smallPages, "list-unsorted",
		"list-newest-first", "list-no-total", churn, "list-cap-refused=50", noDate, noCreationDates, "email-case", "dup-after-fee", "plain-bodies", "key-used-text=E_77|this request has been seen", "list-lag=300ms"}
}

func troubles() []string {
	return []string{"drop-after=30%", "reset-after=30%", "drop-before=30%", "drop-before-burnt=30%", "cut-after=30%", "500-before=30%",
		"500-before-free=30%", "500-after=30%", "502-html-after=30%", "late=1s,20%", "hang=10%", "429=1s,#3", "402=#4", "trunc-201=30%",
		"no-url=30%", "null-url=30%", "http-url=30%", "js-url=30%", "no-id=30%", "html-201=30%", "trailing-201=30%",
		"503-html-after=30%", "503-before=30%", "slow-headers=20ms,20%", "422=#2", "unknown-400=#5", "duplicate-request=30%", "list-500=#1", "empty-201=#1-2"}
}

// habits are what sound partners are like. None of them changes what becomes of
// a row.
func habits() []string {
	return []string{"id-form=user,#6-", "id-form=bare", "wallet-partner=partner-17", "wallet-partner=number:4711",
		"created-offset=7s", "created-offset=-5s", "created-offset=1h", "created-form=no-zone", "created-form=sql", "created-form=+0000",
		"created-form=seconds", "created-form=millis", "date-utc", "list-lag=500ms",
		"list-empty=users-null", "list-empty=data-array", "list-empty=data-null",
		"list-odd=first-name", "list-odd=program", "list-odd=status",
		"field-errors=nest", "field-errors=fastapi", "field-errors=rfc9457", "field-errors=express", "field-errors=spring",
		"field-errors=success-false", "field-errors=laravel",
		"429-form=plain", "429-form=html", "429-form=message", "compressed=always", "big-headers=70000"}
}

// unclear are 400s of an unknown code that have acted, or have not and leave
// the key free.
func unclear() []string { return []string{"unknown-400-after=20%", unknownRefusal} }

const unknownRefusal = "unknown-400-free=#5"

// withHabits adds what was learnt of partners later. It draws from a source of
// its own, so that the rest of a seed's crash stays as it was.
func (c crash) withHabits() crash {
	r := rand.New(rand.NewPCG(c.seed, 14))
	all := habits()
	for _, i := range r.Perm(len(all))[:r.IntN(4)] {
		c.manners = append(c.manners, all[i])
	}
	if r.IntN(4) == 0 {
		c.faults = append(c.faults, unclear()[r.IntN(2)])
	}
	return c
}

// drawn is the crash of a seed.
func drawn(seed uint64) crash { return drawnBefore(seed).withHabits() }

func drawnBefore(seed uint64) crash {
	r := rand.New(rand.NewPCG(seed, 8))
	c := crash{seed: seed, rows: 4 + r.IntN(12), repeat: r.IntN(4) == 0}
	steps := append(allSteps(), atRandom, atRandom)
	for range 1 + r.IntN(4) {
		k := killing{step: steps[r.IntN(len(steps))], nth: 1 + r.IntN(8)}
		switch k.step {
		case atWallet, atRegistered, atReport, atList, atIntended:
			k.nth = 1
		case atConnected:
			k.nth = 1 + k.nth%2 // connections are used again
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
	if slices.Contains(c.manners, churn) { // pages of three never catch up with it
		c.manners = slices.DeleteFunc(c.manners, func(m string) bool { return m == smallPages })
	}
	if r.IntN(3) > 0 {
		c.faults = pick(troubles(), 2)
	}
	c.flags = []string{"--workers", []string{"1", "4", "16", "auto"}[r.IntN(4)], "--rate", []string{"unlimited", "40/s", "15/s"}[r.IntN(3)],
		"--check-existing", []string{"auto", "never"}[r.IntN(2)]}
	if r.IntN(4) == 0 {
		c.ttl = 3 * time.Second
	}
	c.skew = []time.Duration{0, 0, 10 * time.Minute, -time.Hour}[r.IntN(4)]
	c.unused = r.IntN(4) == 0
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
	var users []sandbox.User
	if slices.Contains(c.manners, churn) { // of a list of three to which two come with each look, no page is ever the last
		for i := range 10 {
			users = append(users, sandbox.User{Email: fmt.Sprintf("other%d@elsewhere.example", i)})
		}
	}
	if c.repeat {
		return users
	}
	return append(users, sandbox.User{Email: "known@example.org", FirstName: "Other", LastName: "Person", CreatedAt: time.Now().Add(c.skew - 10*24*time.Hour)})
}

func (c crash) partner(faults []string) (sandbox.Config, error) {
	parsed, err := parseFaults(append(slices.Clone(faults), c.manners...))
	return sandbox.Config{Faults: parsed, Seed: c.seed, Skew: c.skew, KeyTTL: c.ttl, EmailsRepeat: c.repeat, Latency: 4 * time.Millisecond, LatencyMax: 30 * time.Millisecond,
		Preexisting: c.known()}, err
}

func TestPromiseCrash(t *testing.T) {
	t.Parallel()
	var cases []crash
	steps := []killing{{atWallet, 1, 0}, {atRegistered, 1, 0}, {string(sandbox.Arrived), 1, 0}, {string(sandbox.Acting), 3, 0},
		{string(sandbox.Acted), 2, 0}, {string(sandbox.Answering), 4, 0}, {string(sandbox.Answered), 3, 0}, {atReport, 1, 0},
		{atIntended, 1, 0}, {atConnected, 1, 0}, {atRandom, 0, 150 * time.Millisecond}}
	if canFreeze {
		steps = append(steps, killing{atUnrecorded, 1, 0}, killing{atUnrecorded, 3, 0})
	}
	for i, k := range steps {
		cases = append(cases, crash{seed: uint64(1000 + i), rows: 6, kills: []killing{k}, unused: i%4 == 3})
		if !testing.Short() && i%6 == 0 { // TestPromiseLong has all of them
			cases = append(cases, crash{seed: uint64(2000 + i), rows: 8, kills: []killing{k, k, steps[(i+3)%len(steps)]},
				faults: []string{troubles()[2*i%len(troubles())]}, manners: []string{manners()[i]}, repeat: true})
		}
	}
	cases = append(cases, crash{seed: 3000, rows: 6, kills: []killing{{string(sandbox.Acted), 1, 0}, {atList, 1, 0}, {atList, 2, 0}}, faults: []string{"500-before=50%"}})
	cases = append(cases, crash{seed: 3001, rows: 6, kills: []killing{{string(sandbox.Arrived), 2, 0}}, faults: []string{"500-before-free=50%"}, ttl: 3 * time.Second})
	cases = append(cases, crash{seed: 3002, rows: 6, kills: []killing{{string(sandbox.Acted), 2, 0}}, faults: []string{"drop-after=30%"}, skew: 10 * time.Minute},
		crash{seed: 3003, rows: 6, kills: []killing{{string(sandbox.Answering), 2, 0}}, faults: []string{"500-before=30%"}, skew: -time.Hour},
		crash{seed: 3004, rows: 6, kills: []killing{{string(sandbox.Acted), 3, 0}}, manners: []string{noDate}},
		crash{seed: 3007, rows: 4, kills: []killing{{string(sandbox.Acted), 1, 0}, {string(sandbox.Acted), 2, 0}}, faults: []string{"drop-after=60%"}, unused: true},
		crash{seed: 3005, rows: 6, kills: []killing{{string(sandbox.Acted), 3, 0}, {atList, 1, 0}}, manners: []string{churn}, faults: []string{"reset-after=30%"}})
	loop := crash{seed: 3006, rows: 6, kills: []killing{{string(sandbox.Acted), 1, 0}}} // fault 33: killed again and again as it resumes
	for range 6 {
		loop.kills = append(loop.kills, killing{atList, 1, 0})
	}
	cases = append(cases, loop)
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
	t.Logf("%d cases, %d failed: %d runs, %d of them killed (%s), %d POSTs, %d users, %d links lost to kills and faults",
		len(cases), len(failed), total.runs.Load(), total.killed.Load(), total.steps(), total.posts.Load(), total.users.Load(), total.links.Load())
	if total.killed.Load() == 0 {
		t.Error("nothing was killed: the test proves nothing")
	}
	for _, step := range allSteps() {
		if tries := tried(cases, step); tries > most && total.at(step) == 0 {
			t.Errorf("the program was to be killed %d times at %q, and never was: the test proves nothing of it", tries, step)
		}
	}
}

// most is how often a step may be missed: its moment may come too late in a
// run, or not at all.
const most = 3

// tried is how often the cases are to kill at a step.
func tried(cases []crash, step string) (n int) {
	for _, c := range cases {
		for _, k := range c.kills {
			if k.step == step {
				n++
			}
		}
	}
	return n
}

// toll adds up what all cases did.
type toll struct {
	runs, killed, posts, users, links atomic.Int64

	mu    sync.Mutex
	kills map[string]int // by step
}

func (t *toll) kill(step string) {
	t.killed.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kills == nil {
		t.kills = map[string]int{}
	}
	t.kills[step]++
}

func (t *toll) at(step string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kills[step]
}

// steps says how many were killed at each step.
func (t *toll) steps() string {
	var parts []string
	for _, step := range allSteps() {
		parts = append(parts, fmt.Sprintf("%d %s", t.at(step), step))
	}
	return strings.Join(parts, ", ")
}

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
	if !c.unused {
		sc.establish(c.manners...)
	}
	sc.flags = append(append(sc.flags, c.flags...), "--metrics-file", sc.path("metrics.prom"))
	sc.before = func(call string, _ int) { w.pass(call) }
	sc.accepts = w.accepts
	sc.instead = w.hangUp
	w.scene = sc

	killed := 0
	for _, k := range c.kills {
		if step := w.play(k); step != "" {
			killed++
			total.kill(step)
		}
		total.runs.Add(1)
		c.afterKill(sc, w.said)
	}
	if len(c.faults) > 0 && !slices.Contains(c.faults, "402=#4") { // one whole run with the faults
		sc.run(sc.runArgs()...).ends(0, 3, 4, 5, 6, 8, 10)
		total.runs.Add(1)
	}
	sc.setFaults(c.manners...)
	last := c.finish(sc, total)
	c.compare(sc, want, last, killed, total)
	w.tell(s)

	// Invariant 12. A finished ledger: nothing is sent, nothing changes, nobody is needed.
	posts, before, told := len(sc.posts()), statuses(sc.rows()), sc.reported()
	code := 0
	if c.forPeople(sc) > 0 {
		code = 3
	}
	sc.run(sc.runArgs()...).ends(code)
	if n := len(sc.posts()) - posts; n != 0 {
		s.Errorf("a run over a finished ledger sent %d requests", n)
	}
	if now := statuses(sc.rows()); !slices.Equal(before, now) {
		s.Errorf("a run over a finished ledger changed %v to %v", before, now)
	}
	after := sc.reported()
	confirmedSince(told, after)
	if !reflect.DeepEqual(told, after) {
		s.Errorf("a run over a finished ledger reports %v, and before that %v", after, told)
	}
}

// confirmedSince takes from a report what a later one may lack: that the list had
// not shown a user yet, or could not be read.
func confirmedSince(told, after []map[string]string) {
	for i, row := range told {
		if i < len(after) && row["code"] == "warn:unconfirmed" && after[i]["code"] == "" {
			row["code"], row["message"] = "", ""
		}
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
	p := sc.run(sc.runArgs(patient()...)...).ends(3)
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

// ending is the last of the runs that were left undisturbed.
type ending struct {
	*process
	settled bool // rows that an earlier run had left in doubt
}

// finish runs undisturbed until nothing is left to do.
func (c crash) finish(sc *scene, total *toll) ending {
	sc.Helper()
	for range 6 {
		doubts := having(sc.rows(), ledger.InDoubt)
		p := sc.run(sc.runArgs()...)
		total.runs.Add(1)
		if sum := p.summary(); sum != nil && (sum.Remaining == 0 || c.forPeople(sc) == sum.Remaining) && (p.code == 0 || p.code == 3) {
			return ending{p, having(sc.rows(), ledger.InDoubt) < doubts}
		}
		if !slices.Contains([]int{0, 3, 4, 6, 8}, p.code) {
			sc.Fatalf("exit code %d\n%s", p.code, p.err.String())
		}
	}
	sc.Fatalf("six undisturbed runs did not finish; rows: %v\n%s", statuses(sc.rows()), describe(sc))
	return ending{}
}

// forPeople is how many rows wait for a person because the clocks cannot be
// compared, or too few users are known.
func (c crash) forPeople(sc *scene) (n int) {
	customers := sc.customers()
	for _, r := range sc.rows() {
		if c.undecidable(sc, r, customers) {
			n++
		}
	}
	return n
}

// undecidable reports whether a row is one that only a person can decide: its
// answer was lost, and no time tells whose the user is who is there; the ledger
// knows too few users to judge the list by; or the partner acted too late.
func (c crash) undecidable(sc *scene, r ledger.Reported, customers map[string]ledger.Customer) bool {
	if r.Status != ledger.InDoubt || !unansweredOnce(r, customers) {
		return false
	}
	if actedLate(sc) {
		return true
	}
	switch r.Customer.Code {
	case "no_partner_time":
		return c.timeless() || sentBeforeTheTime(r, customers)
	case "created_at_unproved":
		return c.timeless() || c.unused && countMeasures(customers) < minMeasures
	case "absence_unproved":
		return c.unused
	default:
		return false
	}
}

// minMeasures is how many answered creations calibrate createdAt.
const minMeasures = 3

// countMeasures is how many customers were created by an answer that arrived
// whole, and so tell how createdAt and the partner's clock differ.
func countMeasures(customers map[string]ledger.Customer) (n int) {
	for _, c := range customers {
		if c.Status == ledger.Created && slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.OK && a.NotBefore.Certain }) {
			n++
		}
	}
	return n
}

// sentBeforeTheTime reports whether the row is the one that a run may have on its
// way before the partner has told the time: on a busy machine the look at the
// wallet may time out.
func sentBeforeTheTime(r ledger.Reported, customers map[string]ledger.Customer) bool {
	for identity, c := range customers {
		for _, a := range c.History {
			if a.NotBefore.Certain || identity == r.Customer.Identity {
				continue
			}
			for _, own := range customers[r.Customer.Identity].History {
				if own.Run == a.Run && !own.NotBefore.Certain {
					return false // two of one run
				}
			}
		}
	}
	return slices.ContainsFunc(customers[r.Customer.Identity].History, func(a ledger.Attempt) bool { return !a.NotBefore.Certain })
}
