package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// owners gives every row its customer's id, also rows whose customer was made
// after them.
func (l *Ledger) owners(ctx context.Context, v *view, rows []packed) ([]int64, error) {
	ids := make([]int64, len(rows))
	late := map[keyed.Digest][]int{}
	for i := range rows {
		if ids[i] = rows[i].customer; ids[i] == 0 && rows[i].Identity != "" {
			d := l.keys.Identity(rows[i].Identity)
			late[d] = append(late[d], i)
		}
	}
	if len(late) == 0 {
		return ids, nil
	}
	ask := make([]keyed.Digest, 0, len(late))
	for d := range late {
		ask = append(ask, d)
	}
	found := map[keyed.Digest]int64{}
	err := v.identities(ctx, ask, found)
	for d, id := range found {
		for _, i := range late[d] {
			ids[i] = id
		}
	}
	return ids, err
}

// Plan reads rows with their customers; see ledger.Reader.
func (l *Ledger) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if _, err := l.batch(ctx, v, ledger.Selection{Batch: batch}); err != nil {
		return nil, l.sick(err)
	}
	out := make([]ledger.Planned, 0, min(max(n, 0), 1<<16))
	var customers []ledger.Customer
	for from = max(from, 0); len(out) < n; {
		first := from - from%chunkRows
		rows, err := v.chunk(ctx, chunkID(batch, first))
		if err != nil {
			return nil, l.sick(err)
		}
		if from-first >= len(rows) {
			break
		}
		rows = rows[from-first : min(len(rows), from-first+n-len(out))]
		ids, err := l.owners(ctx, v, rows)
		if err != nil {
			return nil, l.sick(err)
		}
		customers, err = v.people(ctx, customers, ids, func(c *ledger.Customer) bool {
			return c.Status != ledger.Created && c.Status != ledger.LinkMissing && c.Status != ledger.Forgotten
		}, true)
		if err != nil {
			return nil, l.sick(err)
		}
		for i := range rows {
			out = append(out, ledger.Planned{Ordinal: rows[i].Ordinal, Verdict: rows[i].Verdict, Claims: rows[i].Claims,
				Details: slices.Clone(rows[i].details), Customer: customers[i]})
		}
		from += len(rows)
	}
	return out, nil
}

// batch finds the batch of a selection that does not select all.
func (l *Ledger) batch(ctx context.Context, v *view, s ledger.Selection) (ledger.Batch, error) {
	text, args := "SELECT "+batchColumns+" FROM batches ORDER BY id DESC LIMIT 1", []any(nil)
	switch {
	case s.Run != 0:
		text, args = "SELECT "+batchColumns+" FROM batches WHERE id = (SELECT batch FROM runs WHERE id = ?)", []any{s.Run}
	case s.Batch != 0:
		text, args = "SELECT "+batchColumns+" FROM batches WHERE id = ?", []any{s.Batch}
	}
	b, err := scanBatch(func(into ...any) error { return v.one(ctx, text, args, into...) })
	if errors.Is(err, sql.ErrNoRows) {
		return b, fmt.Errorf("no such batch or run: %w", ledger.ErrNotFound)
	}
	return b, err
}

// Batches lists the batches, newest first.
func (l *Ledger) Batches(ctx context.Context) ([]ledger.Batch, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	all, err := v.batches(ctx)
	return all, l.sick(err)
}

func (v *view) batches(ctx context.Context) (all []ledger.Batch, err error) {
	err = v.each(ctx, "SELECT "+batchColumns+" FROM batches ORDER BY id DESC", nil, func(r *sql.Rows) error {
		b, err := scanBatch(r.Scan)
		all = append(all, b)
		return err
	})
	return all, err
}

// Rows yields report lines; see ledger.Reader.
func (l *Ledger) Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		v, end, err := l.snapshot(ctx)
		if err != nil {
			yield(ledger.Reported{}, err)
			return
		}
		defer end()
		l.reported(ctx, v, s)(yield)
	}
}

func (l *Ledger) reported(ctx context.Context, v *view, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		stopped, err := l.rows(ctx, v, s, func(r ledger.Reported, _ *packed) bool { return yield(r, nil) })
		if err != nil && !stopped {
			yield(ledger.Reported{}, l.sick(err))
		}
	}
}

// rows walks over the chunks of a selection, one at a time.
func (l *Ledger) rows(ctx context.Context, v *view, s ledger.Selection, yield func(ledger.Reported, *packed) bool) (stopped bool, err error) {
	batches := map[int64]ledger.Batch{}
	next, last := int64(0), int64(math.MaxInt64)
	if s.All {
		all, err := v.batches(ctx)
		if err != nil {
			return false, err
		}
		for _, b := range all {
			batches[b.ID] = b
		}
	} else {
		b, err := l.batch(ctx, v, s)
		if err != nil {
			return false, err
		}
		batches[b.ID] = b
		next, last = chunkID(b.ID, 0), chunkID(b.ID+1, 0)-1
	}
	of := liner{Ledger: l, view: v, sel: s}
	if of.asOf, err = v.asOf(ctx, s); err != nil {
		return false, err
	}
	if err := v.one(ctx, "SELECT EXISTS (SELECT 1 FROM kyc)", nil, &of.verified); err != nil {
		return false, err
	}
	spare := make(chan []ledger.Reported, 2) // of pieces that are used up
	read := func() (p piece, err error) {
		if err := ctx.Err(); err != nil {
			return piece{}, err
		}
		id, rows, err := v.nextChunk(ctx, next, last)
		if err != nil || len(rows) == 0 {
			return piece{}, err
		}
		next = id + 1
		p.rows = rows
		select {
		case p.lines = <-spare:
		default:
		}
		p.lines, err = of.lines(ctx, batches[id>>32], rows, p.lines)
		return p, err
	}
	use := func(p piece) bool {
		for i := range p.lines {
			if !yield(p.lines[i], &p.rows[p.lines[i].Ordinal-p.rows[0].Ordinal]) {
				return false
			}
		}
		select {
		case spare <- p.lines:
		default:
		}
		return true
	}
	if v != l.w {
		return ahead(read, use)
	}
	for { // use writes on the same connection
		p, err := read()
		if err != nil || len(p.rows) == 0 {
			return false, err
		}
		if !use(p) {
			return true, nil
		}
	}
}

// piece is a chunk with its report lines.
type piece struct {
	rows  []packed
	lines []ledger.Reported
}

// ahead reads pieces, up to one without rows, while use works on the one
// before: reading and writing a report take about as long as each other. It
// ends when use says false, and returns when reading has ended, too.
func ahead(read func() (piece, error), use func(piece) bool) (stopped bool, err error) {
	pieces, enough := make(chan piece, 1), make(chan struct{})
	var reading errgroup.Group
	reading.Go(func() error {
		defer close(pieces)
		for {
			p, err := read()
			if err != nil || len(p.rows) == 0 {
				return err
			}
			select {
			case pieces <- p:
			case <-enough:
				return nil
			}
		}
	})
	defer func() { err = errors.Join(reading.Wait(), err) }()
	defer close(enough)
	for p := range pieces {
		if !use(p) {
			return true, nil
		}
	}
	return false, nil
}

// liner makes report lines of rows.
type liner struct {
	*Ledger
	*view
	sel      ledger.Selection
	asOf     func(ledger.Batch) int64 // who was told before this run knows it
	verified bool                     // somebody's identity check is known: mostly nobody's is yet

	people []ledger.Customer // the room for those of a chunk
}

// lines turns the rows of a chunk into report lines and drops those not selected.
// It uses the room for them if that is enough.
func (l *liner) lines(ctx context.Context, b ledger.Batch, rows []packed, room []ledger.Reported) ([]ledger.Reported, error) {
	ids, err := l.owners(ctx, l.view, rows)
	if err != nil {
		return nil, err
	}
	l.people, err = l.view.people(ctx, l.people, ids, nil, l.sel.All)
	if err == nil && l.verified {
		err = l.withKYC(ctx, l.people)
	}
	if err != nil {
		return nil, err
	}
	out := slices.Grow(room[:0], len(rows))
	marks := make([]int64, 0, len(rows))
	var ask []any
	for i := range rows {
		c := l.people[i]
		if l.sel.All && (!rows[i].Claims || c.ID == 0 || c.LastBatch != b.ID || c.LastRow != rows[i].Ordinal) {
			continue
		}
		if !l.sel.All {
			c.LastBatch, c.LastRow = 0, 0
		}
		r := ledger.NewReported(rows[i].Row, rows[i].details, c)
		if len(l.sel.Only) > 0 && !slices.Contains(l.sel.Only, r.Status) || !l.sel.Since.IsZero() && !r.Since(l.sel.Since, b.Registered) {
			continue
		}
		var m int64
		if rows[i].recall != 0 && r.NeedsPerson() {
			m = l.told(rows[i].recall, r)
			ask = append(ask, m)
		}
		out, marks = append(out, r), append(marks, m)
	}
	first := map[int64]int64{}
	err = l.eachOf(ctx, "SELECT digest, first FROM told WHERE digest IN ", ask, func(r *sql.Rows) error {
		var m, run int64
		err := r.Scan(&m, &run)
		first[m] = run
		return err
	})
	limit := l.asOf(b)
	for i := range out {
		run, ok := first[marks[i]]
		out[i].Known = ok && marks[i] != 0 && run < limit
	}
	if err != nil {
		return nil, err
	}
	return out, l.origins(ctx, out)
}

// origins says of lines that show another input's customer where it comes from.
func (l *liner) origins(ctx context.Context, lines []ledger.Reported) error {
	var ids []int64
	for i := range lines {
		if lines[i].ShowsOther() {
			ids = append(ids, lines[i].Customer.ID)
		}
	}
	slices.Sort(ids)
	type place struct {
		batch int64
		row   int
	}
	places := map[int64]place{}
	err := l.eachNear(ctx, "SELECT customer, batch, row FROM places WHERE customer ", slices.Compact(ids), func(r *sql.Rows) error {
		var id int64
		var p place
		err := r.Scan(&id, &p.batch, &p.row)
		places[id] = p
		return err
	})
	for i := range lines {
		p, ok := places[lines[i].Customer.ID]
		if err != nil || !ok || !lines[i].ShowsOther() {
			continue
		}
		var b ledger.Batch
		var row *packed
		if b, err = l.batch(ctx, l.view, ledger.Selection{Batch: p.batch}); err == nil {
			row, err = l.rowAt(ctx, p.batch, p.row)
		}
		if err == nil && row != nil {
			lines[i].From = ledger.NewOrigin(b, row.Row)
		}
	}
	return err
}

// told is the mark of a finding and what it came to.
func (l *Ledger) told(recall int64, r ledger.Reported) int64 {
	return l.keys.Told(recall, r.Outcome())
}

// asOf returns the run before which a person must have been told to count as
// told: the selected one, else the newest of the batch.
func (v *view) asOf(ctx context.Context, s ledger.Selection) (func(ledger.Batch) int64, error) {
	newest := map[int64]int64{}
	err := v.each(ctx, "SELECT batch, max(id) FROM runs WHERE batch <> 0 GROUP BY batch", nil, func(r *sql.Rows) error {
		var batch, run int64
		err := r.Scan(&batch, &run)
		newest[batch] = run
		return err
	})
	return func(b ledger.Batch) int64 {
		if s.Run != 0 {
			return s.Run
		}
		if run, ok := newest[b.ID]; ok {
			return run
		}
		return math.MaxInt64
	}, err
}
