package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	Path        string
	Environment string // the ledger must belong to it; with ReadOnly, "" = any
	Create      bool   // make the ledger if it does not exist; else ErrMissing
	ReadOnly    bool   // no lock, no recovery, no write; works while another process sends
	// IsOpenHere says that this process has the ledger open already. Its file is then not
	// opened to be looked at: closing it again would release the locks that SQLite holds on
	// it for the whole process.
	IsOpenHere  bool
	Concurrent  bool             // no lock, no recovery, but every write except Register, Intend, Forget, Readmit and Rebind: works while another process sends
	Adopt       bool             // open an older copy, or a ledger that has lost writes, and write a gap; see ledger.Gap
	MovedTo     string           // open a closed ledger, too, if its copy is there; see Ledger.CopyTo
	LockTimeout time.Duration    // how long to wait for the lock; default 0
	Command     string           // shown to other processes that want the lock
	Now         func() time.Time // default time.Now

	steps []step // default steps(); tests bring ledgers forward
}

// Ledger is a ledger in an SQLite file. It may be used by any number of
// goroutines. Close it.
type Ledger struct {
	database
	savedPlans
	tables.Readings
	now           func() time.Time
	info          ledger.Info
	keys          keyed.Secret
	id            string // of this ledger and all its copies, random
	notices       []string
	lastAttempt   int64
	detailNames   atomic.Pointer[ledger.DetailNames] // of the last registration
	removeAtClose string                             // folder of a copy that is read in place of the ledger, "" = none
	closing       sync.Once
}

// database is the file of a ledger: many connections that read, one that writes.
type database struct {
	path      string
	steps     []step
	readers   *tables.Pool
	lock      *datafile.Lock  // nil when read-only or concurrent
	emergency *emergency.File // likewise
	writeLock chan struct{}   // holds the right to write
	w         *conn           // the writing connection; nil when read-only
	writer    *tables.Pool
	failed    error // of the first failed write; every later one is refused with it
	inFlight  inFlight
}

var (
	_ ledger.Ledger    = (*Ledger)(nil)
	_ ledger.Emergency = (*Ledger)(nil)
)

// Open opens a ledger. Unless ReadOnly or Concurrent is set it acquires the lock, merges
// the emergency file, and closes the attempts that a crash left open.
//
// Errors wrap ErrMissing, ErrLocked, ErrUnsafe, ErrEnvironment, ErrDamaged,
// ErrNewer, ErrOlder, ErrMoved or ErrWrite, and say the way out.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	l, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.closeAfterError())
	}
	return l.Ledger, nil
}

// opening is a ledger that is being opened.
type opening struct {
	*Ledger
	options Options
	copied  copied // whether the file is a copy
}

// prepare makes a ledger that is not open yet, and completes its options.
func prepare(o Options) (*opening, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	if o.steps == nil {
		o.steps = steps()
	}
	l := &Ledger{database: database{path: path, steps: o.steps, writeLock: make(chan struct{}, 1)}, now: o.Now}
	l.Readings, l.savedPlans = tables.NewReadings(l.readState), savedPlans{l}
	return &opening{Ledger: l, options: o}, nil
}

func (l *opening) open(ctx context.Context) error {
	o := l.options
	if !o.ReadOnly && !o.Concurrent {
		if _, err := os.Lstat(l.path); errors.Is(err, fs.ErrNotExist) && !o.Create {
			return fmt.Errorf("%s: %w", l.path, ledger.ErrMissing)
		} else if err == nil {
			if _, err := l.checkFile(true); err != nil {
				return err
			}
		} else if err := datafile.CheckOwn(l.path); err != nil {
			return err // before the first file is made
		}
		_, err := os.Lstat(l.path + ".lock")
		l.copied.hadLockFile = err == nil
		if l.lock == nil {
			l.lock, err = datafile.TakeLock(ctx, l.path, o.LockTimeout, o.Command, o.Now())
			if err != nil {
				return err
			}
		}
		if err := createFile(ctx, l.path, o); err != nil {
			return err
		}
	}
	notices, err := l.checkFile(!o.ReadOnly)
	if err != nil {
		return err
	}
	l.notices = append(l.notices, notices...)
	if err := l.openReaders(ctx); err != nil {
		return err
	}
	// All checks use readers. A connection that may write would, when it is closed,
	// move what is left of a damaged log into the file.
	if err := l.loadHeader(ctx); err != nil || o.ReadOnly {
		return err
	}
	writing := modeWrite
	if o.Concurrent {
		writing = modeConcurrent
	}
	if l.writer, err = openPool(l.path, writing, 1); err != nil {
		return err
	}
	l.writer.Environment, l.writer.Keys = l.info.Environment, &l.keys
	w, err := l.writer.Get(ctx)
	if err != nil {
		return l.classify(err)
	}
	if l.w = (&conn{w}); o.Concurrent {
		return nil
	}
	return l.recoverLedger(ctx)
}

// checkFile refuses a file that is not safe or not a ledger.
func (l *opening) checkFile(isWritten bool) ([]string, error) {
	if l.options.IsOpenHere {
		return datafile.CheckNames(l.path)
	}
	return checkFile(l.path, isWritten)
}

// openReaders opens the file for reading and compares its schema. A ledger of an
// earlier version is brought forward, or read as a copy that is.
func (l *opening) openReaders(ctx context.Context) (err error) {
	if l.readers, err = openPool(l.path, modeRead, 0); err != nil {
		return err
	}
	version, err := l.checkShape(ctx)
	if err != nil || version == newestSchema(l.steps) {
		return err
	}
	if err := l.readers.Close(); err != nil {
		return err
	}
	path := l.path
	switch {
	case l.options.Concurrent:
		err = fmt.Errorf("%s has schema %d, and this program writes %d; bulkonboard run, or any other command that holds the ledger alone, changes it: %w", l.path, version, newestSchema(l.steps), ErrOlder)
	case l.options.ReadOnly:
		path, err = l.readForward(ctx, version)
	default:
		err = l.bringForward(ctx, version)
	}
	if err != nil {
		l.readers = nil
		return err
	}
	if l.readers, err = openPool(path, modeRead, 0); err != nil {
		return err
	}
	_, err = l.checkShape(ctx)
	return err
}

// loadHeader reads what the ledger is bound to, and checks it.
func (l *opening) loadHeader(ctx context.Context) error {
	o := l.options
	c, end, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	defer end()
	h, err := c.ReadHeader(ctx)
	if err != nil {
		return l.classify(err)
	}
	l.info, l.keys, l.id, l.copied.Header = h.Info, h.Keys, h.ID, h
	l.detailNames.Store(&h.Info.DetailNames)
	l.readers.Environment, l.readers.Keys = h.Info.Environment, &l.keys
	c.Environment, c.Keys = h.Info.Environment, &l.keys
	l.info.Path, l.info.Opened = l.path, ledger.TruncateTime(l.now())
	if o.Environment != l.info.Environment && (!o.ReadOnly || o.Environment != "") {
		return fmt.Errorf("%s belongs to environment %q, not %q; name the environment it belongs to (--sandbox, --env or --base-url), or the right ledger with --ledger: %w",
			l.path, l.info.Environment, o.Environment, ledger.ErrEnvironment)
	}
	if o.ReadOnly {
		return l.noticeMove(ctx, c)
	}
	if err := c.CheckMoved(ctx, o.MovedTo); err != nil {
		return fmt.Errorf("%s: %w", l.path, err)
	}
	if o.Concurrent {
		return l.checkConcurrent(ctx)
	}
	if err := l.detectCopy(ctx); err != nil {
		return err
	}
	if info, err := os.Stat(l.path); err == nil && (h.Openings != h.Closings || info.Size() < quickCheckSize) {
		problems, err := c.Check(ctx, "quick_check")
		if err != nil {
			return l.classify(err)
		}
		if len(problems) > 0 {
			return datafile.Damaged(l.path, problems[0])
		}
	}
	return nil
}

// noticeMove adds a notice if the ledger was copied to another place.
func (l *opening) noticeMove(ctx context.Context, c *conn) error {
	what, err := c.DescribeMove(ctx, "")
	if what != "" {
		l.notices = append(l.notices, l.path+": "+what)
	}
	return l.classify(err)
}

// checkConcurrent is findLoss without the lock: the emergency file belongs to the process
// that holds it.
func (l *opening) checkConcurrent(ctx context.Context) error {
	e, err := emergency.Peek(l.path+".emergency", l.id)
	if err != nil || !e.HasExisted() {
		return notOwnEmergency(err)
	}
	c, end, err := l.snapshot(ctx) // after the look at the file: the process that holds the lock may be writing
	if err != nil {
		return err
	}
	defer end()
	h, err := c.ReadHeader(ctx)
	if err != nil || e.Seq() <= h.Writes {
		return l.classify(err)
	}
	return lostWrites(l.path, h.Writes, e.Seq())
}

// quickCheckSize is the size up to which a ledger is checked at every opening.
const quickCheckSize = 16 << 20

// createFile makes a ledger that does not exist, under another name first, so that
// a crash leaves either none or a whole one. The lock is held.
func createFile(ctx context.Context, path string, o Options) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if o.Environment == "" {
		return fmt.Errorf("%s: a new ledger needs an environment: %w", path, ledger.ErrEnvironment)
	}
	for _, old := range []string{path + "-wal", path + "-journal"} {
		if info, err := os.Lstat(old); err == nil && info.Size() > 0 {
			return datafile.Damaged(path, "it is gone but "+filepath.Base(old)+" is there")
		}
	}
	if _, err := datafile.CheckPlace(path); err != nil {
		return err
	}
	if err := datafile.Create(path, func(part string) error { return fillNewFile(ctx, part, o) }); err != nil {
		return fmt.Errorf("%s cannot be made: %w: %w", path, err, ledger.ErrWrite)
	}
	return nil
}

// fillNewFile writes the schema into an empty file.
func fillNewFile(ctx context.Context, path string, o Options) error {
	secret := keyed.NewSecret()
	return withConn(ctx, path, modeFill, func(c *conn) error {
		if err := c.beginSchema(ctx, o.steps); err != nil {
			return err
		}
		if err := c.ExecScript(ctx, "INSERT INTO ledger (one, id, environment, secret, created_us) VALUES (1, ?, ?, ?, ?); COMMIT",
			rand.Text(), o.Environment, hex.EncodeToString(secret[:]), tables.Micros(o.Now())); err != nil {
			return err
		}
		return c.ExecScript(ctx, "PRAGMA journal_mode = WAL")
	})
}

// beginSchema writes the schema into an empty file, in a transaction that stays open.
func (c *conn) beginSchema(ctx context.Context, all []step) error {
	version := newestSchema(all)
	return c.ExecScript(ctx, fmt.Sprintf("PRAGMA application_id = %d; BEGIN IMMEDIATE; %s; PRAGMA user_version = %d", applicationID, schemaOf(version, all), version))
}

// Notices returns what an operator should know about the ledger's folder, and about what
// was found when it was opened. They hold no personal data.
func (l *Ledger) Notices() []string { return l.notices }

// Close closes the ledger and releases its lock. It waits for a write in progress.
// Iterators must have ended.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		var ended error
		if l.lock != nil {
			ended = l.write(context.Background(), func(ctx context.Context, c *conn) error {
				return c.Exec(ctx, "UPDATE ledger SET closings = openings")
			})
		}
		l.writeLock <- struct{}{}
		if l.failed == nil { // else the caller whose write failed has the error
			err = ended
		}
		err = errors.Join(err, l.closeAfterError())
		l.failed = fmt.Errorf("%s is closed: %w", l.path, ledger.ErrWrite)
		l.unlockWrites()
	})
	return err
}

// closeAfterError closes everything, as a crash would.
func (l *Ledger) closeAfterError() error {
	var all []error
	if l.w != nil {
		all = append(all, l.w.Close())
	}
	if l.readers != nil {
		all = append(all, l.readers.Close())
	}
	if l.writer != nil { // last, so that SQLite moves the log into the file
		all = append(all, l.writer.Close())
	}
	if l.emergency != nil {
		all = append(all, l.emergency.Close())
	}
	if l.lock != nil {
		all = append(all, l.lock.Release())
	}
	if l.removeAtClose != "" {
		all = append(all, os.RemoveAll(l.removeAtClose))
	}
	return errors.Join(all...)
}

// Emergency implements ledger.Emergency.
func (l *Ledger) Emergency(changes []ledger.Change) error {
	if l.emergency == nil {
		return fmt.Errorf("%s is open for reading only: %w", l.path, ledger.ErrWrite)
	}
	if err := l.emergency.Add(changes); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	return nil
}
