package kyc

import (
	"context"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

const (
	locatePage     = 50   // users a page, both to find users and to look at one of them again
	maxLocatePages = 2000 // pages that are read to find users, at most
)

// locator finds users in the partner's list and looks at each again just before
// it is deleted: a user is deleted only if the page that shows it has its
// serviceId and the customer's e-mail together. It is used by one goroutine.
type locator struct {
	partner Lister
	pace    *Pace
	at      map[string]int // how many users the list showed before this serviceId
}

// locateUsers reads the list until every customer's user was met, or to its end.
func (l *locator) locateUsers(ctx context.Context, customers []ledger.Customer) error {
	l.at = make(map[string]int, len(customers))
	wanted := make(map[string]bool, len(customers))
	for _, c := range customers {
		wanted[c.ServiceID] = true
	}
	before := ""
	for skip, n := 0, 0; n < maxLocatePages && len(l.at) < len(wanted); n++ {
		p, err := l.readPage(ctx, skip)
		if err != nil {
			return err
		}
		if len(p.Users) == 0 || p.Users[0].ServiceID == before {
			return nil // the end, or a list that does not heed where a page begins
		}
		before = p.Users[0].ServiceID
		for i, u := range p.Users {
			if _, seen := l.at[u.ServiceID]; wanted[u.ServiceID] && !seen {
				l.at[u.ServiceID] = skip + i
			}
		}
		skip += len(p.Users)
	}
	return nil
}

// isPaired reports whether the list, read now, shows the customer's serviceId
// and e-mail together, of a user who is not deleted. Others may have been
// deleted since the user was located, so that it may be nearer to the front.
func (l *locator) isPaired(ctx context.Context, c ledger.Customer, deleted int) (bool, error) {
	at, ok := l.at[c.ServiceID]
	if !ok {
		return false, nil
	}
	for skip := max(0, at-deleted-locatePage/2); skip <= at; skip += locatePage {
		p, err := l.readPage(ctx, skip)
		if err != nil {
			return false, err
		}
		for _, u := range p.Users {
			if u.ServiceID == c.ServiceID {
				email := strings.TrimSpace(u.Email)
				return (strings.EqualFold(email, c.Email) || strings.EqualFold(email, c.Identity)) && !strings.EqualFold(u.Status, "deleted"), nil
			}
		}
		if len(p.Users) == 0 {
			break
		}
	}
	return false, nil
}

func (l *locator) readPage(ctx context.Context, skip int) (partner.Page, error) {
	return askPartner(ctx, l.pace, isReadable, func() (partner.Page, error) { return l.partner.ListUsers(ctx, skip, locatePage) })
}
