package fileperm

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestHostileAccessList: the group bits of a folder with an access list show what the list
// grants to others.
func TestHostileAccessList(t *testing.T) {
	dir := folder(t, filepath.Join(reachable(t), "listed"), 0o700)
	list := binary.LittleEndian.AppendUint32(nil, 2) // version
	for _, e := range [][3]uint32{{0x01, 7, ^uint32(0)}, {0x02, 7, 65534}, {0x04, 5, ^uint32(0)}, {0x10, 7, ^uint32(0)}, {0x20, 5, ^uint32(0)}} {
		list = binary.LittleEndian.AppendUint16(list, uint16(e[0])) // owner, a user, group, mask, others
		list = binary.LittleEndian.AppendUint16(list, uint16(e[1]))
		list = binary.LittleEndian.AppendUint32(list, e[2])
	}
	if err := os.Chown(dir, os.Geteuid(), os.Getegid()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setxattr(dir, "system.posix_acl_access", list, 0); err != nil {
		t.Skip("NOT TESTED: this file system keeps no access lists:", err)
	}
	if err := CheckFolder(dir); !errors.Is(err, ErrNotPrivate) {
		t.Errorf("got %v", err)
	}
}
