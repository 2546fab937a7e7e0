package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
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
	keys        *keyed.Secret
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
	defer func() { err = errors.Join(err, c.Close()) }()
	return use(c)
}

// get returns a connection, which goes back with put.
func (p *pool) get(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c := <-p.idle:
		c.Environment, c.Keys = p.environment, p.keys
		return c, nil
	default:
	}
	c, err := p.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{tables.NewReader(c, p.environment, p.keys)}, nil
}

// put returns a connection that is between transactions.
func (p *pool) put(c *conn) error {
	select {
	case p.idle <- c:
		return nil
	default:
		return c.Close()
	}
}

// close closes the connections that were put back.
func (p *pool) close() error {
	var all []error
	for len(p.idle) > 0 {
		all = append(all, (<-p.idle).Close())
	}
	return errors.Join(append(all, p.db.Close())...)
}

// conn is one connection with its prepared statements. It is used by one goroutine
// at a time.
type conn struct{ *tables.Reader }

// record is one row of a query.
type record = tables.Record
