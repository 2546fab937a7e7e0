package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
)

// mode is how a connection uses the file.
type mode int

const (
	modeRead       mode = iota
	modeWrite           // by whoever holds the lock
	modeFill            // a new file, not yet in WAL mode
	modeCopy            // reads the ledger, writes another file
	modeFileOnly        // reads the file without the log beside it
	modeConcurrent      // writes while another process holds the lock, and can be told to come back later
)

const (
	busyTimeout           = 60_000 // milliseconds
	busyTimeoutConcurrent = 5_000
	writerCache           = 32 << 10 // KiB
	readerCache           = 2 << 10
	// checkpointAfter is the length of the log, in pages of 4 KiB, at which a commit
	// moves it into the file. A page that is written again and again is moved once.
	checkpointAfter = 8000
)

// pool is a set of connections of one mode. It may be used by any number of goroutines.
type pool struct {
	db          *sql.DB
	idle        chan *conn // with their prepared statements
	environment string     // of the ledger, for keys that are not stored; set before customers are read
}

func openPool(path string, m mode, conns int) (*pool, error) {
	if err := datafile.CheckOwn(path); err != nil {
		return nil, err
	}
	if m != modeFill && m != modeFileOnly { // those have no files beside them
		if err := datafile.ClaimSideFiles(path, m == modeRead); err != nil {
			return nil, err
		}
	}
	timeout := busyTimeout
	if m == modeConcurrent {
		timeout = busyTimeoutConcurrent
	}
	q := url.Values{"_pragma": {fmt.Sprintf("busy_timeout(%d)", timeout), "secure_delete(on)", "trusted_schema(off)", "cell_size_check(on)", "foreign_keys(on)"}}
	switch m {
	case modeRead:
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(on)")
		q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", readerCache))
	case modeFileOnly:
		q.Set("mode", "ro")
		q.Set("immutable", "1")
	case modeCopy:
		q.Set("mode", "ro")
		q.Add("_pragma", "synchronous(full)")
	case modeWrite, modeFill, modeConcurrent:
		q.Set("mode", "rw")
		q.Add("_pragma", "synchronous(full)")
		q.Add("_pragma", fmt.Sprintf("cache_size(-%d)", writerCache))
		q.Add("_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", checkpointAfter))
	}
	return newPool((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String(), conns)
}

func newPool(dsn string, conns int) (*pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(4)
	return &pool{db: db, idle: make(chan *conn, 4)}, nil
}

// withConn opens a file for one use of a connection to it.
func withConn(ctx context.Context, path string, m mode, use func(*conn) error) error {
	p, err := openPool(path, m, 1)
	if err != nil {
		return err
	}
	return p.useOnce(ctx, use)
}

// useOnce uses a connection and closes the pool.
func (p *pool) useOnce(ctx context.Context, use func(*conn) error) (err error) {
	defer func() { err = errors.Join(err, p.close()) }()
	c, err := p.get(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	return use(c)
}

// get returns a connection, which goes back with put.
func (p *pool) get(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c := <-p.idle:
		return c, nil
	default:
	}
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{sql: c, prepared: map[string]*sql.Stmt{}, pool: p}, nil
}

// put returns a connection that is between transactions.
func (p *pool) put(c *conn) error {
	select {
	case p.idle <- c:
		return nil
	default:
		return c.close()
	}
}

// close closes the connections that were put back.
func (p *pool) close() error {
	var all []error
	for len(p.idle) > 0 {
		all = append(all, (<-p.idle).close())
	}
	return errors.Join(append(all, p.db.Close())...)
}

// conn is one connection with its prepared statements. It is used by one goroutine
// at a time.
type conn struct {
	sql      *sql.Conn
	prepared map[string]*sql.Stmt
	pool     *pool
}

func (c *conn) close() error {
	var all []error
	for _, st := range c.prepared {
		all = append(all, st.Close())
	}
	return errors.Join(append(all, c.sql.Close())...)
}

// prepare prepares a statement once.
func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st := c.prepared[text]; st != nil {
		return st, nil
	}
	st, err := c.sql.PrepareContext(ctx, text)
	if err == nil {
		c.prepared[text] = st
	}
	return st, err
}

// execScript executes statements without preparing them: for what is rare.
func (c *conn) execScript(ctx context.Context, text string, args ...any) error {
	_, err := c.sql.ExecContext(ctx, text, args...)
	return err
}

// exec executes a prepared statement.
func (c *conn) exec(ctx context.Context, text string, args ...any) error {
	st, err := c.prepare(ctx, text)
	if err == nil {
		_, err = st.ExecContext(ctx, args...)
	}
	return err
}

// execCount is exec and returns how many rows were changed.
func (c *conn) execCount(ctx context.Context, text string, args ...any) (int, error) {
	st, err := c.prepare(ctx, text)
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

// queryOne reads the only row of a query; sql.ErrNoRows if there is none.
func (c *conn) queryOne(ctx context.Context, text string, args []any, into ...any) error {
	st, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// query calls read for every row. Once begun it is not interrupted by ctx, which
// the driver would watch with a goroutine for each query.
func (c *conn) query(ctx context.Context, text string, args []any, read func(*record) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.queryLong(context.WithoutCancel(ctx), text, args, read)
}

// queryLong is query for what may take minutes, which ctx interrupts.
func (c *conn) queryLong(ctx context.Context, text string, args []any, read func(*record) error) error {
	st, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	rec := newRecord(len(names), c.pool.environment)
	for rows.Next() {
		if err := rows.Scan(rec.into...); err != nil {
			return err
		}
		rec.at = 0
		if err := read(rec); err != nil {
			return err
		}
		if rec.isMalformed {
			return errMalformed
		}
	}
	return rows.Err()
}

// queryIDs reads the only column of a query.
func (c *conn) queryIDs(ctx context.Context, text string, args ...any) (ids []int64, err error) {
	err = c.query(ctx, text, args, func(r *record) error {
		ids = append(ids, r.int64())
		return nil
	})
	return ids, err
}

// maxList is how many values a query over a list has at most.
const maxList = 256

// queryList runs a query that has "IN (?)" over a list, in pieces of few sizes, so
// that few statements are prepared. The rows come in any order.
func queryList[T any](ctx context.Context, c *conn, text string, list []T, read func(*record) error) error {
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
		if err := c.query(ctx, strings.Replace(text, "(?)", "("+placeholders(size)+")", 1), args, read); err != nil {
			return err
		}
	}
	return nil
}

// queryNearby is queryList for ids, given once each, that mostly lie side by side,
// as the customers of neighbouring rows do. The text has "%s" for the condition.
// Rows of ids between them may come, too.
func (c *conn) queryNearby(ctx context.Context, text string, ids []int64, read func(*record) error) error {
	if len(ids) == 0 {
		return nil
	}
	low, high := slices.Min(ids), slices.Max(ids)
	if len(ids) < 8 || high-low > int64(2*len(ids)) {
		return queryList(ctx, c, strings.Replace(text, "%s", "IN (?)", 1), ids, read)
	}
	return c.query(ctx, strings.Replace(text, "%s", "BETWEEN ? AND ?", 1), []any{low, high}, read)
}

// insertRows runs "head (?, ...) tail" for rows of some columns, whose values are
// in args one after the other, many with each statement.
func (c *conn) insertRows(ctx context.Context, head, tail string, columns int, args []any) error {
	row := "(" + placeholders(columns) + ")"
	for size := 32; len(args) > 0; size /= 4 {
		size = max(size, 1)
		statement := ""
		for len(args) >= size*columns {
			if statement == "" {
				statement = head + row + strings.Repeat(","+row, size-1) + tail
			}
			if err := c.exec(ctx, statement, args[:size*columns]...); err != nil {
				return err
			}
			args = args[size*columns:]
		}
	}
	return nil
}

func placeholders(n int) string { return strings.Repeat(",?", n)[1:] }

// errMalformed says that a value in the file is not of its column's type or form.
var errMalformed = errors.New("a value in it is not of the form that this program writes")

// record is one row of a query, whose columns are read one after the other.
type record struct {
	values      []any
	into        []any // pointers to values
	at          int   // next column
	isMalformed bool
	environment string
}

func newRecord(columns int, environment string) *record {
	r := &record{values: make([]any, columns), into: make([]any, columns), environment: environment}
	for i := range r.values {
		r.into[i] = &r.values[i]
	}
	return r
}

func (r *record) next() any {
	v := r.values[r.at]
	r.at++
	return v
}

// text reads a text; NULL is "".
func (r *record) text() string {
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
func (r *record) isNull() bool { return r.values[r.at] == nil }

// int64 reads a number; NULL is 0.
func (r *record) int64() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case nil:
		return 0
	}
	r.isMalformed = true
	return 0
}

func (r *record) int() int   { return int(r.int64()) }
func (r *record) bool() bool { return r.int64() != 0 }

// blob reads bytes of its own; NULL is nil.
func (r *record) blob() []byte {
	switch v := r.next().(type) {
	case []byte:
		return v
	case nil:
		return nil
	}
	r.isMalformed = true
	return nil
}

// time reads a moment in microseconds; NULL is the zero time.
func (r *record) time() time.Time {
	if r.isNull() {
		r.at++
		return time.Time{}
	}
	return time.UnixMicro(r.int64()).UTC()
}

// instant reads three columns.
func (r *record) instant() ledger.Instant {
	at := r.time()
	return ledger.Instant{At: at, Offset: time.Duration(r.int64()) * time.Microsecond, Certain: r.bool()}
}

// micros returns a moment as it is stored; nil, which is NULL, for none.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instantArgs are the values of the three columns of an instant.
func instantArgs(i ledger.Instant) []any {
	return []any{micros(i.At), int64(i.Offset / time.Microsecond), i.Certain}
}

// emptyAsNull stores an empty blob as NULL.
func emptyAsNull(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// newestFirst is the id after which a descending walk begins.
const newestFirst = int64(math.MaxInt64)
