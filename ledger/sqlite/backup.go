package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/private"
)

// Backup writes a whole, consistent copy to a new file, 0600 and synced when it
// returns nil. It goes beside a run: what is committed when it begins is in it.
// The copy holds everything that the ledger holds, links included, and a mark by
// which its first opening for writing is known to be that of a copy.
func (l *Ledger) Backup(ctx context.Context, path string) (err error) {
	if err := datafile.CheckOwn(path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	f, err := private.Create(path, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("backup: %w; name a file that does not exist yet", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("backup to %s: %w", path, err), os.Remove(path))
		}
	}()
	to, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	// VACUUM INTO writes into an empty file that is there, and reads one
	// snapshot. It needs a connection that may write, though not to the ledger.
	if err := withConn(ctx, l.path, modeCopy, func(c *conn) error { return c.execScript(ctx, "VACUUM INTO ?", to) }); err != nil {
		return err
	}
	if err := markCopy(ctx, to, ledger.GapBackup); err != nil {
		return err
	}
	if err := datafile.Sync(to); err != nil {
		return err
	}
	return private.SyncFolder(to)
}
