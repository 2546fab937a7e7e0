package kyc

import (
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

const (
	askedPage   = 1000 // users a page; the partner may grant fewer
	leastPage   = 50   // what it gives unasked (public docs)
	resumeUntil = time.Hour
	progressKey = "kyc_sync"
	defaultLag  = 2 * time.Minute
)

// Lister is the partner, as far as Sync needs it. *partner.Client is one.
type Lister interface {
	ListUsers(ctx context.Context, skip, limit int) (partner.Page, error)
}

// SyncLedger is what Sync needs of a ledger: it keeps there how far it is.
type SyncLedger interface {
	Ledger
	Learnt(ctx context.Context, name string) (string, time.Time, error)
	Learn(ctx context.Context, name, value string, at time.Time) error
}

// SyncConfig is one walk over the partner's list.
type SyncConfig struct {
	Ledger  SyncLedger
	Partner Lister
	Pace    *Pace
	Lag     time.Duration // how old a page may be at worst: what it says is dated back by it, so that a webhook of the last minutes is not overwritten; default 2m
	Watch   func(pages, seen, wanted int)
	Now     func() time.Time // default time.Now
}

// Synced is what came of a Sync.
type Synced struct {
	Wanted  int // customers whose status was to be asked for
	Seen    int // of those, in the list
	News    int // whose status was another than the ledger had
	Pages   int
	Resumed bool // an earlier walk was continued
}

// progress is how far a walk is, as the ledger keeps it.
type progress struct {
	Began time.Time `json:"began"` // in the partner's time
	Back  bool      `json:"back"`  // from the end of the list towards its beginning
	Skip  int       `json:"skip"`  // of the next page
}

// Sync asks for the status of every customer who exists and is not approved
// yet, and records it. It reads no more pages than it takes to see all of them,
// from the end of the list at which the newest are, and a Sync that was broken
// off within the last hour is continued. Nobody wanted: no request.
func Sync(ctx context.Context, c SyncConfig) (Synced, error) {
	if c.Lag == 0 {
		c.Lag = defaultLag
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Watch == nil {
		c.Watch = func(int, int, int) {}
	}
	w := &walk{SyncConfig: c, wanted: map[uint64]bool{}, seed: maphash.MakeSeed(), ask: askedPage}
	if err := w.recall(ctx); err != nil {
		return w.out, err
	}
	for cu, err := range c.Ledger.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}}) {
		if err != nil {
			return w.out, err
		}
		seen := w.out.Resumed && !cu.KYC.Seen.Before(w.at.Began.Add(-c.Lag))
		if cu.ServiceID != "" && cu.KYC.Status != ledger.KYCApproved && !seen {
			w.wanted[w.mark(cu.ServiceID)] = true
		}
	}
	if w.out.Wanted = len(w.wanted); w.out.Wanted == 0 {
		return w.out, w.done(ctx)
	}
	return w.out, w.run(ctx)
}

// walk is a Sync under way.
type walk struct {
	SyncConfig
	wanted map[uint64]bool // hashes of the serviceIds not seen yet: there may be millions
	seed   maphash.Seed
	at     progress
	ask    int // users a page
	limit  int // as granted
	out    Synced
}

func (w *walk) recall(ctx context.Context) error {
	text, at, err := w.Ledger.Learnt(ctx, progressKey)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err == nil && text != "" && w.Now().Sub(at) < resumeUntil && json.Unmarshal([]byte(text), &w.at) == nil {
		w.out.Resumed = !w.at.Began.IsZero()
	}
	return err
}

func (w *walk) done(ctx context.Context) error {
	if !w.out.Resumed && w.out.Pages == 0 {
		return nil
	}
	return w.Ledger.Learn(ctx, progressKey, "", w.Now())
}

func (w *walk) run(ctx context.Context) error {
	if !w.out.Resumed {
		first, err := w.page(ctx, 0)
		if err != nil {
			return err
		}
		w.at.Began = dated(first)
		if err := w.take(ctx, first); err != nil {
			return err
		}
		w.at.Skip = len(first.Users)
		if newestLast(first) && first.Total > len(first.Users) {
			w.at.Back, w.at.Skip = true, max(len(first.Users), first.Total-len(first.Users))
		}
		if len(first.Users) == 0 {
			return w.done(ctx)
		}
	}
	for len(w.wanted) > 0 {
		if err := w.keep(ctx); err != nil {
			return err
		}
		p, err := w.page(ctx, w.at.Skip)
		if err != nil {
			return err
		}
		if err := w.take(ctx, p); err != nil {
			return err
		}
		n := len(p.Users)
		switch {
		case n == 0 && !w.at.Back, w.at.Back && w.at.Skip == 0:
			return w.done(ctx)
		case !w.at.Back:
			w.at.Skip += n
		default: // users who were deleted meanwhile move the rest up: overlap
			w.at.Skip = max(0, w.at.Skip-max(1, w.limit-w.limit/10))
		}
	}
	return w.done(ctx)
}

// newestLast reports whether a first page shows that the list goes from the
// oldest to the newest.
func newestLast(p partner.Page) bool {
	for i := 1; i < len(p.Users); i++ {
		if p.Users[i].CreatedAt.Before(p.Users[i-1].CreatedAt) {
			return false
		}
	}
	return len(p.Users) > 1 && p.Users[0].CreatedAt.Before(p.Users[len(p.Users)-1].CreatedAt)
}

func (w *walk) page(ctx context.Context, skip int) (p partner.Page, err error) {
	for {
		err = w.Pace.ask(ctx, readable, func() error {
			var err error
			p, err = w.Partner.ListUsers(ctx, skip, w.ask)
			return err
		})
		w.out.Pages++
		var e *partner.Error
		if !errors.As(err, &e) || readable(e) || w.ask <= leastPage {
			break
		}
		w.ask /= 4 // the partner takes no limit above some other
	}
	w.limit = max(w.limit, len(p.Users))
	return p, err
}

// dated is when a page was taken, by the partner's clock as far as it tells.
func dated(p partner.Page) time.Time {
	if !p.Date.IsZero() {
		return p.Date
	}
	return p.Began.Round(0)
}

// take records what a page says of our customers.
func (w *walk) take(ctx context.Context, p partner.Page) error {
	at := dated(p).Add(-w.Lag)
	events := make([]ledger.KYCEvent, 0, len(p.Users))
	for _, u := range p.Users {
		mark := w.mark(u.ServiceID)
		if !w.wanted[mark] {
			continue
		}
		delete(w.wanted, mark)
		w.out.Seen++
		when := at
		if u.CreatedAt.After(when) { // younger than the page is uncertain
			when = u.CreatedAt
		}
		if s := StatusOf(u.Status); s != ledger.KYCUnknown {
			events = append(events, ledger.KYCEvent{ServiceID: u.ServiceID, Status: s, At: when})
		}
	}
	news, err := w.Ledger.ObserveKYC(ctx, events)
	w.out.News += news
	w.Watch(w.out.Pages, w.out.Seen, w.out.Wanted)
	return err
}

func (w *walk) mark(serviceID string) uint64 { return maphash.String(w.seed, serviceID) }

// keep notes how far the walk is.
func (w *walk) keep(ctx context.Context) error {
	text, err := json.Marshal(w.at)
	if err != nil {
		return err
	}
	return w.Ledger.Learn(ctx, progressKey, string(text), w.Now())
}
