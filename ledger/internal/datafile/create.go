package datafile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Create makes a database file that does not exist, under another name first, which
// fill is given: a crash leaves either none or a whole one.
func Create(path string, fill func(part string) error) error {
	part := path + ".new"
	for _, end := range []string{"", "-journal", "-wal", "-shm"} { // of one who was killed
		if err := os.Remove(part + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is in the way: %w", part+end, err)
		}
	}
	f, err := fileperm.Create(part, os.O_RDWR)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = fill(part)
	}
	if err == nil {
		err = Sync(part)
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err == nil {
		err = fileperm.SyncFolder(path)
	}
	return err
}
