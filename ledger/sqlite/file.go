package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// checkFile refuses a file that is not safe or not ours, before SQLite touches
// it. It only reads. notices are what an operator should know of the place.
func checkFile(path string, write bool) (notices []string, err error) {
	_, err = os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ledger.ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkOwn(path); err != nil {
		return nil, err
	}
	if notices, err = checkPlace(path); err != nil {
		return nil, err
	}
	if write {
		if err := checkWritable(path); err != nil {
			return nil, err
		}
	}
	return notices, checkHeader(path)
}

// checkWritable opens the file for writing and changes nothing.
func checkWritable(path string) error {
	f, err := openOwn(path, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w; make the file and its directory writable (chmod u+w), or move the ledger: %w", path, reasonOf(err), ledger.ErrWrite)
	}
	return f.Close()
}

// sqliteMagic begins every SQLite file.
const sqliteMagic = "SQLite format 3\x00"

// checkHeader reads the first 100 bytes of an SQLite file (format: sqlite.org/fileformat2.html).
func checkHeader(path string) error {
	f, err := openOwn(path, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return damaged(path, "it is empty or cut off")
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if string(head[:16]) != sqliteMagic {
		return damaged(path, "it is not an SQLite file")
	}
	if id := binary.BigEndian.Uint32(head[68:]); id != applicationID {
		return damaged(path, "it is an SQLite file of another program")
	}
	if v := binary.BigEndian.Uint32(head[60:]); v > schemaVersion {
		return otherVersion(path, int(v))
	}
	page := int64(binary.BigEndian.Uint16(head[16:]))
	if page == 1 {
		page = 65536
	}
	pages := int64(binary.BigEndian.Uint32(head[28:]))
	if page < 512 || page&(page-1) != 0 || info.Size() < page {
		return damaged(path, "its header is damaged or the file is cut off")
	}
	// With a write-ahead log beside it the file may rightly be shorter than
	// its header says.
	if wal, err := os.Stat(path + "-wal"); (err != nil || wal.Size() == 0) && info.Size() < page*pages {
		return damaged(path, "the file is cut off")
	}
	return nil
}

// otherVersion is the refusal of a ledger that a newer program made, or an
// unreleased one.
func otherVersion(path string, schema int) error {
	if schema > schemaVersion {
		return fmt.Errorf("%s has schema %d and this program knows %d; use the newer program: %w", path, schema, schemaVersion, ledger.ErrNewer)
	}
	return fmt.Errorf("%s was made by an unreleased version of this program (schema %d, now %d). Export its users with that version (`bulkonboard ledger export`) and import them into a new ledger: %w",
		path, schema, schemaVersion, ErrOlder)
}

// damaged is ErrDamaged with the way out.
func damaged(path, what string) error {
	return fmt.Errorf("%s: %s; put back the newest backup (bulkonboard ledger backup made it) together with nothing else of the same name, or keep this file and ask for help; do not begin a new ledger for the same people within the partner's key lifetime: %w", path, what, ledger.ErrDamaged)
}

// syncDir makes a directory's entries durable.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(ignoreUnsupported(d.Sync()), d.Close())
}

// syncFile makes a file's bytes durable.
func syncFile(path string) error {
	f, err := openOwn(path, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
