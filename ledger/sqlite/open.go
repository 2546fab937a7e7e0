package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
	"github.com/bulkonboard/bulkonboard/ledger/internal/private"
)

// Options say which ledger to open and how.
type Options struct {
	Path        string
	Environment string           // the ledger must belong to it; with ReadOnly, "" = any
	Create      bool             // make the ledger if it does not exist; else ErrMissing
	ReadOnly    bool             // no lock, no recovery, no write; goes beside a run
	Beside      bool             // no lock, no recovery, but every write except Register, Intend, Forget, Readmit and Rebind: goes beside a run
	Adopt       bool             // open an older copy, or a ledger that has lost writes, and write a gap; see ledger.Gap
	LockTimeout time.Duration    // how long to wait for the lock; default 0
	Command     string           // for whoever meets the lock
	Now         func() time.Time // default time.Now
}

// Ledger is a ledger in an SQLite file. It may be used by any number of
// goroutines. Close it.
type Ledger struct {
	path    string
	now     func() time.Time
	info    ledger.Info
	keys    keyed.Secret
	id      string // of this ledger file, random
	notices []string
	readers *pool
	lock    *lock           // nil when read-only or beside
	backup  *emergency.File // likewise
	copied  copied          // what the file tells of how it came to its place

	turn        chan struct{} // holds the right to write
	checking    atomic.Int32  // check passes that hold it or wait for it
	queue       writeQueue
	w           *view // the writing connection; nil when read-only
	writer      *pool
	failed      error // of the first failed write; every later one is refused with it
	lastAttempt int64
	version     int64 // of the file, when w last read what is under way
	seq         int64 // number of the last write, 0 if it is not known
	late        *late // nil when read-only or beside

	foldBeside int            // see there
	folding    sync.WaitGroup // a fold under way
	ending     bool           // Close was called: no fold begins any more; read and written by who has the turn

	closing sync.Once
}

var (
	_ ledger.Ledger    = (*Ledger)(nil)
	_ ledger.Emergency = (*Ledger)(nil)
)

// Open opens a ledger; unless ReadOnly or Beside it takes the lock, merges the emergency
// file, and closes the attempts that a crash left open.
//
// Errors wrap ErrMissing, ErrLocked, ErrUnsafe, ErrEnvironment, ErrDamaged,
// ErrNewer, ErrOlder or ErrWrite, and say the way out.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	l, err := prepare(&o)
	if err != nil {
		return nil, err
	}
	if err := l.open(ctx, o); err != nil {
		return nil, errors.Join(err, l.abandon())
	}
	return l, nil
}

// prepare makes a ledger that is not open yet, and completes its options.
func prepare(o *Options) (*Ledger, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return &Ledger{path: path, now: o.Now, turn: make(chan struct{}, 1), foldBeside: foldBeside}, nil
}

func (l *Ledger) open(ctx context.Context, o Options) error {
	if !o.ReadOnly && !o.Beside {
		if _, err := os.Lstat(l.path); errors.Is(err, fs.ErrNotExist) && !o.Create {
			return fmt.Errorf("%s: %w", l.path, ledger.ErrMissing)
		} else if err == nil {
			if _, err := checkFile(l.path, true); err != nil {
				return err
			}
		} else if err := checkOwn(l.path); err != nil {
			return err // before the first file is made
		}
		_, err := os.Lstat(l.path + ".lock")
		l.copied.hadLockFile = err == nil
		if l.lock == nil {
			l.lock, err = takeLock(ctx, l.path, o.LockTimeout, o.Command, o.Now())
			if err != nil {
				return err
			}
		}
		if err := create(ctx, l.path, o); err != nil {
			return err
		}
	}
	notices, err := checkFile(l.path, !o.ReadOnly)
	if err != nil {
		return err
	}
	l.notices = append(l.notices, notices...)
	if l.readers, err = openPool(l.path, modeRead, 0); err != nil {
		return err
	}
	if err := l.checkShape(ctx); err != nil {
		return err
	}
	// All checks go through readers: a connection that may write would fold
	// what is left of a damaged log into the file when it is closed.
	if err := l.load(ctx, o); err != nil || o.ReadOnly {
		return err
	}
	writing := modeWrite
	if o.Beside {
		writing = modeBeside
	}
	if l.writer, err = openPool(l.path, writing, 1); err != nil {
		return err
	}
	if l.w, err = l.writer.view(ctx); err != nil || o.Beside {
		return l.sick(err)
	}
	l.late = &late{seed: maphash.MakeSeed(), enough: lateEntries}
	return l.recover(ctx)
}

// ErrOlder says that a ledger was made by a version before the first release.
var ErrOlder = errors.New("ledger was made by an unreleased version")

// load reads what the ledger is bound to, and checks it.
func (l *Ledger) load(ctx context.Context, o Options) error {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return err
	}
	defer end()
	var st state
	if l.info, l.keys, l.id, err = v.meta(ctx); err == nil {
		st, err = v.state(ctx)
	}
	if err != nil {
		return l.sick(err)
	}
	l.info.Path, l.info.Opened = l.path, plain(l.now())
	if o.Environment != l.info.Environment && !(o.ReadOnly && o.Environment == "") {
		return fmt.Errorf("%s belongs to environment %q, not %q; name the environment it belongs to (--sandbox, --env or --base-url), or the right ledger with --ledger: %w",
			l.path, l.info.Environment, o.Environment, ledger.ErrEnvironment)
	}
	if o.ReadOnly {
		return nil
	}
	if o.Beside {
		return l.checkBeside(ctx)
	}
	if err := l.detectCopy(ctx, v, st, o.Adopt); err != nil {
		return err
	}
	if info, err := os.Stat(l.path); err == nil && (st.opened != st.closed || info.Size() < quickCheckSize) {
		problems, err := v.check(ctx, "quick_check")
		if err != nil {
			return l.sick(err)
		}
		if len(problems) > 0 {
			return damaged(l.path, problems[0])
		}
	}
	return nil
}

// checkBeside is checkLoss without taking anything: the emergency file belongs
// to whoever holds the lock.
func (l *Ledger) checkBeside(ctx context.Context) error {
	e, err := emergency.Peek(l.path+".emergency", l.id)
	if err != nil || !e.Existed() {
		return err
	}
	v, end, err := l.snapshot(ctx) // after the look at the file: the run beside us may be writing
	if err != nil {
		return err
	}
	defer end()
	st, err := v.state(ctx)
	if err != nil || e.Seq() <= st.seq {
		return l.sick(err)
	}
	return lostWrites(l.path, st.seq, e.Seq())
}

// quickCheckSize is up to which size a ledger is checked at every opening:
// that takes less than a tenth of a second.
const quickCheckSize = 16 << 20

// create makes a ledger that does not exist, under another name first, so that
// a crash leaves either none or a whole one. The lock is held.
func create(ctx context.Context, path string, o Options) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if o.Environment == "" {
		return fmt.Errorf("%s: a new ledger needs an environment: %w", path, ledger.ErrEnvironment)
	}
	for _, old := range []string{path + "-wal", path + "-journal"} {
		if info, err := os.Lstat(old); err == nil && info.Size() > 0 {
			return damaged(path, "it is gone but "+filepath.Base(old)+" is there")
		}
	}
	if _, err := checkPlace(path); err != nil {
		return err
	}
	part := path + ".new"
	for _, end := range []string{"", "-journal", "-wal", "-shm"} { // of one who was killed
		if err := os.Remove(part + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is in the way: %w: %w", part+end, err, ledger.ErrWrite)
		}
	}
	f, err := private.Create(part, os.O_RDWR)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = fill(ctx, part, o)
	}
	if err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err == nil {
		err = private.SyncFolder(path)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be made: %w: %w", path, err, ledger.ErrWrite)
	}
	return nil
}

// fill writes the schema into an empty file.
func fill(ctx context.Context, path string, o Options) error {
	secret := keyed.NewSecret()
	return once(ctx, path, modeFill, func(v *view) error {
		if err := v.run(ctx, fmt.Sprintf("PRAGMA application_id = %d; BEGIN IMMEDIATE; %s; PRAGMA user_version = %d", applicationID, schema, schemaVersion)); err != nil {
			return err
		}
		if err := v.run(ctx, "INSERT INTO meta VALUES ('id', ?), ('environment', ?), ('account_partner', ''), ('account_slug', ''), ('secret', ?), ('created', ?)",
			rand.Text(), o.Environment, secret[:], stamp(o.Now())); err != nil {
			return err
		}
		if err := v.run(ctx, "COMMIT"); err != nil {
			return err
		}
		return v.run(ctx, "PRAGMA journal_mode = WAL")
	})
}

// Notices are what an operator should know of the place the ledger lies in and
// of what was found at its opening. They hold no personal data.
func (l *Ledger) Notices() []string { return l.notices }

// Info tells what the ledger is bound to.
func (l *Ledger) Info(ctx context.Context) (ledger.Info, error) {
	v, end, err := l.snapshot(ctx)
	if err != nil {
		return ledger.Info{}, err
	}
	defer end()
	info, _, _, err := v.meta(ctx)
	if err != nil {
		return ledger.Info{}, l.sick(err)
	}
	info.Path, info.Opened = l.path, l.info.Opened
	return info, nil
}

// Close ends the use of the ledger and frees its lock. It waits for a write
// under way. Iterators must have ended.
func (l *Ledger) Close() error {
	var err error
	l.closing.Do(func() {
		l.turn <- struct{}{}
		l.ending = true
		l.leave()
		l.folding.Wait()
		l.turn <- struct{}{}
		if l.w != nil && l.lock != nil && l.failed == nil {
			err = l.transaction(context.Background(), func(ctx context.Context) error {
				if err := l.index(ctx); err != nil {
					return err
				}
				return l.w.run(ctx, "UPDATE state SET closed = opened")
			})
		}
		err = errors.Join(err, l.abandon())
		l.failed = fmt.Errorf("%s is closed: %w", l.path, ledger.ErrWrite)
		l.leave()
	})
	return err
}

// abandon lets go of everything, as a crash would.
func (l *Ledger) abandon() error {
	var all []error
	if l.w != nil {
		all = append(all, l.w.close())
	}
	if l.readers != nil {
		all = append(all, l.readers.close())
	}
	if l.writer != nil { // last, so that SQLite folds the log into the file
		all = append(all, l.writer.close())
	}
	if l.backup != nil {
		all = append(all, l.backup.Close())
	}
	if l.lock != nil {
		all = append(all, l.lock.free())
	}
	return errors.Join(all...)
}
