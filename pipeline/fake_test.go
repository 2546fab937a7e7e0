package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// fakePartner is a partner in memory for tests in fake time. What it does with
// the n-th request for an e-mail is scripted; without a script it creates.
type fakePartner struct {
	mu      sync.Mutex
	latency time.Duration
	ttl     time.Duration
	balance string
	script  map[string][]act // by e-mail, used up from the front
	always  act              // for every row, if set
	users   []partner.Listed
	links   map[string]string
	keys    map[string]time.Time
	posts   []post
	lists   []time.Time
	wallets int
	down    func(now time.Time) bool // no connection to be had
	noList  bool

	allowsTwice bool      // one e-mail may have several users
	busyAt      time.Time // of a scripted 429
}

type post struct {
	at         time.Time
	email, key string
}

// act is one behaviour: what happens, and what is answered.
type act func(f *fakePartner, key string, u validate.User) partner.Answer

func newFake() *fakePartner {
	return &fakePartner{latency: 100 * time.Millisecond, ttl: 5 * time.Minute, balance: "1000000",
		script: map[string][]act{}, links: map[string]string{}, keys: map[string]time.Time{}}
}

func (f *fakePartner) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	began := time.Now()
	f.mu.Lock()
	if f.down != nil && f.down(began) {
		f.mu.Unlock()
		return partner.Answer{Class: ledger.NotSent, Cause: "refused", Began: began, Ended: began}
	}
	f.posts = append(f.posts, post{began, u.Email, key})
	do := f.always
	if s := f.script[u.Email]; len(s) > 0 {
		do, f.script[u.Email] = s[0], s[1:]
	}
	if do == nil {
		do = create
	}
	f.mu.Unlock()
	select {
	case <-time.After(f.latency):
	case <-ctx.Done():
		return partner.Answer{Class: ledger.Unknown, Cause: "cancelled", Began: began, Ended: time.Now()}
	}
	f.mu.Lock()
	a := do(f, key, u)
	f.mu.Unlock()
	a.Began, a.Ended = began, time.Now()
	if a.Class != ledger.Unknown {
		a.Date = time.Now().Truncate(time.Second)
	}
	return a
}

func (f *fakePartner) ListUsers(_ context.Context, skip, limit int) (partner.Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists = append(f.lists, time.Now())
	if f.noList {
		return partner.Page{}, &partner.Error{Class: ledger.Unknown, HTTPStatus: 500}
	}
	limit = min(limit, 50)
	p := partner.Page{Skip: skip, Limit: limit, Total: len(f.users), Began: time.Now(), Ended: time.Now(), Date: time.Now().Truncate(time.Second)}
	if skip < len(f.users) {
		p.Users = slices.Clone(f.users[skip:min(len(f.users), skip+limit)])
	}
	return p, nil
}

func (f *fakePartner) Wallet(context.Context) (partner.Wallet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wallets++
	now := time.Now()
	if f.down != nil && f.down(now) {
		return partner.Wallet{}, &partner.Error{Class: ledger.NotSent, Cause: "refused"}
	}
	return partner.Wallet{Balance: f.balance, Currency: "USD", Active: true, Began: now, Ended: now, Date: now.Truncate(time.Second)}, nil
}

// create is the documented behaviour.
func create(f *fakePartner, key string, u validate.User) partner.Answer {
	if f.keys[key].After(time.Now()) {
		return partner.Answer{Class: ledger.KeyUsed, HTTPStatus: 400}
	}
	f.keys[key] = time.Now().Add(f.ttl)
	for _, x := range f.users {
		if x.Email == u.Email && !f.allowsTwice {
			return partner.Answer{Class: ledger.DupUser, HTTPStatus: 400, Code: "DUP_USER"}
		}
	}
	id := fmt.Sprintf("acme-rain-user-%015d", len(f.users))
	f.users = append(f.users, partner.Listed{ServiceID: id, Email: u.Email, CreatedAt: time.Now()})
	f.links[u.Email] = "https://withpersona.com/verify?inquiry-id=" + id
	return partner.Answer{Class: ledger.OK, HTTPStatus: 201, ServiceID: id, VerificationURL: f.links[u.Email]}
}

// lose acts and loses the answer.
func lose(f *fakePartner, key string, u validate.User) partner.Answer {
	create(f, key, u)
	return partner.Answer{Class: ledger.Unknown, Cause: "reset"}
}

// fail burns the key and creates nothing.
func fail(f *fakePartner, key string, _ validate.User) partner.Answer {
	f.keys[key] = time.Now().Add(f.ttl)
	return partner.Answer{Class: ledger.Unknown, Cause: "HTTP 500", HTTPStatus: 500}
}

func say(a partner.Answer) act {
	return func(*fakePartner, string, validate.User) partner.Answer { return a }
}

func (f *fakePartner) postsFor(email string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.posts {
		if p.email == email {
			n++
		}
	}
	return n
}

// validRow is a good row.
func validRow(n int) Row {
	return Row{Number: n + 2, Raw: validate.Raw{FirstName: "Person", LastName: letters(n), Email: email(n),
		PhoneNumber: "+14155552671", AccountPurpose: "personal use", IPAddress: "203.0.113.42", Terms: "yes", Program: "custodial"}}
}

// letters is a number as a name.
func letters(n int) string {
	name := ""
	for ; n > 0 || name == ""; n /= 26 {
		name += string(rune('a' + n%26))
	}
	return "No " + name
}

func email(n int) string { return fmt.Sprintf("person%d@example.com", n) }

func people(n int) Input {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = validRow(i)
	}
	return FromRows("people", rows...)
}

// bench is one batch, one partner and one ledger, over several runs.
type bench struct {
	t       *testing.T
	partner *fakePartner
	ledger  *memory.Ledger
	cfg     Config
}

func newBench(t *testing.T, n int) *bench {
	b := &bench{t: t, partner: newFake(), ledger: memory.New("sandbox")}
	b.cfg = Config{Input: people(n), Partner: b.partner, Ledger: b.ledger, Environment: "sandbox", Pace: Pace{Rate: 50}}
	return b
}

// run runs once and checks what must hold after every run: no customer has two
// users, the ledger knows no user that the partner does not, and the status changes that
// were reported add up to the rows by status in the ledger.
func (b *bench) run() (Summary, error) {
	b.t.Helper()
	var mu sync.Mutex
	moved := map[ledger.Status]int{}
	cfg := b.cfg
	cfg.OnStatusChange = func(from, to ledger.Status) {
		mu.Lock()
		defer mu.Unlock()
		moved[from]--
		moved[to]++
	}
	s, err := Run(b.t.Context(), cfg)
	for _, st := range ledger.Statuses() {
		if n := s.Plan.Tally.Status[st] + moved[st]; s.Tally.Rows > 0 && n != s.Tally.Status[st] {
			b.t.Errorf("%d rows %s by counting along, %d in the ledger", n, st, s.Tally.Status[st])
		}
	}
	b.audit()
	return s, err
}

func (b *bench) audit() {
	b.t.Helper()
	users := map[string]partner.Listed{}
	for _, u := range b.partner.users {
		if _, twice := users[u.Email]; twice {
			b.t.Errorf("%s was created twice", u.Email)
		}
		users[u.Email] = u
	}
	attempts := 0
	for c, err := range b.ledger.Customers(b.t.Context(), ledger.Query{History: true}) {
		if err != nil {
			b.t.Fatal(err)
		}
		for _, a := range c.History {
			if a.Class != ledger.NotSent {
				attempts++
			}
		}
		u, exists := users[c.Email]
		switch c.Status {
		case ledger.Created:
			if !exists || u.ServiceID != c.ServiceID || b.partner.links[c.Email] != c.URL {
				b.t.Errorf("%s: created in the ledger, and not so at the partner", c.Email)
			}
		case ledger.LinkMissing:
			if !exists || u.ServiceID != c.ServiceID {
				b.t.Errorf("%s: link_missing in the ledger, and not so at the partner", c.Email)
			}
		case ledger.InDoubt:
		case ledger.Duplicate:
			if !exists {
				b.t.Errorf("%s: duplicate of no user", c.Email)
			}
		default:
			if exists {
				b.t.Errorf("%s: %s in the ledger, and exists at the partner", c.Email, c.Status)
			}
		}
	}
	if attempts != len(b.partner.posts) {
		b.t.Errorf("%d requests reached the partner, the ledger knows of %d", len(b.partner.posts), attempts)
	}
}

// want compares those counts of a summary that are named.
func want(t *testing.T, s Summary, counts map[ledger.Status]int) {
	t.Helper()
	for st, n := range counts {
		if s.Tally.Status[st] != n {
			t.Errorf("%d %s, want %d (all: %v)", s.Tally.Status[st], st, n, s.Tally.Status)
		}
	}
}
