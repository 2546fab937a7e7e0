package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Verify checks the file in full and that the state of every customer follows
// from its attempts. What it finds names customers by number only; nothing
// found gives an empty list. It goes beside a run and may take minutes.
func (l *Ledger) Verify(ctx context.Context) ([]string, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	found, err := v.check(ctx, "integrity_check")
	if err != nil {
		return nil, l.sick(err)
	}
	for _, rule := range rules() {
		n := 0
		err := v.long(ctx, rule.finds+" LIMIT 100", nil, func(r *sql.Rows) error {
			var id int64
			n++
			err := r.Scan(&id)
			found = append(found, fmt.Sprintf("%s %d: %s", rule.of, id, rule.says))
			return err
		})
		if err != nil {
			return nil, l.sick(err)
		}
	}
	for _, id := range v.under.customers() {
		if _, err := v.customers(ctx, []int64{id}); errors.Is(err, errChunk) {
			found = append(found, fmt.Sprintf("customer %d: its request under way was intended for another state of it", id))
		} else if err != nil {
			return nil, l.sick(err)
		}
	}
	more, err := l.verifyRows(ctx, v)
	return append(found, more...), l.sick(err)
}

// rule is something that must find nothing.
type rule struct{ of, says, finds string }

// unanswered selects attempts of which nothing was learnt.
const unanswered = "class IN ('', 'UNKNOWN', 'OK_BROKEN', 'KEY_USED') AND NOT absent"

func rules() []rule {
	return []rule{
		{"customer", "its attempts are not as many as it counts",
			`SELECT id FROM customers c WHERE status <> 'forgotten' AND (intents <> (SELECT count(*) FROM attempts WHERE customer = c.id)
				OR attempts <> (SELECT count(*) FROM attempts WHERE customer = c.id AND class <> 'NOT_SENT' AND removes = ''))`},
		{"customer", "key or generation are not those of its newest create-user request",
			`SELECT c.id FROM customers c JOIN attempts a ON a.id = (SELECT max(id) FROM attempts WHERE customer = c.id AND removes = '')
				WHERE c.status <> 'forgotten' AND (a.key <> c.key OR a.generation <> c.generation)`},
		{"customer", "an attempt is open and it is not in doubt",
			`SELECT c.id FROM attempts a JOIN customers c ON c.id = a.customer WHERE a.class = '' AND c.status <> 'in_doubt'`},
		{"customer", "an attempt is unanswered and its status says that it may be sent or was refused",
			`SELECT id FROM customers c WHERE status IN ('pending', 'rejected', 'insufficient_balance') AND NOT manual
				AND EXISTS (SELECT 1 FROM attempts WHERE customer = c.id AND ` + unanswered + `)`},
		{"customer", "it is created without service id or link",
			`SELECT id FROM customers WHERE status = 'created' AND (service_id = '' OR url = '')`},
		{"customer", "it is created or link_missing and every attempt was refused or never sent",
			`SELECT id FROM customers c WHERE status IN ('created', 'link_missing') AND NOT manual AND intents > 0
				AND NOT EXISTS (SELECT 1 FROM attempts WHERE customer = c.id AND class NOT IN ('NOT_SENT', 'BUSY', 'AUTH'))`},
		{"customer", "its user was deleted and not created again, and it is not in doubt, nor to be sent",
			`SELECT c.id FROM attempts a JOIN customers c ON c.id = a.customer WHERE a.class = 'REMOVED' AND c.status IN ('created', 'link_missing')
				AND NOT manual AND c.generation < a.generation`},
		{"customer", "another customer has the same service id",
			`SELECT max(id) FROM customers WHERE service_id <> '' AND status IN ('created', 'link_missing') GROUP BY service_id HAVING count(*) > 1`},
		{"customer", "its service id does not lead to it",
			`SELECT id FROM customers c WHERE service_id <> '' AND NOT EXISTS (SELECT 1 FROM services WHERE service_id = c.service_id AND customer = c.id)
				AND NOT EXISTS (SELECT 1 FROM attempts WHERE customer = c.id AND id > (SELECT indexed FROM state))`},
		{"customer", "its status is none",
			`SELECT id FROM customers WHERE status NOT IN ('created', 'link_missing', 'duplicate', 'rejected', 'insufficient_balance', 'in_doubt', 'pending', 'forgotten')`},
		{"attempt", "its customer is not there",
			`SELECT id FROM attempts WHERE customer NOT IN (SELECT id FROM customers)`},
		{"customer", "no e-mail leads to it",
			`SELECT customer FROM places WHERE customer NOT IN (SELECT customer FROM identities)`},
	}
}

// verifyRows reads every row and checks that it leads to its customer.
func (l *Ledger) verifyRows(ctx context.Context, v *view) (found []string, err error) {
	batches, err := v.batches(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		n := 0
		for next := chunkID(b.ID, 0); ; {
			id, rows, err := v.nextChunk(ctx, next, chunkID(b.ID+1, 0)-1)
			if err != nil {
				return append(found, fmt.Sprintf("batch %d: the rows from %d on cannot be read", b.ID, next&0xffffffff)), nil
			}
			if len(rows) == 0 {
				break
			}
			next, n = id+1, n+len(rows)
			wrong, err := l.strayRows(ctx, v, rows)
			if err != nil {
				return found, err
			}
			for _, ordinal := range wrong {
				found = append(found, fmt.Sprintf("batch %d: row %d does not lead to the customer of its e-mail", b.ID, ordinal))
			}
		}
		if n != b.Rows {
			found = append(found, fmt.Sprintf("batch %d: %d rows of %d are there", b.ID, n, b.Rows))
		}
	}
	return found, nil
}

func (l *Ledger) strayRows(ctx context.Context, v *view, rows []packed) (wrong []int, err error) {
	plain := make([]packed, len(rows))
	for i := range rows {
		plain[i].Identity = rows[i].Identity
	}
	ids, err := l.owners(ctx, v, plain)
	for i := range rows {
		if c := rows[i].customer; !rows[i].erased && (c != 0 && c != ids[i] || rows[i].Claims && c == 0) {
			wrong = append(wrong, rows[i].Ordinal)
		}
	}
	return wrong, err
}
