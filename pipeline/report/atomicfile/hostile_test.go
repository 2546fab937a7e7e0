//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHostileReportNames: whatever another user has planted under the names that
// a report takes, in a folder that everybody may write, nothing of the report goes
// into it, and the report is a new file, 0600 with one name, with any umask.
func TestHostileReportNames(t *testing.T) {
	for _, mask := range []int{0o000, 0o022, 0o077} {
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "r.csv")
		planted, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer planted.Close() // they hold it open
		victim := put(t, filepath.Join(dir, "victim"), "victim")
		// A staging folder of a writer that was killed, as they make it up.
		fake := filepath.Join(dir, ".r.csv.1.tmp")
		if err := errors.Join(os.Chmod(path, 0o666), os.Link(path, filepath.Join(dir, "second")), os.Mkdir(fake, 0o777), os.Symlink(victim, filepath.Join(fake, staged))); err != nil {
			t.Fatal(err)
		}
		was := syscall.Umask(mask)
		_, err = write(Writer{}, path)
		syscall.Umask(was)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(planted); err != nil || len(text) > 0 {
			t.Errorf("umask %03o: they read %q, %v", mask, text, err)
		}
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st, ok := info.Sys().(*syscall.Stat_t); info.Mode() != 0o600 || !ok || st.Nlink != 1 {
			t.Errorf("umask %03o: the report is %v with %d names", mask, info.Mode(), st.Nlink)
		}
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "new content") {
			t.Errorf("umask %03o: the report has %d bytes, %v", mask, len(text), err)
		}
		if text, err := os.ReadFile(victim); string(text) != "victim" {
			t.Errorf("umask %03o: the victim is %q, %v", mask, text, err)
		}
	}
}
