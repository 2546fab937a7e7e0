package kyc

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// locatePage is how many users the page has on which a user is looked at again. To find
// users, larger pages are asked for.
const locatePage = 50

// locator finds users in the partner's list and looks at each again just before
// it is deleted: a user is deleted only if the page that shows it has its
// serviceId and the customer's e-mail together. It is used by one goroutine.
type locator struct {
	partner Lister
	pace    *Pace
	at      map[string]int // how many users the list showed before this serviceId
	granted int            // users that a page had at most
	moved   int            // by how many places the user found last had moved
	newest  partner.Page   // the page that was read last to find a user again
	from    int            // and where it begins
}

// locateUsers reads the list until every customer's user was met, or to its end.
func (l *locator) locateUsers(ctx context.Context, customers []ledger.Customer) error {
	l.at = make(map[string]int, len(customers))
	wanted := make(map[string]bool, len(customers))
	for _, c := range customers {
		wanted[c.ServiceID] = true
	}
	before, ask := "", askedPage
	for skip := 0; skip < limits.UsersWalked && len(l.at) < len(wanted); {
		p, err := l.readPage(ctx, skip, ask)
		if e, ok := errors.AsType[*partner.Error](err); ok && !isReadable(e) && ask > minPage {
			ask /= 4 // the partner refuses a limit that is too large
			continue
		}
		if err != nil {
			return err
		}
		if len(p.Users) == 0 || p.Users[0].ServiceID == before {
			return nil // the end, or a list that does not heed where a page begins
		}
		before = p.Users[0].ServiceID
		l.granted = max(l.granted, len(p.Users))
		for i, u := range p.Users {
			if _, seen := l.at[u.ServiceID]; wanted[u.ServiceID] && !seen {
				l.at[u.ServiceID] = skip + i
			}
		}
		skip += len(p.Users)
	}
	return nil
}

// findAgain reads the page that shows a user now, with its neighbours. Users who were
// deleted since it was located may have moved it to the front, users who were created
// to the back. It reports whether the list shows the user.
func (l *locator) findAgain(ctx context.Context, serviceID string, deleted, created int) (partner.Listed, bool, error) {
	at, ok := l.at[serviceID]
	if !ok {
		return partner.Listed{}, false, nil
	}
	size := min(cmp.Or(l.granted, locatePage), locatePage)
	u, found, _, err := l.findFrom(ctx, serviceID, max(0, at+l.moved-size/2))
	for skip := max(0, at-deleted-size/2); err == nil && !found && skip <= at+created; {
		var users int
		if u, found, users, err = l.findFrom(ctx, serviceID, skip); users == 0 {
			break // the end of the list
		}
		skip += users
	}
	return u, found, err
}

// findFrom looks for a user on one page, and returns how many users the page has.
func (l *locator) findFrom(ctx context.Context, serviceID string, skip int) (u partner.Listed, found bool, users int, err error) {
	p, err := l.readPage(ctx, skip, locatePage)
	if err != nil {
		return u, false, 0, err
	}
	l.newest, l.from = p, skip
	for i, u := range p.Users {
		if u.ServiceID == serviceID {
			l.moved = skip + i - l.at[serviceID]
			return u, true, len(p.Users), nil
		}
	}
	return u, false, len(p.Users), nil
}

// isGone reads the page again on which a user was found, and reports whether it shows the
// user no longer, or as deleted.
func (l *locator) isGone(ctx context.Context, serviceID string) (bool, error) {
	from, moved := l.from, l.moved
	u, found, _, err := l.findFrom(ctx, serviceID, from)
	l.moved = moved
	return !found || isDeleted(u), err
}

// isPaired reports whether a listed user has the customer's e-mail and is not deleted.
func isPaired(u partner.Listed, c ledger.Customer) bool {
	email := strings.TrimSpace(u.Email)
	return (strings.EqualFold(email, c.Email) || strings.EqualFold(email, c.Identity)) && !isDeleted(u)
}

func isDeleted(u partner.Listed) bool { return strings.EqualFold(u.Status, "deleted") }

func (l *locator) readPage(ctx context.Context, skip, limit int) (partner.Page, error) {
	return askPartner(ctx, l.pace, isReadable, func() (partner.Page, error) { return l.partner.ListUsers(ctx, skip, limit) })
}
