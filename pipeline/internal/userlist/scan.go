package userlist

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	askedPage = 1000 // users a page; the partner may grant fewer
	minPage   = 2    // pages overlap by one row, so one row a page leads nowhere
	PageTries = 4    // for one page
	pageSteps = 20   // back, looking for the row where two pages must meet
	outgrown  = 2000 // users that may come while a list is read, besides as many as it had
)

// ErrOtherAccount says that the list is that of another account.
var ErrOtherAccount = fmt.Errorf("the partner's list shows users of other accounts only: %w", ledger.ErrAccount)

// ErrUnsteady says that pages would not fit together.
var ErrUnsteady = errors.New("the partner's list of users changes faster than it can be read")

// errEndless says that a list has more users than are read.
var errEndless = fmt.Errorf("the partner's list has more than %s users, which is the limit", limits.FormatCount(limits.Users))

// userKey is a digest of a user's Ref, which may be long.
type userKey [16]byte

func keyOfUser(ref string) userKey {
	sum := sha256.Sum256([]byte(ref))
	return userKey(sum[:16])
}

// Listing is one complete scan of the partner's users.
type Listing struct {
	Began     time.Time // in the partner's time
	Took      time.Duration
	Users     map[string][]decide.User // those who were looked for, by identity
	Total     int                      // users read
	IsEmpty   bool                     // the partner has none, and says so in the proper form
	HasUnread bool                     // some users could not be read
	Pages     int                      // requests that it needed
	IsWhole   bool                     // all of it was read, not only the newest users

	Known     map[string]decide.User   // by serviceId, of those who were looked for
	Mailboxes map[string][]decide.User // by validate.Mailbox, likewise
	Names     map[string][]decide.User // by decide.NormalizeName, likewise
}

// Search is what a scan looks for.
type Search struct {
	Wanted    map[string]bool             // identities
	Mailboxes map[string]bool             // see Listing
	Names     map[string]bool             // likewise
	Known     map[string]bool             // serviceIds
	Reach     map[string]bool             // those of them without which an ordered list must not be left early
	Slug      string                      // of the ledger's account; "" = not known
	Since     time.Time                   // users created earlier cannot matter, in the partner's time; zero = all may
	AwaitTurn func(context.Context) error // waits until the next page may be asked for
	each      func(decide.User)           // given every user; nil = not wanted. A scan that begins again gives them again
}

// Reader reads the partner's list of users.
type Reader struct {
	Partner interface {
		ListUsers(ctx context.Context, skip, limit int) (partner.Page, error)
	}
	Clock      *pacing.Clock
	Patience   time.Duration               // the longest wait that the partner may ask for
	AwaitPause func(context.Context) error // waits while the partner has asked everyone to
	OnError    func(error)                 // given the error of each page that could not be read
	Log        *slog.Logger
}

// pageReader is one scan of the list.
type pageReader struct {
	*Reader
	Search
	began   time.Time
	out     Listing
	size    int // users asked for a page
	seen    map[userKey]bool
	read    int  // users, counted as often as they came
	slugs   int  // users whose serviceId names an account
	ourSlug bool // some of them the ledger's
	reached int  // of Search.Reach
}

// ScanUsers reads the partner's list and keeps the users that are wanted. It is
// complete: pages overlap by one row that must match, it goes on until a page
// brings nothing new or is shorter than others, and it has seen at least as
// many distinct users as the first page promised. Where the list proves ordered
// by creation time and only the newest users matter, the newest end suffices.
func (l *Reader) ScanUsers(ctx context.Context, s Search) (Listing, error) {
	scan := l.newReading(s)
	done := false
	first, err := scan.readPage(ctx, 0)
	if err == nil && !s.Since.IsZero() {
		done, err = scan.readNewestEnd(ctx, first)
	}
	if err == nil && !done {
		if !s.Since.IsZero() {
			scan = l.newReading(s)
			if first, err = scan.readPage(ctx, 0); err != nil {
				return Listing{}, err
			}
		}
		err = scan.readForward(ctx, first, time.Time{})
	}
	switch {
	case err != nil:
		return Listing{}, err
	case scan.isOtherAccount():
		return Listing{}, ErrOtherAccount
	}
	scan.out.Took, scan.out.Total = pacing.WallTime().Sub(scan.began), len(scan.seen)
	scan.out.IsEmpty = scan.out.Total == 0 && first.Total <= 0 && !first.NotFound
	scan.out.IsWhole = !done
	return scan.out, nil
}

func (l *Reader) newReading(s Search) *pageReader {
	began := pacing.WallTime()
	return &pageReader{Reader: l, Search: s, began: began, size: askedPage, seen: make(map[userKey]bool), out: Listing{
		Began: l.Clock.InstantAt(began).Partner(), Users: make(map[string][]decide.User), Known: make(map[string]decide.User),
		Mailboxes: make(map[string][]decide.User), Names: make(map[string][]decide.User)}}
}

// ShowsOtherAccount reports whether the first page of the list shows users of
// accounts other than that of a slug, and none of its own.
func (l *Reader) ShowsOtherAccount(ctx context.Context, slug string, awaitTurn func(context.Context) error) (bool, error) {
	read := l.newReading(Search{Slug: slug, AwaitTurn: awaitTurn})
	page, err := read.readPage(ctx, 0)
	if err != nil {
		return false, err
	}
	read.addPage(page.Users)
	return read.isOtherAccount(), nil
}

// readForward reads from the first page on, to the end of the list, or, in a list
// that begins with the newest, until its users are older than until.
func (s *pageReader) readForward(ctx context.Context, page partner.Page, until time.Time) error {
	promised, largest, skip, steps := max(page.Total, 0), 0, 0, 0
	if d := page.Date; !d.IsZero() && d.Before(s.out.Began) {
		s.out.Began = d // the partner's own word for when it began to answer
	}
	if until.IsZero() && promised > limits.Users {
		return errEndless
	}
	last := "" // serviceId of the last row read, where the next page must meet
	var oldest time.Time
	for {
		users := page.Users
		// A list that grows with every look brings something new each time: its
		// end is where a page is not full, and reaches as far as it says itself.
		ends := len(users) < min(largest, s.size) && skip+len(users) >= page.Total
		largest = max(largest, len(users))
		if !until.IsZero() && !isFalling(oldest, users) {
			return ErrUnsteady // not in order after all
		}
		if last != "" {
			at := findRef(users, last)
			if at < 0 {
				if steps++; steps > pageSteps {
					return ErrUnsteady
				}
				skip = max(0, skip-max(2, largest/2)) // faster than rows move that vanish one by one
				var err error
				if page, err = s.readPage(ctx, skip); err != nil {
					return err
				}
				continue
			}
			users, skip = users[at+1:], skip+at
		}
		fresh := s.addPage(users)
		if len(users) == 0 || fresh == 0 && last != "" || ends && len(s.seen) >= max(promised, page.Total) {
			break
		}
		newest := users[len(users)-1]
		if !until.IsZero() && s.isFarEnough(newest.CreatedAt) {
			return nil
		}
		if last == "" {
			skip = len(users) - 1
		} else {
			skip += len(users)
		}
		if promised > 0 && len(s.seen) > 2*promised+outgrown {
			return ErrUnsteady
		}
		last, oldest, steps = newest.Ref(), newest.CreatedAt, 0
		var err error
		if page, err = s.readPage(ctx, skip); err != nil {
			return err
		}
	}
	if until.IsZero() && len(s.seen) < promised {
		return ErrUnsteady
	}
	if promised > 0 {
		return nil
	}
	// The total is not known: a list that ignores skip would look complete after one
	// page.
	beyond, err := s.readPage(ctx, len(s.seen)+1)
	if err == nil && len(beyond.Users) > 0 {
		err = ErrUnsteady
	}
	return err
}

// isOtherAccount reports whether the users read name accounts, and none of them
// the ledger's.
func (s *pageReader) isOtherAccount() bool { return s.Slug != "" && s.slugs > 0 && !s.ourSlug }

// isFarEnough reports whether users created at a moment are older than any that
// can matter. createdAt may be off by hours, so that the users whom the ledger
// knows to be older must have been met, too, if they are listed at all.
func (s *pageReader) isFarEnough(created time.Time) bool {
	return created.Before(s.Since) && (s.reached >= len(s.Reach) || created.Before(s.Since.Add(-decide.ZoneDoubt)))
}

// isFalling reports whether users go from the newest on, none newer than what
// was read before, each with its time.
func isFalling(before time.Time, users []partner.Listed) bool {
	for i, u := range users {
		if u.CreatedAt.IsZero() || i > 0 && u.CreatedAt.After(users[i-1].CreatedAt) {
			return false
		}
	}
	// The first row of a page is the last of the one before; behind insertions
	// newer ones may come before it.
	return len(users) == 0 || before.IsZero() || !users[len(users)-1].CreatedAt.After(before)
}

// addPage notes users of a page and returns how many of them are new.
func (s *pageReader) addPage(users []partner.Listed) (fresh int) {
	for _, u := range users {
		if key := keyOfUser(u.Ref()); !s.seen[key] {
			s.seen[key] = true
			fresh++
			if s.each != nil {
				s.each(newUser(u))
			}
		}
		s.keepUser(newUser(u))
	}
	return fresh
}

// keepUser notes a user who is looked for in one way or another.
func (s *pageReader) keepUser(u decide.User) {
	if u.ServiceID == "" {
		s.out.HasUnread = true // there is a user, and nothing can be decided by it
		return
	}
	if slug := ledger.SlugOf(u.ServiceID); slug != "" {
		s.slugs++
		s.ourSlug = s.ourSlug || slug == s.Slug
	}
	if s.Reach[u.ServiceID] {
		s.reached++
	}
	if s.Known[u.ServiceID] {
		s.out.Known[u.ServiceID] = u
	}
	if s.Wanted[u.Identity] {
		s.out.Users[u.Identity] = appendOnce(s.out.Users[u.Identity], u)
	}
	if len(s.Mailboxes) > 0 && u.Identity != "" {
		if m := validate.Mailbox(u.Identity); s.Mailboxes[m] {
			s.out.Mailboxes[m] = appendOnce(s.out.Mailboxes[m], u)
		}
	}
	if s.Names[u.Name] {
		s.out.Names[u.Name] = appendOnce(s.out.Names[u.Name], u)
	}
}

// newUser returns a listed user as evidence.
func newUser(u partner.Listed) decide.User {
	identity, ok := validate.Identity(u.Email)
	if !ok {
		identity = ""
	}
	return decide.User{ServiceID: u.ServiceID, Email: u.Email, Identity: identity, Name: decide.NormalizeName(u.FirstName, u.LastName),
		CreatedAt: u.CreatedAt, Deleted: u.IsDeleted()}
}

func findRef(users []partner.Listed, ref string) int {
	return slices.IndexFunc(users, func(u partner.Listed) bool { return u.Ref() == ref })
}

func appendOnce(users []decide.User, u decide.User) []decide.User {
	if slices.ContainsFunc(users, func(o decide.User) bool { return o.ServiceID == u.ServiceID }) {
		return users
	}
	return append(users, u)
}

// readPage reads one page, again if need be.
func (r *pageReader) readPage(ctx context.Context, skip int) (partner.Page, error) {
	if r.read > limits.Users {
		return partner.Page{}, errEndless
	}
	var err error
	for try := 0; try < PageTries; try++ {
		if try > 0 {
			d := pacing.WithJitter(pacing.BackoffAfter(try-1, pacing.FirstBackoff, pacing.MaxBackoff))
			if e, ok := errors.AsType[*partner.Error](err); ok && e.RetryAfter > d {
				if e.RetryAfter > r.Patience {
					break
				}
				d = e.RetryAfter
			}
			if pacing.SleepFor(ctx, d) != nil {
				break
			}
		}
		if err = r.AwaitPause(ctx); err != nil {
			break
		}
		if err = r.AwaitTurn(ctx); err != nil {
			break
		}
		var p partner.Page
		r.out.Pages++
		if p, err = r.Partner.ListUsers(ctx, skip, r.size); err == nil {
			r.read += max(1, len(p.Users))
			r.Clock.ObserveDate(p.Began, p.Ended, p.Date)
			if odd := p.Odd(); odd != "" && !r.out.HasUnread {
				r.Log.Warn("the partner's list has a user that cannot be read", "member", odd)
			}
			r.out.HasUnread = r.out.HasUnread || !p.NotFound && !p.ProvesAbsence()
			return p, nil
		}
		if e, ok := errors.AsType[*partner.Error](err); ok && (e.HTTPStatus == 400 || e.HTTPStatus == 422) && (e.Field != "skip" || skip == 0) && r.size > minPage {
			r.size, try = max(minPage, r.size/2), -1 // too large a page, it seems: that costs no try
			err = nil
			continue
		}
		if IsRefusedForGood(err) {
			break // the same request is refused again
		}
		r.OnError(err)
	}
	return partner.Page{}, fmt.Errorf("reading the partner's list of users: %w", err)
}

// IsRefusedForGood reports whether the partner refuses to give a page, for a reason
// that does not pass.
func IsRefusedForGood(err error) bool {
	e, ok := errors.AsType[*partner.Error](err)
	return ok && slices.Contains([]int{400, 404, 405, 410, 422, 501}, e.HTTPStatus)
}
