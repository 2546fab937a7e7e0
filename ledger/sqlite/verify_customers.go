package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// rule is something that must be true of nobody.
type rule struct {
	says   string
	broken func(c *ledger.Customer) bool // c has its attempts
}

func rules() []rule {
	some := func(c *ledger.Customer, of func(a *ledger.Attempt) bool) bool {
		return slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return of(&a) })
	}
	return []rule{
		{"its attempts are not as many as it counts", func(c *ledger.Customer) bool {
			sent := 0
			for _, a := range c.History {
				if a.Class != ledger.NotSent && a.Removes == "" {
					sent++
				}
			}
			return c.Status != ledger.Forgotten && (c.Intents != len(c.History) || c.Attempts != sent)
		}},
		{"key or generation are not those of its newest create-user request", func(c *ledger.Customer) bool {
			var newest ledger.Attempt
			for _, a := range c.History {
				if a.Removes == "" && a.ID > newest.ID {
					newest = a
				}
			}
			return newest.ID != 0 && (newest.Key != c.Key || newest.Generation != c.Generation)
		}},
		{"an attempt is open and it is not in doubt", func(c *ledger.Customer) bool {
			return c.Status != ledger.InDoubt && hasOpen(c)
		}},
		{"an attempt is unanswered and its status says that it may be sent or was refused", func(c *ledger.Customer) bool {
			free := c.Status == ledger.Pending || c.Status == ledger.Rejected || c.Status == ledger.InsufficientBalance
			return free && !c.Manual && some(c, unanswered)
		}},
		{"it is created without service id or link", func(c *ledger.Customer) bool {
			return c.Status == ledger.Created && (c.ServiceID == "" || c.URL == "")
		}},
		{"it is created or link_missing and every attempt was refused or never sent", func(c *ledger.Customer) bool {
			return onboarded(c) && !c.Manual && c.Intents > 0 && !some(c, func(a *ledger.Attempt) bool {
				return a.Class != ledger.NotSent && a.Class != ledger.Busy && a.Class != ledger.Auth
			})
		}},
		{"its user was deleted and not created again, and it is not in doubt, nor to be sent", func(c *ledger.Customer) bool {
			return onboarded(c) && !c.Manual && some(c, func(a *ledger.Attempt) bool { return a.Class == ledger.Removed && c.Generation < a.Generation })
		}},
		{"its service id or link must not be kept or shown", func(c *ledger.Customer) bool {
			return c.ServiceID != "" && !ledger.ValidToken(c.ServiceID) || c.URL != "" && !ledger.ValidLink(c.URL)
		}},
		{"its status is none", func(c *ledger.Customer) bool {
			return !slices.Contains(ledger.Statuses(), c.Status) || c.Status == ledger.Invalid || c.Status == ledger.DuplicateInInput
		}},
	}
}

func onboarded(c *ledger.Customer) bool {
	return c.Status == ledger.Created || c.Status == ledger.LinkMissing
}

// unanswered says that nothing was learnt of an attempt.
func unanswered(a *ledger.Attempt) bool {
	switch a.Class {
	case ledger.Open, ledger.Unknown, ledger.OKBroken, ledger.KeyUsed:
		return !a.Absent
	}
	return false
}

// most is how many findings of one kind are listed.
const most = 100

// verifyCustomers holds every folder to the rules, and to the columns and
// indexes that lead to it.
func (l *Ledger) verifyCustomers(ctx context.Context, v *view) ([]string, error) {
	c := census{v: v, waiting: map[string]bool{}, told: map[string]int{}}
	if err := v.one(ctx, "SELECT indexed FROM state", nil, &c.indexed); err != nil {
		return nil, err
	}
	for last, n := int64(0), 1; n > 0; {
		var page []ledger.Customer
		n = 0
		err := v.each(ctx, "SELECT "+folderColumns+" FROM customers WHERE id > ? ORDER BY id LIMIT 256", []any{last}, func(r *sql.Rows) error {
			n++
			var one ledger.Customer
			err := scanFolder(r, func(id int64) *ledger.Customer { last = id; return &one }, always)
			if errors.Is(err, errChunk) {
				c.tell(last, "its folder is damaged")
				return nil
			}
			page = append(page, one)
			return err
		})
		if err == nil {
			err = c.page(ctx, page)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, stray := range [][2]string{
		{"no e-mail leads to it", "SELECT customer FROM places WHERE customer NOT IN (SELECT customer FROM identities)"},
		{"another customer's attempt has the number of its newest", "SELECT max(id) FROM customers WHERE attempt > 0 GROUP BY attempt HAVING count(*) > 1"},
		{"a service id leads to it, and it is not there", "SELECT customer FROM services WHERE customer NOT IN (SELECT id FROM customers)"},
	} {
		ids, err := v.ids(ctx, stray[1]+fmt.Sprintf(" LIMIT %d", most))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			c.tell(id, stray[0])
		}
	}
	return c.found, nil
}

// census goes through all customers.
type census struct {
	v       *view
	indexed int64           // see schema
	waiting map[string]bool // service ids of those onboarded whose entries may not be there yet
	told    map[string]int
	found   []string
}

func (c *census) tell(customer int64, says string) {
	if c.told[says]++; c.told[says] <= most {
		c.found = append(c.found, fmt.Sprintf("customer %d: %s", customer, says))
	}
}

func (c *census) page(ctx context.Context, page []ledger.Customer) error {
	attempts := map[int64]int64{}
	leads, owners := map[service]bool{}, map[string]int{}
	var ids []int64
	var services []any
	for i := range page {
		ids = append(ids, page[i].ID)
		if page[i].ServiceID != "" {
			services = append(services, page[i].ServiceID)
		}
	}
	err := c.v.eachNear(ctx, "SELECT id, attempt FROM customers WHERE id ", ids, func(r *sql.Rows) error {
		var id, attempt int64
		err := r.Scan(&id, &attempt)
		attempts[id] = attempt
		return err
	})
	if err == nil {
		err = c.v.eachOf(ctx, `SELECT service_id, id, status IN ('created', 'link_missing') FROM services JOIN customers USING (service_id)
			WHERE id = customer AND service_id IN `, services, func(r *sql.Rows) error {
			var s service
			var owns bool
			err := r.Scan(&s.id, &s.customer, &owns)
			if !leads[s] && owns { // a list may have it twice
				owners[s.id]++
			}
			leads[s] = true
			return err
		})
	}
	if err != nil {
		return err
	}
	for i := range page {
		one := &page[i]
		for _, rule := range rules() {
			if rule.broken(one) {
				c.tell(one.ID, rule.says)
			}
		}
		newest := newestAttempt(one)
		if attempts[one.ID] != newest {
			c.tell(one.ID, "it is not found by its newest attempt")
		}
		if one.ServiceID == "" {
			continue
		}
		led := leads[service{one.ServiceID, one.ID}]
		if newest <= c.indexed && !led {
			c.tell(one.ID, "its service id does not lead to it")
		}
		if !onboarded(one) {
			continue
		}
		others := owners[one.ServiceID]
		if led {
			others--
		}
		if others > 0 || c.waiting[one.ServiceID] {
			c.tell(one.ID, "another customer has the same service id")
		}
		if newest > c.indexed {
			c.waiting[one.ServiceID] = true
		}
	}
	return nil
}
