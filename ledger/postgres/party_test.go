package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// partner is a partner at which e-mails need not be unique: every double shows.
type partner struct {
	mu      sync.Mutex
	created map[string]int // e-mail → users
}

func newPartner() *partner { return &partner{created: map[string]int{}} }

func (p *partner) create(email string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.created[email]++
}

func (p *partner) has(email string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.created[email] > 0
}

// doubles returns how many e-mails have more than one user.
func (p *partner) doubles() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, users := range p.created {
		if users > 1 {
			n++
		}
	}
	return n
}

// party is one process that sends from a shared ledger, as the pipeline does.
type party struct {
	*Ledger
	ledger.Membership
	partner *partner
	run     int64
	batch   int64
}

// sharedOptions are those of one of several senders. Its lease is short, so that tests need not wait.
func sharedOptions(address string) Options {
	return Options{Address: address, Environment: "sandbox", Command: "test", Shared: true, Create: true, Lease: time.Second, Timeout: 100 * time.Millisecond, Patience: 20 * time.Second}
}

// newParty opens a ledger as one of several senders. It is closed at the end of the test.
func newParty(t testing.TB, o Options, p *partner) *party {
	t.Helper()
	x := &party{Ledger: openWith(t, o), partner: p}
	var err error
	if x.Membership, err = x.Join(t.Context(), ledger.Sender{Version: "1.0"}); err != nil {
		t.Fatal(err)
	}
	return x
}

// enter begins a run of a batch.
func (x *party) enter(t testing.TB, batch int64) {
	t.Helper()
	x.batch, x.run = batch, beginRun(t, x.Ledger, batch)
	if err := x.EnterBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// intend opens attempts for rows of the batch that are pending.
func (x *party) intend(ctx context.Context, from, n int) ([]ledger.Intent, []int64, error) {
	planned, err := x.Plan(ctx, x.batch, from, n)
	if err != nil {
		return nil, nil, err
	}
	var intents []ledger.Intent
	for _, p := range planned {
		c := p.Customer
		if c.Status != ledger.Pending {
			continue
		}
		intents = append(intents, ledger.Intent{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Generation: c.Generation, Key: ledger.Key("sandbox", c.Identity, c.Generation),
			Details: p.Details, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: ledger.Instant{At: x.Now(), Certain: true}})
	}
	ids, err := x.Intend(ctx, x.run, intents)
	return intents, ids, err
}

// send sends what may be sent, and returns what is to be recorded.
func (x *party) send(intents []ledger.Intent, ids []int64) []ledger.Change {
	var all []ledger.Change
	for i, in := range intents {
		if ids[i] == 0 {
			continue
		}
		mayCreate := x.MaySend(ids[i])
		if mayCreate {
			x.partner.create(in.Email)
		}
		all = append(all, x.outcomeOf(in, ids[i], mayCreate))
	}
	return all
}

// outcomeOf returns the change after an answer, or after nothing was sent.
func (x *party) outcomeOf(in ledger.Intent, id int64, isSent bool) ledger.Change {
	at := ledger.Instant{At: x.Now(), Certain: true}
	ch := ledger.Change{Expect: ledger.Expect{Customer: in.Customer, Status: ledger.InDoubt, Intents: in.Intents + 1}, Status: ledger.Pending, At: at.At,
		Close: []ledger.Closing{{Attempt: id, Class: ledger.NotSent, NotAfter: at}}}
	if isSent {
		ch.Status, ch.Close[0].Class, ch.Close[0].HTTPStatus = ledger.Created, ledger.OK, 201
		ch.ServiceID, ch.URL = userOf(in.Email)
	}
	return ch
}

// userOf returns the id and the link of the user with an e-mail.
func userOf(email string) (serviceID, url string) {
	token := fmt.Sprintf("%x", sha256.Sum256([]byte(email)))
	return "acme-rain-user-" + token[:15], "https://verify.test/verify?inquiry-id=inq_" + token[:24]
}

// record records outcomes, and merges those whose attempts were closed meanwhile. It
// returns those that fit nowhere.
func (x *party) record(ctx context.Context, list []ledger.Change) ([]ledger.Change, error) {
	left, err := x.Record(ctx, x.run, list)
	if err != nil || len(left) == 0 {
		return left, err
	}
	return x.Merge(ctx, left)
}

// sendGroup sends rows of the batch, and calls again as long as the server is away.
func (x *party) sendGroup(ctx context.Context, from, n int) error {
	intents, ids, err := x.intend(ctx, from, n)
	for errors.Is(err, ledger.ErrUnavailable) && ctx.Err() == nil {
		if ids, err = x.Intend(ctx, x.run, intents); len(intents) == 0 {
			intents, ids, err = x.intend(ctx, from, n)
		}
	}
	if err != nil {
		return err
	}
	outcomes := x.send(intents, ids)
	_, err = x.record(ctx, outcomes)
	for errors.Is(err, ledger.ErrUnavailable) && ctx.Err() == nil {
		_, err = x.record(ctx, outcomes)
	}
	return err
}

// sendAll claims slices and sends their rows until none is free, 16 rows at a time.
func (x *party) sendAll(ctx context.Context) error {
	for {
		slice, err := x.ClaimSlice(ctx, x.batch)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if errors.Is(err, ledger.ErrUnavailable) && ctx.Err() == nil {
			continue
		}
		for at := slice.From; err == nil && at < slice.From+ledger.SliceRows; at += 16 {
			err = x.sendGroup(ctx, at, 16)
		}
		if err != nil {
			return err
		}
	}
}

// settle does what the resolver does with requests that were never answered: those whose
// user the partner has are link_missing, the others are sent again. It returns how many
// it settled.
func (x *party) settle(ctx context.Context) (n int, err error) {
	if has, err := x.TakeRole(ctx, ledger.RoleResolver); err != nil || !has {
		return 0, err
	}
	var changes []ledger.Change
	for c, err := range x.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.InDoubt}, History: true}) {
		if err != nil {
			return 0, err
		}
		a := c.History[len(c.History)-1]
		if a.Class != ledger.Unknown {
			continue // it is still open
		}
		ch := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: ledger.InDoubt, Intents: c.Intents}, At: x.Now()}
		if x.partner.has(c.Email) {
			ch.Status = ledger.LinkMissing
			ch.ServiceID, _ = userOf(c.Email)
		} else {
			ch.Status, ch.Close = ledger.Pending, []ledger.Closing{{Attempt: a.ID, Absent: true}}
		}
		changes = append(changes, ch)
	}
	left, err := x.Record(ctx, x.run, changes)
	return len(changes) - len(left), err
}

// finish settles and sends until every customer of the ledger is decided.
func (x *party) finish(t testing.TB) {
	t.Helper()
	ticks := time.NewTicker(20 * time.Millisecond)
	defer ticks.Stop()
	deadline := time.Now().Add(time.Minute)
	for {
		if _, err := x.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		p, err := x.CountProgress(t.Context(), x.batch)
		if err != nil {
			t.Fatal(err)
		}
		if p.Pending == 0 && p.InDoubt == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not settled within a minute: %+v", p)
		}
		for at := 0; at < p.Rows && p.Pending > 0; at += 64 {
			if err := x.sendGroup(t.Context(), at, 64); err != nil {
				t.Fatal(err)
			}
		}
		<-ticks.C
	}
}

// checkClean fails the test unless every customer has exactly one user at the partner,
// and the ledger says so and is sound.
func (x *party) checkClean(t testing.TB, customers int) {
	t.Helper()
	if n := x.partner.doubles(); n > 0 {
		t.Errorf("%d customers were created twice", n)
	}
	x.checkKnown(t, customers)
}

// checkKnown fails the test unless the ledger knows the user of every customer.
func (x *party) checkKnown(t testing.TB, customers int) {
	t.Helper()
	n := 0
	for c, err := range x.Customers(t.Context(), ledger.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		id, _ := userOf(c.Email)
		if !x.partner.has(c.Email) || c.ServiceID != id || c.Status != ledger.Created && c.Status != ledger.LinkMissing {
			t.Errorf("customer %d is %s with %q, at the partner: %t", c.ID, c.Status, c.ServiceID, x.partner.has(c.Email))
		}
		n++
	}
	if open := countOpen(t, x.Ledger); n != customers || open > 0 {
		t.Errorf("%d of %d customers, %d open attempts", n, customers, open)
	}
	checkSound(t, x.Ledger)
}

// countOpen returns how many attempts are open.
func countOpen(t testing.TB, l *Ledger) int { return count(t, l, "attempt WHERE class = ''") }

// await waits until something is so, and fails the test after a while.
func await(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for deadline := time.Now().Add(30 * time.Second); !isSo(); <-ticks.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
