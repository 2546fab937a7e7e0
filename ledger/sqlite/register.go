package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

const batchColumns = "id, fingerprint, files, settings, carried, rows, registered"

func scanBatch(scan func(...any) error) (b ledger.Batch, err error) {
	var files, carried string
	var registered int64
	if err = scan(&b.ID, &b.Fingerprint, &files, &b.Settings, &carried, &b.Rows, &registered); err != nil {
		return b, err
	}
	b.Registered = moment(registered)
	if err := errors.Join(json.Unmarshal([]byte(files), &b.Files), json.Unmarshal([]byte(carried), &b.Carried)); err != nil {
		return b, errChunk
	}
	return b, nil
}

// FindBatch looks a batch up by its fingerprint.
func (l *Ledger) FindBatch(ctx context.Context, fingerprint string) (ledger.Batch, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return ledger.Batch{}, err
	}
	defer end()
	b, err := scanBatch(func(into ...any) error {
		return v.one(ctx, "SELECT "+batchColumns+" FROM batches WHERE fingerprint = ?", []any{fingerprint}, into...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return b, fmt.Errorf("%s: this input: %w", l.path, ledger.ErrNotFound)
	}
	return b, l.sick(err)
}

// registration is a check pass under way. It holds the right to write.
type registration struct {
	l     *Ledger
	batch ledger.Batch
	over  bool
	noted bool  // no rows are added any more
	base  int64 // the customer of row n, if it is new, is base + n + 1
	empty bool  // the ledger knew nobody when it began
	marks bool  // it knew people by number or name

	claims    claims
	again     knownClaims
	sighted   []sighting // of the last Lookup: mostly the rows that are added next
	fields    []string   // room for theirs
	trails    trails
	forgotten map[int64]bool
	packer    packer
	waiting   []packed  // rows of the chunk under way
	places    []any     // of people who had none
	moved     []lastRow // of the others
}

// sighting is an identity with its digest, looked up.
type sighting struct {
	identity string
	digest   keyed.Digest
	customer int64 // 0 = not there
	done     bool  // looked up
	asked    bool  // looked up in the index: no trail led there

	fields  []string // a copy of what details are of
	details []byte   // nil = not hashed
}

// hash returns the details of a row: those of its sighting, if the caller has
// not changed the fields since.
func (r *registration) hash(who *sighting, fields []string) []byte {
	if who.details != nil && fields != nil && slices.Equal(who.fields, fields) {
		return who.details
	}
	return r.l.keys.Details(fields, len(ledger.DetailFields()))
}

var _ ledger.Registration = (*registration)(nil)

// Register begins a check pass; see ledger.Registrar.
func (l *Ledger) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	if err := l.alone(); err != nil {
		return nil, err
	}
	l.checking.Add(1)
	if err := l.enter(ctx); err != nil {
		l.checking.Add(-1)
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := l.begin(ctx); err != nil {
		l.leaveCheck()
		return nil, err
	}
	r := &registration{l: l, batch: b, forgotten: map[int64]bool{}}
	if err := r.begin(ctx); err != nil {
		err = l.undo(ctx, err)
		l.leaveCheck()
		return nil, err
	}
	return r, nil
}

// leaveCheck ends the right to write of a check pass.
func (l *Ledger) leaveCheck() {
	l.checking.Add(-1)
	l.leave()
}

func (r *registration) begin(ctx context.Context) error {
	w := r.l.w
	// Whoever is under way may have another last row after this: what they were
	// sent with is written first.
	if err := r.l.land(ctx); err != nil {
		return err
	}
	if err := r.l.index(ctx); err != nil {
		return err
	}
	var same int
	if err := w.one(ctx, "SELECT count(*) FROM batches WHERE fingerprint = ?", []any{r.batch.Fingerprint}, &same); err != nil {
		return err
	}
	if same > 0 {
		return fmt.Errorf("this input is registered already: %w", ledger.ErrConflict)
	}
	r.batch.Files = slices.Clone(r.batch.Files)
	for i := range r.batch.Files {
		r.batch.Files[i].Rows = 0 // counted as they are added
	}
	files, err := json.Marshal(r.batch.Files)
	if err != nil {
		return err
	}
	carried, err := json.Marshal(r.batch.Carried)
	if err != nil {
		return err
	}
	if r.batch.Registered.IsZero() {
		r.batch.Registered = r.l.now()
	}
	r.batch.Registered, r.batch.Rows = plain(r.batch.Registered), 0
	if err := w.one(ctx, "INSERT INTO batches (fingerprint, files, settings, carried, rows, registered) VALUES (?, ?, ?, ?, 0, ?) RETURNING id",
		[]any{r.batch.Fingerprint, string(files), r.batch.Settings, string(carried), stamp(r.batch.Registered)}, &r.batch.ID); err != nil {
		return err
	}
	var last int64
	if err := w.one(ctx, "SELECT max(coalesce((SELECT max(customer) FROM places), 0), coalesce((SELECT max(id) FROM customers), 0))", nil, &r.base); err != nil {
		return err
	}
	if err := w.one(ctx, "SELECT count(*) FROM (SELECT 1 FROM identities LIMIT 1)", nil, &last); err != nil {
		return err
	}
	r.empty = last == 0
	if err := w.one(ctx, "SELECT count(*) FROM (SELECT 1 FROM marks LIMIT 1)", nil, &last); err != nil {
		return err
	}
	r.marks = last > 0
	return w.each(ctx, "SELECT id FROM customers WHERE status = 'forgotten'", nil, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		r.forgotten[id] = true
		return err
	})
}

// lookUp finds the customers of people, where that is not done.
func (r *registration) lookUp(ctx context.Context, people []sighting) error {
	var ask []keyed.Digest
	for i := range people {
		p := &people[i]
		if p.done || r.empty || p.digest == (keyed.Digest{}) {
			continue
		}
		var err error
		if p.customer, err = r.trails.find(ctx, r.l.w, p.identity); err != nil {
			return err
		}
		p.done = true
		if p.asked = p.customer == 0; p.asked {
			ask = append(ask, p.digest)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	found := make(map[keyed.Digest]int64, len(ask))
	if err := r.l.w.identities(ctx, ask, found); err != nil {
		return err
	}
	for i := range people {
		if p := &people[i]; p.asked && p.customer == 0 {
			p.customer = found[p.digest]
		}
	}
	return nil
}

// Add packs rows; see ledger.Registration.
func (r *registration) Add(ctx context.Context, rows []ledger.Row) error {
	if r.over {
		return fmt.Errorf("%s: the registration is over: %w", r.l.path, ledger.ErrConflict)
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.add(ctx, rows); err != nil {
		return r.stop(ctx, err)
	}
	return nil
}

func (r *registration) add(ctx context.Context, rows []ledger.Row) error {
	for len(r.sighted) < len(rows) {
		r.sighted = append(r.sighted, sighting{})
	}
	people := r.sighted[:len(rows)]
	for i := range rows {
		if people[i].identity != rows[i].Identity {
			people[i] = sighting{identity: rows[i].Identity, digest: r.l.keys.Identity(rows[i].Identity)}
		}
	}
	if err := r.lookUp(ctx, people); err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Ordinal != r.batch.Rows || r.noted {
			return fmt.Errorf("row %d added after %d rows: %w", rows[i].Ordinal, r.batch.Rows, ledger.ErrConflict)
		}
		if r.batch.Rows >= mostRows {
			return fmt.Errorf("more than %d rows: %w", r.batch.Rows, ledger.ErrConflict)
		}
		p := packed{Row: rows[i], name: r.l.keys.Name(rows[i].NameText), recall: r.l.keys.Recall(rows[i].Recall),
			details: r.hash(&people[i], rows[i].Fields)}
		if people[i].digest != (keyed.Digest{}) {
			if err := r.own(&p, &people[i]); err != nil {
				return err
			}
		}
		p.Fields, p.NameText, p.Recall = nil, "", ""
		r.packer.add(&p)
		r.waiting = append(r.waiting, p)
		r.batch.Rows++
		if f := rows[i].File; f < len(r.batch.Files) {
			r.batch.Files[f].Rows++
		}
		if r.batch.Rows%chunkRows == 0 {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// claimed returns the row that claims a person.
func (r *registration) claimed(who *sighting) (ordinal int, ok bool) {
	if who.customer != 0 {
		return r.again.get(who.customer)
	}
	return r.claims.get(who.digest)
}

// own finds or makes the customer of a row.
func (r *registration) own(p *packed, who *sighting) error {
	id := who.customer
	ordinal, claimed := r.claimed(who)
	switch {
	case claimed && p.Claims:
		return fmt.Errorf("rows %d and %d claim the same identity: %w", ordinal, p.Ordinal, ledger.ErrConflict)
	case claimed && id == 0:
		id = r.base + int64(ordinal) + 1
	case p.Claims && id == 0:
		r.claims.put(who.digest, p.Ordinal)
		id = r.base + int64(p.Ordinal) + 1
		r.places = append(r.places, id, r.batch.ID, p.Ordinal)
	case p.Claims:
		r.again.put(id, p.Ordinal)
		r.moved = append(r.moved, lastRow{id, p.Ordinal})
	}
	p.customer = id
	if r.forgotten[id] {
		p.erase()
	}
	return nil
}

// erase takes out of a row all that is of the person.
func (p *packed) erase() {
	p.Row = ledger.Row{Ordinal: p.Ordinal, File: p.File, Number: p.Number, Line: p.Line, Claims: p.Claims, Verdict: p.Verdict, Repeats: p.Repeats, Findings: p.Findings}
	p.details, p.name, p.recall, p.erased = nil, 0, 0, true
}

// flush writes the chunk under way.
func (r *registration) flush(ctx context.Context) error {
	if len(r.waiting) == 0 {
		return nil
	}
	w := r.l.w
	if err := w.do(ctx, "INSERT INTO chunks VALUES (?, ?)", chunkID(r.batch.ID, r.waiting[0].Ordinal), r.packer.seal(chunkFormat)); err != nil {
		return err
	}
	r.waiting = r.waiting[:0]
	return r.put(ctx)
}

// Annotate packs once more the chunks that hold rows with notes; see
// ledger.Registration.
func (r *registration) Annotate(ctx context.Context, notes []ledger.RowNote) error {
	if r.over {
		return fmt.Errorf("%s: the registration is over: %w", r.l.path, ledger.ErrConflict)
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.annotate(ctx, notes); err != nil {
		return r.stop(ctx, err)
	}
	return nil
}

func (r *registration) annotate(ctx context.Context, notes []ledger.RowNote) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	defer r.l.w.chunks.forget()
	last := -1
	for len(notes) > 0 {
		first := notes[0].Ordinal - notes[0].Ordinal%chunkRows
		id := chunkID(r.batch.ID, first)
		var rows []packed
		if last < notes[0].Ordinal && !r.noted {
			var err error
			if rows, err = r.l.w.chunk(ctx, id); err != nil {
				return err
			}
		}
		for ; len(notes) > 0 && notes[0].Ordinal < first+chunkRows; notes = notes[1:] {
			n := &notes[0]
			if n.Ordinal <= last || n.Ordinal >= first+len(rows) {
				return fmt.Errorf("a note on row %d after row %d of %d: %w", n.Ordinal, last, r.batch.Rows, ledger.ErrConflict)
			}
			last = n.Ordinal
			rows[last-first].Annotate(*n)
		}
		var pack packer
		for i := range rows {
			pack.add(&rows[i])
		}
		if err := r.l.w.do(ctx, "UPDATE chunks SET data = ? WHERE id = ?", pack.seal(chunkFormat), id); err != nil {
			return err
		}
	}
	r.noted = true
	return nil
}

// Commit ends the pass; see ledger.Registration.
func (r *registration) Commit(ctx context.Context) (ledger.Batch, error) {
	if r.over {
		return ledger.Batch{}, fmt.Errorf("%s: the registration is over: %w", r.l.path, ledger.ErrConflict)
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.finish(ctx); err != nil {
		return ledger.Batch{}, r.stop(ctx, err)
	}
	r.over = true
	defer r.l.leaveCheck()
	r.l.w.changed = true // rows of other batches may now lead to a customer
	return r.batch, r.l.commitRows(ctx, r.batch.Rows)
}

func (r *registration) finish(ctx context.Context) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	w := r.l.w
	const many = 250
	args := make([]any, 0, 2*many)
	write := func() error {
		if len(args) == 0 {
			return nil
		}
		err := w.do(ctx, "INSERT INTO identities VALUES (?,?)"+strings.Repeat(",(?,?)", len(args)/2-1), args...)
		args = args[:0]
		return err
	}
	var room [many]keyed.Digest // so that a digest is not an allocation each
	for d, ordinal := range r.claims.sorted {
		at := &room[len(args)/2]
		*at = d
		args = append(args, at[:], r.base+int64(ordinal)+1)
		if len(args) == cap(args) {
			if err := write(); err != nil {
				return err
			}
		}
	}
	if err := write(); err != nil {
		return err
	}
	files, err := json.Marshal(r.batch.Files)
	if err != nil {
		return err
	}
	return w.do(ctx, "UPDATE batches SET rows = ?, files = ? WHERE id = ?", r.batch.Rows, string(files), r.batch.ID)
}

// Rollback forgets the pass; see ledger.Registration.
func (r *registration) Rollback() error {
	if r.over {
		return nil
	}
	r.over = true
	defer r.l.leaveCheck()
	if err := r.l.rollBack(context.Background()); err != nil {
		return r.l.fail(err)
	}
	return nil
}

// stop ends the registration for an error.
func (r *registration) stop(ctx context.Context, cause error) error {
	r.over = true
	defer r.l.leaveCheck()
	return r.l.undo(ctx, cause)
}

// Digest implements ledger.Registrar.
func (l *Ledger) Digest(fields []string) ledger.Details {
	return ledger.Details(l.keys.Details(fields, len(ledger.DetailFields())))
}
