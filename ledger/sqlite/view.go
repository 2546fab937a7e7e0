package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// mode is how a connection uses the file.
type mode int

const (
	modeRead mode = iota
	modeWrite
	modeFill   // a new file, not yet in WAL mode
	modeCopy   // reads the ledger, writes another file
	modeAlone  // reads the file itself, without what stands in the log beside it
	modeBeside // writes beside the holder of the lock, and can be told to come back later
)

// pool is a set of connections of one mode.
type pool struct {
	db   *sql.DB
	idle chan *view // with their prepared statements, which are most of the cost of a short look
}

func openPool(path string, m mode, conns int) (*pool, error) {
	if err := claimSideFiles(path, m); err != nil {
		return nil, err
	}
	patience := "busy_timeout(60000)"
	if m == modeBeside {
		patience = "busy_timeout(5000)"
	}
	q := url.Values{"_pragma": {patience, "secure_delete(on)", "trusted_schema(off)", "cell_size_check(on)"}}
	switch m {
	case modeRead:
		q.Set("mode", "ro")
		q.Add("_pragma", "query_only(on)")
		q.Add("_pragma", "cache_size(-2048)")
	case modeAlone:
		q.Set("mode", "ro")
		q.Set("immutable", "1")
	case modeCopy:
		q.Set("mode", "ro")
		q.Add("_pragma", "synchronous(full)")
	case modeWrite, modeFill, modeBeside:
		q.Set("mode", "rw")
		q.Add("_pragma", "synchronous(full)")
		q.Add("_pragma", "cache_size(-8192)")
		q.Add("_pragma", fmt.Sprintf("wal_autocheckpoint(%d)", foldAfter))
	}
	dsn := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
	return newPool(dsn, conns)
}

func newPool(dsn string, conns int) (*pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(4)
	return &pool{db, make(chan *view, 4)}, nil
}

// once does something on a connection to a file that is opened and closed for it.
func once(ctx context.Context, path string, m mode, do func(*view) error) (err error) {
	p, err := openPool(path, m, 1)
	if err != nil {
		return err
	}
	return p.once(ctx, do)
}

// once does something on a connection and closes the pool.
func (p *pool) once(ctx context.Context, do func(*view) error) (err error) {
	defer func() { err = errors.Join(err, p.close()) }()
	v, err := p.view(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	return do(v)
}

// close closes the connections that are in the pool.
func (p *pool) close() error {
	var all []error
	for len(p.idle) > 0 {
		all = append(all, (<-p.idle).close())
	}
	return errors.Join(append(all, p.db.Close())...)
}

// put takes a connection back that is between transactions.
func (p *pool) put(v *view) error {
	v.chunks.forget()
	v.under = nil
	select {
	case p.idle <- v:
		return nil
	default:
		return v.close()
	}
}

// view takes a connection out of the pool.
func (p *pool) view(ctx context.Context) (*view, error) {
	select {
	case v := <-p.idle:
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, p.put(v))
		}
		return v, nil
	default:
	}
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &view{conn: c, ready: map[string]*sql.Stmt{}, lists: map[list]*sql.Stmt{}}, nil
}

// view is one connection with its prepared statements, used by one goroutine
// at a time.
type view struct {
	conn    *sql.Conn
	ready   map[string]*sql.Stmt
	lists   map[list]*sql.Stmt // those of ready that are over lists
	chunks  chunkCache
	under   underway          // nil = not read; see read and Ledger.begin
	room    []ledger.Customer // for those of one Record after the other; empty between
	arena   []byte            // for their folders, likewise
	packing []packedIntent    // for those of one Intend after the other
	changed bool              // the transaction under way changed what a report shows
}

func (v *view) close() error {
	var all []error
	for _, st := range v.ready {
		all = append(all, st.Close())
	}
	return errors.Join(append(all, v.conn.Close())...)
}

// stmt prepares a statement once. Texts are few: lists have few lengths.
func (v *view) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := v.ready[text]; ok {
		return st, nil
	}
	st, err := v.conn.PrepareContext(ctx, text)
	if err == nil {
		v.ready[text] = st
	}
	return st, err
}

// run executes without preparing: for what is rare, or several statements.
func (v *view) run(ctx context.Context, text string, args ...any) error {
	_, err := v.conn.ExecContext(ctx, text, args...)
	return err
}

// do executes a prepared statement.
func (v *view) do(ctx context.Context, text string, args ...any) error {
	_, err := v.count(ctx, text, args...)
	return err
}

// count executes a prepared statement and returns how many rows it changed.
func (v *view) count(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := v.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	done, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// one scans the only row of a query; sql.ErrNoRows if there is none.
func (v *view) one(ctx context.Context, text string, args []any, into ...any) error {
	st, err := v.stmt(ctx, text)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(into...)
}

// each calls scan for every row of a query. Once begun it is not interrupted by
// ctx, which would cost as much as the row at every row.
func (v *view) each(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return v.long(context.WithoutCancel(ctx), text, args, scan)
}

// long is each for a query that may take minutes, which ctx interrupts.
func (v *view) long(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	st, err := v.stmt(ctx, text)
	if err != nil {
		return err
	}
	return eachRow(ctx, st, args, scan)
}

func eachRow(ctx context.Context, st *sql.Stmt, args []any, scan func(*sql.Rows) error) error {
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// state is the row of the table of that name.
type state struct{ seq, opened, closed int64 }

func (v *view) state(ctx context.Context) (s state, err error) {
	err = v.one(ctx, "SELECT seq, opened, closed FROM state WHERE id = 1", nil, &s.seq, &s.opened, &s.closed)
	return s, err
}

// meta reads what the ledger is bound to, its secret and its id.
func (v *view) meta(ctx context.Context) (info ledger.Info, keys keyed.Secret, id string, err error) {
	var created int64
	var secret []byte
	get := func(name string, into any) {
		if err == nil {
			err = v.one(ctx, "SELECT value FROM meta WHERE name = ?", []any{name}, into)
		}
	}
	get("id", &id)
	get("environment", &info.Environment)
	if err == nil {
		info.Account, err = v.account(ctx)
	}
	get("created", &created)
	get("secret", &secret)
	if err == nil {
		err = v.one(ctx, "PRAGMA user_version", nil, &info.Schema)
	}
	if err == nil && (len(secret) != len(keys) || len(id) < 16) {
		err = errChunk
	}
	copy(keys[:], secret)
	info.Created = moment(created)
	return info, keys, id, err
}

// check runs quick_check or integrity_check; no problem gives an empty list.
func (v *view) check(ctx context.Context, kind string) ([]string, error) {
	var problems []string
	err := v.long(ctx, "PRAGMA "+kind+"(20)", nil, func(r *sql.Rows) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		if s != "ok" {
			problems = append(problems, s)
		}
		return nil
	})
	return problems, err
}

// snapshot is a connection that sees one state until end is called.
func (l *Ledger) snapshot(ctx context.Context) (*view, func(), error) {
	v, err := l.readers.view(ctx)
	if err != nil {
		return nil, nil, l.sick(err)
	}
	// The transaction sees the state of its first read.
	var one int
	if err = v.do(ctx, "BEGIN"); err == nil {
		err = v.one(ctx, "SELECT count(*) FROM state", nil, &one)
	}
	if err == nil {
		v.under, err = v.readUnderway(ctx)
	}
	end := func() {
		// A read transaction has nothing to lose: if it cannot be ended the
		// connection is thrown away with it.
		if err := v.do(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
			_ = v.close()
			return
		}
		_ = l.readers.put(v)
	}
	if err != nil {
		end()
		return nil, nil, l.sick(err)
	}
	return v, end, nil
}

// sick tells a damaged file from other errors of SQLite.
func (l *Ledger) sick(err error) error {
	if err == nil {
		return nil
	}
	if shape := shapeError(""); errors.As(err, &shape) {
		return damaged(l.path, string(shape))
	}
	if version := versionError(0); errors.As(err, &version) {
		return otherVersion(l.path, int(version))
	}
	if errors.Is(err, errChunk) {
		return damaged(l.path, err.Error())
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_FORMAT, codes.SQLITE_ERROR, codes.SQLITE_MISMATCH:
			return damaged(l.path, e.Error())
		}
	}
	return fmt.Errorf("%s: %w", l.path, err)
}

// stamp stores a moment as nanoseconds since 1970, none as 0.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro() * 1000 // see ledger.Stored
}

func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// plain is a moment as it comes back from the file.
func plain(t time.Time) time.Time { return moment(stamp(t)) }
