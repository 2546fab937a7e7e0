package tables

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// rowColumns are read by Record.Row.
const rowColumns = `r.ordinal, r.file, r.number, r.line, r.claims, r.verdict, r.repeats, r.identity, r.email, r.first_name, r.last_name, r.sender_id,
	r.carry, r.findings, r.details, r.recall`

// Row reads rowColumns.
func (r *Record) Row() (row ledger.Row, details ledger.Details, recall recallMark) {
	row.Ordinal, row.File, row.Number, row.Line = r.Int(), r.Int(), r.Int(), r.Int()
	row.Claims, row.Verdict, row.Repeats = r.Bool(), ledger.Status(r.Text()), r.Int()
	row.Identity, row.Email = r.identity()
	row.FirstName, row.LastName, row.SenderID = r.Text(), r.Text(), r.Text()
	r.JSON(&row.Carry)
	r.JSON(&row.Findings)
	return row, r.Details(), r.recallMark()
}

// recallMark reads the mark of a row; NULL is that of its identity.
func (r *Record) recallMark() recallMark {
	return recallMark{r.IsNull(), r.Int64()}
}

// ReadPlan reads what ledger.Reader.Plan yields.
func (c *Reader) ReadPlan(ctx context.Context, batch int64, from, n int) ([]ledger.Planned, error) {
	b, err := c.SelectedBatch(ctx, ledger.Selection{Batch: batch})
	if err != nil {
		return nil, err
	}
	out := []ledger.Planned{}
	var open []int64 // customers of which more is to be shown
	err = c.Query(ctx, `SELECT r.ordinal, r.claims, r.verdict, r.details, c.id, c.status FROM input_row r LEFT JOIN customer c ON c.id = r.customer
		WHERE r.batch = ? AND r.ordinal >= ? ORDER BY r.ordinal LIMIT ?`, []any{b.ID, max(from, 0), max(n, 0)}, func(r *Record) error {
		p := ledger.Planned{Ordinal: r.Int(), Claims: r.Bool(), Verdict: ledger.Status(r.Text()), Details: r.Details(),
			Customer: ledger.Customer{ID: r.Int64(), Status: ledger.Status(r.Text())}}
		if p.Customer.ID != 0 && p.Customer.Status.IsPlanned() {
			open = append(open, p.Customer.ID)
		}
		out = append(out, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(open)
	customers, err := c.CustomersByID(ctx, slices.Compact(open))
	if err != nil {
		return nil, err
	}
	sent := slices.DeleteFunc(open, func(id int64) bool { return customers[id].Intents == 0 || customers[id].Status == ledger.LinkMissing })
	attempts, err := c.AttemptsOf(ctx, sent)
	for i := range out {
		p := &out[i].Customer
		if one, ok := customers[p.ID]; ok && p.Status.IsPlanned() {
			*p = one
			p.History = attempts[p.ID]
		}
	}
	return out, err
}

// SelectedBatch finds the batch of a selection that does not select all.
func (c *Reader) SelectedBatch(ctx context.Context, s ledger.Selection) (ledger.Batch, error) {
	where, args := "ORDER BY id DESC LIMIT 1", []any(nil)
	switch {
	case s.Run != 0:
		where, args = "WHERE id = (SELECT batch FROM run WHERE id = ?)", []any{s.Run}
	case s.Batch != 0:
		where, args = "WHERE id = ?", []any{s.Batch}
	}
	all, err := c.ReadBatches(ctx, where, args...)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no such batch or run: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return ledger.Batch{}, err
	}
	return all[0], nil
}

// linesAhead is how many report lines are read while those before them are used.
const linesAhead = 256

var ErrStopped = errors.New("stopped")

// ReadRows yields report lines; see ledger.Reader. They are read in a goroutine of
// their own, for reading and writing a report need about the same time.
func (c *Reader) ReadRows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
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
					return ErrStopped
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			err := c.ReadLines(ctx, s, WholeLine, func(n *Line) error {
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
			yield(ledger.Reported{}, err)
		}
	}
}

// Line is a report line with what only the ledger needs.
type Line struct {
	ledger.Reported
	Mark int64 // of the finding together with what it came to; 0 = no reviewer needs to know
}

// Content says how much of report lines is read.
type Content int

const (
	WholeLine    Content = iota
	CountedLine          // what [ledger.Tally] counts
	ReviewedLine         // likewise, and only lines of which a reviewer may need to know
	oddLine              // likewise, and only lines that are not plain
)

// needsReview is true of all lines of which a reviewer may need to know; see
// [ledger.Reported].NeedsReview.
const needsReview = `(r.verdict <> '' OR c.status IN ('duplicate', 'rejected', 'link_missing')
	OR c.status = 'created' AND (c.code <> '' OR c.pairing NOT IN ('', 'unconfirmed', 'confirmed')))`

// countedColumns are read by record.countedLine. Details are read where they differ,
// the rest of a row where a reviewer may need to know of it.
const countedColumns = `r.verdict, r.repeats, CASE WHEN r.verdict = '' THEN '' ELSE r.findings END, CASE WHEN r.details IS DISTINCT FROM c.details THEN r.details END,
	CASE WHEN ` + needsReview + ` THEN coalesce(r.identity, r.email) ELSE '' END, r.recall,
	c.id, c.status, c.attempts, c.field, c.code, c.pairing, CASE WHEN r.details IS DISTINCT FROM c.details THEN c.details END`

func (r *Record) CountedLine() (row ledger.Row, details ledger.Details, recall recallMark, c ledger.Customer) {
	row.Verdict, row.Repeats = ledger.Status(r.Text()), r.Int()
	r.JSON(&row.Findings)
	details, row.Identity, recall = r.Details(), r.Text(), r.recallMark()
	c.ID, c.Status, c.Attempts = r.Int64(), ledger.Status(r.Text()), r.Int()
	c.Field, c.Code, c.Pairing, c.Details = r.Text(), r.Text(), ledger.Pairing(r.Text()), r.Details()
	return row, details, recall, c
}

// Lines walks over the report lines of a selection.
func (c *Reader) ReadLines(ctx context.Context, s ledger.Selection, what Content, use func(*Line) error) error {
	batches := map[int64]ledger.Batch{}
	where, args := "r.claims = 1 AND r.batch = c.last_batch AND r.ordinal = c.last_row ORDER BY r.batch, r.ordinal", []any(nil)
	if s.All {
		all, err := c.ReadBatches(ctx, "ORDER BY id")
		if err != nil {
			return err
		}
		for _, b := range all {
			batches[b.ID] = b
		}
	} else {
		b, err := c.SelectedBatch(ctx, s)
		if err != nil {
			return err
		}
		batches[b.ID] = b
		where, args = "r.batch = ? ORDER BY r.ordinal", []any{b.ID}
	}
	return c.LinesWhere(ctx, s, what, batches, where, args, use)
}

// LinesWhere walks over the report lines of rows that meet a condition.
func (c *Reader) LinesWhere(ctx context.Context, s ledger.Selection, what Content, batches map[int64]ledger.Batch, where string, args []any, use func(*Line) error) error {
	reportedBefore, err := c.runsToCompare(ctx, s)
	if err != nil {
		return err
	}
	columns, from := rowColumns+", "+CustomerColumns, "FROM input_row r LEFT JOIN customer c ON c.id = r.customer"
	hasKYC := false
	switch what {
	case CountedLine:
		columns = countedColumns
	case ReviewedLine:
		columns, where = countedColumns, needsReview+" AND "+where
	case oddLine:
		columns, where = countedColumns, "("+isPlain+") IS NOT TRUE AND "+where
	default:
		if err := c.QueryOne(ctx, "SELECT EXISTS (SELECT 1 FROM kyc)", nil, &hasKYC); err != nil {
			return err
		}
	}
	if s.Reviewed && what == WholeLine {
		where = needsReview + " AND " + where
	}
	if hasKYC { // mostly no user's check is known yet
		columns += ", " + KYCColumns
		from += " LEFT JOIN kyc k ON k.service_id = c.service_id"
	}
	return c.QueryLong(ctx, "SELECT r.batch, "+columns+" "+from+" WHERE "+where, args, func(r *Record) error {
		batch := batches[r.Int64()]
		var row ledger.Row
		var details ledger.Details
		var recall recallMark
		var customer ledger.Customer
		if what == WholeLine {
			row, details, recall = r.Row()
			customer = r.Customer()
		} else {
			row, details, recall, customer = r.CountedLine()
		}
		if hasKYC {
			customer.KYC = r.Kyc()
		}
		if err := r.Err(); err != nil {
			return err
		}
		n := Line{Reported: ledger.NewReported(row, details, customer, c.DetailNames)}
		if s.Reviewed && !n.NeedsReview() || len(s.Only) > 0 && !slices.Contains(s.Only, n.Status) || !s.Since.IsZero() && !n.Since(s.Since, batch.Registered) {
			return nil
		}
		if what == WholeLine && n.ShowsOther() {
			if n.From, err = c.originOf(ctx, &customer); err != nil {
				return err
			}
		}
		if !s.All {
			n.Customer.LastBatch, n.Customer.LastRow = 0, 0
		}
		if n.Mark = c.reportedMark(recall, &n.Reported); n.Mark != 0 {
			if n.WasReported, err = c.wasReported(ctx, n.Mark, reportedBefore(batch.ID)); err != nil {
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

// reportedMark returns the digest of a finding together with what it came to; 0 if no
// reviewer needs to know of it.
func (c *Reader) reportedMark(recall recallMark, r *ledger.Reported) int64 {
	if !r.NeedsReview() {
		return 0
	}
	if recall.isOfIdentity {
		recall.digest = c.Keys.Recall(r.Identity)
	}
	if recall.digest == 0 {
		return 0
	}
	return c.Keys.Reported(recall.digest, r.Outcome())
}

// wasReported reports whether a run before the given one has reported an outcome.
func (c *Reader) wasReported(ctx context.Context, mark, before int64) (bool, error) {
	found, err := c.QueryIDs(ctx, "SELECT first_run FROM reported WHERE mark = ?", mark)
	return len(found) > 0 && found[0] < before, err
}

// originOf says where a customer comes from whom another input named last.
func (c *Reader) originOf(ctx context.Context, customer *ledger.Customer) (from ledger.Origin, err error) {
	err = c.Query(ctx, `SELECT f.name, f.sheet, r.number, b.registered_us FROM input_row r JOIN batch b ON b.id = r.batch LEFT JOIN input_file f ON f.batch = r.batch AND f.number = r.file
		WHERE r.batch = ? AND r.ordinal = ?`, []any{customer.LastBatch, customer.LastRow}, func(r *Record) error {
		from = ledger.Origin{File: r.Text(), Sheet: r.Text(), Number: r.Int(), Registered: r.Time()}
		return nil
	})
	return from, err
}

// runsToCompare returns, for each batch, the run before which an outcome must have
// been reported to be known: the selected one, else the newest of the batch.
func (c *Reader) runsToCompare(ctx context.Context, s ledger.Selection) (func(batch int64) int64, error) {
	newest := map[int64]int64{}
	err := c.Query(ctx, "SELECT batch, max(id) FROM run WHERE batch IS NOT NULL GROUP BY batch", nil, func(r *Record) error {
		batch, run := r.Int64(), r.Int64()
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

// ReadTally counts report lines; see ledger.Reader. Rows that show no more than that
// their customer is pending or created, as nearly all do, are counted by SQL, the
// others one by one.
func (c *Reader) ReadTally(ctx context.Context, s ledger.Selection) (ledger.Tally, error) {
	t := ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}
	what := CountedLine
	switch {
	case !s.Since.IsZero():
		what = WholeLine
	case !s.All && len(s.Only) == 0 && !s.Reviewed:
		what = oddLine
		b, err := c.SelectedBatch(ctx, s)
		if err != nil {
			return ledger.Tally{}, err
		}
		if err := c.countPlain(ctx, b.ID, &t); err != nil {
			return ledger.Tally{}, err
		}
	}
	err := c.ReadLines(ctx, s, what, func(n *Line) error { t.Count(n.Reported); return nil })
	if err != nil {
		return ledger.Tally{}, err
	}
	return t, nil
}

// isPlain is true of rows that show no more than that their customer is pending or
// created.
const isPlain = `(r.verdict = '' AND (c.status = 'created' OR c.status = 'pending') AND c.code = '' AND (c.pairing = '' OR c.pairing = 'unconfirmed' OR c.pairing = 'confirmed')
	AND (c.attempts = 0 OR r.details IS NOT DISTINCT FROM c.details))`

// countPlain counts the plain rows of a batch.
func (c *Reader) countPlain(ctx context.Context, batch int64, t *ledger.Tally) error {
	return c.QueryLong(ctx, `SELECT count(*), sum(CASE WHEN c.status = 'created' THEN 1 ELSE 0 END) FROM input_row r CROSS JOIN customer c ON c.id = r.customer
		WHERE r.batch = ? AND `+isPlain, []any{batch}, func(r *Record) error {
		rows, created := r.Int(), r.Int()
		t.Rows += rows
		for status, n := range map[ledger.Status]int{ledger.Created: created, ledger.Pending: rows - created} {
			if n > 0 {
				t.Status[status] += n
			}
		}
		return nil
	})
}

// Decided is how many customers were decided in a stretch of time, and when. The zero
// value: none.
type Decided struct {
	Rows        int
	First, Last time.Time
}

// DecidedSince counts the customers that a batch named last, for whom a request was
// sent, and that were decided at or after a moment.
func (c *Reader) DecidedSince(ctx context.Context, batch int64, since time.Time) (d Decided, err error) {
	err = c.QueryLong(ctx, `SELECT count(*), min(decided_us), max(decided_us) FROM customer
		WHERE last_batch = ? AND attempts > 0 AND decided_us >= ?`, []any{batch, since.UnixMicro()}, func(r *Record) error {
		d = Decided{Rows: r.Int(), First: r.Time(), Last: r.Time()}
		return nil
	})
	return d, err
}
