package kyc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"hash/maphash"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

const (
	askedPage   = 1000 // users a page; the partner may grant fewer
	minPage     = 50   // its default page size (public docs)
	resumeUntil = time.Hour
	progressKey = "kyc_sync"
	maxPageAge  = 2 * time.Minute // what a page says is dated back by it, so that a webhook of the last minutes is not overwritten

	// Bounds on the users read, for a list without an end.
	maxListed   = limits.UsersWalked // also where the list says that it is longer
	spareListed = 10_000             // beyond twice the length that the first page gives
	minBound    = 1_000_000          // of a list that does not give its length, or ten times our own users
)

// Why a Sync ended before every page was read, with users not seen.
var (
	ErrRepeats = errors.New("the list ignores skip (it returned the same page twice)")
	ErrEndless = errors.New("the list has far more users than it says, or than the limit")
)

// Lister is the partner, as far as Sync needs it. *partner.Client is one.
type Lister interface {
	ListUsers(ctx context.Context, skip, limit int) (partner.Page, error)
}

// SyncLedger is what Sync needs of a ledger: it keeps there how far it is.
type SyncLedger interface {
	Ledger
	Fact(ctx context.Context, name string) (string, time.Time, error)
	SaveFact(ctx context.Context, name, value string, at time.Time) error
}

// SyncConfig is one walk over the partner's list.
type SyncConfig struct {
	Ledger  SyncLedger
	Partner Lister
	Pace    *Pace
	Most    int // users to read at most, each page counted as 50 at least; default twice what the list says it has, and 10,000 more
	Watch   func(pages, seen, wanted int)
}

// Synced is the result of a Sync.
type Synced struct {
	Wanted  int // customers whose status was wanted
	Seen    int // of those, in the list
	News    int // whose status differed from that in the ledger
	Pages   int
	Resumed bool  // an earlier walk was continued
	Cut     error // why it ended early: ErrRepeats or ErrEndless; nil = it read every page, or found all of them
}

// progress says how far a walk is. The ledger keeps it.
type progress struct {
	Began time.Time `json:"began"` // in the partner's time
	Back  bool      `json:"back"`  // from the end of the list towards its beginning
	Skip  int       `json:"skip"`  // of the next page
	Read  int       `json:"read"`  // users so far
	Most  int       `json:"most"`  // users to read at most
}

// Sync reads the status of every customer who has a user and is not approved yet, and
// records it. It reads only as many pages as it needs to find all of them, from the end
// of the list that has the newest users. It continues a Sync that was interrupted within
// the last hour. If no status is wanted, it makes no request.
//
// It ends with any list: at a page that it has read before, or after more users than
// there can be. What it has read until then is recorded.
func Sync(ctx context.Context, c SyncConfig) (Synced, error) {
	if c.Watch == nil {
		c.Watch = func(int, int, int) {}
	}
	w := &walk{SyncConfig: c, wanted: map[uint64]bool{}, pages: map[uint64]bool{}, seed: maphash.MakeSeed(), ask: askedPage}
	if err := w.loadProgress(ctx); err != nil {
		return w.out, err
	}
	for cu, err := range c.Ledger.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.Created, ledger.LinkMissing}}) {
		if err != nil {
			return w.out, err
		}
		seen := w.out.Resumed && !cu.KYC.Seen.Before(w.at.Began.Add(-maxPageAge))
		w.ours++
		if cu.ServiceID != "" && cu.KYC.Status != ledger.KYCApproved && !seen {
			w.wanted[w.hashOf(cu.ServiceID)] = true
		}
	}
	if w.out.Wanted = len(w.wanted); w.out.Wanted == 0 {
		return w.out, w.clearProgress(ctx)
	}
	return w.out, w.readPages(ctx)
}

// walk is a Sync in progress.
type walk struct {
	SyncConfig
	wanted map[uint64]bool // hashes of the serviceIds not seen yet: there may be millions
	pages  map[uint64]bool // hashes of the pages read
	seed   maphash.Seed
	ours   int // users of the ledger
	at     progress
	ask    int  // users a page
	limit  int  // as granted
	turned bool // a page from the end was read, on the way back
	out    Synced
}

func (w *walk) loadProgress(ctx context.Context) error {
	text, at, err := w.Ledger.Fact(ctx, progressKey)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err == nil && text != "" && time.Since(at) < resumeUntil && json.Unmarshal([]byte(text), &w.at) == nil {
		w.out.Resumed = !w.at.Began.IsZero()
		w.at.Most = cmp.Or(w.Most, w.at.Most, maxListed)
	}
	return err
}

func (w *walk) clearProgress(ctx context.Context) error {
	if !w.out.Resumed && w.out.Pages == 0 {
		return nil
	}
	return w.Ledger.SaveFact(ctx, progressKey, "", time.Now())
}

func (w *walk) readPages(ctx context.Context) error {
	for isFirst := !w.out.Resumed; len(w.wanted) > 0; isFirst = false {
		if err := w.saveProgress(ctx); err != nil {
			return err
		}
		p, err := w.readPage(ctx, w.at.Skip)
		if err != nil {
			return err
		}
		if isFirst {
			w.planWalk(p)
		}
		cut := w.stopReason(p)
		if err := w.recordPage(ctx, p); err != nil {
			return err
		}
		if len(w.wanted) > 0 {
			w.out.Cut = cut
		}
		if cut != nil || isFirst && len(p.Users) == 0 || !isFirst && w.nextPage(p) {
			break
		}
	}
	return w.clearProgress(ctx)
}

// planWalk decides by the first page which way to go on, and how far.
func (w *walk) planWalk(p partner.Page) {
	w.at.Began, w.at.Skip = pageTime(p), len(p.Users)
	switch {
	case w.Most > 0:
		w.at.Most = w.Most
	case p.Total >= 0 && p.Total < maxListed/2:
		w.at.Most = 2*p.Total + spareListed
	case p.Total < 0:
		w.at.Most = max(minBound, 10*w.ours)
	default:
		w.at.Most = maxListed
	}
	if newestLast(p) && p.Total > len(p.Users) {
		w.at.Back, w.at.Skip = true, max(len(p.Users), p.Total-len(p.Users))
	}
}

// stopReason notes a page and returns why no more are to be read, nil if they are.
func (w *walk) stopReason(p partner.Page) error {
	if len(p.Users) == 0 {
		return nil
	}
	var mark uint64 // the same in any order of the users
	for _, u := range p.Users {
		mark += w.hashOf(u.ServiceID)
	}
	if w.pages[mark] && w.at.Skip > 0 { // the way back ends with the first page
		return ErrRepeats
	}
	w.pages[mark] = true
	if w.at.Read += max(len(p.Users), minPage); w.at.Read > w.at.Most {
		return ErrEndless
	}
	return nil
}

// nextPage moves on to the page after p, and reports whether there is none.
func (w *walk) nextPage(p partner.Page) (end bool) {
	n := len(p.Users)
	switch {
	case w.at.Back && n == 0 && w.turned:
		return true
	case w.at.Back && n == 0: // the list is shorter than it says: forward, from its beginning
		w.at.Back, w.at.Skip = false, w.limit
	case !w.at.Back:
		w.at.Skip += n
		return n == 0
	case w.at.Skip == 0:
		return true
	default: // users who were deleted meanwhile move the rest up: overlap
		w.turned = true
		w.at.Skip = max(0, w.at.Skip-max(1, w.limit-w.limit/10))
	}
	return false
}

// newestLast reports whether a first page shows that the list is sorted from the
// oldest to the newest.
func newestLast(p partner.Page) bool {
	for i := 1; i < len(p.Users); i++ {
		if p.Users[i].CreatedAt.Before(p.Users[i-1].CreatedAt) {
			return false
		}
	}
	return len(p.Users) > 1 && p.Users[0].CreatedAt.Before(p.Users[len(p.Users)-1].CreatedAt)
}

func (w *walk) readPage(ctx context.Context, skip int) (p partner.Page, err error) {
	for {
		p, err = askPartner(ctx, w.Pace, isReadable, func() (partner.Page, error) { return w.Partner.ListUsers(ctx, skip, w.ask) })
		w.out.Pages++
		if e, ok := errors.AsType[*partner.Error](err); !ok || isReadable(e) || w.ask <= minPage {
			break
		}
		w.ask /= 4 // the partner refuses a limit that is too large
	}
	w.limit = max(w.limit, len(p.Users))
	return p, err
}

// pageTime returns the time of a page, by the partner's clock if the answer has a Date.
func pageTime(p partner.Page) time.Time {
	if !p.Date.IsZero() {
		return p.Date
	}
	return p.Began.Round(0)
}

// recordPage records what a page says of our customers.
func (w *walk) recordPage(ctx context.Context, p partner.Page) error {
	at := pageTime(p).Add(-maxPageAge)
	events := make([]ledger.KYCEvent, 0, len(p.Users))
	for _, u := range p.Users {
		mark := w.hashOf(u.ServiceID)
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

func (w *walk) hashOf(serviceID string) uint64 { return maphash.String(w.seed, serviceID) }

// saveProgress notes how far the walk is.
func (w *walk) saveProgress(ctx context.Context) error {
	text, err := json.Marshal(w.at)
	if err != nil {
		return err
	}
	return w.Ledger.SaveFact(ctx, progressKey, string(text), time.Now())
}
