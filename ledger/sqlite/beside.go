package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ErrBusy says that a ledger opened with Beside could not write for some
// seconds, because a check pass or a report of the run beside it takes longer.
// Nothing was written, and the same call can be made again.
var ErrBusy = errors.New("ledger is busy")

// alone refuses what only the holder of the lock may do.
func (l *Ledger) alone() error {
	if l.lock == nil {
		return fmt.Errorf("%s is not held: %w", l.path, ledger.ErrWrite)
	}
	return nil
}

func isBusy(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && (e.Code()&0xff == codes.SQLITE_BUSY || e.Code()&0xff == codes.SQLITE_LOCKED)
}
