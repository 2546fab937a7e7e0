package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// late holds entries of the two indexes whose keys come in no order: marks
// (who may be the same person under another e-mail) and services (serviceId to
// customer). One at a time, each would touch a page of its own, which is then
// most of what a commit writes. So they wait until there are many, which then go
// in by the order of their keys, some with each commit (round.go). The entries of
// attempts up to state.indexed are in; those of later ones follow from the
// attempts, and an opening after a crash puts them in. Only the holder of the lock
// has one.
type late struct {
	indexed int64   // state.indexed, as committed
	waiting entries // some may be of a write that was undone: whoever is led by one looks
	enough  int     // so many are a round, where there are few customers
	newest  int     // the highest id of a customer
	round   round

	seed maphash.Seed
	all  bool // sieve has all of the table: nobody else has written to it since it was empty

	mu    sync.Mutex
	sieve sieve  // serviceIds that are in the table or in the round
	known owners // those waiting, for readers
	going owners // those of the round
}

// A round begins with so many entries, at least and at most. A table of a million
// is some ten thousand pages: the more entries are in a round, the more of them
// share one. A quarter of the customers is enough for that, and what waits is in
// memory, and has to be made again after a crash.
const (
	lateEntries = 1 << 16
	mostLate    = 3 << 16
)

func (x *late) full() bool {
	return x.waiting.len() >= min(max(x.enough, x.newest/4), mostLate)
}

func (x *late) add(s service) {
	x.waiting.services = append(x.waiting.services, s)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.known.first == nil {
		x.known = x.none()
	}
	x.known.add(s)
}

// having are customers that may have one of these serviceIds, by what is not in
// the table yet. Whoever looks there too looks here first: what goes in meanwhile
// is found there. Nobody waits where there is no late.
func (x *late) having(serviceIDs []string) (ids []int64) {
	if x == nil || len(serviceIDs) == 0 {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range serviceIDs {
		ids = x.known.of(x.going.of(ids, s), s)
	}
	return ids
}

// none are no owners.
func (x *late) none() owners {
	return owners{seed: x.seed, first: map[uint64]int64{}, more: map[uint64][]int64{}}
}

// nobody reports that surely no customer has this serviceId; it asks no table.
func (x *late) nobody(serviceID string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.all && len(x.known.of(nil, serviceID)) == 0 && !x.sieve.has(maphash.String(x.seed, serviceID))
}

// sift adds serviceIds that go into the table to the sieve.
func (x *late) sift(services []service) {
	hashes := make([]uint64, len(services))
	for i, s := range services {
		hashes[i] = maphash.String(x.seed, s.id)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.all {
		x.sieve.add(hashes)
	}
}

// empty says whether the table is empty, and nobody else can write to it now.
func (x *late) empty(is bool) {
	x.mu.Lock()
	x.all, x.sieve = is, sieve{}
	x.mu.Unlock()
	x.sift(x.round.services)
}

// owners are customers by a hash of their serviceId: whoever looks them up
// compares the serviceId itself. Without the text there is nothing in it for the
// collector to follow.
type owners struct {
	seed  maphash.Seed
	first map[uint64]int64
	more  map[uint64][]int64 // of the few that are not alone
}

func (o *owners) add(s service) {
	at := maphash.String(o.seed, s.id)
	if _, ok := o.first[at]; ok {
		o.more[at] = append(o.more[at], s.customer)
	} else {
		o.first[at] = s.customer
	}
}

// of adds those that may have this serviceId to ids.
func (o *owners) of(ids []int64, serviceID string) []int64 {
	if len(o.first) == 0 {
		return ids
	}
	at := maphash.String(o.seed, serviceID)
	if first, ok := o.first[at]; ok {
		ids = append(append(ids, first), o.more[at]...)
	}
	return ids
}

// entries are some of both indexes, marks before services.
type entries struct {
	marks    []mark
	services []service
}

type mark struct{ digest, customer int64 }

type service struct {
	id       string
	customer int64
}

func (e entries) len() int { return len(e.marks) + len(e.services) }

// part are those from one place to another; it shares their memory.
func (e entries) part(from, to int) entries {
	m := len(e.marks)
	return entries{e.marks[min(from, m):min(to, m)], e.services[max(from-m, 0):max(to-m, 0)]}
}

// sort puts them in the order of their keys.
func (e entries) sort() {
	slices.SortFunc(e.marks, func(a, b mark) int { return cmp.Compare(a.digest, b.digest) })
	slices.SortFunc(e.services, func(a, b service) int { return strings.Compare(a.id, b.id) })
}

// insertEntries writes entries that do not wait.
func (l *Ledger) insertEntries(ctx context.Context, e entries) error {
	if l.late != nil && len(e.services) > 0 {
		l.late.sift(e.services)
	}
	e = entries{slices.Clone(e.marks), slices.Clone(e.services)}
	e.sort()
	return l.insertSorted(ctx, e)
}

// insertSorted writes entries that are in the order of their keys.
func (l *Ledger) insertSorted(ctx context.Context, e entries) error {
	err := l.insertPairs(ctx, "marks", len(e.marks), func(i int) (key, customer any) { return e.marks[i].digest, e.marks[i].customer })
	if err != nil {
		return err
	}
	return l.insertPairs(ctx, "services", len(e.services), func(i int) (key, customer any) { return e.services[i].id, e.services[i].customer })
}

// insertPairs writes n rows of a table with two columns.
func (l *Ledger) insertPairs(ctx context.Context, table string, n int, pair func(int) (key, customer any)) error {
	const atOnce = 1024
	args := make([]any, 0, 2*min(n, atOnce))
	for i := range n {
		key, customer := pair(i)
		if args = append(args, key, customer); len(args) < 2*atOnce && i < n-1 {
			continue
		}
		if err := l.w.insert(ctx, insertion{head: "INSERT OR IGNORE INTO " + table + " VALUES "}, 2, args); err != nil {
			return err
		}
		args = args[:0]
	}
	return nil
}

// catchUp makes the entries of the attempts that a crash kept from being
// indexed. Nothing is under way.
func (l *Ledger) catchUp(ctx context.Context) error {
	ids, err := l.w.ids(ctx, "SELECT id FROM customers WHERE attempt > ?", l.late.indexed)
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		all, err := l.w.customers(ctx, ids[:min(pageSize, len(ids))], nil)
		if err != nil {
			return err
		}
		ids = ids[len(all):]
		var e entries
		for _, c := range all {
			of, err := l.marksOf(ctx, &c)
			if err != nil {
				return err
			}
			e.marks = append(e.marks, of...)
			if c.ServiceID != "" {
				e.services = append(e.services, service{c.ServiceID, c.ID})
			}
		}
		if err := l.insertEntries(ctx, e); err != nil {
			return err
		}
	}
	return l.index(ctx)
}

// marksOf are the marks of a customer, by its last row.
func (l *Ledger) marksOf(ctx context.Context, c *ledger.Customer) (out []mark, err error) {
	if c.LastBatch == 0 {
		return nil, nil
	}
	row, err := l.w.rowAt(ctx, c.LastBatch, c.LastRow)
	if err != nil || row == nil {
		return nil, err
	}
	for _, m := range []int64{l.keys.Sender(row.SenderID), row.name} {
		if m != 0 {
			out = append(out, mark{m, c.ID})
		}
	}
	return out, nil
}

// byService finds the customers that may have one of these serviceIds.
func (l *Ledger) byService(ctx context.Context, v look, serviceIDs []string) ([]int64, error) {
	ids := append([]int64{}, v.waiting...)
	list := make([]any, 0, len(serviceIDs))
	for _, s := range serviceIDs {
		if s != "" {
			list = append(list, s)
		}
	}
	take := func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}
	err := v.eachOf(ctx, "SELECT customer FROM services WHERE service_id IN ", list, take)
	if err == nil && l.late == nil {
		err = v.eachOf(ctx, "SELECT id FROM customers WHERE attempt > (SELECT indexed FROM state) AND service_id IN ", list, take)
	}
	return ids, err
}
