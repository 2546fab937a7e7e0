package datafile

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CheckPlace refuses network file systems, on which neither the lock nor the
// write-ahead log are reliable (sqlite.org/wal.html). It returns notices about places
// that do not last. The numbers are those of statfs(2).
func CheckPlace(path string) ([]string, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &st); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	switch uint32(st.Type) {
	case 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400, 0x01021997:
		return nil, fmt.Errorf("%s is on a network file system, where two machines could write to it at once; keep the ledger on a local disk: %w", path, ledger.ErrUnsafe)
	case 0x01021994, 0x858458f6:
		return []string{path + " is in memory (tmpfs) and is lost when the machine restarts"}, nil
	case 0x794c7630:
		return []string{path + " is in a container's own layer (overlayfs) and is lost with the container; mount a volume for it"}, nil
	}
	return nil, nil
}

// keepsFileNumbers reports whether a file keeps its number. FAT, exFAT and FUSE may give
// it a new one at each mount, an overlay with the first write.
func keepsFileNumbers(path string) bool {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return false
	}
	switch uint32(st.Type) {
	case 0x4d44, 0x2011bab0, 0x65735546, 0x794c7630:
		return false
	}
	return true
}
