//go:build unix

package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// neighbour is another user of the machine.
const neighbour = 65534

// asNeighbour runs a shell script as another user, and returns what it prints.
// Only root can: elsewhere the test is skipped.
func asNeighbour(t *testing.T, script string, args ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: only root can act as another user")
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", script, "sh"}, args...)...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: neighbour, Gid: neighbour}}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return string(out)
}

// reachable makes a folder that every user can get to, which t.TempDir is not.
func reachable(t *testing.T, mode os.FileMode) string {
	t.Helper()
	top, err := os.MkdirTemp("", "ledger-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(top); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(top, "folder")
	if err := errors.Join(os.Chmod(top, 0o755), os.Mkdir(dir, 0o700), os.Chmod(dir, mode)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// doors are all ways into a ledger at a path.
func doors(whole string) map[string]func(t *testing.T, path string) error {
	open := func(o Options) func(t *testing.T, path string) error {
		return func(t *testing.T, path string) error {
			o.Path, o.Environment, o.Command = path, "sandbox", "test"
			l, err := Open(t.Context(), o)
			if err == nil {
				err = l.Close()
			}
			return err
		}
	}
	return map[string]func(t *testing.T, path string) error{
		"run":        open(Options{Create: true}),
		"read only":  open(Options{ReadOnly: true}),
		"concurrent": open(Options{Concurrent: true}),
		"adopt":      open(Options{Adopt: true}),
		"restore": func(t *testing.T, path string) error {
			l, _, err := Restore(t.Context(), optionsFor(path), whole)
			if err == nil {
				err = l.Close()
			}
			return err
		},
		"restore from": func(t *testing.T, path string) error {
			l, _, err := Restore(t.Context(), optionsFor(filepath.Join(t.TempDir(), "l.db")), path)
			if err == nil {
				err = l.Close()
			}
			return err
		},
	}
}

// TestHostileSideNames: whatever has the name of a side file and is
// not a private file of ours keeps every door shut, and is not touched.
func TestHostileSideNames(t *testing.T) {
	whole := wholeCopy(t)
	kinds := map[string]func(path, victim string) error{
		"symbolic link":  func(path, victim string) error { return os.Symlink(victim, path) },
		"dangling link":  func(path, _ string) error { return os.Symlink(path+".else", path) },
		"hard link":      func(path, victim string) error { return os.Link(victim, path) },
		"pipe":           func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"open to others": func(path, _ string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0o666)) },
		"another's": func(path, _ string) error {
			if os.Geteuid() != 0 {
				return os.Symlink("/etc/passwd", path)
			}
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, neighbour, neighbour))
		},
	}
	for name, enter := range doors(whole) {
		for kind, plant := range kinds {
			for _, end := range sideNames() {
				dir := t.TempDir()
				path, victim := filepath.Join(dir, "l.db"), filepath.Join(dir, "victim")
				copyFiles(t, whole, path, "")
				if err := errors.Join(os.WriteFile(victim, []byte("theirs"), 0o600), plant(path+end, victim)); err != nil {
					t.Fatal(err)
				}
				if err := enter(t, path); !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), path+end) {
					t.Errorf("%s, %s as %s: %v", name, kind, end, err)
				}
				if b, err := os.ReadFile(victim); string(b) != "theirs" || err != nil {
					t.Errorf("%s, %s as %s: the victim is %q, %v", name, kind, end, b, err)
				}
			}
		}
	}
}

// TestHostileBackupNames: a backup is not written where others could read or change it.
func TestHostileBackupNames(t *testing.T) {
	l := openNew(t)
	for _, end := range sideNames() {
		path := filepath.Join(t.TempDir(), "b.db")
		if err := os.Symlink("/etc/passwd", path+end); err != nil {
			t.Fatal(err)
		}
		if err := l.Backup(t.Context(), path); !errors.Is(err, ledger.ErrUnsafe) {
			t.Errorf("%s: %v", end, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a backup was begun", end)
		}
	}
	path := filepath.Join(reachable(t, 0o777), "b.db")
	if err := l.Backup(t.Context(), path); !errors.Is(err, ledger.ErrUnsafe) {
		t.Errorf("in a folder that others may write: %v", err)
	}
}

// TestHostileFolder: no door opens in a folder that others may write, and
// nothing is made there.
func TestHostileFolder(t *testing.T) {
	whole := wholeCopy(t)
	for _, mode := range []os.FileMode{0o777, 0o777 | os.ModeSticky, 0o703} {
		for name, enter := range doors(whole) {
			dir := reachable(t, mode)
			path := filepath.Join(dir, "l.db")
			if name != "run" { // which makes it
				copyFiles(t, whole, path, "")
			}
			err := enter(t, path)
			if !errors.Is(err, ledger.ErrUnsafe) || !strings.Contains(err.Error(), "chmod go-w") {
				t.Errorf("%s in a folder with %v: %v", name, mode, err)
			}
			entries, err := os.ReadDir(dir)
			if err != nil || len(entries) > 1 || len(entries) == 1 && (name == "run" || entries[0].Name() != "l.db") {
				t.Errorf("%s in a folder with %v left %v, %v", name, mode, entries, err)
			}
		}
	}
}

// TestHostileNeighbour: another user plants every name that it can before the
// ledger is made, opened and closed. Either the folder is refused, or the
// neighbour can read and write nothing in it.
func TestHostileNeighbour(t *testing.T) {
	skipIfShort(t)
	asNeighbour(t, "true")
	const plant = `for end in "$@"; do (: > "$end" && chmod 666 "$end") 2>/dev/null; done; true`
	const look = `cd "$1" 2>/dev/null || exit 0; for f in * .*; do
		[ -f "$f" ] || continue
		(cat "$f" >/dev/null) 2>/dev/null && echo "read $f"
		(: >> "$f") 2>/dev/null && echo "wrote $f"
		(mv "$f" "$f.moved") 2>/dev/null && echo "moved $f"
	done; true`
	for _, mask := range []int{0o000, 0o022, 0o077} {
		for _, mode := range []os.FileMode{0o700, 0o755, 0o775, 0o777, 0o777 | os.ModeSticky} {
			dir := reachable(t, mode)
			path := filepath.Join(dir, "l.db")
			names := []string{}
			for _, end := range sideNames() {
				names = append(names, path+end)
			}
			accepted := 0
			for round := range 3 {
				asNeighbour(t, plant, names...)
				was := syscall.Umask(mask)
				l, err := Open(t.Context(), Options{Path: path, Environment: "sandbox", Create: true, Command: "test"})
				if err == nil {
					registerAll(t, l, string(rune('a'+round)), validRows(20, string(rune('a'+round))))
					asNeighbour(t, plant, names...)
					if got := asNeighbour(t, look, dir); got != "" {
						t.Errorf("umask %03o, folder %v, open: %s", mask, mode, got)
					}
					err = errors.Join(l.Backup(t.Context(), filepath.Join(dir, "b"+string(rune('0'+round))+".db")), l.Close())
					if err != nil {
						t.Error(err)
					}
					accepted++
				} else if !errors.Is(err, ledger.ErrUnsafe) {
					t.Errorf("umask %03o, folder %v: %v", mask, mode, err)
				}
				syscall.Umask(was)
				if got := asNeighbour(t, look, dir); err == nil && got != "" {
					t.Errorf("umask %03o, folder %v, closed: %s", mask, mode, got)
				}
			}
			if want := map[bool]int{true: 3, false: 0}[mode&0o002 == 0]; accepted != want {
				t.Errorf("umask %03o, folder %v: accepted %d times of %d", mask, mode, accepted, want)
			}
			if mode&0o002 == 0 {
				modes(t, dir)
			}
		}
	}
}

// modes holds every file of a folder to 0600.
func modes(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Errorf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

// TestHostileUmask: with any umask every file is 0600 while the ledger is in use,
// after it was killed, restored, adopted and left with answers to be kept.
func TestHostileUmask(t *testing.T) {
	for _, mask := range []int{0o000, 0o077, 0o177} {
		was := syscall.Umask(mask)
		t.Cleanup(func() { syscall.Umask(was) })
		dir := reachable(t, 0o700)
		path := filepath.Join(dir, "l.db")
		l, err := Open(t.Context(), Options{Path: path, Environment: "sandbox", Create: true, Command: "test"})
		if err != nil {
			t.Fatal(err)
		}
		registerAll(t, l, "one", validRows(20, "a"))
		modes(t, dir)
		if err := errors.Join(l.Backup(t.Context(), filepath.Join(dir, "b.db")), l.Close()); err != nil {
			t.Fatal(err)
		}
		r, kept, err := Restore(t.Context(), optionsFor(path), filepath.Join(dir, "b.db"))
		if err != nil || kept == "" {
			t.Fatal(kept, err)
		}
		modes(t, dir)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		syscall.Umask(was)
	}
}

// TestRestoreKilledWithTwoNames: the name under which a ledger was being set
// aside is none that shuts it out.
func TestRestoreKilledWithTwoNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db")
	copyFiles(t, wholeCopy(t), path, "")
	if err := os.Link(path, path+"-20240506T070809.000000000.kept"); err != nil {
		t.Fatal(err)
	}
	if err := reopen(t, path).Close(); err != nil {
		t.Error(err)
	}
}

// sideNames are the suffixes of all side files that the ledger or SQLite opens.
func sideNames() []string {
	return []string{"-wal", "-shm", "-journal", ".lock", ".emergency", ".emergency.new",
		".new", ".new-wal", ".new-shm", ".new-journal",
		".restore", ".restore-wal", ".restore-shm", ".restore-journal"}
}
