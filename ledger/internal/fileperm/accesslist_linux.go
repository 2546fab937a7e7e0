package fileperm

import (
	"errors"
	"syscall"
)

// hasAccessList reports whether a folder has a POSIX access list. Its group bits
// then show the most that the list grants.
func hasAccessList(path string) bool {
	_, err := syscall.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil || !errors.Is(err, syscall.ENODATA) && !errors.Is(err, syscall.ENOTSUP)
}
