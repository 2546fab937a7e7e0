package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// mode is how a connection uses the file.
type mode int

const (
	modeRead       mode = iota
	modeWrite           // writes; this process holds the lock
	modeFill            // a new file, not yet in WAL mode
	modeCopy            // reads the ledger, writes another file
	modeFileOnly        // reads the file without its log
	modeConcurrent      // writes while another process holds the lock; may fail with ErrBusy
)

const (
	busyTimeout           = 60_000 // milliseconds
	busyTimeoutConcurrent = 5_000
	writerCache           = 8 << 10 // KiB; see fitCache
	readerCache           = 2 << 10
	// checkpointAfter is the length of the log, in pages of 4 KiB, at which a commit
	// moves it into the file. A page that is written again and again is moved once.
	checkpointAfter = 16000
)

func openPool(path string, m mode, conns int) (*tables.Pool, error) {
	if err := datafile.CheckOwn(path); err != nil {
		return nil, err
	}
	if m != modeFill && m != modeFileOnly { // those have no side files
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

func newPool(dsn string, conns int) (*tables.Pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("opening SQLite: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(4)
	return tables.NewPool(db), nil
}

// fitCache gives the writing connection 24 bytes of cache for each customer, between
// 8 and 64 MiB: new entries of the indexes go to pages all over them.
func (c *conn) fitCache(ctx context.Context, customers int64) error {
	return c.ExecScript(ctx, fmt.Sprintf("PRAGMA cache_size = -%d", min(max(writerCache, customers*24>>10), 64<<10)))
}

// withConn opens a file for one use of a connection to it.
func withConn(ctx context.Context, path string, m mode, use func(*conn) error) error {
	p, err := openPool(path, m, 1)
	if err != nil {
		return err
	}
	return p.UseOnce(ctx, func(r *tables.Reader) error { return use(&conn{r}) })
}

// conn is one connection with its prepared statements. It is used by one goroutine
// at a time.
type conn struct{ *tables.Reader }

// record is one row of a query.
type record = tables.Record
