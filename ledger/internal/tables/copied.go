package tables

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CopiedTable is a table that ledgers of every kind have, with the columns that they
// have in common.
type CopiedTable struct {
	Name    string
	columns string // with commas
	where   string // which rows are copied; "" = all
	order   string // the same in every kind of ledger
}

// ColumnList returns the names of the copied columns, with commas between them.
func (t CopiedTable) ColumnList() string { return t.columns }

// Columns returns the names of the copied columns.
func (t CopiedTable) Columns() []string { return strings.Split(t.columns, ", ") }

// CopiedTables returns the tables in an order in which no row refers to a later table.
// The table ledger is not among them; see [Copied].
func CopiedTables() []CopiedTable {
	return []CopiedTable{
		{"batch", "id, fingerprint, settings, carried, rows, registered_us", "", "id"},
		{"input_file", "batch, number, name, sheet, sha256, rows", "", "batch, number"},
		{"plan", "id, state, terms, rows, who, host, made_us, expires_us, decided_us, approves, decided_by, decided_on, signer, signature, because", "", "id COLLATE BINARY"},
		{"plan_row", "plan, customer, details, generation", "", "plan COLLATE BINARY, customer"},
		{"run", RunColumns, "", "id"},
		{"customer", `id, status, generation, intents, attempts, last_batch, last_row, identity, email, first_name, last_name, sender_id, details, sender_number, ` +
			`name_mark, service_id, service_mark, url, url_mark, issued_us, pairing, field, code, message, manual, http_status, key, first_sent_us, decided_us`, "", "id"},
		{"attempt", `id, customer, run, generation, class, absent, key, removes, not_before_us, not_before_offset_us, not_before_certain, ` +
			`not_after_us, not_after_offset_us, not_after_certain, http_status, code, details, excerpt`, "", "id"},
		{"input_row", `batch, ordinal, file, number, line, customer, claims, verdict, repeats, identity, email, first_name, last_name, sender_id, carry, findings, ` +
			`details, name_mark, recall`, "batch IN (SELECT id FROM batch)", "batch, ordinal"},
		{"forgotten", "digest, customer", "", "digest"},
		{"reported", "mark, first_run, last_run", "", "mark"},
		{"fact", "name, value, at_us", "name <> '" + factMoved + "'", "name"},
		{"kyc", "service_id, status, since_us, seen_us, retries, retry_count, retry_open, reasons, denied_us, linked_us, resubmitted_us", "", "service_id COLLATE BINARY"},
		{"gap", "id, cause, from_at_us, from_offset_us, from_certain, to_at_us, to_offset_us, to_certain, written_us, scanned_us, ended_us, reason", "", "id"},
		{"gap_user", "digest, gap", "", "digest, gap"},
	}
}

// factMoved is the name of the fact that closes a ledger: where its copy is.
const factMoved = "moved_to"

// Copied is a ledger that is being copied to another place. It is read within one
// transaction, by one goroutine.
type Copied struct {
	*Reader
	LastAttempt int64     // number of the newest attempt ever made
	Closed      time.Time // when an earlier copy, which was cut off, closed the ledger; zero if none did
	close       func() error
}

// NewCopied returns a ledger to be copied. close commits that it is closed.
func NewCopied(r *Reader, lastAttempt int64, closed time.Time, close func() error) *Copied {
	return &Copied{r, lastAttempt, closed, close}
}

// Close closes the ledger for writing, for good. It is called once the copy is whole, and
// before it can be used.
func (c *Copied) Close() error { return c.close() }

// Identity is what a ledger and its copies have in common.
type Identity struct {
	ID, Environment, Partner, Slug, Secret, DetailNames string
	Created                                             int64 // microseconds
}

// ReadIdentity reads the table ledger.
func (c *Conn) ReadIdentity(ctx context.Context) (i Identity, err error) {
	err = c.Query(ctx, "SELECT id, environment, account_partner, account_slug, secret, detail_names, created_us FROM ledger", nil, func(r *Record) error {
		i = Identity{r.Text(), r.Text(), r.Text(), r.Text(), r.Text(), r.Text(), r.Int64()}
		return nil
	})
	return i, err
}

// RowsOf yields the rows of a table in its order. A slice of values is valid until the
// next one.
func (c *Conn) RowsOf(ctx context.Context, t CopiedTable) iter.Seq2[[]any, error] {
	text := "SELECT " + t.columns + " FROM " + t.Name
	if t.where != "" {
		text += " WHERE " + t.where
	}
	return func(yield func([]any, error) bool) {
		err := c.db.Query(ctx, text+" ORDER BY "+t.order, nil, true, func(values []any) error {
			if !yield(values, nil) {
				return ErrStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrStopped) {
			yield(nil, err)
		}
	}
}

// ErrCopyDiffers says that a copy has not the rows of its original.
var ErrCopyDiffers = errors.New("the copy differs from the original")

// CheckCopy compares a copy with its original, row by row, and returns how many rows
// they have. ErrCopyDiffers names the first row that differs.
func CheckCopy(ctx context.Context, original, copied *Conn) (rows int, err error) {
	for _, t := range CopiedTables() {
		n, err := checkTable(ctx, t, original, copied)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

func checkTable(ctx context.Context, t CopiedTable, original, copied *Conn) (n int, err error) {
	next, stop := iter.Pull2(copied.RowsOf(ctx, t))
	defer stop()
	for want, err := range original.RowsOf(ctx, t) {
		if err != nil {
			return 0, err
		}
		n++
		got, err, isThere := next()
		if err != nil {
			return 0, err
		}
		if !isThere || !reflect.DeepEqual(got, want) {
			return 0, fmt.Errorf("table %s, row %d: %w", t.Name, n, ErrCopyDiffers)
		}
	}
	if _, err, isThere := next(); isThere || err != nil {
		return 0, errors.Join(err, fmt.Errorf("table %s has more than %d rows: %w", t.Name, n, ErrCopyDiffers))
	}
	return n, nil
}

// Moved returns where the copy of a closed ledger is, and when it was closed; "" if the
// ledger is not closed.
func (c *Conn) Moved(ctx context.Context) (to string, at time.Time, err error) {
	to, at, _, err = c.ReadFact(ctx, factMoved)
	return to, at, err
}

// DescribeMove returns a sentence about a ledger that was closed for another place than
// allowed; "" if it was not.
func (c *Conn) DescribeMove(ctx context.Context, allowed string) (string, error) {
	to, at, err := c.Moved(ctx)
	if err != nil || to == "" || to == allowed {
		return "", err
	}
	return fmt.Sprintf("it was copied to %s on %s and is closed for writing; use --ledger '%s'", to, at.Format("2 January 2006"), to), nil
}

// CheckMoved returns ledger.ErrMoved for a ledger that was closed for another place
// than allowed.
func (c *Conn) CheckMoved(ctx context.Context, allowed string) error {
	what, err := c.DescribeMove(ctx, allowed)
	if err != nil || what == "" {
		return err
	}
	return fmt.Errorf("%s: %w", what, ledger.ErrMoved)
}

// MarkMoved closes a ledger whose copy is at another place.
func (c Writer) MarkMoved(ctx context.Context, to string, at time.Time) error {
	return c.PutFact(ctx, factMoved, to, at)
}

// NoteCopyGap writes the gap of a copy whose original was closed at an earlier moment: an
// earlier copy may have sent since, and be lost.
func (c Writer) NoteCopyGap(ctx context.Context, closed, now time.Time) error {
	id, err := c.NextGap(ctx)
	if err == nil {
		_, err = c.InsertGap(ctx, ledger.Gap{ID: id, Cause: ledger.GapCopy, From: ledger.Instant{At: closed}, To: ledger.Instant{At: now}}, now, closed, now)
	}
	return err
}
