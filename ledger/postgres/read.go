package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

var _ ledger.Reader = (*Ledger)(nil)

// Visitor is shown everything that a ledger holds; see Ledger.Walk.
type Visitor = tables.Visitor

// Decided is how many customers were decided in a stretch of time, and when.
type Decided = tables.Decided

// snapshot is a connection that sees one state until end is called.
func (l *core) snapshot(ctx context.Context) (c *conn, end func(), err error) {
	err = l.retryReading(ctx, func() (bool, error) {
		c, end, err = l.trySnapshot(ctx)
		return true, err
	})
	return c, end, err
}

// retryReading calls try until it succeeds, for the ledger's patience while the server
// cannot be reached. try says whether it may be called again.
func (l *core) retryReading(ctx context.Context, try func() (canRetry bool, err error)) error {
	for began, pause := time.Now(), 20*time.Millisecond; ; pause = min(2*pause, time.Second) {
		canRetry, err := try()
		if !canRetry || !errors.Is(err, ledger.ErrUnavailable) || time.Since(began) > l.options.Patience {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errReadOnly says that a server has been made read-only under an open connection: another
// one is the primary, and what this one shows is the past.
var errReadOnly = errors.New("the server accepts no writes any more")

// trySnapshot is snapshot without patience. A connection that has died is not used again,
// nor one to a server that has been demoted, unless the ledger was opened to read that one.
func (l *core) trySnapshot(ctx context.Context) (c *conn, end func(), err error) {
	r, err := l.readers.Get(ctx)
	if err != nil {
		return nil, nil, l.classify(err, false)
	}
	db, _ := r.Database().(*database) // the pool has no others
	c = &conn{r, db}
	// Queries do not heed ctx. A server that has fallen silent would hold them for ever.
	heed := context.AfterFunc(ctx, func() { _ = db.pg.PgConn().Conn().SetDeadline(time.Unix(1, 0)) }) // of a closed connection there is nothing to end
	end = func() {
		err := c.ExecScript(context.WithoutCancel(ctx), "ROLLBACK")
		if isUntouched := heed(); err != nil || !isUntouched {
			_ = c.Close() // it has nothing to lose
			return
		}
		_ = l.readers.Put(r)
	}
	isDemoted := false
	err = c.ExecScript(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err == nil {
		err = c.Query(ctx, "SELECT environment, detail_names, current_setting('default_transaction_read_only') = 'on' OR pg_is_in_recovery() FROM ledger", nil, func(r *record) error {
			c.Environment = r.Text()
			r.JSON(&c.DetailNames)
			isDemoted = r.Bool()
			return nil
		})
	}
	if err == nil && isDemoted && (l.canWrite || l.address.config.ValidateConnect != nil) {
		_ = c.Close() // it has nothing to lose
		return nil, nil, l.classify(errReadOnly, false)
	}
	if err != nil {
		err = l.classify(err, !c.db.pg.IsClosed())
		end()
		return nil, nil, err
	}
	return c, end, nil
}

// read reads one state of the ledger. from may be called more than once.
func read[T any](ctx context.Context, l *core, from func(*conn) (T, error)) (out T, err error) {
	err = l.retryReading(ctx, func() (bool, error) {
		out, err = readOnce(ctx, l, from)
		return true, err
	})
	return out, err
}

// readOnce is read for what cannot be done twice.
func readOnce[T any](ctx context.Context, l *core, from func(*conn) (T, error)) (T, error) {
	c, end, err := l.trySnapshot(ctx)
	if err != nil {
		return *new(T), err
	}
	defer end()
	out, err := from(c)
	return out, l.classify(err, !c.db.pg.IsClosed())
}

// readState implements tables.ReadState.
func (l *core) readState(ctx context.Context, from func(*tables.Reader) (canRepeat bool, err error)) error {
	return l.retryReading(ctx, func() (bool, error) {
		canRepeat := true
		_, err := readOnce(ctx, l, func(c *conn) (_ struct{}, err error) {
			canRepeat, err = from(c.Reader)
			return struct{}{}, err
		})
		return canRepeat, err
	})
}

// Info implements ledger.Reader.
func (l *Ledger) Info(ctx context.Context) (ledger.Info, error) {
	return read(ctx, &l.core, func(c *conn) (ledger.Info, error) { return l.infoOf(ctx, c) })
}

// infoOf reads what the ledger is bound to.
func (l *core) infoOf(ctx context.Context, c *conn) (ledger.Info, error) {
	h, err := c.readHeader(ctx)
	h.info.Path, h.info.Opened = l.address.text, l.info.Opened
	return h.info, err
}

// Verify proves the ledger, and returns what contradicts it, an empty list if nothing
// does; see tables.Reader.Verify. References and values are held by the server's own
// constraints. Others may write meanwhile.
func (l *Ledger) Verify(ctx context.Context) ([]string, error) {
	return read(ctx, &l.core, func(c *conn) ([]string, error) {
		found, err := c.VerifyRecords(ctx)
		if err != nil {
			return nil, err
		}
		err = c.Query(ctx, `SELECT c.id FROM customer c LEFT JOIN lookup x ON x.customer = c.id
			WHERE (c.status = 'in_doubt', c.pairing = 'unconfirmed', c.service_mark, c.url_mark)
				IS DISTINCT FROM (coalesce(x.in_doubt, 0) = 1, coalesce(x.unconfirmed, 0) = 1, coalesce(x.service_mark, 0), coalesce(x.url_mark, 0))
			ORDER BY c.id LIMIT 10`, nil, func(r *record) error {
			found = append(found, fmt.Sprintf("customer %d: it is not found by what it is looked up by", r.Int64()))
			return nil
		})
		return found, err
	})
}

// Walk shows a visitor everything, all of one state; see tables.Reader.Walk. An error of
// the visitor ends it. Others may write meanwhile.
func (l *Ledger) Walk(ctx context.Context, to Visitor) error {
	_, err := readOnce(ctx, &l.core, func(c *conn) (struct{}, error) {
		info, err := l.infoOf(ctx, c)
		if err == nil {
			err = c.Walk(ctx, info, to)
		}
		return struct{}{}, err
	})
	return err
}

// Snapshot is the ledger at one moment.
type Snapshot = tables.Snapshot

// Snapshot begins a snapshot. Until its Close the server keeps what is overwritten
// meanwhile.
func (l *Ledger) Snapshot(ctx context.Context) (*Snapshot, error) {
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return tables.NewSnapshot(c.Reader, end), nil
}

// Digest implements ledger.Registrar.
func (l *Ledger) Digest(details []ledger.Detail) ledger.Details {
	return l.keys.Details(l.detailNames.Load().Add(details).Values(details))
}
