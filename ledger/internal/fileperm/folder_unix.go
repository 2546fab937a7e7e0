//go:build unix

package fileperm

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSymlinks is how many symbolic links a path may lead over, as in Linux.
const maxSymlinks = 40

// CheckFolder refuses a folder in which another user can make, replace or rename
// files. That is one that others may write, /tmp included: its sticky bit keeps
// them from removing our files, and not from taking a name before we do. Above
// it, a folder that others may write is accepted if it is sticky. Below a folder
// that others cannot enter, what is writable is out of their reach.
//
// Access that is granted otherwise than by mode bits and POSIX access lists, and
// what root does, is not seen.
func CheckFolder(folder string) error {
	path, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	w := walk{groups: newGroups()}
	if err := w.chain(path); err != nil {
		return err
	}
	return w.end()
}

// walk goes from the root of the file system to a folder.
type walk struct {
	groups   *groups
	hops     int         // symbolic links so far
	hidden   bool        // a folder above cannot be entered by others
	last     string      // the folder that was reached, by its real path
	lastInfo fs.FileInfo // of last
}

// chain goes down to path, an absolute one.
func (w *walk) chain(path string) error {
	if parent := filepath.Dir(path); parent != path {
		if err := w.chain(parent); err != nil {
			return err
		}
		if err := w.passed(); err != nil {
			return err
		}
		path = filepath.Join(w.last, filepath.Base(path)) // without links
	} else {
		w.hidden = false // a link may lead to the top again
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !isOwn(info) {
		return refuse("%s belongs to another user (%s), who could put other files in; use a folder of your own, or run as that user", path, describe(info))
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return w.follow(path)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", path)
	}
	w.last, w.lastInfo = path, info
	return nil
}

func (w *walk) follow(path string) error {
	if w.hops++; w.hops > maxSymlinks {
		return fmt.Errorf("%s: too many symbolic links", path)
	}
	to, err := os.Readlink(path)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(to) {
		to = filepath.Join(w.last, to)
	}
	return w.chain(to)
}

// passed refuses the folder that was reached as one on the way: others could
// give the next one another name and put theirs in its place.
func (w *walk) passed() error {
	if w.hidden || w.lastInfo == nil {
		return nil
	}
	if w.isWritableByOthers() && w.lastInfo.Mode()&fs.ModeSticky == 0 {
		return w.refusal()
	}
	perm := w.lastInfo.Mode().Perm()
	w.hidden = perm&0o001 == 0 && (perm&0o010 == 0 || w.isOnlyOurs())
	return nil
}

// end refuses the folder that was reached as the one that files are in.
func (w *walk) end() error {
	if !w.hidden && w.isWritableByOthers() {
		return w.refusal()
	}
	return nil
}

func (w *walk) isWritableByOthers() bool {
	perm := w.lastInfo.Mode().Perm()
	return perm&0o002 != 0 || perm&0o020 != 0 && !w.isOnlyOurs()
}

// isOnlyOurs reports whether the group bits of the folder give no other user access.
func (w *walk) isOnlyOurs() bool {
	return !hasAccessList(w.last) && w.groups.isOnlyOurs(groupOf(w.lastInfo))
}

func (w *walk) refusal() error {
	return refuse("other users may write to %s (%s), and could plant files there; use a folder that only you can write: mkdir -m 700, or chmod go-w %s", w.last, describe(w.lastInfo), w.last)
}
