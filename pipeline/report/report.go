// Package report writes what the ledger knows: the report of every row (.csv,
// .xlsx, .html, .json), the rejects file that a person corrects and hands
// back, and the JSON summary of a run. It decides nothing.
//
// Start at [Output.Write]. What a cell says is settled once, in columns.go;
// the formats only lay it out. Files replace their predecessors whole or not
// at all, see atomic.go.
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
)

// Rows is what the ledger yields for a report: rows in input order, at most
// one error, last.
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

// KindOf tells the format by the extension of path, in upper or lower case.
func KindOf(path string) (Kind, error) {
	k := Kind(strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."))
	switch k {
	case CSV, XLSX, HTML, JSON:
		return k, nil
	}
	return "", fmt.Errorf("report %s: %w", path, ErrKind)
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
	NoLinks    bool      // leave out every verification link
	Asked      time.Time // when a report on demand was asked for, perhaps during the run; zero: it is the run's own
	KYC        bool      // something was heard of the users' identity checks: CheckColumns, and how many are how far
}

// asOf is the moment that the report speaks of.
func (m Meta) asOf() time.Time {
	if !m.Asked.IsZero() {
		return m.Asked
	}
	return m.Finished
}

// Money is what a run cost. Amounts are in units of Currency; those that are
// not known are "".
type Money struct {
	Fee          Amount `json:"fee"` // of one created user
	Currency     Text   `json:"currency"`
	Charged      Amount `json:"charged"`
	WalletBefore Amount `json:"walletBefore"`
	WalletAfter  Amount `json:"walletAfter"`
}

// format writes one report. It reads rows once, from first to last, and keeps
// no row. scratch is a private directory for what does not fit in memory; who
// calls removes it.
type format interface {
	write(ctx context.Context, w io.Writer, scratch string, m Meta, rows Rows) error
}

var (
	_ format = csvFormat{}
	_ format = jsonFormat{}
	_ format = xlsxFormat{}
	_ format = htmlFormat{}
)

// Output is where files go, and what they must not overwrite. The zero value
// protects nothing but symbolic links and directories. It may be used by
// several goroutines as long as they write different paths.
type Output struct {
	// Inputs are the files of the sender. A target that is one of them,
	// under whatever name, is refused.
	Inputs []string
	// Recorded tells the hash (hex SHA-256) that the last file written at
	// this path had, as Rejected.SHA256 gave it and the ledger kept it. nil
	// knows nothing. See Output.Rejects.
	Recorded func(path string) (sha256 string, ok bool)

	rename func(from, to string) error // os.Rename; tests play a target that another program holds open
}

// Write writes a report and returns the name that it got: path, or path with
// -2 (-3, ...) before the extension when another program holds path open. On
// an error, or when ctx ends, the old report is still there, whole.
func (o Output) Write(ctx context.Context, path string, kind Kind, m Meta, rows Rows) (written string, err error) {
	var f format
	switch kind {
	case CSV:
		f = csvFormat{}
	case JSON:
		f = jsonFormat{}
	case XLSX:
		f = xlsxFormat{maxRows: sheetRows, maxLinks: sheetLinks}
	case HTML:
		f = htmlFormat{}
	default:
		return "", fmt.Errorf("report %s: %w", path, ErrKind)
	}
	written, err = o.replace(path, o.always, func(w *os.File) error {
		return f.write(ctx, w, filepath.Dir(w.Name()), m, checked(ctx, rows))
	})
	if err != nil {
		return "", fmt.Errorf("report %s: %w", path, err)
	}
	return written, nil
}

// checked ends rows with ctx's error once ctx has ended, and marks the errors
// of rows as such.
func checked(ctx context.Context, rows Rows) Rows {
	return func(yield func(ledger.Reported, error) bool) {
		n := 0
		for r, err := range rows {
			if err == nil && n%256 == 0 && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				yield(ledger.Reported{}, rowsError{err})
				return
			}
			if !yield(r, nil) {
				return
			}
			n++
		}
		if ctx.Err() != nil {
			yield(ledger.Reported{}, rowsError{context.Cause(ctx)})
		}
	}
}
