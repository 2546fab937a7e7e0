// Package booktest gathers the workbooks that tests have the program write, so
// that one process of each checker looks at all of them afterwards:
// LibreOffice, and the validator of the Open XML SDK, which knows what Excel
// offers to repair. Starting them for each workbook would cost minutes.
//
// Every test that has a workbook written does it in a directory that it gives
// to Keep, or got from Dir. Run the tests, then the check:
//
//	export BULKONBOARD_BOOKS=$(mktemp -d)
//	go test ./pipeline/report/... ./cmd/bulkonboard
//	BULKONBOARD_CHECK_BOOKS=1 go test ./pipeline/report/booktest -run WrittenWorkbooks -v
//
// Without BULKONBOARD_BOOKS nothing is gathered.
package booktest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Variable names the environment variable with the directory that workbooks are
// gathered in.
const Variable = "BULKONBOARD_BOOKS"

// application is what the program's workbooks say wrote them.
const application = "<Application>bulkonboard</Application>"

// Dir returns a new directory of the test, whose workbooks are gathered.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	Keep(t, dir)
	return dir
}

// Keep gathers the workbooks in dir, and below, when the test ends. Those that
// the program did not write are passed over.
func Keep(t testing.TB, dir string) {
	t.Helper()
	if to := os.Getenv(Variable); to != "" {
		t.Cleanup(func() {
			if err := copyBooks(dir, to, t.Name()); err != nil {
				t.Errorf("gathering workbooks: %v", err)
			}
		})
	}
}

// Gather copies the workbooks in dir at once, for tests without a testing.TB.
func Gather(dir, test string) error {
	if to := os.Getenv(Variable); to != "" {
		return copyBooks(dir, to, test)
	}
	return nil
}

func copyBooks(dir, to, test string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil // removed by the test itself, or closed to it on purpose
		}
		if err != nil || !entry.Type().IsRegular() || !strings.EqualFold(filepath.Ext(path), ".xlsx") {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil || !isOurs(data) {
			return err
		}
		sum := sha256.Sum256(data)
		name := strings.NewReplacer("/", "-", " ", "_", ":", "_").Replace(test)
		return os.WriteFile(filepath.Join(to, name[:min(len(name), 100)]+"-"+hex.EncodeToString(sum[:6])+".xlsx"), data, 0o600)
	})
}

// isOurs reports whether a workbook says that the program wrote it.
func isOurs(data []byte) bool {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false
	}
	f, err := z.Open("docProps/app.xml")
	if err != nil {
		return false
	}
	text, err := io.ReadAll(f)
	return errors.Join(err, f.Close()) == nil && bytes.Contains(text, []byte(application))
}
