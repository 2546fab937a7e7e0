package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// rowsAtOnce is how many rows go to the tables with one COPY.
const rowsAtOnce = 10_000

// part are rows and new customers that are not in the tables yet.
type part struct {
	first     int // ordinal of the first row
	rows      []partRow
	newcomers [][]any
	byDigest  map[keyed.Digest]identity // of the newcomers
}

// partRow is a row as it is copied, and what a look-up needs of it.
type partRow struct {
	values   []any
	position ledger.Position
	details  ledger.Details
}

func newPart() part { return part{byDigest: map[keyed.Digest]identity{}} }

// rowColumns are the columns of input_row that a part fills.
func rowColumns() []string {
	return []string{"batch", "ordinal", "file", "number", "line", "customer", "claims", "verdict", "repeats", "identity", "email", "first_name", "last_name",
		"sender_id", "carry", "findings", "details", "name_mark", "recall"}
}

// addLine adds a row to the part.
func (r *registration) addLine(row *ledger.Row, who identity) error {
	details, name := r.digest(row.Details), r.l.keys.Name(row.NameText)
	var customer, recall, identity any
	if who.customer != 0 {
		customer = who.customer
	}
	if row.Recall != row.Identity {
		recall = r.l.keys.Recall(row.Recall)
	}
	if who.isErased {
		erased := row.Erased()
		row, details, name, recall = &erased, nil, 0, int64(0)
	}
	if row.Identity != row.Email {
		identity = storedText(row.Identity)
	}
	carry, err := listText(row.Carry)
	if err != nil {
		return err
	}
	findings, err := listText(row.Findings)
	r.part.rows = append(r.part.rows, partRow{[]any{r.batch.ID, row.Ordinal, row.File, row.Number, row.Line, customer, flagValue(row.Claims), string(row.Verdict), row.Repeats,
		identity, storedText(row.Email), storedText(row.FirstName), storedText(row.LastName), storedText(row.SenderID), storedText(carry), storedText(findings), tables.DetailsArg(details), name, recall},
		ledger.Position{File: row.File, Number: row.Number, Line: row.Line}, details})
	return err
}

// copyPart copies the part to the tables, in one transaction.
func (r *registration) copyPart(ctx context.Context) error {
	if len(r.part.rows) == 0 {
		return nil
	}
	err := r.l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
		if t.isAgain {
			isThere, err := t.QueryIDs(ctx, "SELECT ordinal FROM input_row WHERE batch = ? AND ordinal = ?", r.batch.ID, r.part.first)
			if err != nil || len(isThere) > 0 {
				return err
			}
		}
		_, err := t.db.pg.CopyFrom(ctx, pgx.Identifier{"input_row"}, rowColumns(), pgx.CopyFromSlice(len(r.part.rows), func(i int) ([]any, error) { return r.part.rows[i].values, nil }))
		if err == nil {
			_, err = t.db.pg.CopyFrom(ctx, pgx.Identifier{"newcomer"}, []string{"batch", "digest", "customer", "ordinal", "sender_number"}, pgx.CopyFromRows(r.part.newcomers))
		}
		return err
	})
	if err == nil {
		r.part.first += len(r.part.rows)
		r.part.rows, r.part.newcomers = r.part.rows[:0], r.part.newcomers[:0]
		clear(r.part.byDigest)
	}
	return err
}

// AddNotes implements ledger.Registration.
func (r *registration) AddNotes(ctx context.Context, notes []ledger.RowNote) error {
	if err := r.requireOpen(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.annotate(ctx, notes); err != nil {
		return r.stop(ctx, err)
	}
	return nil
}

func (r *registration) annotate(ctx context.Context, notes []ledger.RowNote) error {
	last := -1
	for _, n := range notes {
		if n.Ordinal <= last || n.Ordinal >= r.batch.Rows || r.isAnnotated {
			return fmt.Errorf("a note on row %d after row %d of %d: %w", n.Ordinal, last, r.batch.Rows, ledger.ErrConflict)
		}
		last = n.Ordinal
	}
	r.isAnnotated = true
	if err := r.copyPart(ctx); err != nil {
		return err
	}
	for len(notes) > 0 {
		n := min(len(notes), rowsAtOnce)
		if err := r.annotateSome(ctx, notes[:n]); err != nil {
			return err
		}
		notes = notes[n:]
	}
	return nil
}

// annotateSome adds notes to rows that are in the tables. Made again it adds none twice.
func (r *registration) annotateSome(ctx context.Context, notes []ledger.RowNote) error {
	ordinals := make([]int64, len(notes))
	for i, n := range notes {
		ordinals[i] = int64(n.Ordinal)
	}
	of := fmt.Sprintf("batch = %d AND ordinal IN (?)", r.batch.ID)
	found, err := read(ctx, &r.l.core, func(c *conn) (map[int]ledger.Row, error) {
		rows := map[int]ledger.Row{}
		return rows, tables.QueryList(ctx, c.Conn, "SELECT ordinal, findings FROM input_row WHERE "+of, ordinals, func(rec *record) error {
			row := ledger.Row{Ordinal: rec.Int()}
			rec.JSON(&row.Findings)
			rows[row.Ordinal] = row
			return nil
		})
	})
	if err != nil {
		return err
	}
	repeats, findings := make([]int64, len(notes)), make([]string, len(notes))
	for i, n := range notes {
		row := found[n.Ordinal]
		row.AddNote(n)
		repeats[i] = int64(row.Repeats)
		if findings[i], err = listText(row.Findings); err != nil {
			return err
		}
	}
	return r.l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
		return t.Exec(ctx, `UPDATE input_row r SET repeats = v.repeats, findings = v.findings FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS v (ordinal, repeats, findings)
			WHERE r.batch = ? AND r.ordinal = v.ordinal`, ordinals, repeats, findings, r.batch.ID)
	})
}

// Commit implements ledger.Registration.
func (r *registration) Commit(ctx context.Context) (ledger.Batch, error) {
	if err := r.requireOpen(); err != nil {
		return ledger.Batch{}, err
	}
	ctx = context.WithoutCancel(ctx)
	err := r.copyPart(ctx)
	if err == nil {
		err = r.l.writeAsSender(ctx, r.commit)
	}
	if err != nil {
		return ledger.Batch{}, r.stop(ctx, err)
	}
	r.isOver = true
	r.l.detailNames.Store(&r.names)
	return r.batch, nil
}

// commit makes a batch and customers of what is in the tables.
func (r *registration) commit(ctx context.Context, t *tx) error {
	if t.isAgain {
		isThere, err := t.QueryIDs(ctx, "SELECT id FROM batch WHERE id = ? AND fingerprint = ?", r.batch.ID, r.batch.Fingerprint)
		if err != nil || len(isThere) > 0 {
			return err
		}
	}
	if mine, err := t.QueryIDs(ctx, "SELECT batch FROM check_pass WHERE batch = ? FOR UPDATE", r.batch.ID); err != nil || len(mine) == 0 {
		return cmp.Or(err, fmt.Errorf("this process was declared ended meanwhile, and its check was deleted: %w", ledger.ErrOutdated))
	}
	var registrations, newcomers int64
	names, err := listText(r.names)
	if err == nil {
		err = t.QueryOne(ctx, "UPDATE ledger SET registrations = registrations + 1, detail_names = ? RETURNING registrations", []any{names}, &registrations)
	}
	if err == nil {
		err = t.QueryOne(ctx, "SELECT count(*) FROM newcomer WHERE batch = ?", []any{r.batch.ID}, &newcomers)
	}
	switch {
	case err != nil:
		return err
	case registrations != r.began+1:
		return fmt.Errorf("another input was registered meanwhile: %w", ledger.ErrOutdated)
	case newcomers != int64(r.newcomers):
		return fmt.Errorf("the server was restarted meanwhile and has lost a part of the check: %w", ledger.ErrOutdated)
	}
	if err := r.putBatch(ctx, t); err != nil {
		return err
	}
	if len(r.claimed) > 0 {
		if err := t.updateKnown(ctx, r.batch.ID); err != nil {
			return err
		}
	}
	// Joined as a whole, whatever the server thinks of tables that were just filled.
	if err := t.ExecScript(ctx, "SET LOCAL enable_nestloop = off"); err != nil {
		return err
	}
	return t.execForBatch(ctx, r.batch.ID,
		`INSERT INTO customer (id, identity, email, first_name, last_name, sender_id, details, sender_number, name_mark, last_batch, last_row)
			SELECT n.customer, r.identity, r.email, r.first_name, r.last_name, r.sender_id, r.details, n.sender_number, r.name_mark, r.batch, r.ordinal
			FROM newcomer n JOIN input_row r ON r.batch = n.batch AND r.ordinal = n.ordinal WHERE n.batch = ? ORDER BY n.customer`,
		// Rows of this and of earlier inputs whose e-mail has a customer only now.
		`UPDATE input_row r SET customer = c.id FROM newcomer n JOIN customer c ON c.id = n.customer
			WHERE n.batch = ? AND r.customer IS NULL AND coalesce(r.identity, r.email) <> '' AND coalesce(c.identity, c.email) = coalesce(r.identity, r.email)`,
		"DELETE FROM newcomer WHERE batch = ?",
		"DELETE FROM check_pass WHERE batch = ?")
}

// CountReported implements ledger.ReportedCounter.
func (r *registration) CountReported(ctx context.Context, s ledger.Status) (int, error) {
	if err := r.requireOpen(); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.copyPart(ctx); err != nil {
		return 0, r.stop(ctx, err)
	}
	return read(ctx, &r.l.core, func(c *conn) (n int, err error) {
		chosen, batches := ledger.Selection{Only: []ledger.Status{s}}, map[int64]ledger.Batch{r.batch.ID: r.batch}
		err = c.LinesWhere(ctx, chosen, tables.ReviewedLine, batches, "r.batch = ?", []any{r.batch.ID}, func(line *tables.Line) error {
			if line.WasReported {
				n++
			}
			return nil
		})
		return n, err
	})
}

// execForBatch executes statements whose only argument is a batch.
func (t *tx) execForBatch(ctx context.Context, batch int64, texts ...string) error {
	for _, text := range texts {
		if err := t.Exec(ctx, text, batch); err != nil {
			return err
		}
	}
	return nil
}

// putBatch writes the batch with its files.
func (r *registration) putBatch(ctx context.Context, t *tx) error {
	carried, err := listText(r.batch.Carried)
	if err == nil {
		err = t.Exec(ctx, "INSERT INTO batch (id, fingerprint, settings, carried, rows, registered_us) VALUES (?, ?, ?, ?, ?, ?)",
			r.batch.ID, r.batch.Fingerprint, r.batch.Settings, carried, r.batch.Rows, tables.Micros(r.batch.Registered))
	}
	for i, f := range r.batch.Files {
		if err == nil {
			err = t.Exec(ctx, "INSERT INTO input_file VALUES (?, ?, ?, ?, ?, ?)", r.batch.ID, i, f.Name, f.Sheet, f.SHA256, f.Rows)
		}
	}
	return err
}

// updateKnown points the customers that were known before to the rows that claim them
// now. Of those for whom nothing was sent, the new row counts.
func (t *tx) updateKnown(ctx context.Context, batch int64) error {
	if err := t.Exec(ctx, `UPDATE customer SET last_batch = r.batch, last_row = r.ordinal FROM input_row r
		WHERE r.batch = ? AND r.claims = 1 AND customer.id = r.customer`, batch); err != nil {
		return err
	}
	changed, err := t.QueryIDs(ctx, `SELECT c.id FROM input_row r JOIN customer c ON c.id = r.customer
		WHERE r.batch = ? AND r.claims = 1 AND c.attempts = 0 AND c.status <> 'forgotten'
			AND (c.email, c.first_name, c.last_name, c.sender_id, c.name_mark, c.details) IS DISTINCT FROM (r.email, r.first_name, r.last_name, r.sender_id, r.name_mark, r.details)
		ORDER BY c.id`, batch)
	if err == nil {
		err = t.takeLastRow(ctx, changed)
	}
	if err == nil {
		err = t.takeMarks(ctx, changed)
	}
	return err
}

// Rollback implements ledger.Registration.
func (r *registration) Rollback() error { return r.rollBack(context.Background()) }

// rollBack deletes what is in the tables already.
func (r *registration) rollBack(ctx context.Context) error {
	if r.isOver {
		return nil
	}
	r.isOver = true
	return r.l.write(ctx, holdSender, func(ctx context.Context, t *tx) error {
		return t.execForBatch(ctx, r.batch.ID, "DELETE FROM input_row WHERE batch = ?", "DELETE FROM newcomer WHERE batch = ?", "DELETE FROM check_pass WHERE batch = ?")
	})
}

// stop ends the registration for an error.
func (r *registration) stop(ctx context.Context, cause error) error {
	if errors.Is(cause, ledger.ErrWrite) || errors.Is(cause, ledger.ErrUnavailable) { // nothing can be deleted; the next opening does
		r.isOver = true
		return cause
	}
	return errors.Join(cause, r.rollBack(ctx))
}
