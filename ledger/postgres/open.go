package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/tables"
)

// Options say which ledger to open and how.
type Options struct {
	Address     string
	Environment string           // the ledger must belong to it; with ReadOnly, "" = any
	Create      bool             // make the ledger if it does not exist; else ErrMissing
	ReadOnly    bool             // no sender, no write
	Concurrent  bool             // no sender, but every write except Register, Intend, Forget, Readmit and Rebind
	Shared      bool             // others may be senders meanwhile, unless one holds the ledger alone
	Adopt       bool             // write a gap: the ledger was put back from an older copy, or lost writes; see ledger.Gap
	MovedTo     string           // open a closed ledger, too, if its copy is there; see Ledger.CopyTo
	LockTimeout time.Duration    // how long to wait for a sender that is alive and keeps this one out; default 0
	Lease       time.Duration    // how long a sender may be silent before others declare it ended; default 15 s
	Timeout     time.Duration    // the longest that a request of this process can last; default 30 s
	Patience    time.Duration    // how long a call is made again while the server is away; default 1 minute; with Shared at most 2 s for calls of the send pass
	Emergency   string           // file for answers that cannot be recorded; "" = none. Another process that has it open makes this one use FILE-2, and so on
	NeedsFile   bool             // an Emergency that cannot be written is an error, and not only a notice
	Host        string           // for whoever meets the sender; default the name of this machine
	Version     string           // of the program, likewise
	Command     string           // likewise
	Say         func(string)     // what is waited for, and what is noticed once the ledger is open; default: nothing is said
	Now         func() time.Time // default the clock of the database
}

// Ledger is a ledger in PostgreSQL. It may be used by any number of goroutines. Close
// it.
type Ledger struct {
	core
	tables.Readings
	savedPlans
	gapBook
	allSenders
	closing sync.Once
}

// core is how a ledger is reached: connections that read, one that writes, and the right
// to send.
type core struct {
	options     Options
	address     address
	now         func() time.Time
	info        ledger.Info
	keys        keyed.Secret
	id          string                             // of this ledger and all its copies, random
	detailNames atomic.Pointer[ledger.DetailNames] // of the last registration
	readers     *tables.Pool
	writer
	sender *sender // nil unless it may send

	emergency     *emergency.File // nil without one, and unless it may send
	emergencyPath string
	emergencyLock *datafile.Lock

	noticing sync.Mutex
	notices  []string
	isOpen   bool
}

var (
	_ ledger.Ledger       = (*Ledger)(nil)
	_ ledger.Emergency    = (*Ledger)(nil)
	_ ledger.Verification = (*Ledger)(nil)
	_ ledger.Gaps         = (*Ledger)(nil)
)

// Open opens a ledger; unless ReadOnly or Concurrent it becomes a sender, and merges the
// emergency file. Unless Shared it becomes the only sender, and closes the attempts that a
// crash left open. Where another sender has fallen silent that takes the rest of its lease,
// and where it has open attempts the time that a request of it can last.
//
// Errors wrap ErrAddress, ErrMissing, ErrLocked, ErrUnsafe, ErrEnvironment, ErrDamaged,
// ErrNewer, ErrUnavailable or ErrWrite, and say the way out.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	o = o.withDefaults()
	a, err := parseAddress(o.Address)
	if err != nil {
		return nil, err
	}
	l := &Ledger{core: core{options: o, address: a, now: o.Now, writer: writer{lock: make(chan struct{}, 1), canWrite: !o.ReadOnly}}}
	if l.now == nil {
		l.now = func() time.Time { return l.sender.presentTime() }
	}
	l.Readings = tables.NewReadings(l.readState)
	l.savedPlans, l.gapBook, l.allSenders = savedPlans{l}, gapBook{&l.core}, newAllSenders(&l.core)
	l.readers = tables.NewPoolOf(func(ctx context.Context) (tables.Database, error) { return a.connect(ctx, roleRead) }, func() error { return nil })
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.abandon())
	}
	return l, nil
}

// Exists reports whether there is a ledger at an address.
func Exists(ctx context.Context, text string) (has bool, err error) {
	a, err := parseAddress(text)
	if err != nil {
		return false, err
	}
	db, err := a.connectFirst(ctx)
	if err != nil {
		return false, err
	}
	has, err = db.hasLedger(ctx, a.schema)
	return has, errors.Join(err, db.Close())
}

// withDefaults returns the options with what they leave open.
func (o Options) withDefaults() Options {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	for d, normal := range map[*time.Duration]time.Duration{&o.Lease: 15 * time.Second, &o.Timeout: 30 * time.Second, &o.Patience: time.Minute} {
		if *d == 0 {
			*d = normal
		}
	}
	return o
}

func (l *Ledger) open(ctx context.Context) error {
	if err := l.prepareSchema(ctx); err != nil {
		return err
	}
	if err := l.loadHeader(ctx); err != nil || l.options.ReadOnly || l.options.Concurrent {
		return err
	}
	l.sender = l.options.newSender()
	if err := l.openEmergencyIfPossible(ctx); err != nil {
		return err
	}
	if _, err := read(ctx, &l.core, func(c *conn) (struct{}, error) { return struct{}{}, l.readClock(ctx, c.db) }); err != nil {
		return err
	}
	newest, err := l.newestInstant(ctx) // before anything is closed at this moment
	if err == nil {
		err = l.join(ctx)
	}
	if err != nil {
		return err
	}
	if err := l.startBeating(ctx); err != nil {
		return err
	}
	if l.options.Adopt {
		if err := l.adopt(ctx, newest); err != nil {
			return err
		}
	}
	if err := l.recover(ctx); err != nil {
		return err
	}
	l.noticing.Lock()
	l.isOpen = true
	l.noticing.Unlock()
	return nil
}

// prepareSchema checks the server and the schema, and makes the ledger or brings it forward
// where that is asked for.
func (l *core) prepareSchema(ctx context.Context) (err error) {
	db, err := l.address.connectFirst(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.readServer(ctx)
	if err != nil {
		return l.classify(err, true)
	}
	o := l.options
	if err := s.check(!o.ReadOnly); err != nil {
		return fmt.Errorf("%s: %w", l.address.text, err)
	}
	if notice := s.noticeOfStandby(); notice != "" && !o.ReadOnly && !o.Concurrent {
		l.notices = append(l.notices, notice)
	}
	has, err := db.hasLedger(ctx, l.address.schema)
	if err != nil {
		return l.classify(err, true)
	}
	if !has && !o.Create {
		return fmt.Errorf("%s: there is no ledger in schema %s: %w", l.address.text, l.address.schema, ledger.ErrMissing)
	}
	if !has {
		err := db.createLedger(ctx, l.address.schema, o.Environment, l.now().UnixMicro())
		if err != nil { // another process may have been first
			if has, looked := db.hasLedger(ctx, l.address.schema); looked == nil && has {
				err = nil
			}
		}
		if err != nil {
			return fmt.Errorf("%s: the ledger cannot be made: %w: %w", l.address.text, plainError(err), ledger.ErrWrite)
		}
	}
	if o.ReadOnly || o.Concurrent {
		return nil
	}
	err = db.bringForward(ctx, steps())
	if errors.Is(err, ledger.ErrLocked) {
		return fmt.Errorf("%s: %w", l.address.text, err)
	}
	if err != nil {
		return fmt.Errorf("%s: the schema cannot be brought forward: %w: %w", l.address.text, plainError(err), ledger.ErrWrite)
	}
	return nil
}

// readHeader is the row of the table ledger.
type header struct {
	info         ledger.Info
	keys         keyed.Secret
	id           string
	oldestReader int
}

func (c *conn) readHeader(ctx context.Context) (h header, err error) {
	err = c.Query(ctx, "SELECT id, environment, account_partner, account_slug, secret, created_us, schema_version, oldest_reader, detail_names FROM ledger", nil, func(r *record) error {
		h.id, h.info.Environment, h.info.Account.Partner, h.info.Account.Slug = r.Text(), r.Text(), r.Text(), r.Text()
		secret, err := hex.DecodeString(r.Text())
		if err != nil || len(secret) != len(h.keys) {
			return tables.ErrMalformed
		}
		h.keys = keyed.Secret(secret)
		h.info.Created, h.info.Schema, h.oldestReader = r.Time(), r.Int(), r.Int()
		r.JSON(&h.info.DetailNames)
		return nil
	})
	if err == nil && h.id == "" {
		err = tables.ErrMalformed
	}
	return h, err
}

// loadHeader reads what the ledger is bound to, and checks it.
func (l *core) loadHeader(ctx context.Context) error {
	h, err := read(ctx, l, func(c *conn) (header, error) { return c.readHeader(ctx) })
	if err != nil {
		return err
	}
	if h.info.Schema != newestSchema() {
		if err := errOtherSchema(h.info.Schema, h.oldestReader); err != nil {
			return fmt.Errorf("%s: %w", l.address.text, err)
		}
	}
	o := l.options
	if o.Environment != h.info.Environment && (!o.ReadOnly || o.Environment != "") {
		return fmt.Errorf("%s belongs to environment %q, not %q; name the environment it belongs to (--sandbox, --env or --base-url), or the right ledger with --ledger: %w",
			l.address.text, h.info.Environment, o.Environment, ledger.ErrEnvironment)
	}
	moved, err := read(ctx, l, func(c *conn) (string, error) { return c.DescribeMove(ctx, o.MovedTo) })
	switch {
	case err != nil:
		return err
	case moved != "" && o.ReadOnly:
		l.note(l.address.text + ": " + moved)
	case moved != "":
		return fmt.Errorf("%s: %s: %w", l.address.text, moved, ledger.ErrMoved)
	}
	l.info, l.keys, l.id = h.info, h.keys, h.id
	l.info.Path, l.info.Opened = l.address.text, ledger.TruncateTime(l.now())
	l.detailNames.Store(&h.info.DetailNames)
	l.readers.Environment, l.readers.Keys = h.info.Environment, &l.keys
	return nil
}

// Schema returns the name of the schema that the ledger is in.
func (l *Ledger) Schema() string { return l.address.schema }

// Notices are what an operator should know of the server and of what was found at the
// opening. They hold no personal data.
func (l *Ledger) Notices() []string {
	l.noticing.Lock()
	defer l.noticing.Unlock()
	return slices.Clone(l.notices)
}

// Close ends the use of the ledger, and its sender. It waits for a write under way.
// Iterators must have ended.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		l.lock <- struct{}{}
		hasFailed := l.failed != nil
		<-l.lock
		if l.isSender() && !hasFailed {
			err = l.endSender(context.Background())
		}
		l.lock <- struct{}{}
		err = errors.Join(err, l.abandon())
		l.failed = fmt.Errorf("%s is closed: %w", l.address.text, ledger.ErrWrite)
		<-l.lock
	})
	return err
}

// abandon closes everything, as a crash would.
func (l *Ledger) abandon() error {
	var all []error
	if l.sender != nil {
		l.sender.stop()
	}
	if l.conn != nil {
		all = append(all, l.conn.Close())
		l.conn = nil
	}
	all = append(all, l.closeLine(), l.readers.Close())
	if l.emergencyLock != nil {
		all = append(all, l.emergency.Close(), l.emergencyLock.Release())
		l.emergencyLock = nil
	}
	return errors.Join(all...)
}
