package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/guest"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// openLedger opens the ledger, or makes it where that is not dangerous.
func (s *session) openLedger(ctx context.Context) error {
	f := s.flags
	if f.Fresh {
		if err := s.deleteRehearsal(ctx); err != nil {
			return err
		}
	}
	missing, err := IsMissing(ctx, s.to.Ledger)
	if err != nil {
		return err
	}
	create := s.to.Environment != settings.Production || f.NewLedger
	if missing && !create && term.IsTerminal(s.In) && s.command == "run" {
		create = s.Confirm(fmt.Sprintf("The ledger %s does not exist. If these customers were sent before, stop: a new ledger does not know them. Make it?", s.to.Ledger))
	}
	if missing && s.command == "plan" && s.flags.Save == "" && s.to.Environment != settings.Production {
		s.showNote("", "no ledger yet (no earlier runs)")
		s.known = s.found.Watch(memory.New(s.to.Environment)) // a plan makes no file
		return nil
	}
	opt := s.ledgerOptions()
	opt.Create, opt.Shared = create, mayShare(s)
	s.store, err = OpenLedger(ctx, opt)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	s.sender, _ = s.store.(sender) // of a ledger in a file the lock is enough
	s.found.Begun = s.guest.Begun
	s.known = s.found.WatchFile(s.store)
	if missing {
		s.showNote("", "new ledger (no earlier runs)")
	}
	if shared, ok := s.store.(sharedStore); ok && opt.Shared {
		if err := joinSenders(ctx, s, shared, missing); err != nil {
			return err
		}
	}
	ReportNotices(s.Console, s.store)
	return nil
}

// sender is a ledger whose right to send can be lost while the process lives.
type sender interface{ MaySend() bool }

func (s *session) ledgerOptions() LedgerOptions {
	return LedgerOptions{Path: s.to.Ledger, Environment: s.to.Environment, LockTimeout: s.flags.LockTimeout.Duration, Command: s.command,
		Emergency: s.flags.Emergency, Lease: s.flags.Lease.Duration, Timeout: s.flags.Timeout.Duration, Patience: s.flags.Patience.Duration, Say: func(what string) { s.Sayf("%s", what) }}
}

// deleteRehearsal removes the ledger of the sandbox and its users, unless a
// run holds them.
func (s *session) deleteRehearsal(ctx context.Context) error {
	if err := RequireFile(s.to.Ledger, "--fresh", "drop its schema (DROP SCHEMA ... CASCADE), or name another with ?schema=NAME"); err != nil {
		return err
	}
	held, err := OpenLedger(ctx, s.ledgerOptions())
	if errors.Is(err, ledger.ErrLocked) || errors.Is(err, ledger.ErrEnvironment) {
		return err
	}
	if err == nil {
		if err := held.Close(); err != nil {
			return err
		}
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".emergency", ".new", settings.StateSuffix} {
		if err := os.Remove(s.to.Ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--fresh: %w", err)
		}
	}
	return nil
}

// ReadLedger runs do on the ledger that the flags choose, open to be read, and
// closes it.
func ReadLedger(c *cobra.Command, f *settings.TargetFlags, do func(context.Context, Ledger, ledger.Info) error) (err error) {
	l, info, err := OpenToRead(c.Context(), c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(c.Context(), l, info)
}

// OpenToRead opens the ledger that the flags choose to be read, also during a run.
// With --ledger alone it may be of any environment.
func OpenToRead(ctx context.Context, c *cobra.Command, f *settings.TargetFlags) (Ledger, ledger.Info, error) {
	level := settings.LevelsOf(c)
	to, err := f.Resolve(level)
	if err != nil {
		return nil, ledger.Info{}, err
	}
	environment := to.Environment
	if f.Ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := OpenLedger(ctx, LedgerOptions{Path: to.Ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
	if err != nil {
		return nil, ledger.Info{}, f.SuggestSandbox(to, err)
	}
	info, err := l.Info(ctx)
	if err != nil {
		return nil, info, errors.Join(err, l.Close())
	}
	info.Path = to.Ledger
	return l, info, nil
}

// ReportNotices prints what was found when a ledger was opened.
func ReportNotices(con *term.Console, l Ledger) {
	for _, n := range l.Notices() {
		con.Sayf("warning: %s", n)
	}
}

// NoteLinksShown records in the ledger that its links are about to be handed
// out: from then on a mixed-up answer is no longer put right silently, because
// a customer may have the wrong link. Where it cannot be recorded, that is a
// warning. The caller has the ledger open to be read.
func NoteLinksShown(ctx context.Context, con *term.Console, info ledger.Info, command string) {
	l, err := OpenLedger(ctx, LedgerOptions{Path: info.Path, Environment: info.Environment, Concurrent: true, IsOpenHere: true, Command: command})
	if err == nil {
		err = errors.Join(l.SaveFact(ctx, pipeline.FactLinksShown, command, time.Now()), l.Close())
	}
	if err != nil {
		con.Sayf("warning: the ledger could not note that links were handed out: %v", err)
	}
}

// MakeScratch makes a private folder for the parts of a report. The caller removes it.
func MakeScratch(ctx context.Context) (folder string, err error) {
	g, _ := guest.Of(ctx)
	return os.MkdirTemp(g.Scratch, "bulkonboard-")
}

// Ledger is a ledger as commands use it: in a file, or in PostgreSQL.
type Ledger interface {
	ledger.Ledger
	ledger.Emergency
	ledger.Gaps
	ledger.Plans
	ledger.Verification
	Notices() []string
	Close() error
	CheckWritable(ctx context.Context) error
	CopyTo(ctx context.Context, place string, receive func(context.Context, *sqlite.Copied) error) error
	Verify(ctx context.Context) ([]string, error)
	Walk(ctx context.Context, to sqlite.Visitor) error
	Snapshot(ctx context.Context) (*sqlite.Snapshot, error)
	DecidedSince(ctx context.Context, batch int64, since time.Time) (sqlite.Decided, error)
	FactNames(ctx context.Context, prefix string) ([]string, error)
	HasKYC(ctx context.Context, batch int64) (bool, error)
	Forget(ctx context.Context, identities []string) (int, error)
	Readmit(ctx context.Context, identities []string) (int, error)
	Prune(ctx context.Context, keep int) (sqlite.Pruned, error)
	Rebind(ctx context.Context, environment string) error
	RebindAccount(ctx context.Context) error
}

var (
	_ Ledger = (*sqlite.Ledger)(nil)
	_ Ledger = (*postgres.Ledger)(nil)
)

// LedgerOptions say which ledger a command opens and how; see sqlite.Options and
// postgres.Options.
type LedgerOptions struct {
	Path        string // of a file, or the address of a ledger in PostgreSQL
	Environment string
	Create      bool
	ReadOnly    bool
	Concurrent  bool
	Shared      bool   // other processes may send meanwhile; only in PostgreSQL
	Adopt       bool   // the ledger is an older copy: write a gap
	MovedTo     string // open a closed ledger, too, if its copy is there
	IsOpenHere  bool   // this process has the ledger open already; see sqlite.Options
	LockTimeout time.Duration
	Command     string
	Emergency   string        // file for answers while the database is away; "" = the environment's in the working directory
	Lease       time.Duration // how long the process may be silent before another one takes over; 0 = 15 s
	Timeout     time.Duration // the longest that a request of the command can last; 0 = 30 s
	Patience    time.Duration // how long an outage of the database is waited out; 0 = 1 minute
	Say         func(string)  // what is waited for; nil = nothing is said
}

// InFile returns the options of a ledger in a file.
func (o LedgerOptions) InFile() sqlite.Options {
	return sqlite.Options{Path: o.Path, Environment: o.Environment, Create: o.Create, ReadOnly: o.ReadOnly, Concurrent: o.Concurrent, Adopt: o.Adopt, MovedTo: o.MovedTo,
		IsOpenHere: o.IsOpenHere, LockTimeout: o.LockTimeout, Command: o.Command}
}

// emergencyFile returns the name of the file in which the ledger keeps answers that it
// cannot record.
func (o LedgerOptions) emergencyFile() string {
	if !postgres.IsAddress(o.Path) {
		return o.Path + ".emergency"
	}
	return cmp.Or(o.Emergency, "bulkonboard-"+settings.FileWord(o.Environment)+".emergency")
}

// OpenLedger opens a ledger.
func OpenLedger(ctx context.Context, o LedgerOptions) (Ledger, error) {
	if !postgres.IsAddress(o.Path) {
		return openFile(ctx, o.InFile())
	}
	l, err := postgres.Open(ctx, postgres.Options{Address: o.Path, Environment: o.Environment, Create: o.Create, ReadOnly: o.ReadOnly, Concurrent: o.Concurrent,
		Shared: o.Shared, Adopt: o.Adopt, MovedTo: o.MovedTo, LockTimeout: o.LockTimeout, Command: o.Command, Lease: o.Lease, Timeout: o.Timeout, Patience: o.Patience, Say: o.Say,
		Emergency: o.emergencyFile(), NeedsFile: o.Environment == settings.Production})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// openFile opens a ledger in a file, which other commands of this process may have open.
func openFile(ctx context.Context, o sqlite.Options) (Ledger, error) {
	var l *sqlite.Ledger
	open := func(isOpen bool) (err error) {
		o.IsOpenHere = o.IsOpenHere || isOpen
		l, err = sqlite.Open(ctx, o)
		return err
	}
	g, _ := guest.Of(ctx)
	if g.Openings == nil {
		if err := open(false); err != nil {
			return nil, err
		}
		return l, nil
	}
	if err := g.Openings.Open(open); err != nil {
		return nil, err
	}
	return &countedLedger{l, g.Openings}, nil
}

// countedLedger is a ledger that several commands of this process have open.
type countedLedger struct {
	*sqlite.Ledger
	openings *guest.Openings
}

// Close closes the ledger.
func (l *countedLedger) Close() error { return l.openings.Close(l.Ledger.Close) }

// IsMissing reports whether there is no ledger yet.
func IsMissing(ctx context.Context, path string) (bool, error) {
	if postgres.IsAddress(path) {
		has, err := postgres.Exists(ctx, path)
		return !has, err
	}
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist), nil // any other error is that of opening it
}

// RequireFile refuses a ledger in PostgreSQL for a command that works on files, and says
// what does the same there.
func RequireFile(path, command, instead string) error {
	if !postgres.IsAddress(path) {
		return nil
	}
	return exit.NewUsageError(fmt.Errorf("%s works on a ledger in a file, and this one is in PostgreSQL", command), instead)
}
