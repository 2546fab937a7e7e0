package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/datafile"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Backup writes a whole, consistent copy to a new file, 0600 and synced when it
// returns nil. Others may write meanwhile: what is committed when it begins is in it.
// The copy holds everything that the ledger holds, links included, and a mark by
// which its first opening for writing is known to be that of a copy.
func (l *Ledger) Backup(ctx context.Context, path string) (err error) {
	if err := datafile.CheckOwn(path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			if !errors.Is(err, fs.ErrExist) {
				err = errors.Join(err, os.Remove(path))
			}
			err = fmt.Errorf("backup to %s: %w", path, err)
		}
	}()
	to, err := filepath.Abs(path)
	if err == nil {
		err = copyLedger(ctx, l.path, to)
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; name a file that does not exist yet", err)
	}
	if err != nil {
		return err
	}
	if err := markCopy(ctx, to, ledger.GapBackup); err != nil {
		return err
	}
	if err := datafile.Sync(to); err != nil {
		return err
	}
	return fileperm.SyncFolder(to)
}
