package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
)

var _ ledger.Reader = (*Ledger)(nil)

// rowColumns are read by record.row.
const rowColumns = `r.ordinal, r.file, r.number, r.line, r.claims, r.verdict, r.repeats, coalesce(r.identity, r.email), r.email, r.first_name, r.last_name, r.sender_id,
	r.carry, r.findings, r.details, r.recall IS NULL, r.recall`

// row reads rowColumns.
func (r *record) row() (row ledger.Row, details ledger.Details, recall recallMark) {
	row.Ordinal, row.File, row.Number, row.Line = r.int(), r.int(), r.int(), r.int()
	row.Claims, row.Verdict, row.Repeats = r.bool(), ledger.Status(r.text()), r.int()
	row.Identity, row.Email, row.FirstName, row.LastName, row.SenderID = r.text(), r.text(), r.text(), r.text(), r.text()
	r.json(&row.Carry)
	r.json(&row.Findings)
	return row, r.blob(), recallMark{r.bool(), r.int64()}
}

// Plan implements ledger.Reader.
func (l *Ledger) Plan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	b, err := c.selectedBatch(ctx, ledger.Selection{Batch: batch})
	if err != nil {
		return nil, l.classify(err)
	}
	out := []ledger.Planned{}
	var open []int64 // customers of which more is to be shown
	err = c.query(ctx, `SELECT r.ordinal, r.claims, r.verdict, r.details, c.id, c.status FROM input_row r LEFT JOIN customer c ON c.id = r.customer
		WHERE r.batch = ? AND r.ordinal >= ? ORDER BY r.ordinal LIMIT ?`, []any{b.ID, max(from, 0), max(n, 0)}, func(r *record) error {
		p := ledger.Planned{Ordinal: r.int(), Claims: r.bool(), Verdict: ledger.Status(r.text()), Details: r.blob(),
			Customer: ledger.Customer{ID: r.int64(), Status: ledger.Status(r.text())}}
		if p.Customer.ID != 0 && p.Customer.Status.IsPlanned() {
			open = append(open, p.Customer.ID)
		}
		out = append(out, p)
		return nil
	})
	if err != nil {
		return nil, l.classify(err)
	}
	slices.Sort(open)
	customers, err := c.customersByID(ctx, slices.Compact(open))
	if err != nil {
		return nil, l.classify(err)
	}
	sent := slices.DeleteFunc(open, func(id int64) bool { return customers[id].Intents == 0 || customers[id].Status == ledger.LinkMissing })
	attempts, err := c.attemptsOf(ctx, sent)
	for i := range out {
		p := &out[i].Customer
		if one, ok := customers[p.ID]; ok && p.Status.IsPlanned() {
			*p = one
			p.History = attempts[p.ID]
		}
	}
	return out, l.classify(err)
}

// selectedBatch finds the batch of a selection that does not select all.
func (c *conn) selectedBatch(ctx context.Context, s ledger.Selection) (ledger.Batch, error) {
	where, args := "ORDER BY id DESC LIMIT 1", []any(nil)
	switch {
	case s.Run != 0:
		where, args = "WHERE id = (SELECT batch FROM run WHERE id = ?)", []any{s.Run}
	case s.Batch != 0:
		where, args = "WHERE id = ?", []any{s.Batch}
	}
	all, err := c.batches(ctx, where, args...)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no such batch or run: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return ledger.Batch{}, err
	}
	return all[0], nil
}

// Batches implements ledger.Reader.
func (l *Ledger) Batches(ctx context.Context) ([]ledger.Batch, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	all, err := c.batches(ctx, "ORDER BY id DESC")
	return all, l.classify(err)
}

// Rows implements ledger.Reader.
func (l *Ledger) Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		c, end, err := l.snapshot(ctx)
		if err != nil {
			yield(ledger.Reported{}, err)
			return
		}
		defer end()
		l.rows(ctx, c, s)(yield)
	}
}

// Snapshot is the ledger at one moment, for reports that must agree with each
// other while others write. It is read by one goroutine at a time.
type Snapshot struct {
	l   *Ledger
	c   *conn
	end func()
}

// Snapshot begins a snapshot. Until its Close the log cannot be moved into the
// file, and grows with what is written meanwhile.
func (l *Ledger) Snapshot(ctx context.Context) (*Snapshot, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return &Snapshot{l, c, end}, nil
}

// Rows yields report lines, every time the same; see ledger.Reader.
func (s *Snapshot) Rows(ctx context.Context, sel ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return s.l.rows(ctx, s.c, sel)
}

// Close ends the snapshot. Rows must not be called after it.
func (s *Snapshot) Close() { s.end() }

// linesAhead is how many report lines are read while those before them are used.
const linesAhead = 256

var errStopped = errors.New("stopped")

// rows yields report lines. They are read in a goroutine of their own, for
// reading and writing a report need about the same time.
func (l *Ledger) rows(ctx context.Context, c *conn, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		pieces, stop := make(chan []ledger.Reported, 1), make(chan struct{})
		var reading errgroup.Group
		reading.Go(func() error {
			defer close(pieces)
			piece := make([]ledger.Reported, 0, linesAhead)
			send := func() error {
				select {
				case pieces <- piece:
					piece = make([]ledger.Reported, 0, linesAhead)
					return nil
				case <-stop:
					return errStopped
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			err := l.lines(ctx, c, s, wholeLine, func(n *line) error {
				piece = append(piece, n.Reported)
				if len(piece) < linesAhead {
					return nil
				}
				return send()
			})
			if err == nil && len(piece) > 0 {
				err = send()
			}
			return err
		})
		isStopped := false
		for piece := range pieces {
			for i := range piece {
				if !isStopped && !yield(piece[i], nil) {
					isStopped = true
					close(stop)
				}
			}
		}
		if err := reading.Wait(); err != nil && !isStopped {
			yield(ledger.Reported{}, l.classify(err))
		}
	}
}

// line is a report line with what only the ledger needs.
type line struct {
	ledger.Reported
	mark int64 // of the finding together with what it came to; 0 = no reviewer needs to know
}

// content says how much of report lines is read.
type content int

const (
	wholeLine    content = iota
	countedLine          // what [ledger.Tally] counts
	reviewedLine         // likewise, and only lines of which a reviewer may need to know
)

// needsReview is true of all lines of which a reviewer may need to know; see
// [ledger.Reported].NeedsPerson.
const needsReview = `(r.verdict <> '' OR c.status IN ('duplicate', 'rejected', 'link_missing')
	OR c.status = 'created' AND (c.code <> '' OR c.pairing NOT IN ('', 'unconfirmed', 'confirmed')))`

// countedColumns are read by record.countedLine. Details are read where they differ,
// the rest of a row where a reviewer may need to know of it.
const countedColumns = `r.verdict, r.repeats, iif(r.verdict = '', '', r.findings), iif(r.details IS c.details, NULL, r.details),
	iif(` + needsReview + `, coalesce(r.identity, r.email), ''), r.recall IS NULL, r.recall,
	c.id, c.status, c.attempts, c.field, c.code, c.pairing, iif(r.details IS c.details, NULL, c.details)`

func (r *record) countedLine() (row ledger.Row, details ledger.Details, recall recallMark, c ledger.Customer) {
	row.Verdict, row.Repeats = ledger.Status(r.text()), r.int()
	r.json(&row.Findings)
	details, row.Identity, recall = r.blob(), r.text(), recallMark{r.bool(), r.int64()}
	c.ID, c.Status, c.Attempts = r.int64(), ledger.Status(r.text()), r.int()
	c.Field, c.Code, c.Pairing, c.Details = r.text(), r.text(), ledger.Pairing(r.text()), r.blob()
	return row, details, recall, c
}

// lines walks over the report lines of a selection.
func (l *Ledger) lines(ctx context.Context, c *conn, s ledger.Selection, what content, use func(*line) error) error {
	batches := map[int64]ledger.Batch{}
	where, args := "r.claims = 1 AND r.batch = c.last_batch AND r.ordinal = c.last_row ORDER BY r.batch, r.ordinal", []any(nil)
	if s.All {
		all, err := c.batches(ctx, "ORDER BY id")
		if err != nil {
			return err
		}
		for _, b := range all {
			batches[b.ID] = b
		}
	} else {
		b, err := c.selectedBatch(ctx, s)
		if err != nil {
			return err
		}
		batches[b.ID] = b
		where, args = "r.batch = ? ORDER BY r.ordinal", []any{b.ID}
	}
	return l.linesWhere(ctx, c, s, what, batches, where, args, use)
}

// linesWhere walks over the report lines of rows that meet a condition.
func (l *Ledger) linesWhere(ctx context.Context, c *conn, s ledger.Selection, what content, batches map[int64]ledger.Batch, where string, args []any, use func(*line) error) error {
	reportedBefore, err := c.runsToCompare(ctx, s)
	if err != nil {
		return err
	}
	columns, from := rowColumns+", "+customerColumns, "FROM input_row r LEFT JOIN customer c ON c.id = r.customer"
	hasKYC := false
	switch what {
	case countedLine:
		columns = countedColumns
	case reviewedLine:
		columns, where = countedColumns, needsReview+" AND "+where
	default:
		if err := c.queryOne(ctx, "SELECT EXISTS (SELECT 1 FROM kyc)", nil, &hasKYC); err != nil {
			return err
		}
	}
	if hasKYC { // mostly no user's check is known yet
		columns += ", " + kycColumns
		from += " LEFT JOIN kyc k ON k.service_id = c.service_id"
	}
	return c.queryLong(ctx, "SELECT r.batch, "+columns+" "+from+" WHERE "+where, args, func(r *record) error {
		batch := batches[r.int64()]
		var row ledger.Row
		var details ledger.Details
		var recall recallMark
		var customer ledger.Customer
		if what == wholeLine {
			row, details, recall = r.row()
			customer = r.customer()
		} else {
			row, details, recall, customer = r.countedLine()
		}
		if hasKYC {
			customer.KYC = r.kyc()
		}
		n := line{Reported: ledger.NewReported(row, details, customer)}
		if len(s.Only) > 0 && !slices.Contains(s.Only, n.Status) || !s.Since.IsZero() && !n.Since(s.Since, batch.Registered) {
			return nil
		}
		if what == wholeLine && n.ShowsOther() {
			if n.From, err = c.originOf(ctx, &customer); err != nil {
				return err
			}
		}
		if !s.All {
			n.Customer.LastBatch, n.Customer.LastRow = 0, 0
		}
		if n.mark = l.reportedMark(recall, &n.Reported); n.mark != 0 {
			if n.Known, err = c.wasReported(ctx, n.mark, reportedBefore(batch.ID)); err != nil {
				return err
			}
		}
		return use(&n)
	})
}

// recallMark is the digest by which the same finding is known again in another
// input: that of the row's identity, or another one; 0 is none.
type recallMark struct {
	isOfIdentity bool
	digest       int64
}

// reportedMark is the digest of a finding together with what it came to; 0 if no
// reviewer needs to know of it.
func (l *Ledger) reportedMark(recall recallMark, r *ledger.Reported) int64 {
	if !r.NeedsPerson() {
		return 0
	}
	if recall.isOfIdentity {
		recall.digest = l.keys.Recall(r.Identity)
	}
	if recall.digest == 0 {
		return 0
	}
	return l.keys.Told(recall.digest, r.Outcome())
}

// wasReported reports whether a run before the given one has reported an outcome.
func (c *conn) wasReported(ctx context.Context, mark, before int64) (bool, error) {
	found, err := c.queryIDs(ctx, "SELECT first_run FROM reported WHERE mark = ?", mark)
	return len(found) > 0 && found[0] < before, err
}

// originOf says where a customer comes from whom another input named last.
func (c *conn) originOf(ctx context.Context, customer *ledger.Customer) (from ledger.Origin, err error) {
	err = c.query(ctx, `SELECT f.name, f.sheet, r.number, b.registered_us FROM input_row r JOIN batch b ON b.id = r.batch LEFT JOIN input_file f ON f.batch = r.batch AND f.number = r.file
		WHERE r.batch = ? AND r.ordinal = ?`, []any{customer.LastBatch, customer.LastRow}, func(r *record) error {
		from = ledger.Origin{File: r.text(), Sheet: r.text(), Number: r.int(), Registered: r.time()}
		return nil
	})
	return from, err
}

// runsToCompare returns, for each batch, the run before which an outcome must have
// been reported to be known: the selected one, else the newest of the batch.
func (c *conn) runsToCompare(ctx context.Context, s ledger.Selection) (func(batch int64) int64, error) {
	newest := map[int64]int64{}
	err := c.query(ctx, "SELECT batch, max(id) FROM run WHERE batch IS NOT NULL GROUP BY batch", nil, func(r *record) error {
		batch, run := r.int64(), r.int64()
		newest[batch] = run
		return nil
	})
	return func(batch int64) int64 {
		if s.Run != 0 {
			return s.Run
		}
		if run, ok := newest[batch]; ok {
			return run
		}
		return math.MaxInt64
	}, err
}

// Tally implements ledger.Reader.
func (l *Ledger) Tally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	t := ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return t, err
	}
	defer end()
	what := countedLine
	if !s.Since.IsZero() {
		what = wholeLine
	}
	err = l.lines(ctx, c, s, what, func(n *line) error { t.Count(n.Reported); return nil })
	if err != nil {
		return ledger.Tally{}, l.classify(err)
	}
	return t, nil
}
