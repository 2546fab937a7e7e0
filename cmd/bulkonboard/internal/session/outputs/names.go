package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
)

// OutputNotOver writes files, but never over this input.
func OutputNotOver(input string) report.Output {
	if input == "-" {
		return report.Output{}
	}
	return report.Output{Writer: atomicfile.Writer{Inputs: []string{input}}}
}

// CheckDirectory names the directory of a file if it is not there: the system's own
// words do not say which.
func CheckDirectory(path string) error {
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no directory %s", path, dir)
	}
	return nil
}

// MaxRejectsXLSX is from how many rows on the rejects file is a CSV.
const MaxRejectsXLSX = 100_000

// DefaultReport returns the report's name when none is given: beside the first
// input, with the environment in it unless that is production.
func DefaultReport(first, environment string) string {
	base, ext := "bulkonboard", ".csv"
	if first != "-" {
		base = WithoutExtension(first)
		if strings.EqualFold(filepath.Ext(first), ".xlsx") {
			ext = ".xlsx"
		}
	}
	if environment != settings.Production {
		base += "." + settings.FileWord(environment)
	}
	return base + ".report" + ext
}

// DefaultRejects returns the name of the rejects file of one input.
func DefaultRejects(input string, rows int) string {
	base, ext := "bulkonboard", ".xlsx"
	if input != "-" {
		base = WithoutExtension(input)
	}
	if rows > MaxRejectsXLSX {
		ext = ".csv"
	}
	return base + ".rejects" + ext
}

// WithoutExtension returns a path without its extension; both of them for .csv.gz.
func WithoutExtension(path string) string {
	path = strings.TrimSuffix(path, ".gz")
	return strings.TrimSuffix(path, filepath.Ext(path))
}

// SamePath reports whether two paths name the same file.
func SamePath(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// ProbeFile finds out whether a file can be written.
func ProbeFile(out report.Output, path string) error {
	if err := CheckDirectory(path); err != nil {
		return err
	}
	return out.Probe(path)
}
