package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var (
	_ ledger.Registrar       = (*Ledger)(nil)
	_ ledger.ReportedCounter = (*registration)(nil)
)

// registration is a check pass under way. No transaction is open between its calls: rows
// go to the tables in parts, under a number that no batch has yet, and new customers to a
// table of their own. Commit makes a batch and customers of them.
type registration struct {
	l            *Ledger
	batch        ledger.Batch
	names        ledger.DetailNames
	began        int64 // check passes committed when this one began
	isOver       bool
	isAnnotated  bool                // no rows are added any more
	hasForgotten bool                // somebody was erased from the ledger
	hasOnboarded bool                // somebody can be recognised under another e-mail
	claimed      map[int64]int32     // customers known before → ordinal of the row that claims them
	found        map[string]identity // of the last Lookup: mostly the rows that are added next
	ids          idBlock
	newcomers    int
	part         part // not yet in the tables
}

// identity is what an e-mail leads to. The zero value: to nobody.
type identity struct {
	customer int64
	claimed  int // ordinal + 1 of the row of this registration that claims it
	isErased bool
}

// idBlock are numbers of customers that were drawn and not used yet.
type idBlock struct{ next, end int64 }

// idsAtOnce is the increment of the sequence customer_id.
const idsAtOnce = 1000

// Register implements ledger.Registrar. Unlike in a file, other writes go on until Commit.
func (l *Ledger) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	if b.Registered.IsZero() {
		b.Registered = l.now()
	}
	b.Registered, b.Rows, b.Files = ledger.TruncateTime(b.Registered), 0, slices.Clone(b.Files)
	for i := range b.Files {
		b.Files[i].Rows = 0 // counted as they are added
	}
	r := &registration{l: l, batch: b, names: *l.detailNames.Load(), claimed: map[int64]int32{}, found: map[string]identity{}, part: newPart()}
	return r, l.writeAsSender(ctx, r.begin)
}

func (r *registration) begin(ctx context.Context, t *tx) error {
	same, err := t.QueryIDs(ctx, "SELECT id FROM batch WHERE fingerprint = ?", r.batch.Fingerprint)
	if err != nil {
		return err
	}
	if len(same) > 0 {
		return fmt.Errorf("this input is registered already: %w", ledger.ErrOutdated)
	}
	if err := t.QueryOne(ctx, `SELECT registrations, EXISTS (SELECT FROM forgotten), EXISTS (SELECT FROM lookup) FROM ledger`,
		nil, &r.began, &r.hasForgotten, &r.hasOnboarded); err != nil {
		return err
	}
	return t.QueryOne(ctx, `INSERT INTO check_pass (batch, sender) SELECT 1 + greatest((SELECT coalesce(max(id), 0) FROM batch), (SELECT coalesce(max(batch), 0) FROM check_pass)), ? RETURNING batch`,
		[]any{t.term.id}, &r.batch.ID)
}

// Lookup implements ledger.Registration.
func (r *registration) Lookup(ctx context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	if err := r.requireOpen(); err != nil {
		return nil, err
	}
	return read(context.WithoutCancel(ctx), &r.l.core, func(c *conn) ([]ledger.Match, error) { return r.lookUpKeys(context.WithoutCancel(ctx), c, keys) })
}

func (r *registration) lookUpKeys(ctx context.Context, c *conn, keys []ledger.LookupKey) ([]ledger.Match, error) {
	texts := make([]string, 0, len(keys))
	for i := range keys {
		texts = append(texts, keys[i].Identity)
	}
	clear(r.found)
	known, err := r.find(ctx, c, texts)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Match, len(keys))
	var recognise []int
	for i := range keys {
		m, who := &out[i], r.found[keys[i].Identity]
		m.Claimed = who.claimed - 1
		if known, ok := known[who.customer]; ok {
			m.Customer, m.Forgot = &known, who.isErased
			if known.Status.Onboarded() {
				continue
			}
		}
		if r.hasOnboarded {
			recognise = append(recognise, i)
		}
	}
	if err := r.compareDetails(ctx, c, keys, out); err != nil {
		return nil, err
	}
	return out, c.Recognise(ctx, keys, recognise, func(i int) int64 { return r.found[keys[i].Identity].customer }, out)
}

// find looks identities up and remembers in found what they lead to. It returns the
// customers that were known before.
func (r *registration) find(ctx context.Context, c *conn, identities []string) (map[int64]ledger.Customer, error) {
	known := map[int64]ledger.Customer{}
	err := c.FindIdentities(ctx, identities, r.hasForgotten, func(text string, one ledger.Customer) {
		who := identity{customer: one.ID, isErased: one.Status == ledger.Forgotten}
		known[one.ID] = one
		if ordinal, ok := r.claimed[one.ID]; ok {
			who.claimed = int(ordinal) + 1
		}
		r.found[text] = who
	})
	if err != nil {
		return nil, err
	}
	return known, r.findNewcomers(ctx, c, identities)
}

// findNewcomers looks up those of the identities that lead to new customers.
func (r *registration) findNewcomers(ctx context.Context, c *conn, identities []string) error {
	byDigest := map[keyed.Digest]string{}
	var digests [][]byte
	for _, text := range identities {
		if _, ok := r.found[text]; ok || text == "" {
			continue
		}
		d := r.l.keys.Identity(text)
		if who, ok := r.part.byDigest[d]; ok {
			r.found[text] = who
			continue
		}
		byDigest[d] = text
		digests = append(digests, d[:])
	}
	if r.newcomers == len(r.part.newcomers) { // none of them is in the table yet
		return nil
	}
	return tables.QueryList(ctx, c.Conn, fmt.Sprintf("SELECT digest, customer, ordinal FROM newcomer WHERE batch = %d AND digest IN (?)", r.batch.ID), digests, func(rec *record) error {
		text := byDigest[keyed.Digest(rec.Blob())]
		r.found[text] = identity{customer: rec.Int64(), claimed: rec.Int() + 1}
		return nil
	})
}

// compareDetails fills in what the claiming rows are and in which fields the rows differ.
func (r *registration) compareDetails(ctx context.Context, c *conn, keys []ledger.LookupKey, out []ledger.Match) error {
	type claim struct {
		first   ledger.Position
		details ledger.Details
	}
	claims, ordinals := map[int]claim{}, []int64{}
	for i := range out {
		if at := out[i].Claimed; at >= r.part.first {
			row := r.part.rows[at-r.part.first]
			claims[at] = claim{row.position, row.details}
		} else if at >= 0 {
			ordinals = append(ordinals, int64(at))
		}
	}
	if err := tables.QueryList(ctx, c.Conn, fmt.Sprintf("SELECT ordinal, file, number, line, details FROM input_row WHERE batch = %d AND ordinal IN (?)", r.batch.ID), ordinals, func(rec *record) error {
		claims[rec.Int()] = claim{ledger.Position{File: rec.Int(), Number: rec.Int(), Line: rec.Int()}, rec.Details()}
		return nil
	}); err != nil {
		return err
	}
	for i := range keys {
		m := &out[i]
		var details ledger.Details
		switch {
		case m.Claimed >= 0:
			m.First, details = claims[m.Claimed].first, claims[m.Claimed].details
		case m.Customer != nil && !m.Forgot:
			details = m.Customer.Details
		}
		if details != nil && !m.Forgot {
			m.Differs = r.digest(keys[i].Details).Changed(details, r.names)
		}
	}
	return nil
}

// Add implements ledger.Registration.
func (r *registration) Add(ctx context.Context, rows []ledger.Row) error {
	if err := r.requireOpen(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.add(ctx, rows); err != nil {
		return r.stop(ctx, err)
	}
	return nil
}

func (r *registration) add(ctx context.Context, rows []ledger.Row) error {
	var unknown []string
	for i := range rows {
		if _, ok := r.found[rows[i].Identity]; !ok && rows[i].Identity != "" {
			unknown = append(unknown, rows[i].Identity)
		}
	}
	if len(unknown) > 0 {
		if _, err := read(ctx, &r.l.core, func(c *conn) (map[int64]ledger.Customer, error) { return r.find(ctx, c, unknown) }); err != nil {
			return err
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.Ordinal != r.batch.Rows || r.isAnnotated {
			return fmt.Errorf("row %d added after %d rows: %w", row.Ordinal, r.batch.Rows, ledger.ErrConflict)
		}
		r.batch.Rows++
		if f := row.File; f < len(r.batch.Files) {
			r.batch.Files[f].Rows++
		}
		r.names = r.names.Add(row.Details)
		who, err := r.claimCustomer(ctx, row)
		if err != nil {
			return err
		}
		if err := r.addLine(row, who); err != nil {
			return err
		}
	}
	if len(r.part.rows) < rowsAtOnce {
		return nil
	}
	return r.copyPart(ctx)
}

// digest is Ledger.Digest with the names that this registration has added.
func (r *registration) digest(details []ledger.Detail) ledger.Details {
	return r.l.keys.Details(r.names.Add(details).Values(details))
}

// claimCustomer finds the customer of a row, or gives it a new one.
func (r *registration) claimCustomer(ctx context.Context, row *ledger.Row) (who identity, err error) {
	if row.Identity == "" {
		return identity{}, nil
	}
	who = r.found[row.Identity]
	if !row.Claims {
		return who, nil
	}
	if who.claimed > 0 {
		return who, fmt.Errorf("rows %d and %d claim the same identity: %w", who.claimed-1, row.Ordinal, ledger.ErrConflict)
	}
	isNew := who.customer == 0
	who.claimed = row.Ordinal + 1
	if isNew {
		if who.customer, err = r.nextID(ctx); err != nil {
			return who, err
		}
		d := r.l.keys.Identity(row.Identity)
		r.part.byDigest[d] = who
		r.part.newcomers = append(r.part.newcomers, []any{r.batch.ID, d[:], who.customer, row.Ordinal, storedText(ledger.PlainNumber(row.SenderID))})
		r.newcomers++
	} else {
		r.claimed[who.customer] = int32(row.Ordinal)
	}
	r.found[row.Identity] = who
	return who, nil
}

// nextID returns the number of a new customer.
func (r *registration) nextID(ctx context.Context) (int64, error) {
	if r.ids.next == r.ids.end {
		if err := r.l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
			return t.QueryOne(ctx, "SELECT nextval('customer_id')", nil, &r.ids.next)
		}); err != nil {
			return 0, err
		}
		r.ids.end = r.ids.next + idsAtOnce
	}
	r.ids.next++
	return r.ids.next - 1, nil
}

func (r *registration) requireOpen() error {
	if !r.isOver {
		return nil
	}
	return fmt.Errorf("%s: the registration is over: %w", r.l.address.text, ledger.ErrConflict)
}

// listText returns a list as JSON; "" for none.
func listText[T any](list []T) (string, error) {
	if list == nil {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}
