package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// StateSuffix names the file beside a ledger that keeps the sandbox's users.
const StateSuffix = ".sandbox.jsonl"

// openLedger opens the ledger, or makes it where that is not dangerous.
func (s *session) openLedger(ctx context.Context) error {
	f := s.flags
	if f.Fresh {
		if err := s.deleteRehearsal(ctx); err != nil {
			return err
		}
	}
	_, err := os.Lstat(s.to.Ledger)
	missing := errors.Is(err, fs.ErrNotExist)
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
	opt.Create = create
	s.store, err = sqlite.Open(ctx, opt)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	s.known = s.found.WatchFile(s.store)
	if missing {
		s.showNote("", "new ledger (no earlier runs)")
	}
	ReportNotices(s.Console, s.store)
	return nil
}

func (s *session) ledgerOptions() sqlite.Options {
	return sqlite.Options{Path: s.to.Ledger, Environment: s.to.Environment, LockTimeout: s.flags.LockTimeout.Duration, Command: s.command}
}

// deleteRehearsal removes the ledger of the sandbox and its users, unless a
// run holds them.
func (s *session) deleteRehearsal(ctx context.Context) error {
	held, err := sqlite.Open(ctx, s.ledgerOptions())
	if errors.Is(err, ledger.ErrLocked) || errors.Is(err, ledger.ErrEnvironment) {
		return err
	}
	if err == nil {
		if err := held.Close(); err != nil {
			return err
		}
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".emergency", ".new", StateSuffix} {
		if err := os.Remove(s.to.Ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--fresh: %w", err)
		}
	}
	return nil
}

// ReadLedger runs do on the ledger that the flags choose, open to be read, and
// closes it.
func ReadLedger(c *cobra.Command, f *settings.TargetFlags, do func(context.Context, *sqlite.Ledger, ledger.Info) error) (err error) {
	l, info, err := OpenToRead(c.Context(), c, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(c.Context(), l, info)
}

// OpenToRead opens the ledger that the flags choose to be read, also during a run.
// With --ledger alone it may be of any environment.
func OpenToRead(ctx context.Context, c *cobra.Command, f *settings.TargetFlags) (*sqlite.Ledger, ledger.Info, error) {
	level := settings.LevelsOf(c)
	to, err := f.Resolve(level)
	if err != nil {
		return nil, ledger.Info{}, err
	}
	environment := to.Environment
	if f.Ledger != "" && level("env")+level("sandbox")+level("base-url") == 0 {
		environment = ""
	}
	l, err := sqlite.Open(ctx, sqlite.Options{Path: to.Ledger, Environment: environment, ReadOnly: true, Command: c.Name()})
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
func ReportNotices(con *term.Console, l *sqlite.Ledger) {
	for _, n := range l.Notices() {
		con.Sayf("warning: %s", n)
	}
}

// NoteLinksShown records in the ledger that its links are about to be handed
// out: from then on a mixed-up answer is no longer put right silently, because
// a customer may have the wrong link. Where it cannot be recorded, that is a
// warning.
func NoteLinksShown(ctx context.Context, con *term.Console, info ledger.Info, command string) {
	l, err := sqlite.Open(ctx, sqlite.Options{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: command})
	if err == nil {
		err = errors.Join(l.SaveFact(ctx, pipeline.FactLinksShown, command, time.Now()), l.Close())
	}
	if err != nil {
		con.Sayf("warning: the ledger could not note that links were handed out: %v", err)
	}
}
