// Package tables reads a ledger that is kept in SQL tables: rows for reports
// ([Reader.Rows]), customers ([Reader.Customers]), and the proof that the tables agree
// with each other ([Reader.Verify]). It writes what both databases do with the same
// statements ([Writer]), and compares a copy with its original ([CheckCopy]). Start at
// [Conn] and [Reader].
package tables

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Database runs statements on one connection. The statements of this package are
// written as SQLite has them; what PostgreSQL says differently, its ledger rewrites.
// A list of numbers, texts or digests is one argument. It is used by one goroutine at
// a time.
type Database interface {
	// Exec executes a statement and returns how many rows it changed.
	Exec(ctx context.Context, text string, args []any) (int, error)
	// ExecScript executes statements without preparing them.
	ExecScript(ctx context.Context, text string, args []any) error
	// QueryOne reads the only row of a query; sql.ErrNoRows if there is none.
	QueryOne(ctx context.Context, text string, args, into []any) error
	// Query calls read for every row. The values are its own until the next row: int64,
	// string, []byte, bool or nil. read may use the connection. Where the result may be
	// long, it is not kept in memory.
	Query(ctx context.Context, text string, args []any, isLong bool, read func(values []any) error) error
	// MaxList is how many values a query over a list has at most; 0 says that a list is
	// one argument.
	MaxList() int
	// Statements returns the statements that were prepared.
	Statements() []string
	Close() error
}

// Conn is one connection to a ledger. It is used by one goroutine at a time.
type Conn struct {
	Environment string             // of the ledger, for keys that are not stored
	DetailNames ledger.DetailNames // of the state that is read
	db          Database
}

// Reader is a connection that reads a ledger.
type Reader struct {
	*Conn
	Keys *keyed.Secret // nil as long as no digest is needed
}

// NewReader returns a reader on a connection, which it closes.
func NewReader(db Database, environment string, keys *keyed.Secret) *Reader {
	return &Reader{&Conn{Environment: environment, db: db}, keys}
}

// Writer writes a ledger within the caller's transaction: what both databases do with the
// same statements.
type Writer struct{ *Reader }

// Writer returns what writes on the connection.
func (c *Reader) Writer() Writer { return Writer{c} }

// Database returns what runs the statements.
func (c *Conn) Database() Database { return c.db }

// Close closes the connection.
func (c *Conn) Close() error { return c.db.Close() }

// Statements returns the statements that were prepared.
func (c *Conn) Statements() []string { return c.db.Statements() }

// ExecScript executes statements without preparing them: for what is rare.
func (c *Conn) ExecScript(ctx context.Context, text string, args ...any) error {
	return c.db.ExecScript(ctx, text, args)
}

// Exec executes a prepared statement.
func (c *Conn) Exec(ctx context.Context, text string, args ...any) error {
	_, err := c.db.Exec(ctx, text, args)
	return err
}

// ExecCount is Exec and returns how many rows were changed.
func (c *Conn) ExecCount(ctx context.Context, text string, args ...any) (int, error) {
	return c.db.Exec(ctx, text, args)
}

// QueryOne reads the only row of a query; sql.ErrNoRows if there is none.
func (c *Conn) QueryOne(ctx context.Context, text string, args []any, into ...any) error {
	return c.db.QueryOne(ctx, text, args, into)
}

// Query calls read for every row. Once begun it is not interrupted by ctx, which
// the driver would watch with a goroutine for each query.
func (c *Conn) Query(ctx context.Context, text string, args []any, read func(*Record) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.query(context.WithoutCancel(ctx), text, args, false, read)
}

// QueryLong is like Query, for statements that may run for minutes: ctx interrupts it. Its result
// may be millions of rows.
func (c *Conn) QueryLong(ctx context.Context, text string, args []any, read func(*Record) error) error {
	return c.query(ctx, text, args, true, read)
}

func (c *Conn) query(ctx context.Context, text string, args []any, isLong bool, read func(*Record) error) error {
	rec := &Record{environment: c.Environment}
	return c.db.Query(ctx, text, args, isLong, func(values []any) error {
		rec.values, rec.at = values, 0
		if err := read(rec); err != nil {
			return err
		}
		return rec.Err()
	})
}

// QueryIDs reads the only column of a query.
func (c *Conn) QueryIDs(ctx context.Context, text string, args ...any) (ids []int64, err error) {
	err = c.Query(ctx, text, args, func(r *Record) error {
		ids = append(ids, r.Int64())
		return nil
	})
	return ids, err
}

// QueryList runs a query that has "IN (?)" over a list. The rows come in any order.
// In pieces of few sizes it needs few prepared statements.
func QueryList[T any](ctx context.Context, c *Conn, text string, list []T, read func(*Record) error) error {
	maxList := c.db.MaxList()
	if maxList == 0 && len(list) > 0 {
		return c.Query(ctx, strings.Replace(text, "IN (?)", "= ANY (?)", 1), []any{list}, read)
	}
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
	at          int // next column
	isMalformed bool
	environment string
}

// NewRecord returns a record of values that were read; see Database.Query.
func NewRecord(values []any, environment string) *Record {
	return &Record{values: values, environment: environment}
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

// Text reads a text; NULL is "".
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

// IsNull reports whether the next column is NULL.
func (r *Record) IsNull() bool { return r.values[r.at] == nil }

// Int64 reads a number; NULL is 0.
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

func (r *Record) Int() int { return int(r.Int64()) }

// Bool reads a flag, or the result of a condition.
func (r *Record) Bool() bool {
	if is, ok := r.values[r.at].(bool); ok {
		r.at++
		return is
	}
	return r.Int64() != 0
}

// Blob reads bytes into a new slice; NULL is nil.
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

// Time reads a time in microseconds; NULL is the zero time.
func (r *Record) Time() time.Time {
	if r.IsNull() {
		r.at++
		return time.Time{}
	}
	return time.UnixMicro(r.Int64()).UTC()
}

// Instant reads three columns.
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
