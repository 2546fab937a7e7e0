//go:build unix

package fileperm

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// reachable makes a folder that every user can get to, which t.TempDir is not.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "private-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// folder makes a folder with a mode, whatever the umask.
func folder(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	err := os.Mkdir(path, 0o700)
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHostileFolders: a folder in which others can give names is refused, and
// every other one is accepted.
func TestHostileFolders(t *testing.T) {
	dir := reachable(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	open := folder(t, in("open"), 0o777)
	sticky := folder(t, in("sticky"), 0o777|os.ModeSticky)
	closed := folder(t, in("closed"), 0o700)
	if err := errors.Join(os.Symlink(closed, filepath.Join(open, "link")), os.Symlink(closed, in("link")), os.Symlink("loop", in("loop")), os.Symlink("closed/../open", in("relative"))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		refused    string
	}{
		{"ours", folder(t, in("ours"), 0o755), ""},
		{"only ours", closed, ""},
		{"others may write", open, "chmod go-w"},
		{"sticky, as /tmp is", sticky, "chmod go-w"},
		{"ours in a sticky one", folder(t, filepath.Join(sticky, "ours"), 0o755), ""},
		{"ours in one that others may write", folder(t, filepath.Join(open, "ours"), 0o700), open},
		{"deep in one that others may write", folder(t, filepath.Join(open, "ours", "deep"), 0o700), open},
		{"open below one that others cannot enter", folder(t, filepath.Join(closed, "open"), 0o777), ""},
		{"link to ours", in("link"), ""},
		{"link in a folder that others may write", filepath.Join(open, "link"), open},
		{"link to one that others may write", in("relative"), "chmod go-w"},
		{"link to itself", in("loop"), "too many"},
		{"not there", in("missing"), "no such file"},
	} {
		err := CheckFolder(tt.path)
		if (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestHostileFolderOfAnother: its owner can put files in, whatever its mode.
func TestHostileFolderOfAnother(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can give a folder to another user")
	}
	dir := reachable(t)
	theirs := folder(t, filepath.Join(dir, "theirs"), 0o755)
	ours := folder(t, filepath.Join(theirs, "ours"), 0o700)
	link := filepath.Join(dir, "link")
	if err := errors.Join(os.Symlink(folder(t, filepath.Join(dir, "plain"), 0o700), link), os.Lchown(link, 65534, 65534), os.Chown(theirs, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	shared := folder(t, filepath.Join(dir, "shared"), 0o775)
	if err := os.Chown(shared, 0, 65534); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"theirs": theirs, "ours in theirs": ours, "their link to ours": link, "their group's": shared} {
		if err := CheckFolder(path); !errors.Is(err, ErrNotPrivate) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostileGroups: group bits are believed to be ours only where no one else
// can be in the group.
func TestHostileGroups(t *testing.T) {
	us := os.Geteuid()
	name := "root"
	if us != 0 {
		name = "us"
	}
	passwd := "root:x:0:0::/root:/bin/sh\n"
	if us != 0 {
		passwd += name + ":x:" + itoa(us) + ":4711::/:/bin/sh\n"
	}
	for _, tt := range []struct {
		name, passwd, group, nsswitch string
		in, isOnlyOurs                bool
	}{
		{"a group of our own", passwd, name + ":x:4711:\n", "group: files systemd\n", true, true},
		{"named as its member", passwd, "staff:x:4711:root," + name + "\n", "", true, true},
		{"a number without a user", passwd, "", "", true, true},
		{"we are not in it", passwd, "", "", false, false},
		{"another member", passwd, "staff:x:4711:" + name + ",mallory\n", "", true, false},
		{"another user's first group", passwd + "mallory:x:4712:4711::/:/bin/sh\n", "", "", true, false},
		{"another group has members", passwd, "staff:x:4713:mallory\n", "", true, true},
		{"listed twice", passwd, "a:x:4711:\nb:x:4711:mallory\n", "", true, false},
		{"a directory service", passwd, "", "passwd: files\ngroup: files sss\n", true, false},
		{"LDAP users", passwd, "", "passwd: files ldap\ngroup: files\n", true, false},
		{"a comment on one", passwd, "", "group: files # ldap\n", true, true},
		{"other databases", passwd, "", "hosts: files dns\n", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for file, text := range map[string]string{"passwd": tt.passwd, "group": tt.group, "nsswitch.conf": tt.nsswitch} {
				if err := os.WriteFile(filepath.Join(root, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			g := groups{root: root, ask: func() []int {
				if tt.in {
					return []int{1, 4711}
				}
				return []int{1}
			}, seen: map[int]bool{}}
			if got := g.isOnlyOurs(4711); got != tt.isOnlyOurs {
				t.Errorf("got %t", got)
			}
		})
	}
}

// TestHostileNames: nothing but a regular file of ours with one name is opened,
// and nothing in its place is touched.
func TestHostileNames(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, plant := range map[string]func(path string) error{
		"symbolic link": func(path string) error { return os.Symlink(victim, path) },
		"dangling link": func(path string) error { return os.Symlink(path+".else", path) },
		"hard link":     func(path string) error { return os.Link(victim, path) },
		"pipe":          func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder":        func(path string) error { return os.Mkdir(path, 0o700) },
		"device": func(path string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/dev/zero", path)
			}
			return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|5) // what /dev/zero is
		},
		"open to others": func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o606)) },
		"open to group":  func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o640)) },
		"another's": func(path string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/etc/passwd", path)
			}
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 65534, 65534))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "planted")
			if err := plant(path); err != nil {
				t.Skip("NOT TESTED:", err)
			}
			if err := Check(path); !errors.Is(err, ErrNotPrivate) {
				t.Errorf("Check: %v", err)
			}
			for _, flag := range []int{os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC} {
				if f, err := Open(path, flag); !errors.Is(err, ErrNotPrivate) {
					t.Errorf("Open: %v", err)
					f.Close()
				}
				if f, err := OpenOrCreate(path, flag); !errors.Is(err, ErrNotPrivate) {
					t.Errorf("OpenOrCreate: %v", err)
					f.Close()
				}
			}
			if f, err := Create(path, os.O_RDWR); !errors.Is(err, os.ErrExist) {
				t.Errorf("Create: %v", err)
				f.Close()
			}
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if b, err := os.ReadFile(victim); string(b) != "theirs" || err != nil {
				t.Errorf("the victim is %q, %v", b, err)
			}
		})
	}
}

// TestCreateModes: 0600 whatever the umask.
func TestCreateModes(t *testing.T) {
	dir := t.TempDir()
	for i, mask := range []int{0o000, 0o022, 0o077, 0o777} {
		was := syscall.Umask(mask)
		path := filepath.Join(dir, itoa(i))
		f, err := OpenOrCreate(path, os.O_RDWR)
		syscall.Umask(was)
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("umask %03o: %v, %v", mask, info.Mode(), err)
		}
		f.Close()
		if err := Check(path); err != nil {
			t.Errorf("umask %03o: %v", mask, err)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
