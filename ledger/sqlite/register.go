package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var _ ledger.Registrar = (*Ledger)(nil)

// registration is a check pass that has not ended. It holds the right to write.
//
// Rows and new customers are inserted at once, so that the tables show which customers
// are claimed. Customers that existed before are updated by one statement in Commit, so
// until then every reader sees them unchanged.
type registration struct {
	l            *Ledger
	c            *conn
	batch        ledger.Batch
	names        ledger.DetailNames
	isOver       bool
	isAnnotated  bool                // no rows are added any more
	firstNew     int64               // id of the first customer that this registration made
	nextNew      int64               // and of the next
	hasForgotten bool                // the ledger has forgotten customers
	hasOnboarded bool                // the ledger has customers that can be recognised under another e-mail
	claimed      map[int64]int32     // customers known before → ordinal of the row that claims them
	found        map[string]identity // of the last Lookup: mostly the rows that are added next
}

// identity says what the ledger has for an e-mail. The zero value means nothing.
type identity struct {
	customer int64
	claimed  int // ordinal + 1 of the row of this registration that claims it
	isErased bool
}

// Register implements ledger.Registrar.
func (l *Ledger) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	if err := l.requireLock(); err != nil {
		return nil, err
	}
	if err := l.lockWrites(ctx); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := l.begin(ctx); err != nil {
		l.unlockWrites()
		return nil, err
	}
	l.inFlight.clear()
	r := &registration{l: l, c: l.w, batch: b, names: *l.detailNames.Load(), claimed: map[int64]int32{}, found: map[string]identity{}}
	if err := r.begin(ctx); err != nil {
		return nil, r.stopAfter(ctx, err)
	}
	return r, nil
}

func (r *registration) begin(ctx context.Context) error {
	same, err := r.c.QueryIDs(ctx, "SELECT id FROM batch WHERE fingerprint = ?", r.batch.Fingerprint)
	if err != nil {
		return err
	}
	if len(same) > 0 {
		return fmt.Errorf("this input is registered already: %w", ledger.ErrOutdated)
	}
	if r.batch.Registered.IsZero() {
		r.batch.Registered = r.l.now()
	}
	r.batch.Registered, r.batch.Rows, r.batch.Files = ledger.TruncateTime(r.batch.Registered), 0, slices.Clone(r.batch.Files)
	carried, err := json.Marshal(r.batch.Carried)
	if err == nil {
		err = r.c.QueryOne(ctx, "INSERT INTO batch (fingerprint, settings, carried, rows, registered_us) VALUES (?, ?, ?, 0, ?) RETURNING id",
			[]any{r.batch.Fingerprint, r.batch.Settings, string(carried), tables.Micros(r.batch.Registered)}, &r.batch.ID)
	}
	for i := range r.batch.Files {
		f := &r.batch.Files[i]
		f.Rows = 0 // counted as they are added
		if err == nil {
			err = r.c.Exec(ctx, "INSERT INTO input_file VALUES (?, ?, ?, ?, ?, 0)", r.batch.ID, i, f.Name, f.Sheet, f.SHA256)
		}
	}
	if err != nil {
		return err
	}
	err = r.c.QueryOne(ctx, `SELECT 1 + coalesce((SELECT max(id) FROM customer), 0), EXISTS (SELECT 1 FROM forgotten),
		EXISTS (SELECT 1 FROM customer WHERE status IN ('created', 'link_missing', 'in_doubt'))`, nil, &r.firstNew, &r.hasForgotten, &r.hasOnboarded)
	r.nextNew = r.firstNew
	return err
}

// Lookup implements ledger.Registration.
func (r *registration) Lookup(ctx context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	if err := r.requireOpen(); err != nil {
		return nil, err
	}
	out, err := r.lookUpKeys(context.WithoutCancel(ctx), keys)
	if err != nil {
		return nil, r.l.classify(err)
	}
	return out, nil
}

func (r *registration) lookUpKeys(ctx context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	texts := make([]string, 0, len(keys))
	for i := range keys {
		texts = append(texts, keys[i].Identity)
	}
	clear(r.found)
	known, err := r.findIdentities(ctx, texts)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Match, len(keys))
	var recognise []int
	for i := range keys {
		m, who := &out[i], r.found[keys[i].Identity]
		m.Claimed = who.claimed - 1
		if c, ok := known[who.customer]; ok && who.customer < r.firstNew {
			m.Customer, m.Forgot = &c, who.isErased
			if c.Status.Onboarded() {
				continue
			}
		}
		if r.hasOnboarded {
			recognise = append(recognise, i)
		}
	}
	if err := r.compareDetails(ctx, keys, out); err != nil {
		return nil, err
	}
	return out, r.c.Recognise(ctx, keys, recognise, func(i int) int64 { return r.found[keys[i].Identity].customer }, out)
}

// findIdentities looks identities up and remembers in found what they lead to. It returns
// the customers that were known before.
func (r *registration) findIdentities(ctx context.Context, identities []string) (map[int64]ledger.Customer, error) {
	known := map[int64]ledger.Customer{}
	err := r.c.FindIdentities(ctx, identities, r.hasForgotten, func(text string, c ledger.Customer) {
		who := identity{customer: c.ID, isErased: c.Status == ledger.Forgotten}
		if c.ID >= r.firstNew {
			who.claimed = c.LastRow + 1
		} else {
			known[c.ID] = c
			if ordinal, ok := r.claimed[c.ID]; ok {
				who.claimed = int(ordinal) + 1
			}
		}
		r.found[text] = who
	})
	return known, err
}

// compareDetails fills in what the claiming rows are and in which fields the rows differ.
func (r *registration) compareDetails(ctx context.Context, keys []ledger.LookupKey, out []ledger.Match) error {
	for i := range keys {
		m := &out[i]
		var details ledger.Details
		switch {
		case m.Claimed >= 0:
			if err := r.c.Query(ctx, "SELECT file, number, line, details FROM input_row WHERE batch = ? AND ordinal = ?", []any{r.batch.ID, m.Claimed}, func(rec *record) error {
				m.First, details = ledger.Position{File: rec.Int(), Number: rec.Int(), Line: rec.Int()}, rec.Details()
				return nil
			}); err != nil {
				return err
			}
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
	if err := r.addRows(ctx, rows); err != nil {
		return r.stopAfter(ctx, err)
	}
	return nil
}

// AddNotes implements ledger.Registration.
func (r *registration) AddNotes(ctx context.Context, notes []ledger.RowNote) error {
	if err := r.requireOpen(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.annotateRow(ctx, notes); err != nil {
		return r.stopAfter(ctx, err)
	}
	return nil
}

func (r *registration) annotateRow(ctx context.Context, notes []ledger.RowNote) error {
	last := -1
	for _, n := range notes {
		if n.Ordinal <= last || n.Ordinal >= r.batch.Rows || r.isAnnotated {
			return fmt.Errorf("a note on row %d after row %d of %d: %w", n.Ordinal, last, r.batch.Rows, ledger.ErrConflict)
		}
		last = n.Ordinal
		var row ledger.Row
		if err := r.c.Query(ctx, "SELECT findings FROM input_row WHERE batch = ? AND ordinal = ?", []any{r.batch.ID, n.Ordinal}, func(rec *record) error {
			rec.JSON(&row.Findings)
			return nil
		}); err != nil {
			return err
		}
		row.AddNote(n)
		findings, err := listText(row.Findings)
		if err == nil {
			err = r.c.Exec(ctx, "UPDATE input_row SET repeats = ?, findings = ? WHERE batch = ? AND ordinal = ?", row.Repeats, findings, r.batch.ID, n.Ordinal)
		}
		if err != nil {
			return err
		}
	}
	r.isAnnotated = true
	return nil
}

// Commit implements ledger.Registration.
func (r *registration) Commit(ctx context.Context) (ledger.Batch, error) {
	if err := r.requireOpen(); err != nil {
		return ledger.Batch{}, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.finish(ctx); err != nil {
		return ledger.Batch{}, r.stopAfter(ctx, err)
	}
	r.isOver = true
	defer r.l.unlockWrites()
	err := r.l.commit(ctx)
	if err == nil {
		r.l.detailNames.Store(&r.names)
	}
	return r.batch, err
}

func (r *registration) finish(ctx context.Context) error {
	names, err := listText(r.names)
	if err == nil {
		err = r.c.Exec(ctx, "UPDATE ledger SET detail_names = ?", names)
	}
	if err == nil {
		err = r.c.Exec(ctx, "UPDATE batch SET rows = ? WHERE id = ?", r.batch.Rows, r.batch.ID)
	}
	if err != nil {
		return err
	}
	for i, f := range r.batch.Files {
		if err := r.c.Exec(ctx, "UPDATE input_file SET rows = ? WHERE batch = ? AND number = ?", f.Rows, r.batch.ID, i); err != nil {
			return err
		}
	}
	if len(r.claimed) > 0 {
		if err := r.c.updateKnown(ctx, r.batch.ID, r.firstNew); err != nil {
			return err
		}
	}
	if r.nextNew == r.firstNew {
		return nil
	}
	// Rows of this and of earlier inputs whose e-mail has a customer only now.
	return r.c.Exec(ctx, `UPDATE input_row SET customer = c.id FROM customer c
		WHERE input_row.customer IS NULL AND coalesce(input_row.identity, input_row.email) <> '' AND c.email <> '' AND coalesce(c.identity, c.email) = coalesce(input_row.identity, input_row.email)`)
}

// Rollback implements ledger.Registration.
func (r *registration) Rollback() error {
	if r.isOver {
		return nil
	}
	r.isOver = true
	defer r.l.unlockWrites()
	if err := r.c.ExecScript(context.Background(), "ROLLBACK"); err != nil {
		return r.l.failWith(err)
	}
	return nil
}

// stopAfter ends the registration for an error.
func (r *registration) stopAfter(ctx context.Context, cause error) error {
	r.isOver = true
	defer r.l.unlockWrites()
	return r.l.rollBackWrite(ctx, cause)
}

func (r *registration) requireOpen() error {
	if !r.isOver {
		return nil
	}
	return fmt.Errorf("%s: the registration is over: %w", r.l.path, ledger.ErrConflict)
}
