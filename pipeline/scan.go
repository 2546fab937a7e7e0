package pipeline

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	askedPage = 1000 // users a page; the partner may grant fewer
	leastPage = 2    // pages overlap by one row, so one row a page leads nowhere
	pageTries = 4    // for one page
	pageSteps = 20   // back, looking for the row where two pages must meet
	outgrown  = 2000 // users that may come while a list is read, besides as many as it had
)

// errWrongAccount says that the list belongs to somebody else.
var errWrongAccount = fmt.Errorf("the partner's list shows users of other accounts only: %w", ledger.ErrAccount)

// errListUnsteady says that pages would not fit together.
var errListUnsteady = errors.New("the partner's list of users changes faster than it can be read")

// errListEndless says that a list has more users than are read.
var errListEndless = fmt.Errorf("the partner's list has more than %s users, which is the limit", limits.FormatCount(limits.Users))

// userKey stands for a user's Ref, which may be long.
type userKey [16]byte

func keyOfUser(ref string) userKey {
	sum := sha256.Sum256([]byte(ref))
	return userKey(sum[:16])
}

// listing is one complete scan of the partner's users.
type listing struct {
	began  time.Time // in the partner's time
	took   time.Duration
	users  map[string][]partner.Listed // those who were looked for, by identity
	total  int                         // users read
	empty  bool                        // the partner has none, and says so in the proper form
	unread bool                        // some users could not be read
	pages  int                         // requests that it took
	whole  bool                        // all of it was read, not only the newest users

	known     map[string]partner.Listed   // by serviceId, of those who were looked for
	mailboxes map[string][]partner.Listed // by validate.Mailbox, likewise
	names     map[string][]partner.Listed // by nameOf, likewise
}

// search is what a scan looks for.
type search struct {
	wanted    map[string]bool             // identities
	mailboxes map[string]bool             // see listing
	names     map[string]bool             // likewise
	known     map[string]bool             // serviceIds
	reach     map[string]bool             // those of them without which an ordered list must not be left early
	slug      string                      // of the ledger's account; "" = not known
	since     time.Time                   // users created earlier cannot matter, in the partner's time; zero = all may
	turn      func(context.Context) error // waits until the next page may be asked for
	each      func(partner.Listed)        // given every user; nil = not wanted. A scan that begins again gives them again
}

// reading is a scan under way.
type reading struct {
	*run
	search
	began   time.Time
	out     listing
	size    int                // users asked for a page
	every   func(email string) // told of every user, if set
	seen    map[userKey]bool
	read    int  // users, counted as often as they came
	slugs   int  // users whose serviceId names an account
	ourSlug bool // some of them the ledger's
	reached int  // of search.reach
}

// scan reads the partner's list and keeps the users that are wanted. It is
// complete: pages overlap by one row that must match, it goes on until a page
// brings nothing new or is shorter than others, and it has seen at least as many
// distinct users as the first page promised. Where the list proves ordered by creation time and only
// the newest users matter, the newest end suffices.
func (r *run) scan(ctx context.Context, s search) (listing, error) {
	read := func() *reading {
		began := wall()
		return &reading{run: r, search: s, began: began, size: askedPage, seen: make(map[userKey]bool), out: listing{
			began: r.clock.instant(began).Partner(), users: make(map[string][]partner.Listed), known: make(map[string]partner.Listed),
			mailboxes: make(map[string][]partner.Listed), names: make(map[string][]partner.Listed)}}
	}
	scan := read()
	done := false
	first, err := scan.page(ctx, 0)
	if err == nil && !s.since.IsZero() {
		done, err = scan.newestEnd(ctx, first)
	}
	if err == nil && !done {
		if !s.since.IsZero() {
			scan = read()
			if first, err = scan.page(ctx, 0); err != nil {
				return listing{}, err
			}
		}
		err = scan.forward(ctx, first, time.Time{})
	}
	switch {
	case err != nil:
		return listing{}, err
	case scan.isOtherAccount():
		return listing{}, errWrongAccount
	}
	scan.out.took, scan.out.total = wall().Sub(scan.began), len(scan.seen)
	scan.out.empty = scan.out.total == 0 && first.Total <= 0 && !first.NotFound
	scan.out.whole = !done
	return scan.out, nil
}

// forward reads from the first page on, to the end of the list, or, in a list
// that begins with the newest, until its users are older than until.
func (s *reading) forward(ctx context.Context, page partner.Page, until time.Time) error {
	promised, largest, skip, steps := max(page.Total, 0), 0, 0, 0
	if d := page.Date; !d.IsZero() && d.Before(s.out.began) {
		s.out.began = d // the partner's own word for when it began to answer
	}
	if until.IsZero() && promised > limits.Users {
		return errListEndless
	}
	last := "" // serviceId of the last row read, where the next page must meet
	var oldest time.Time
	for {
		users := page.Users
		// A list that grows with every look brings something new each time: its
		// end is where a page is not full, and reaches as far as it says itself.
		ends := len(users) < min(largest, s.size) && skip+len(users) >= page.Total
		largest = max(largest, len(users))
		if !until.IsZero() && !falling(oldest, users) {
			return errListUnsteady // not in order after all
		}
		if last != "" {
			at := indexOf(users, last)
			if at < 0 {
				if steps++; steps > pageSteps {
					return errListUnsteady
				}
				skip = max(0, skip-max(2, largest/2)) // faster than rows move that vanish one by one
				var err error
				if page, err = s.page(ctx, skip); err != nil {
					return err
				}
				continue
			}
			users, skip = users[at+1:], skip+at
		}
		fresh := s.take(users)
		if len(users) == 0 || fresh == 0 && last != "" || ends && len(s.seen) >= max(promised, page.Total) {
			break
		}
		newest := users[len(users)-1]
		if !until.IsZero() && s.farEnough(newest.CreatedAt) {
			return nil
		}
		if last == "" {
			skip = len(users) - 1
		} else {
			skip += len(users)
		}
		if promised > 0 && len(s.seen) > 2*promised+outgrown {
			return errListUnsteady
		}
		last, oldest, steps = newest.Ref(), newest.CreatedAt, 0
		var err error
		if page, err = s.page(ctx, skip); err != nil {
			return err
		}
	}
	if until.IsZero() && len(s.seen) < promised {
		return errListUnsteady
	}
	if promised > 0 {
		return nil
	}
	// Nobody has said how many there are: a list that does not heed where a page
	// begins would look complete after one.
	beyond, err := s.page(ctx, len(s.seen)+1)
	if err == nil && len(beyond.Users) > 0 {
		err = errListUnsteady
	}
	return err
}

// isOtherAccount reports whether the users read name accounts, and none of them
// the ledger's.
func (s *reading) isOtherAccount() bool { return s.slug != "" && s.slugs > 0 && !s.ourSlug }

// farEnough reports whether users created at a moment are older than any that
// can matter. createdAt may be off by hours, so that the users whom the ledger
// knows to be older must have been met, too, if they are listed at all.
func (s *reading) farEnough(created time.Time) bool {
	return created.Before(s.since) && (s.reached >= len(s.reach) || created.Before(s.since.Add(-zoneDoubt)))
}

// falling reports whether users go from the newest on, none newer than what
// was read before, each with its time.
func falling(before time.Time, users []partner.Listed) bool {
	for i, u := range users {
		if u.CreatedAt.IsZero() || i > 0 && u.CreatedAt.After(users[i-1].CreatedAt) {
			return false
		}
	}
	// The first row of a page is the last of the one before; behind insertions
	// newer ones may stand in front of it.
	return len(users) == 0 || before.IsZero() || !users[len(users)-1].CreatedAt.After(before)
}

// take notes users of a page and returns how many of them are new.
func (s *reading) take(users []partner.Listed) (fresh int) {
	for _, u := range users {
		if key := keyOfUser(u.Ref()); !s.seen[key] {
			s.seen[key] = true
			fresh++
			if s.each != nil {
				s.each(u)
			}
		}
		if s.every != nil {
			if !u.IsDeleted() {
				s.every(u.Email)
			}
			continue
		}
		s.keep(u)
	}
	return fresh
}

// keep notes a user who is looked for in one way or another.
func (s *reading) keep(u partner.Listed) {
	if u.ServiceID == "" {
		s.out.unread = true // there is somebody, and nothing can be decided by it
		return
	}
	if slug := ledger.SlugOf(u.ServiceID); slug != "" {
		s.slugs++
		s.ourSlug = s.ourSlug || slug == s.slug
	}
	if s.reach[u.ServiceID] {
		s.reached++
	}
	if s.known[u.ServiceID] {
		s.out.known[u.ServiceID] = u
	}
	if id, ok := validate.Identity(u.Email); ok {
		if s.wanted[id] {
			s.out.users[id] = appendOnce(s.out.users[id], u)
		}
		if m := validate.Mailbox(id); s.mailboxes[m] {
			s.out.mailboxes[m] = appendOnce(s.out.mailboxes[m], u)
		}
	}
	if n := nameOf(u.FirstName, u.LastName); s.names[n] {
		s.out.names[n] = appendOnce(s.out.names[n], u)
	}
}

func indexOf(users []partner.Listed, ref string) int {
	for i, u := range users {
		if u.Ref() == ref {
			return i
		}
	}
	return -1
}

func appendOnce(users []partner.Listed, u partner.Listed) []partner.Listed {
	if indexOf(users, u.Ref()) >= 0 {
		return users
	}
	return append(users, u)
}

// page reads one page, again if need be.
func (r *reading) page(ctx context.Context, skip int) (partner.Page, error) {
	if r.read > limits.Users {
		return partner.Page{}, errListEndless
	}
	var err error
	for try := 0; try < pageTries; try++ {
		if try > 0 {
			d := jitter(backoff(try-1, firstBackoff, mostBackoff))
			if e, ok := readError(err); ok && e.RetryAfter > d {
				if e.RetryAfter > r.cfg.Pace.Patience {
					break
				}
				d = e.RetryAfter
			}
			if sleep(ctx, d) != nil {
				break
			}
		}
		if err = r.awaitPause(ctx); err != nil {
			break
		}
		if err = r.turn(ctx); err != nil {
			break
		}
		var p partner.Page
		r.out.pages++
		if p, err = r.cfg.Partner.ListUsers(ctx, skip, r.size); err == nil {
			r.read += max(1, len(p.Users))
			r.clock.observe(p.Began, p.Ended, p.Date)
			if odd := p.Odd(); odd != "" && !r.out.unread {
				r.cfg.Log.Warn("the partner's list shows a user who cannot be read", "member", odd)
			}
			r.out.unread = r.out.unread || !p.NotFound && !p.ProvesAbsence()
			return p, nil
		}
		if e, ok := readError(err); ok && (e.HTTPStatus == 400 || e.HTTPStatus == 422) && (e.Field != "skip" || skip == 0) && r.size > leastPage {
			r.size, try = max(leastPage, r.size/2), -1 // too large a page, it seems: that costs no try
			err = nil
			continue
		}
		if isRefused(err) {
			break // the same request is refused again
		}
		r.heed(err)
	}
	return partner.Page{}, fmt.Errorf("reading the partner's list of users: %w", err)
}

// isRefused reports whether the partner refuses to give a page, for a reason
// that does not pass.
func isRefused(err error) bool {
	e, ok := readError(err)
	if !ok {
		return false
	}
	switch e.HTTPStatus {
	case 400, 404, 405, 410, 422, 501:
		return true
	default:
		return false
	}
}
