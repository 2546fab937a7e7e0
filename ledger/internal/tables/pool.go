package tables

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

// Pool is a set of connections that keep their prepared statements. It may be used
// by any number of goroutines, once Environment and Keys are set.
type Pool struct {
	Environment string        // of the ledger, for keys that are not stored
	Keys        *keyed.Secret // nil as long as no digest is needed
	connect     func(context.Context) (Database, error)
	end         func() error // after the last connection was closed
	idle        chan *Reader
}

// NewPool returns a pool over an SQLite database, which it closes.
func NewPool(db *sql.DB) *Pool {
	return NewPoolOf(func(ctx context.Context) (Database, error) {
		c, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return newPrepared(c), nil
	}, db.Close)
}

// NewPoolOf returns a pool whose connections are made by connect. Its Close calls end.
func NewPoolOf(connect func(context.Context) (Database, error), end func() error) *Pool {
	return &Pool{connect: connect, end: end, idle: make(chan *Reader, 4)}
}

// Get returns a connection, which goes back with Put.
func (p *Pool) Get(ctx context.Context) (*Reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case r := <-p.idle:
		r.Environment, r.Keys = p.Environment, p.Keys
		return r, nil
	default:
	}
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	return NewReader(c, p.Environment, p.Keys), nil
}

// Put returns a connection that is between transactions.
func (p *Pool) Put(r *Reader) error {
	select {
	case p.idle <- r:
		return nil
	default:
		return r.Close()
	}
}

// UseOnce uses a connection and closes the pool.
func (p *Pool) UseOnce(ctx context.Context, use func(*Reader) error) (err error) {
	defer func() { err = errors.Join(err, p.Close()) }()
	r, err := p.Get(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return use(r)
}

// Close closes the connections that were put back.
func (p *Pool) Close() error {
	var all []error
	for len(p.idle) > 0 {
		all = append(all, (<-p.idle).Close())
	}
	return errors.Join(append(all, p.end())...)
}
