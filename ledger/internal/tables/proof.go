package tables

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// maxFindings is how many findings of one kind Verify lists.
const maxFindings = 100

// Verify proves the ledger, and returns what contradicts it; an empty list if
// nothing does. It names customers by number only. A million customers need about a
// minute.
//
// The file is whole, and every reference leads to what it names (SQLite's own
// checks; the schema was compared when the ledger was opened). What the tables say
// of each other agrees (tableClaims). And the state of every customer follows
// from its attempts (customerClaims), each under the idempotency key and the
// generation that the rules give it.
func (c *Reader) Verify(ctx context.Context) ([]string, error) {
	p := proof{Reader: c, claims: tableClaims(), counts: map[string]int{}}
	return p.run(ctx, p.proveFile, p.proveValues, p.proveTables, p.proveMarks, p.proveCustomers)
}

// VerifyRecords is Verify for a database that checks itself what its file, its
// references and its columns hold.
func (c *Reader) VerifyRecords(ctx context.Context) ([]string, error) {
	p := proof{Reader: c, counts: map[string]int{}}
	p.claims = slices.DeleteFunc(tableClaims(), func(t tableClaim) bool { return t.contradiction == numberClaim })
	return p.run(ctx, p.proveTables, p.proveMarks, p.proveCustomers)
}

func (p *proof) run(ctx context.Context, steps ...func(context.Context) error) ([]string, error) {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p.found, nil
}

// Claims returns everything that Verify looks for, but SQLite's own checks, in the
// words in which it says that it found it.
func (c *Reader) Claims(ctx context.Context) (all []string, err error) {
	all = []string{markClaim, keyClaim}
	for _, claim := range tableClaims() {
		all = append(all, claim.contradiction)
	}
	for _, claim := range customerClaims() {
		all = append(all, claim.contradiction)
	}
	columns, err := c.checkedColumns(ctx)
	for _, column := range columns {
		all = append(all, column.valueClaim())
	}
	return all, err
}

// proof collects what contradicts the ledger.
type proof struct {
	*Reader
	claims []tableClaim
	found  []string
	counts map[string]int
}

func (p *proof) add(subject, contradiction string) {
	if p.counts[contradiction]++; p.counts[contradiction] <= maxFindings {
		p.found = append(p.found, subject+": "+contradiction)
	}
}

// proveFile runs SQLite's own checks.
func (p *proof) proveFile(ctx context.Context) error {
	problems, err := p.Check(ctx, "integrity_check")
	if err != nil {
		return err
	}
	p.found = append(p.found, problems...)
	return p.QueryLong(ctx, `SELECT "table", rowid, parent FROM pragma_foreign_key_check`, nil, func(r *Record) error {
		subject := r.Text()
		if record := r.Int64(); record != 0 { // a table that has no numbers for its records gives none
			subject += fmt.Sprintf(", record %d", record)
		}
		p.add(subject, "it refers to a "+r.Text()+" that is not there")
		return nil
	})
}

// checkedColumn is a column that the schema limits to some values.
type checkedColumn struct{ table, name, check string }

// valueClaim is the contradiction of a value that its column must not have.
func (c checkedColumn) valueClaim() string {
	return "a value of " + c.name + " is none that the column may have"
}

// checkedColumns returns the columns that have a CHECK.
func (c *Conn) checkedColumns(ctx context.Context) (all []checkedColumn, err error) {
	column := regexp.MustCompile(`(?m)^\t(\w+) .* CHECK (\(.*\))(?:,| --|$)`)
	err = c.Query(ctx, "SELECT name, sql FROM sqlite_schema WHERE type = 'table'", nil, func(r *Record) error {
		table := r.Text()
		for _, found := range column.FindAllStringSubmatch(r.Text(), -1) {
			all = append(all, checkedColumn{table, found[1], found[2]})
		}
		return nil
	})
	return all, err
}

// proveValues holds columns to their CHECKs. SQLite's own checks leave those out on a
// connection that only reads.
func (p *proof) proveValues(ctx context.Context) error {
	columns, err := p.checkedColumns(ctx)
	if err != nil {
		return err
	}
	for len(columns) > 0 {
		n := 0 // of one table, which is read once
		broken := []string{}
		for ; n < len(columns) && columns[n].table == columns[0].table; n++ {
			broken = append(broken, "max(NOT "+columns[n].check+")")
		}
		if err := p.QueryLong(ctx, "SELECT "+strings.Join(broken, ", ")+" FROM "+columns[0].table, nil, func(r *Record) error {
			for _, c := range columns[:n] {
				if r.Bool() {
					p.add(c.table, c.valueClaim())
				}
			}
			return nil
		}); err != nil {
			return err
		}
		columns = columns[n:]
	}
	return nil
}

// tableClaim is a contradiction between tables: what of, and the statement that
// finds the numbers of those that have it.
type tableClaim struct{ subject, contradiction, statement string }

// numberClaim is the one that only a file has: PostgreSQL keeps the last number itself.
const numberClaim = "its number is higher than the last one given"

func tableClaims() []tableClaim {
	return []tableClaim{
		{"customer", "an attempt is open and it is not in doubt",
			"SELECT c.id FROM attempt a JOIN customer c ON c.id = a.customer WHERE a.class = '' AND c.status <> 'in_doubt'"},
		{"customer", "two of its requests are in flight",
			"SELECT customer FROM attempt WHERE class = '' GROUP BY customer HAVING count(*) > 1"},
		{"customer", "another customer has the same service id",
			`SELECT id FROM customer WHERE status IN ('created', 'link_missing') AND service_id <> '' AND service_id IN
				(SELECT service_id FROM customer WHERE status IN ('created', 'link_missing') AND service_id <> '' GROUP BY service_id HAVING count(*) > 1)`},
		{"customer", "its e-mail is gone and it is not forgotten", "SELECT id FROM customer WHERE (email = '') <> (status = 'forgotten')"},
		{"customer", "the input row that named it last is not its own",
			`SELECT c.id FROM customer c LEFT JOIN input_row r ON r.batch = c.last_batch AND r.ordinal = c.last_row
				WHERE c.last_batch <> 0 AND (r.customer IS DISTINCT FROM c.id OR r.claims = 0)`},
		{"attempt", "its run is not in the log", "SELECT id FROM attempt WHERE run NOT IN (SELECT id FROM run)"},
		{"attempt", numberClaim, "SELECT id FROM attempt WHERE id > (SELECT last_attempt FROM ledger)"},
		{"attempt", "it ended before it began", `SELECT id FROM attempt WHERE class NOT IN ('', 'NOT_SENT')
			AND not_after_us + not_after_offset_us < not_before_us + not_before_offset_us - 5e6`},
		{"run", "the plan that it carried out was not approved", "SELECT r.id FROM run r JOIN plan p ON p.id = r.plan WHERE p.approves = 0 OR p.decided_us IS NULL"},
		{"attempt", "two persons have to approve what is sent, and its run carried out no plan",
			`SELECT a.id FROM attempt a JOIN run r ON r.id = a.run WHERE a.removes = '' AND r.plan IS NULL
				AND a.not_before_us >= (SELECT at_us FROM fact WHERE name = 'approval' AND value = 'two-persons')`},
		{"batch", "its number of rows differs from its count", "SELECT id FROM batch b WHERE rows <> (SELECT count(*) FROM input_row WHERE batch = b.id)"},
		{"batch", "two of its rows claim one customer",
			"SELECT DISTINCT batch FROM input_row WHERE claims = 1 AND customer IS NOT NULL GROUP BY batch, customer HAVING count(*) > 1"},
		{"batch", "a row of it does not lead to the customer of its e-mail",
			`SELECT DISTINCT r.batch FROM input_row r JOIN batch b ON b.id = r.batch LEFT JOIN customer c ON c.id = r.customer
				WHERE coalesce(r.identity, r.email) <> '' AND (c.email <> '' AND coalesce(c.identity, c.email) <> coalesce(r.identity, r.email) OR c.id IS NULL
				AND (r.claims = 1 OR EXISTS (SELECT 1 FROM customer k WHERE k.email <> '' AND coalesce(k.identity, k.email) = coalesce(r.identity, r.email))))`},
	}
}

// proveTables looks for contradictions between tables.
func (p *proof) proveTables(ctx context.Context) error {
	for _, claim := range p.claims {
		if err := p.QueryLong(ctx, claim.statement+fmt.Sprintf(" LIMIT %d", maxFindings), nil, func(r *Record) error {
			p.add(fmt.Sprintf("%s %d", claim.subject, r.Int64()), claim.contradiction)
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

const markClaim = "its link or service id is not found by its digest"

// proveMarks recomputes what links and serviceIds are found by.
func (p *proof) proveMarks(ctx context.Context) error {
	const text = "SELECT id, url, url_mark, service_id, service_mark FROM customer WHERE url <> '' OR url_mark <> 0 OR service_id <> '' OR service_mark <> 0"
	return p.QueryLong(ctx, text, nil, func(r *Record) error {
		id, link, linkMark, service, serviceMark := r.Int64(), r.Text(), r.Int64(), r.Text(), r.Int64()
		if linkMark != Mark(link) || serviceMark != Mark(service) {
			p.add(fmt.Sprintf("customer %d", id), markClaim)
		}
		return nil
	})
}

// customerClaim is something that must be true of no customer, given with all its
// attempts.
type customerClaim struct {
	contradiction string
	isBroken      func(c *ledger.Customer) bool
}

func customerClaims() []customerClaim {
	return []customerClaim{
		{"its number of attempts differs from its count", func(c *ledger.Customer) bool {
			sent := 0
			for _, a := range c.History {
				if a.Class != ledger.NotSent && a.Removes == "" {
					sent++
				}
			}
			return c.Intents != len(c.History) || c.Attempts != sent
		}},
		{"key or generation are not those of its newest create-user request", func(c *ledger.Customer) bool {
			for _, a := range slices.Backward(c.History) {
				if a.Removes == "" {
					return a.Key != c.Key || a.Generation != c.Generation
				}
			}
			return false
		}},
		{"an attempt is unanswered and its status says that it may be sent or was refused", func(c *ledger.Customer) bool {
			isFree := c.Status == ledger.Pending || c.Status == ledger.Rejected || c.Status == ledger.InsufficientBalance
			return isFree && !c.Manual && slices.ContainsFunc(c.History, isUnanswered)
		}},
		{"it is created without service id or link", func(c *ledger.Customer) bool {
			return c.Status == ledger.Created && (c.ServiceID == "" || c.URL == "")
		}},
		{"it is created or link_missing and every attempt was refused or never sent", func(c *ledger.Customer) bool {
			return isOnboarded(c) && !c.Manual && c.Intents > 0 && !slices.ContainsFunc(c.History, func(a ledger.Attempt) bool {
				return a.Class != ledger.NotSent && a.Class != ledger.Busy && a.Class != ledger.Auth
			})
		}},
		{"its user was deleted and not created again, and it is not in doubt, nor to be sent", func(c *ledger.Customer) bool {
			return isOnboarded(c) && !c.Manual && slices.ContainsFunc(c.History, func(a ledger.Attempt) bool {
				return a.Class == ledger.Removed && c.Generation < a.Generation
			})
		}},
		{"its service id or link must not be kept or shown", func(c *ledger.Customer) bool {
			return c.ServiceID != "" && !ledger.ValidToken(c.ServiceID) || c.URL != "" && !ledger.ValidLink(c.URL)
		}},
		{"a request was made under a new key while an older one was unanswered", hasEarlyGeneration},
	}
}

// hasEarlyGeneration reports whether a generation was raised, or lowered, against
// the rule: only once every request under the older key is known to have created
// nothing. A user that an operator had sent again after DUP_USER is the exception.
func hasEarlyGeneration(c *ledger.Customer) bool {
	for i, a := range c.History {
		if a.Removes != "" {
			continue
		}
		before := c.History[:i]
		if len(before) > 0 && before[len(before)-1].Class == ledger.DupUser {
			continue
		}
		if slices.ContainsFunc(before, func(b ledger.Attempt) bool {
			return b.Removes == "" && (b.Generation > a.Generation || b.Generation < a.Generation && isUnanswered(b))
		}) {
			return true
		}
	}
	return false
}

func isOnboarded(c *ledger.Customer) bool {
	return c.Status == ledger.Created || c.Status == ledger.LinkMissing
}

// isUnanswered reports whether nothing was learnt of an attempt.
func isUnanswered(a ledger.Attempt) bool {
	switch a.Class {
	case ledger.Open, ledger.Unknown, ledger.OKBroken, ledger.KeyUsed:
		return !a.Absent
	}
	return false
}

const keyClaim = "the key of an attempt is not that of its e-mail and generation"

// proveCustomers holds every customer to the claims, and recomputes the
// idempotency key of every attempt.
func (p *proof) proveCustomers(ctx context.Context) error {
	environments, err := p.environments(ctx)
	if err != nil {
		return err
	}
	return p.ReadCustomers(ctx, ledger.Query{History: true}, func(c ledger.Customer) error {
		subject := fmt.Sprintf("customer %d", c.ID)
		for _, claim := range customerClaims() {
			if claim.isBroken(&c) {
				p.add(subject, claim.contradiction)
			}
		}
		for _, a := range c.History {
			if a.Removes == "" && !slices.ContainsFunc(environments, func(e string) bool { return ledger.Key(e, c.Identity, a.Generation) == a.Key }) {
				p.add(subject, keyClaim)
			}
		}
		return nil
	})
}

// environments returns all that the ledger has belonged to: the present one and,
// if its host was renamed, those before.
func (p *proof) environments(ctx context.Context) ([]string, error) {
	all := []string{p.Environment}
	err := p.Query(ctx, "SELECT value FROM fact WHERE name = 'rebound'", nil, func(r *Record) error {
		for change := range strings.SplitSeq(r.Text(), "; ") {
			from, _, _ := strings.Cut(change, " -> ")
			all = append(all, from)
		}
		return nil
	})
	return all, err
}
