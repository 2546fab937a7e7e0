package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// step brings a schema forward by one version.
type step struct{ statements string }

// steps are the changes of the schema since baseSchema, oldest first. A new ledger
// is made by schema.sql and all of them, so that it has the same tables, indexes
// and views, word for word, as one that was brought forward.
func steps() []step { return nil }

// baseSchema is the version of schema.sql. Older ones were never released.
const baseSchema = 10

// schemaOf returns the statements that make a ledger of a version.
func schemaOf(version int, all []step) string {
	text := []string{schema}
	for _, s := range all[:version-baseSchema] {
		text = append(text, s.statements)
	}
	return strings.Join(text, "\n;\n")
}

// newestSchema is the version that this program writes (user_version).
func newestSchema(all []step) int { return baseSchema + len(all) }

// bringForward changes a ledger of an earlier version into one of the newest. A copy
// is made first, in the same folder, and kept. The caller holds the lock. After a crash
// the ledger is either unchanged or brought forward.
func (l *opening) bringForward(ctx context.Context, from int) error {
	kept := fmt.Sprintf("%s-schema-%d-%s.kept", l.path, from, datafile.TimeOf(l.now()))
	if err := copyLedger(ctx, l.path, kept); err != nil {
		return fmt.Errorf("%s has schema %d, and could not be copied before it is changed to %d: %w: %w", l.path, from, newestSchema(l.steps), err, ledger.ErrWrite)
	}
	if err := withConn(ctx, l.path, modeWrite, func(c *conn) error { return c.bringForward(ctx, from, l.steps) }); err != nil {
		return l.classify(err)
	}
	l.notices = append(l.notices, fmt.Sprintf("schema %d was changed to %d; the ledger as it was is kept in %s", from, newestSchema(l.steps), kept))
	return nil
}

// bringForward applies all steps behind a version, in one transaction.
func (c *conn) bringForward(ctx context.Context, from int, all []step) error {
	text := []string{"BEGIN IMMEDIATE"}
	for _, s := range all[from-baseSchema:] {
		text = append(text, s.statements)
	}
	text = append(text, fmt.Sprintf("PRAGMA user_version = %d", newestSchema(all)), "COMMIT")
	return c.ExecScript(ctx, strings.Join(text, ";\n"))
}

// readForward makes a private copy of a ledger of an earlier version that has the
// newest schema, for commands that only read: the ledger itself stays as it is. The
// copy is removed by Close.
func (l *opening) readForward(ctx context.Context, from int) (path string, err error) {
	dir, err := os.MkdirTemp("", "bulkonboard-")
	if err != nil {
		return "", fmt.Errorf("%s has schema %d, and there is no room for a copy to be read: %w", l.path, from, err)
	}
	l.removeAtClose = dir
	path = filepath.Join(dir, "ledger.db")
	if err := copyLedger(ctx, l.path, path); err != nil {
		return "", fmt.Errorf("%s has schema %d, and could not be copied to be read: %w", l.path, from, err)
	}
	return path, withConn(ctx, path, modeWrite, func(c *conn) error { return c.bringForward(ctx, from, l.steps) })
}

// copyLedger writes a whole, consistent copy of a ledger to a new file, 0600 and
// synced. Others may write meanwhile.
func copyLedger(ctx context.Context, from, to string) (err error) {
	f, err := fileperm.Create(to, os.O_RDWR)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// VACUUM INTO writes into an empty file that is there, and reads one
	// snapshot. It needs a connection that may write, though not to the ledger.
	return withConn(ctx, from, modeCopy, func(c *conn) error { return c.ExecScript(ctx, "VACUUM INTO ?", to) })
}
