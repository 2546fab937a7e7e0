package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	askedPage   = 1000 // users a page; the partner may grant fewer
	pageTries   = 4    // for one page
	pageSteps   = 20   // back, looking for the row where two pages must meet
	newestKnown = 20
)

// errWrongAccount says that the list belongs to somebody else.
var errWrongAccount = errors.New("the partner's list shows none of the users created last: the key belongs to another account")

// errListUnsteady says that pages would not fit together.
var errListUnsteady = errors.New("the partner's list of users changes faster than it can be read")

// listing is one complete scan of the partner's users.
type listing struct {
	began time.Time // in the partner's time
	took  time.Duration
	users map[string][]partner.Listed // those who were looked for, by identity
	total int
}

// scan reads the partner's list from end to end and keeps the users that are
// wanted. It is complete: pages overlap by one row that must match, it goes on
// until a page brings nothing new, and it has seen at least as many distinct
// users as the first page promised. known are serviceIds of which at least one
// must be seen, if there are any.
func (r *run) scan(ctx context.Context, wanted map[string]bool, known map[string]bool, pace func(context.Context) error) (listing, error) {
	began := wall()
	out := listing{began: r.clock.instant(began).Partner(), users: make(map[string][]partner.Listed)}
	seen := make(map[string]bool)
	promised, skip, steps, sawKnown := 0, 0, 0, len(known) == 0
	last := "" // serviceId of the newest row read, where the next page must meet
	for first := true; ; first = false {
		page, err := r.page(ctx, skip, pace)
		if err != nil {
			return listing{}, err
		}
		if first {
			promised = max(page.Total, 0)
			if !page.Date.IsZero() {
				// The partner's own word for when it began to answer.
				if d := page.Date; d.Before(out.began) {
					out.began = d
				}
			}
		}
		users := page.Users
		if last != "" {
			at := indexOf(users, last)
			if at < 0 {
				if steps++; steps > pageSteps {
					return listing{}, errListUnsteady
				}
				skip = max(0, skip-max(1, len(users)/2))
				continue
			}
			users = users[at+1:]
			skip += at
		}
		fresh := 0
		for _, u := range users {
			if !seen[u.ServiceID] {
				seen[u.ServiceID] = true
				fresh++
			}
			sawKnown = sawKnown || known[u.ServiceID]
			if id, ok := validate.Identity(u.Email); ok && wanted[id] {
				out.users[id] = appendOnce(out.users[id], u)
			}
		}
		if len(users) == 0 || fresh == 0 && last != "" {
			break
		}
		last = users[len(users)-1].ServiceID
		if skip == 0 && first {
			skip = len(users) - 1
		} else {
			skip += len(users)
		}
		steps = 0
	}
	if len(seen) < promised {
		return listing{}, errListUnsteady
	}
	if !sawKnown {
		return listing{}, errWrongAccount
	}
	out.took, out.total = wall().Sub(began), len(seen)
	return out, nil
}

func indexOf(users []partner.Listed, serviceID string) int {
	for i, u := range users {
		if u.ServiceID == serviceID {
			return i
		}
	}
	return -1
}

func appendOnce(users []partner.Listed, u partner.Listed) []partner.Listed {
	if indexOf(users, u.ServiceID) >= 0 {
		return users
	}
	return append(users, u)
}

// page reads one page, again if need be.
func (r *run) page(ctx context.Context, skip int, pace func(context.Context) error) (partner.Page, error) {
	var err error
	for try := range pageTries {
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
		if err = pace(ctx); err != nil {
			break
		}
		var p partner.Page
		if p, err = r.cfg.Partner.ListUsers(ctx, skip, askedPage); err == nil {
			r.clock.observe(p.Began, p.Ended, p.Date)
			return p, nil
		}
		if e, ok := readError(err); ok && e.Class == partner.Busy {
			r.pace.busy(wall(), wall())
		}
	}
	return partner.Page{}, fmt.Errorf("reading the partner's list of users: %w", err)
}

// newest are the serviceIds of the users that the ledger created last.
func (r *run) newest(ctx context.Context) (map[string]bool, error) {
	known := make(map[string]bool, newestKnown)
	q := ledger.Query{Status: []ledger.Status{ledger.Created}, Newest: newestKnown}
	for c, err := range r.cfg.Ledger.Customers(ctx, q) {
		if err != nil {
			return nil, ledgerStop("reading the newest users", err)
		}
		known[c.ServiceID] = true
	}
	return known, nil
}
