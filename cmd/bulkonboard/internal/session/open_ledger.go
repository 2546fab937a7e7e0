package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// Ledger is a ledger as commands use it: in a file, or in PostgreSQL.
type Ledger interface {
	ledger.Ledger
	ledger.Emergency
	ledger.Gaps
	ledger.Verification
	Notices() []string
	Close() error
	CheckWritable(ctx context.Context) error
	Verify(ctx context.Context) ([]string, error)
	Walk(ctx context.Context, to sqlite.Visitor) error
	Snapshot(ctx context.Context) (*sqlite.Snapshot, error)
	DecidedSince(ctx context.Context, batch int64, since time.Time) (sqlite.Decided, error)
	LearntNames(ctx context.Context, prefix string) ([]string, error)
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
	Adopt       bool // only of a file
	LockTimeout time.Duration
	Command     string
	Timeout     time.Duration // the longest that a request of the command can last; 0 = 30 s
	Patience    time.Duration // how long an outage of the database is waited out; 0 = 1 minute
	Say         func(string)  // what is waited for; nil = nothing is said
}

// InFile returns the options of a ledger in a file.
func (o LedgerOptions) InFile() sqlite.Options {
	return sqlite.Options{Path: o.Path, Environment: o.Environment, Create: o.Create, ReadOnly: o.ReadOnly, Concurrent: o.Concurrent, Adopt: o.Adopt,
		LockTimeout: o.LockTimeout, Command: o.Command}
}

// OpenLedger opens a ledger.
func OpenLedger(ctx context.Context, o LedgerOptions) (Ledger, error) {
	if !postgres.IsAddress(o.Path) {
		l, err := sqlite.Open(ctx, o.InFile())
		if err != nil {
			return nil, err
		}
		return l, nil
	}
	l, err := postgres.Open(ctx, postgres.Options{Address: o.Path, Environment: o.Environment, Create: o.Create, ReadOnly: o.ReadOnly, Concurrent: o.Concurrent,
		LockTimeout: o.LockTimeout, Command: o.Command, Timeout: o.Timeout, Patience: o.Patience, Say: o.Say,
		Emergency: "bulkonboard-" + settings.FileWord(o.Environment) + ".emergency"})
	if err != nil {
		return nil, err
	}
	return l, nil
}

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
