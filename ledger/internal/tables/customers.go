package tables

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// pageSize is how many customers are read before their attempts are.
const pageSize = 256

// ReadCustomers finds customers and calls use for each, in the order that q asks for.
func (c *Reader) ReadCustomers(ctx context.Context, q ledger.Query, use func(ledger.Customer) error) error {
	left := q.Newest
	for _, find := range searchesFor(q, c.Keys) {
		page := make([]ledger.Customer, 0, pageSize)
		err := c.query(context.WithoutCancel(ctx), find.text, find.args, true, func(r *Record) error {
			one := r.Customer()
			one.KYC = r.Kyc()
			if err := r.Err(); err != nil {
				return err
			}
			page = append(page, one)
			left--
			if len(page) < pageSize && left != 0 {
				return nil
			}
			err := c.usePage(ctx, page, q.History, use)
			page = page[:0]
			if err == nil && left == 0 {
				err = errEnough
			}
			return err
		})
		if err == nil {
			err = c.usePage(ctx, page, q.History, use)
		}
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errEnough = errors.New("enough")

// usePage calls use for customers, with their attempts if asked.
func (c *Reader) usePage(ctx context.Context, page []ledger.Customer, hasHistory bool, use func(ledger.Customer) error) error {
	var attempts map[int64][]ledger.Attempt
	if hasHistory {
		ids := make([]int64, len(page))
		for i := range page {
			ids[i] = page[i].ID
		}
		slices.Sort(ids)
		var err error
		if attempts, err = c.AttemptsOf(ctx, ids); err != nil {
			return err
		}
	}
	for _, one := range page {
		one.History = attempts[one.ID]
		if err := use(one); err != nil {
			return err
		}
	}
	return nil
}

// search is a statement that finds customers.
type search struct {
	text string
	args []any
}

// searchesFor returns the statements that answer a query, one after the other.
// Statuses and other words of the schema are in the text, so that SQLite can choose the
// index. All other values are arguments.
func searchesFor(q ledger.Query, keys *keyed.Secret) []search {
	if q.Newest > 0 && len(q.Status) == 0 {
		q.Status = []ledger.Status{ledger.Created, ledger.LinkMissing}
	}
	base := conditionsOf(q, keys)
	switch {
	case q.Near != nil:
		base.add("a.id = (SELECT max(id) FROM attempt WHERE customer = c.id) AND c.status IN ('created', 'link_missing')")
		side, order := "a.id < ?", "a.id DESC"
		if q.Near.After {
			side, order = "a.id > ?", "a.id"
		}
		base.add(side, q.Near.Attempt)
		return []search{base.search("FROM attempt a CROSS JOIN customer c ON c.id = a.customer", order+" LIMIT ?", max(q.Near.N, 0))}
	case q.Newest > 0:
		base.add("c.decided_us IS NOT NULL")
		sent, imported := base.clone(), base.clone()
		sent.add("a.class <> '' AND a.id = (SELECT max(id) FROM attempt WHERE customer = c.id AND class <> '')")
		imported.add("NOT EXISTS (SELECT 1 FROM attempt WHERE customer = c.id AND class <> '')")
		return []search{
			sent.search("FROM attempt a CROSS JOIN customer c ON c.id = a.customer", "a.id DESC"),
			imported.search("FROM customer c", "c.id DESC"),
		}
	}
	return []search{base.search("FROM customer c", "c.id")}
}

// conditions are what a query asks of a customer.
type conditions struct {
	texts []string
	args  []any
}

func (w *conditions) add(text string, args ...any) {
	w.texts, w.args = append(w.texts, text), append(w.args, args...)
}

func (w conditions) clone() conditions {
	return conditions{slices.Clone(w.texts), slices.Clone(w.args)}
}

func (w conditions) search(from, order string, args ...any) search {
	where := ""
	if len(w.texts) > 0 {
		where = " WHERE " + strings.Join(w.texts, " AND ")
	}
	return search{"SELECT " + CustomerColumns + ", " + KYCColumns + " " + from + " LEFT JOIN kyc k ON k.service_id = c.service_id" + where + " ORDER BY " + order,
		append(slices.Clone(w.args), args...)}
}

func conditionsOf(q ledger.Query, keys *keyed.Secret) (w conditions) {
	const inList = " IN (SELECT value FROM json_each(?))"
	if len(q.IDs) > 0 {
		w.add("c.id"+inList, q.IDs)
	}
	if len(q.Identities) > 0 {
		digests := make([][]byte, len(q.Identities))
		for i, text := range q.Identities {
			d := keys.Identity(text)
			digests[i] = d[:]
		}
		w.add(`c.id IN (SELECT id FROM customer WHERE email <> '' AND coalesce(identity, email) IN (SELECT value FROM json_each(?))
			UNION ALL SELECT customer FROM forgotten WHERE digest IN (SELECT unhex(value) FROM json_each(?)))`, q.Identities, digests)
	}
	if len(q.ServiceIDs) > 0 {
		w.add("c.service_mark <> 0 AND c.service_mark"+inList+" AND c.service_id"+inList, marksOf(q.ServiceIDs), q.ServiceIDs)
	}
	if len(q.URLs) > 0 {
		w.add("c.url_mark <> 0 AND c.url_mark"+inList+" AND c.url"+inList, marksOf(q.URLs), q.URLs)
	}
	switch q.Pairing {
	case ledger.NotPaired:
	case ledger.Unconfirmed:
		w.add("c.pairing = 'unconfirmed'")
	default:
		w.add("c.pairing = ?", string(q.Pairing))
	}
	if len(q.Status) > 0 {
		w.add(statusCondition(q.Status))
	}
	id := "c.id"
	if q.Newest > 0 || q.Near != nil || hasIndex(q) {
		id = "+c.id" // found by something else: the rows of the input are no way to it
	}
	const ofBatch = "(SELECT customer FROM input_row WHERE batch = ? AND claims = 1 AND customer IS NOT NULL)"
	if q.Batch != 0 {
		w.add(id+" IN "+ofBatch, q.Batch)
	}
	if q.NotBatch != 0 {
		w.add("+c.id NOT IN "+ofBatch, q.NotBatch)
	}
	return w
}

// hasIndex reports whether an index finds the customers of a query, whichever
// input they are in.
func hasIndex(q ledger.Query) bool {
	return len(q.IDs) > 0 || len(q.Identities) > 0 || len(q.ServiceIDs) > 0 || len(q.URLs) > 0 || q.Pairing == ledger.Unconfirmed ||
		len(q.Status) == 1 && q.Status[0] == ledger.InDoubt
}

// statusCondition asks for one of some statuses. Others than the schema has cannot
// be in the ledger.
func statusCondition(of []ledger.Status) string {
	var words []string
	for _, s := range ledger.Statuses() {
		if slices.Contains(of, s) {
			words = append(words, "'"+string(s)+"'")
		}
	}
	switch len(words) {
	case 0:
		return "1 = 0"
	case 1:
		return "c.status = " + words[0]
	}
	return fmt.Sprintf("c.status IN (%s)", strings.Join(words, ", "))
}

// Mark is what serviceIds and links are found by, in an index of a third the size;
// two texts may have the same. 0 is no text.
func Mark(text string) int64 {
	if text == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return int64(h.Sum64() | 1)
}

// marksOf is the list of the marks of texts.
func marksOf(texts []string) []int64 {
	marks := make([]int64, len(texts))
	for i, text := range texts {
		marks[i] = Mark(text)
	}
	return marks
}
