//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRefusedTargets(t *testing.T) {
	dir := t.TempDir()
	input := put(t, filepath.Join(dir, "in.csv"), "input")
	victim := put(t, filepath.Join(dir, "victim.csv"), "victim")
	link, dangling, folder, hard, pipe := filepath.Join(dir, "link.csv"), filepath.Join(dir, "dangling.csv"),
		filepath.Join(dir, "folder.csv"), filepath.Join(dir, "hard.csv"), filepath.Join(dir, "pipe.csv")
	for _, err := range []error{os.Symlink(victim, link), os.Symlink(filepath.Join(dir, "nowhere"), dangling),
		os.Mkdir(folder, 0o700), os.Link(input, hard), syscall.Mkfifo(pipe, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out := Writer{Inputs: []string{"-", filepath.Join(dir, "gone.csv"), input}}
	for _, tt := range []struct {
		path string
		want error
	}{
		{link, ErrSymlink}, {dangling, ErrSymlink}, {folder, ErrNotFile}, {pipe, ErrNotFile}, {input, ErrIsInput}, {hard, ErrIsInput},
		{filepath.Join(dir, "no", "such.csv"), fs.ErrNotExist},
		{filepath.Join(input, "such.csv"), syscall.ENOTDIR},
	} {
		if err := out.Probe(tt.path); !errors.Is(err, tt.want) {
			t.Errorf("Probe(%s) = %v, want %v", filepath.Base(tt.path), err, tt.want)
		}
		if _, err := write(out, tt.path); !errors.Is(err, tt.want) {
			t.Errorf("Replace(%s) = %v, want %v", filepath.Base(tt.path), err, tt.want)
		}
	}
	for path, want := range map[string]string{input: "input", victim: "victim"} {
		if data, _ := os.ReadFile(path); string(data) != want {
			t.Errorf("%s was changed", path)
		}
	}
	onlyFiles(t, dir, "in.csv", "victim.csv", "link.csv", "dangling.csv", "folder.csv", "hard.csv", "pipe.csv")
}

func TestProbeLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	old := put(t, filepath.Join(dir, "old.csv"), "old")
	before, _ := os.Stat(old)
	for _, path := range []string{old, filepath.Join(dir, "new.csv")} {
		if err := (Writer{}).Probe(path); err != nil {
			t.Error(err)
		}
	}
	if after, _ := os.Stat(old); !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		t.Error("old report was touched")
	}
	onlyFiles(t, dir, "old.csv")
}

// The error is about the place that was asked for, not about a file of ours.
func TestProbeSaysWhatCannotBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "r.csv")
	const want = "cannot create a file in its directory: no such file or directory"
	if err := (Writer{}).Probe(path); !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Runs of one list on several hosts write the same reports into a shared directory.
func TestWritersOfOneTarget(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.rejects.csv")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				err := (Writer{}).Probe(path)
				if err == nil {
					_, err = write(Writer{}, path)
				}
				if err == nil && i == 0 {
					if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
						err = nil
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if _, err := write(Writer{}, path); err != nil {
		t.Error(err)
	}
	onlyFiles(t, filepath.Dir(path), filepath.Base(path))
}

func TestModeUnderUmaskZero(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := put(t, filepath.Join(t.TempDir(), "r.csv"), "readable by all before")
	if _, err := (Writer{}).Replace(path, ReplaceAny, func(*os.File) error {
		entries, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp"))
		for _, dir := range entries {
			if fi, err := os.Stat(dir); err != nil || fi.Mode().Perm() != 0o700 {
				t.Errorf("staging directory: %v, %v", fi.Mode(), err)
			}
		}
		if len(entries) != 1 {
			t.Errorf("%d staging directories", len(entries))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
}

func TestHeldTargetGetsNumberedName(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "staff.report.csv"), "open in a spreadsheet program")
	inUse := map[string]bool{path: true, filepath.Join(dir, "staff.report-2.csv"): true}
	out := Writer{Rename: func(from, to string) error {
		if inUse[to] {
			return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EBUSY}
		}
		return os.Rename(from, to)
	}}
	written, err := write(out, path)
	if want := filepath.Join(dir, "staff.report-3.csv"); err != nil || written != want {
		t.Fatalf("Replace = %q, %v, want %q", written, err, want)
	}
	onlyFiles(t, dir, "staff.report.csv", "staff.report-3.csv")

	out.Rename = func(_, to string) error { return &os.LinkError{Op: "rename", New: to, Err: syscall.EBUSY} }
	if _, err := write(out, path); err == nil || !strings.Contains(err.Error(), "close the program") {
		t.Errorf("all names held: %v", err)
	}
	out.Rename = func(_, to string) error { return &os.LinkError{Op: "rename", New: to, Err: syscall.EIO} }
	if _, err := write(out, path); !errors.Is(err, syscall.EIO) {
		t.Errorf("broken disk: %v", err)
	}
	onlyFiles(t, dir, "staff.report.csv", "staff.report-3.csv")
}

// A killed writer's leavings go with the next report of that name; those of a
// living one, and of other reports, stay.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.csv")
	killed, other := filepath.Join(dir, ".r.csv.1.tmp"), filepath.Join(dir, ".q.csv.1.tmp")
	for _, d := range []string{killed, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(d, staged), "half")
	}
	living, err := stage(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write(Writer{}, path); err != nil {
		t.Fatal(err)
	}
	onlyFiles(t, dir, "r.csv", ".q.csv.1.tmp", filepath.Base(living.dir))
	if err := living.drop(); err != nil {
		t.Error(err)
	}
	onlyFiles(t, dir, "r.csv", ".q.csv.1.tmp")
}

func TestLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("é", 125)+".csv")
	if _, err := write(Writer{}, path); err != nil {
		t.Error(err)
	}
}

// What fill returns is returned unchanged unless it is about a file of ours.
func TestErrorsOfFill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.csv")
	for _, foreign := range []error{io.ErrUnexpectedEOF, &fs.PathError{Op: "read", Path: "/elsewhere/ledger.db", Err: syscall.EIO}} {
		if _, err := (Writer{}).Replace(path, ReplaceAny, func(*os.File) error { return foreign }); err != foreign { //nolint:errorlint // the very same error is wanted
			t.Errorf("got %v, want %v", err, foreign)
		}
	}
	_, err := Writer{}.Replace(path, ReplaceAny, func(f *os.File) error {
		_, err := os.Open(filepath.Join(filepath.Dir(f.Name()), "none"))
		return err
	})
	if err == nil || err.Error() != "open: no such file or directory" {
		t.Errorf("a file of the staging directory: %v", err)
	}
	onlyFiles(t, filepath.Dir(path))
}

// write replaces path by a short file.
func write(w Writer, path string) (string, error) {
	return w.Replace(path, ReplaceAny, func(f *os.File) error {
		_, err := f.WriteString("new content")
		return err
	})
}

// onlyFiles checks what a directory holds.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("directory holds %q, want %q", got, want)
	}
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
