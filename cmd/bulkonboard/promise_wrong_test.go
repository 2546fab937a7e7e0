//go:build !windows

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// The wrong partner: partners with random habits of clock, list, gateway and
// answers (drawWrongPartner), to which the program sends a list until
// nothing changes any more, killed in some seeds. Then the partner, the ledger
// and the report must agree row by row. TestWrongPartner plays a few seeds,
//
//	WRONG_PARTNER_SEEDS=300 go test ./cmd/bulkonboard -run TestWrongPartnerLong -timeout 60m
//
// the seeds 1 to 300, and WRONG_PARTNER_SEEDS=17-17 one that failed.

// wrongPartners are those of the short test: two of random habits, which have
// nearly every kind of habit together, and two of one habit each that is rarely
// or never drawn.
func wrongPartners() []wrongPartner {
	only := func(seed uint64, h habit) wrongPartner {
		return wrongPartner{Seed: seed, Habits: []habit{h}}
	}
	partners := []wrongPartner{
		only(1001, habit{Faults: []string{"one-link"}, Says: "gives all the same link"}),
		only(1004, habit{Faults: []string{"shift-answers"}, Says: "gives each the answer of the one before", MayDoubt: true}),
	}
	for _, seed := range []uint64{96, 298} { // TestWrongPartnerLong has more
		partners = append(partners, drawWrongPartner(seed))
	}
	return partners
}

func TestWrongPartner(t *testing.T) {
	t.Parallel()
	partners := wrongPartners()
	if slowdown > 1 {
		partners = partners[:3]
	}
	playWrongPartners(t, partners)
}

func TestWrongPartnerLong(t *testing.T) {
	from, to, err := seedRange(os.Getenv("WRONG_PARTNER_SEEDS"))
	if err != nil {
		t.Fatal(err)
	}
	if to == 0 {
		t.Skip("WRONG_PARTNER_SEEDS says how many")
	}
	var partners []wrongPartner
	for seed := from; seed <= to; seed++ {
		partners = append(partners, drawWrongPartner(seed))
	}
	playWrongPartners(t, partners)
}

func playWrongPartners(t *testing.T, partners []wrongPartner) {
	t.Helper()
	var names []string
	for _, p := range partners {
		names = append(names, fmt.Sprint("seed ", p.Seed))
	}
	var sum wrongTally
	failed := strands(t, names, 16/slowdown, func(i int, s strand) { wrongCase{partners[i]}.play(s, &sum) })
	t.Logf("%d wrong partners, %d failed: %d runs, %d killed, %d users, %d rows created, %d without link, %d with another's that is marked, %d in doubt",
		len(partners), len(failed), sum.runs.Load(), sum.killed.Load(), sum.users.Load(), sum.created.Load(), sum.missing.Load(), sum.named.Load(), sum.inDoubt.Load())
	for i, name := range names {
		if slices.Contains(failed, name) {
			t.Logf("failed: %s", wrongCase{partners[i]})
		}
	}
	if sum.created.Load() == 0 || sum.killed.Load() == 0 {
		t.Error("nobody was created, or nothing was killed: the test proves nothing")
	}
}

// wrongTally adds up what all seeds did.
type wrongTally struct{ runs, killed, users, created, missing, named, inDoubt atomic.Int64 }

// wrongCase is one seed: its partner, and how often the program is killed.
type wrongCase struct{ wrongPartner }

const (
	wrongRows   = 60
	maxWrongRun = 6 // runs until nothing may change any more
)

// kills are the steps at which the program is killed, in every third seed.
func (c wrongCase) kills() []killing {
	if c.Seed%3 != 0 {
		return nil
	}
	return []killing{{string(sandbox.Acted), 2 + int(c.Seed%17), 0}, {string(sandbox.Answering), 1 + int(c.Seed%11), 0}}
}

// mayDoubt reports whether rows may stay in doubt. In a new ledger that is killed
// among its first requests, whose few answers were given to the wrong customers,
// nobody is known by whom the list could be judged.
func (c wrongCase) mayDoubt() bool {
	return c.MayDoubt() || c.kills() != nil && c.HasFault("swap-answers")
}

func (c wrongCase) String() string {
	return fmt.Sprintf("%s, kills %v", c.wrongPartner, c.kills())
}

// people are 58 sound rows, some with a tag and some with capitals in their
// e-mail, one invalid row, and one customer whom the partner knows already.
func (c wrongCase) people() string {
	var b strings.Builder
	b.WriteString(peopleHeader)
	b.WriteString(person(600, "known@example.org"))
	for i := range wrongRows - 2 {
		email := fmt.Sprintf("person%d@example.org", i)
		switch i % 7 {
		case 3:
			email = fmt.Sprintf("person%d+list@example.org", i)
		case 5:
			email = fmt.Sprintf("Person%d@Example.org", i)
		}
		b.WriteString(person(i, email))
	}
	b.WriteString(person(601, "no address"))
	return b.String()
}

// before are the users that are there before: none in every fourth seed.
func (c wrongCase) before() (users []sandbox.User) {
	if c.Seed%4 == 0 {
		return nil
	}
	at := time.Now().Add(-10 * 24 * time.Hour)
	for i := range 30 {
		users = append(users, sandbox.User{Email: fmt.Sprintf("stranger%d@elsewhere.example", i), FirstName: "Stranger", LastName: fmt.Sprint("Number", i), CreatedAt: at})
	}
	if !c.EmailsRepeat { // two users of one e-mail are for a person to tell apart
		users = append(users, sandbox.User{Email: "known@example.org", FirstName: "Other", LastName: "Person", CreatedAt: at})
	}
	return users
}

func (c wrongCase) play(s strand, sum *wrongTally) {
	faults, err := c.Faults()
	if err != nil {
		s.Fatalf("%v", err)
	}
	w := &watcher{}
	sc := newScene(s, sandbox.Config{Faults: faults, Seed: c.Seed, EmailsRepeat: c.EmailsRepeat, Preexisting: c.before(),
		Latency: 2 * time.Millisecond, LatencyMax: 20 * time.Millisecond, Barrier: w.barrier}, c.people())
	sc.flags = append(sc.flags, "--patience", "4s")
	w.scene = sc
	for _, k := range c.kills() {
		sum.runs.Add(1)
		if w.play(k) != "" {
			sum.killed.Add(1)
		}
	}
	last := c.settle(sc, sum)
	w.tell(s)
	c.compare(sc, last, sum)
	if s.bad.Load() {
		s.Logf("seed %d, the rows that are not created:\n%s", c.Seed, describe(sc))
	}
}

// settle runs until a run changes no row, and returns the last run.
func (c wrongCase) settle(sc *scene, sum *wrongTally) *process {
	sc.Helper()
	var before []ledger.Status
	for range maxWrongRun {
		p := sc.run(sc.runArgs()...)
		sum.runs.Add(1)
		now := statuses(sc.rows())
		if (p.code == 0 || p.code == 3) && slices.Equal(before, now) {
			return p
		}
		if p.code != 0 && p.code != 3 && p.code != 6 {
			sc.Errorf("exit code %d\n%s", p.code, p.err.String())
			return p
		}
		before = now
	}
	sc.Errorf("%d runs did not settle the rows: %v", maxWrongRun, countStatuses(before))
	return nil
}

func countStatuses(all []ledger.Status) map[ledger.Status]int {
	n := map[ledger.Status]int{}
	for _, st := range all {
		n[st]++
	}
	return n
}

// compare holds the partner, the ledger and the report against each other.
func (c wrongCase) compare(sc *scene, last *process, sum *wrongTally) {
	sc.Helper()
	rows := sc.rows()
	if len(rows) != wrongRows {
		sc.Errorf("%d rows in the ledger, want %d", len(rows), wrongRows)
	}
	users := map[string][]sandbox.User{} // made through the API, by identity
	for _, u := range sc.server.Users() {
		if u.Origin == sandbox.FromAPI {
			users[strings.ToLower(u.Email)] = append(users[strings.ToLower(u.Email)], u)
			sum.users.Add(1)
		}
	}
	for identity, us := range users {
		if len(us) > 1 {
			sc.Errorf("created %d times: %s", len(us), identity)
		}
	}
	c.compareRows(sc, rows, users, sum)
	if last != nil { // only a run that ended well has a report to compare
		crash{}.compareReport(sc, rows)
	}
}

// compareRows checks that every row says what is so, and that every user of
// ours has a row that says so.
func (c wrongCase) compareRows(sc *scene, rows []ledger.Reported, users map[string][]sandbox.User, sum *wrongTally) {
	sc.Helper()
	ids, links := map[string]int{}, map[string]int{}
	for _, r := range rows {
		var user *sandbox.User
		if us := users[r.Customer.Identity]; len(us) > 0 {
			user = &us[0]
		}
		delete(users, r.Customer.Identity)
		switch r.Status {
		case ledger.Created, ledger.LinkMissing:
			c.compareCreated(sc, r, user, sum)
		case ledger.InDoubt:
			sum.inDoubt.Add(1)
			if !c.mayDoubt() && !actedLate(sc) {
				sc.Errorf("row %d is in doubt (%s), and this partner leaves no doubt", r.Number, r.Customer.Code)
			}
		case ledger.Invalid, ledger.Rejected, ledger.Duplicate:
			if user != nil {
				sc.Errorf("row %d is %s (%s), and this file made its user", r.Number, r.Status, r.Customer.Code)
			}
		default:
			sc.Errorf("row %d ends %s (%s)", r.Number, r.Status, r.Customer.Code)
		}
		switch r.Status {
		case ledger.Created:
			sum.created.Add(1)
		case ledger.LinkMissing:
			sum.missing.Add(1)
		}
		for seen, value := range map[*map[string]int]string{&ids: r.Customer.ServiceID, &links: r.Customer.UsableURL()} {
			if other, is := (*seen)[value]; is && value != "" {
				sc.Errorf("rows %d and %d share a serviceId or a link", other, r.Number)
			}
			(*seen)[value] = r.Number
		}
	}
	for identity := range users {
		sc.Errorf("a user was made and no row has its e-mail: %s", identity)
	}
}

// compareCreated holds a row that says its user was made against that user.
func (c wrongCase) compareCreated(sc *scene, r ledger.Reported, user *sandbox.User, sum *wrongTally) {
	sc.Helper()
	switch own := r.Customer; {
	case r.Status == ledger.Created && own.NeedsReview() && own.UsableURL() == "":
		sum.named.Add(1) // not put right, but named: the link is not shown, and the run ends with 3
	case user == nil:
		sc.Errorf("row %d is %s, and the partner made no user of it", r.Number, r.Status)
	case own.ServiceID != user.ServiceID && (r.Status == ledger.Created || own.ServiceID != ""):
		sc.Errorf("row %d is %s with serviceId %s, the partner's is %s", r.Number, r.Status, own.ServiceID, user.ServiceID)
	case r.Status == ledger.Created && own.URL != user.VerificationURL:
		sc.Errorf("row %d is created with another link than its own", r.Number)
	case r.Status == ledger.LinkMissing && own.URL != "":
		sc.Errorf("row %d is link_missing and has a link", r.Number)
	}
}
