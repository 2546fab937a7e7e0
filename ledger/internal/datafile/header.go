package datafile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// Found is what Check found out about a file.
type Found struct {
	Notices []string // what an operator should know of its place
	Version int      // of the schema, by the file's header
}

// Check refuses a file that is not safe or not a ledger, before SQLite touches
// it. It only reads. applicationID marks ledgers.
func Check(path string, applicationID uint32, isWritten bool) (found Found, err error) {
	if found.Notices, err = CheckNames(path); err != nil {
		return found, err
	}
	if isWritten {
		if err := checkWritable(path); err != nil {
			return found, err
		}
	}
	found.Version, err = checkHeader(path, applicationID)
	return found, err
}

// CheckNames is Check without opening the file: who owns it, and where it is.
func CheckNames(path string) (notices []string, err error) {
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ledger.ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := CheckOwn(path); err != nil {
		return nil, err
	}
	return CheckPlace(path)
}

// checkWritable opens the file for writing and changes nothing.
func checkWritable(path string) error {
	f, err := Open(path, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w; make the file and its directory writable (chmod u+w), or move the ledger: %w", path, reasonOf(err), ledger.ErrWrite)
	}
	return f.Close()
}

// sqliteMagic begins every SQLite file.
const sqliteMagic = "SQLite format 3\x00"

// checkHeader reads the first 100 bytes of an SQLite file (format: sqlite.org/fileformat2.html),
// and returns the version of its schema.
func checkHeader(path string, applicationID uint32) (version int, err error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return 0, Damaged(path, "it is empty or cut off")
	}
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	if string(head[:16]) != sqliteMagic {
		return 0, Damaged(path, "it is not an SQLite file")
	}
	if id := binary.BigEndian.Uint32(head[68:]); id != applicationID {
		return 0, Damaged(path, "it is an SQLite file of another program")
	}
	version = int(binary.BigEndian.Uint32(head[60:]))
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	if page < 512 || page&(page-1) != 0 || info.Size() < page {
		return 0, Damaged(path, "its header is damaged or the file is cut off")
	}
	// A file that has a write-ahead log may be shorter than its header says.
	if wal, err := os.Stat(path + "-wal"); (err != nil || wal.Size() == 0) && info.Size() < page*pages {
		return 0, Damaged(path, "the file is cut off")
	}
	return version, nil
}

// HasID reports whether a file is an SQLite file of an application.
func HasID(path string, applicationID uint32) bool {
	f, err := fileperm.Open(path, os.O_RDONLY)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [100]byte
	_, err = f.ReadAt(head[:], 0)
	return err == nil && string(head[:16]) == sqliteMagic && binary.BigEndian.Uint32(head[68:]) == applicationID
}

// Damaged is ErrDamaged with the way out.
func Damaged(path, what string) error {
	return fmt.Errorf("%s: %s; restore the newest backup (made by bulkonboard ledger backup) without other files of the same name, or keep this file and ask for help; do not start a new ledger for the same customers within the partner's key lifetime: %w", path, what, ledger.ErrDamaged)
}

// Sync makes a file's bytes durable.
func Sync(path string) error {
	f, err := Open(path, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
