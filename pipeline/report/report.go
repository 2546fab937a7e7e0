// Package report writes what the ledger knows: the report of every row (.csv,
// .xlsx, .html, .json), the rejects file that the sender corrects and returns,
// and the JSON summary of a run. It decides nothing.
//
// Start at [Output.Write]. columns.go decides what each cell says; the formats
// only lay it out. Package atomicfile replaces the files, workbook lays out
// .xlsx, annotate marks the sender's own workbook, and metrics writes the
// Prometheus file.
package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// Rows are the ledger's rows for a report, in input order, and at most one
// error, last.
type Rows = iter.Seq2[ledger.Reported, error]

// Kind is a report format, named as its file extension.
type Kind string

const (
	CSV  Kind = "csv"
	XLSX Kind = "xlsx"
	HTML Kind = "html"
	JSON Kind = "json"
)

// ErrKind is returned for a report whose extension names no format.
var ErrKind = errors.New("not a report format: use .csv, .xlsx, .html or .json")

// KindOf returns the format by the extension of path, in upper or lower case.
func KindOf(path string) (Kind, error) {
	k := Kind(strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."))
	if formats()[k] == nil {
		return "", fmt.Errorf("report %s: %w", path, ErrKind)
	}
	return k, nil
}

// Meta is what a report says about the run and its input. The zero value
// writes a report that says nothing about them.
type Meta struct {
	Version     string // of the program
	Environment string
	Ledger      string // path
	Run         int64  // 0 = no run: a report on demand
	// Batches are the inputs that the rows come from. With more than one, a
	// row belongs to the batch that its customer's LastBatch names.
	Batches    []ledger.Batch
	Started    time.Time // zero = unknown
	Finished   time.Time // zero = unknown
	StopReason string    // "" = ran to the end
	Money      Money
	NoLinks    bool             // leave out every verification link
	Asked      time.Time        // when a report on demand was requested, perhaps during the run; zero: it is the run's own
	Headings   finance.Headings // the sender's, for .xlsx and .html; nil = plain English titles
	Decided    []Decided        // about the whole list
	KYC        bool             // there is news of the users' identity checks: add CheckColumns and their counts
	LinkAges   bool             // links may be old: add CheckColumns and counts also without news
	LinkLife   LinkLife         // by which links are called dead
}

// asOf returns the time that the report describes.
func (m Meta) asOf() time.Time {
	if !m.Asked.IsZero() {
		return m.Asked
	}
	return m.Finished
}

// Money is what a run cost. Amounts are in units of Currency; unknown ones are
// "".
type Money struct {
	Fee          Amount `json:"fee"` // of one created user
	Currency     Text   `json:"currency"`
	Charged      Amount `json:"charged"`
	WalletBefore Amount `json:"walletBefore"`
	WalletAfter  Amount `json:"walletAfter"`
}

// format writes one report. It reads rows once, from first to last, and keeps
// no row. scratch is a private directory for temporary files, which the caller
// removes.
type format func(w io.Writer, scratch string, m Meta, rows Rows) error

func formats() map[Kind]format {
	return map[Kind]format{CSV: writeCSV, JSON: writeJSON, HTML: writeHTML,
		XLSX: workbookLimits{rows: workbook.MaxRows, links: workbook.MaxLinks}.writeXLSX}
}

// Output writes files, and protects Inputs. The zero value protects only
// symbolic links and directories. It is safe for concurrent use on different
// paths.
type Output struct {
	atomicfile.Writer
	// Recorded returns the hash (hex SHA-256) that the last file written at
	// this path had: Rejected.SHA256, as the ledger kept it. Default nil:
	// nothing is known. See Output.Rejects.
	Recorded func(path string) (sha256 string, ok bool)
}

// Probe checks, before a run, whether path could be written after it, and
// leaves no trace.
func (o Output) Probe(path string) error {
	if err := o.Writer.Probe(path); err != nil {
		return fmt.Errorf("report %s: %w", path, err)
	}
	return nil
}

// Write writes a report and returns the name that it got: path, or path with
// -2 (-3, ...) before the extension when another program holds path open. On
// an error, or when ctx ends, the old report is still there, whole.
func (o Output) Write(ctx context.Context, path string, kind Kind, m Meta, rows Rows) (written string, err error) {
	writeRows := formats()[kind]
	if writeRows == nil {
		return "", fmt.Errorf("report %s: %w", path, ErrKind)
	}
	written, err = o.Replace(path, atomicfile.ReplaceAny, func(w *os.File) error {
		return writeRows(w, filepath.Dir(w.Name()), m, untilDone(ctx, rows))
	})
	if err != nil {
		return "", fmt.Errorf("report %s: %w", path, err)
	}
	return written, nil
}

// Stream writes a report to w as [Output.Write] does to a file. The temporary files
// of a workbook go to scratch, a private directory.
func Stream(ctx context.Context, w io.Writer, kind Kind, scratch string, m Meta, rows Rows) error {
	writeRows := formats()[kind]
	if writeRows == nil {
		return ErrKind
	}
	return writeRows(w, scratch, m, untilDone(ctx, rows))
}

// untilDone ends rows with the cause of ctx once ctx is done.
func untilDone[T any](ctx context.Context, rows iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for r, err := range rows {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(none, err)
		}
	}
}
