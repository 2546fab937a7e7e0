package outputs

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

func (o *Outputs) rejectsPath(file, rows int) string {
	if o.rejects != "" {
		return o.rejects
	}
	path := DefaultRejects(o.inputs[file].Name, rows)
	for earlier := range file {
		if SamePath(path, DefaultRejects(o.inputs[earlier].Name, rows)) {
			ext := filepath.Ext(path)
			return fmt.Sprintf("%s-%s%s", strings.TrimSuffix(path, ext), strconv.Itoa(file+1), ext)
		}
	}
	return path
}

// rejectsLedger is what the rejects file needs of the ledger.
type rejectsLedger interface {
	Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error]
	Fact(ctx context.Context, name string) (string, time.Time, error)
	SaveFact(ctx context.Context, name, value string, at time.Time) error
}

// WriteRejects reads the input a third time, side by side with the ledger's
// rows, and writes the rows that need a correction, one file for each input.
func (o *Outputs) WriteRejects(ctx context.Context, in *source.Input, l rejectsLedger, batch int64, rows int) (written []string, err error) {
	out := o.Output
	out.Recorded = func(path string) (string, bool) {
		sum, _, err := l.Fact(ctx, rejectsFact(path))
		return sum, err == nil
	}
	next, stop := iter.Pull2(rejectRows(ctx, in, l, batch))
	defer stop()
	ahead, failed, more := next()
	for i, f := range o.inputs {
		mine := func(yield func(report.RejectRow, error) bool) {
			for more && (failed != nil || ahead.file == i) {
				if failed != nil {
					yield(report.RejectRow{}, failed)
					return
				}
				if !yield(ahead.RejectRow, nil) {
					return
				}
				ahead, failed, more = next()
			}
		}
		if more && failed == nil && ahead.file != i {
			continue
		}
		list := report.RejectList{Header: f.Header, Hidden: f.Hidden, Headings: marking.HeadingsOf(f)}
		done, err := out.Rejects(ctx, o.rejectsPath(i, rows), list, mine)
		if err != nil {
			return written, err
		}
		if done.Path == "" {
			continue
		}
		written = append(written, done.Path)
		if err := l.SaveFact(ctx, rejectsFact(done.Path), done.SHA256, time.Now()); err != nil {
			return written, err
		}
	}
	return written, nil
}

func rejectsFact(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return "rejects:" + path
}

type fileReject struct {
	report.RejectRow
	file int
}

// rowPair is a row of the input with what the ledger knows of it.
type rowPair struct {
	cells *source.Row
	row   ledger.Reported
}

// pairRows reads the input once more, side by side with the rows that are selected.
func pairRows(ctx context.Context, in *source.Input, l rejectsLedger, s ledger.Selection) iter.Seq2[rowPair, error] {
	return func(yield func(rowPair, error) bool) {
		next, stop := iter.Pull2(marking.ReadRows(ctx, in))
		defer stop()
		read := 0
		for r, err := range l.Rows(ctx, s) {
			var cells *source.Row
			for ; err == nil && read <= r.Ordinal; read++ {
				var more bool
				if cells, err, more = next(); !more {
					err = io.ErrUnexpectedEOF
				}
			}
			if err != nil {
				yield(rowPair{}, fmt.Errorf("reading the input once more: %w", err))
				return
			}
			if !yield(rowPair{cells, r}, nil) {
				return
			}
		}
	}
}

// rejectRows returns the rows that can be corrected in the sheet.
func rejectRows(ctx context.Context, in *source.Input, l rejectsLedger, batch int64) iter.Seq2[fileReject, error] {
	return func(yield func(fileReject, error) bool) {
		files := in.Files()
		phrases, columns := make([]*finance.Phrases, len(files)), make([]map[string]int, len(files))
		for i, f := range files {
			phrases[i], columns[i] = finance.NewPhrases(marking.HeadingsOf(f)), marking.ColumnIndexes(f)
		}
		for p, err := range pairRows(ctx, in, l, ledger.Selection{Batch: batch, Reviewed: true}) {
			if err != nil {
				yield(fileReject{}, err)
				return
			}
			if !isCorrectable(&p.row) {
				continue
			}
			// Rows of a rejects file keep the place that they had in the first list.
			origin := p.cells.Origin
			if origin == "" {
				origin = strconv.Itoa(p.row.Number)
				if len(files) > 1 {
					origin = files[p.row.File].Name + ", row " + origin
				}
			}
			problem := problemText(&p.row, phrases[p.row.File], time.Time{})
			if p.row.Status == ledger.Invalid && p.row.OtherClaims() {
				problem += " " + source.SharesEmail // so that it is known when it is given back
			}
			row := report.RejectRow{Cells: slices.Clone(marking.AllCells(p.cells)), Origin: origin, Status: p.row.Status, Problem: problem,
				Marks: marksOfRow(&p.row, columns[p.row.File])}
			if !yield(fileReject{row, p.row.File}, nil) {
				return
			}
		}
	}
}
