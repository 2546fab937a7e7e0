package tables

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Conn is one connection with its prepared statements. It is used by one goroutine
// at a time.
type Conn struct {
	Environment string             // of the ledger, for keys that are not stored
	DetailNames ledger.DetailNames // of the state that is read
	sql         *sql.Conn
	prepared    map[string]*sql.Stmt
}

// Reader is a connection that reads a ledger.
type Reader struct {
	*Conn
	Keys *keyed.Secret // nil as long as no digest is needed
}

// NewReader returns a reader on a connection, which it closes.
func NewReader(c *sql.Conn, environment string, keys *keyed.Secret) *Reader {
	return &Reader{&Conn{Environment: environment, sql: c, prepared: map[string]*sql.Stmt{}}, keys}
}

func (c *Conn) Close() error {
	var all []error
	for _, st := range c.prepared {
		all = append(all, st.Close())
	}
	return errors.Join(append(all, c.sql.Close())...)
}

// prepare prepares a statement once.
func (c *Conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := c.prepared[text]; st != nil {
		return st, nil
	}
	st, err := c.sql.PrepareContext(ctx, text)
	if err == nil {
		c.prepared[text] = st
	}
	return st, err
}

// Statements returns the statements that were prepared.
func (c *Conn) Statements() []string { return slices.Collect(maps.Keys(c.prepared)) }

// ExecScript executes statements without preparing them: for what is rare.
func (c *Conn) ExecScript(ctx context.Context, text string, args ...any) error {
	_, err := c.sql.ExecContext(ctx, text, args...)
	return err
}

// Exec executes a prepared statement.
func (c *Conn) Exec(ctx context.Context, text string, args ...any) error {
	st, err := c.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err == nil {
		_, err = st.ExecContext(ctx, args...)
	}
	return err
}

// ExecCount is Exec and returns how many rows were changed.
func (c *Conn) ExecCount(ctx context.Context, text string, args ...any) (int, error) {
	st, err := c.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return 0, err
	}
	done, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := done.RowsAffected()
	return int(n), err
}

// QueryOne reads the only row of a query; sql.ErrNoRows if there is none.
func (c *Conn) QueryOne(ctx context.Context, text string, args []any, into ...any) error {
	st, err := c.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// Query calls read for every row. Once begun it is not interrupted by ctx, which
// the driver would watch with a goroutine for each query.
func (c *Conn) Query(ctx context.Context, text string, args []any, read func(*Record) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.QueryLong(context.WithoutCancel(ctx), text, args, read)
}

// QueryLong is like Query, for statements that may run for minutes: ctx interrupts it.
func (c *Conn) QueryLong(ctx context.Context, text string, args []any, read func(*Record) error) error {
	st, err := c.prepare(ctx, text) //nolint:sqlclosecheck // Close closes all statements
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err says what failed
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	rec := newRecord(len(names), c.Environment)
	for rows.Next() {
		if err := rows.Scan(rec.into...); err != nil {
			return err
		}
		rec.at = 0
		if err := read(rec); err != nil {
			return err
		}
		if err := rec.Err(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// QueryIDs reads the only column of a query.
func (c *Conn) QueryIDs(ctx context.Context, text string, args ...any) (ids []int64, err error) {
	err = c.Query(ctx, text, args, func(r *Record) error {
		ids = append(ids, r.Int64())
		return nil
	})
	return ids, err
}

// maxList is how many values a query over a list has at most.
const maxList = 256

// QueryList runs a query that has "IN (?)" over a list, in pieces of few sizes, so
// that few statements are prepared. The rows come in any order.
func QueryList[T any](ctx context.Context, c *Conn, text string, list []T, read func(*Record) error) error {
	for len(list) > 0 {
		size := 1
		for size < min(len(list), maxList) {
			size *= 4
		}
		n := min(size, len(list))
		args := make([]any, size)
		for i := range args {
			args[i] = list[min(i, n-1)]
		}
		list = list[n:]
		if err := c.Query(ctx, strings.Replace(text, "(?)", "("+placeholders(size)+")", 1), args, read); err != nil {
			return err
		}
	}
	return nil
}

// QueryNearby is queryList for ids, given once each, that mostly lie side by side,
// as the customers of neighbouring rows do. The text has "%s" for the condition.
// Rows of ids between them may come, too.
func (c *Conn) QueryNearby(ctx context.Context, text string, ids []int64, read func(*Record) error) error {
	if len(ids) == 0 {
		return nil
	}
	low, high := slices.Min(ids), slices.Max(ids)
	if len(ids) < 8 || high-low > int64(2*len(ids)) {
		return QueryList(ctx, c, strings.Replace(text, "%s", "IN (?)", 1), ids, read)
	}
	return c.Query(ctx, strings.Replace(text, "%s", "BETWEEN ? AND ?", 1), []any{low, high}, read)
}

// InsertRows runs "head (?, ...) tail" for rows of some columns, whose values are
// in args one after the other, many with each statement.
func (c *Conn) InsertRows(ctx context.Context, head, tail string, columns int, args []any) error {
	row := "(" + placeholders(columns) + ")"
	for size := 32; len(args) > 0; size /= 4 {
		size = max(size, 1)
		statement := ""
		for len(args) >= size*columns {
			if statement == "" {
				statement = head + row + strings.Repeat(","+row, size-1) + tail
			}
			if err := c.Exec(ctx, statement, args[:size*columns]...); err != nil {
				return err
			}
			args = args[size*columns:]
		}
	}
	return nil
}

func placeholders(n int) string { return strings.Repeat(",?", n)[1:] }

// ErrMalformed says that a value in the file is not of its column's type or form.
var ErrMalformed = errors.New("a value in it is not of the form that this program writes")

// Record is one row of a query, whose columns are read one after the other.
type Record struct {
	values      []any
	into        []any // pointers to values
	at          int   // next column
	isMalformed bool
	environment string
}

func newRecord(columns int, environment string) *Record {
	r := &Record{values: make([]any, columns), into: make([]any, columns), environment: environment}
	for i := range r.values {
		r.into[i] = &r.values[i]
	}
	return r
}

// Err returns ErrMalformed if a value that was read is not of its column's type.
// It comes before the use of what was read.
func (r *Record) Err() error {
	if r.isMalformed {
		return ErrMalformed
	}
	return nil
}

func (r *Record) next() any {
	v := r.values[r.at]
	r.at++
	return v
}

// text reads a text; NULL is "".
func (r *Record) Text() string {
	switch v := r.next().(type) {
	case string:
		return v
	case nil:
		return ""
	}
	r.isMalformed = true
	return ""
}

// isNull reports whether the next column is NULL.
func (r *Record) IsNull() bool { return r.values[r.at] == nil }

// int64 reads a number; NULL is 0.
func (r *Record) Int64() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case nil:
		return 0
	}
	r.isMalformed = true
	return 0
}

func (r *Record) Int() int   { return int(r.Int64()) }
func (r *Record) Bool() bool { return r.Int64() != 0 }

// blob reads bytes of its own; NULL is nil.
func (r *Record) Blob() []byte {
	switch v := r.next().(type) {
	case []byte:
		return v
	case nil:
		return nil
	}
	r.isMalformed = true
	return nil
}

// Details reads digests of fields; NULL is nil.
func (r *Record) Details() ledger.Details { return r.Blob() }

// time reads a moment in microseconds; NULL is the zero time.
func (r *Record) Time() time.Time {
	if r.IsNull() {
		r.at++
		return time.Time{}
	}
	return time.UnixMicro(r.Int64()).UTC()
}

// instant reads three columns.
func (r *Record) Instant() ledger.Instant {
	at := r.Time()
	return ledger.Instant{At: at, Offset: time.Duration(r.Int64()) * time.Microsecond, Certain: r.Bool()}
}

// Micros returns a moment as it is stored; nil, which is NULL, for none.
func Micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// InstantArgs are the values of the three columns of an instant.
func InstantArgs(i ledger.Instant) []any {
	return []any{Micros(i.At), int64(i.Offset / time.Microsecond), i.Certain}
}

// DetailsArg returns digests of fields as they are stored; nil, which is NULL, for none.
func DetailsArg(d ledger.Details) any {
	if d == nil {
		return nil
	}
	return []byte(d)
}

// EmptyAsNull stores an empty blob as NULL.
func EmptyAsNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
