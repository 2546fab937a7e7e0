package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// rejectsAsCSV is from how many rows on the rejects file is a CSV.
const rejectsAsCSV = 100_000

// outputs are the files that a command writes, and what they must not overwrite.
type outputs struct {
	out     report.Output
	reports []string
	rejects string // as given; "" = one for each input
	inputs  []source.File
	facts   factsLedger  // where it is noted which reports were written; nil = nowhere, and unknown
	kept    []keptReport // old ones that were not replaced
}

// defaultReport is the report's name when none is given: beside the first
// input, with the environment in it unless that is production.
func defaultReport(first, environment string) string {
	base, ext := "bulkonboard", ".csv"
	if first != "-" {
		base = stem(first)
		if strings.EqualFold(filepath.Ext(first), ".xlsx") {
			ext = ".xlsx"
		}
	}
	if environment != settings.Production {
		base += "." + settings.FileWord(environment)
	}
	return base + ".report" + ext
}

// defaultRejects is the name of the rejects file of one input.
func defaultRejects(input string, rows int) string {
	base, ext := "bulkonboard", ".xlsx"
	if input != "-" {
		base = stem(input)
	}
	if rows > rejectsAsCSV {
		ext = ".csv"
	}
	return base + ".rejects" + ext
}

// stem is a path without its extension; both of them for .csv.gz.
func stem(path string) string {
	path = strings.TrimSuffix(path, ".gz")
	return strings.TrimSuffix(path, filepath.Ext(path))
}

// newOutputs settles the names. Nothing is opened.
func newOutputs(given []string, rejects string, files []source.File, environment, ledgerPath string) (*outputs, error) {
	o := &outputs{reports: given, rejects: rejects, inputs: files}
	if len(given) == 0 && len(files) > 0 {
		o.reports = []string{defaultReport(files[0].Name, environment)}
	}
	if rejects != "" && len(files) > 1 {
		return nil, exit.NewUsageError(errors.New("--rejects names one file, and there are several inputs"), "leave it out: each input then gets its own")
	}
	all := slices.Clone(o.reports)
	if rejects != "" {
		all = append(all, rejects)
		if k, err := report.KindOf(rejects); err != nil || k != report.CSV && k != report.XLSX {
			return nil, exit.UsageErrorf("--rejects %s: the file must be .xlsx or .csv", rejects)
		}
	}
	for i, path := range all {
		if _, err := report.KindOf(path); err != nil {
			return nil, exit.NewUsageError(err)
		}
		if slices.ContainsFunc(all[:i], func(other string) bool { return samePath(other, path) }) {
			return nil, exit.UsageErrorf("%s is to be written twice", path)
		}
		if samePath(path, ledgerPath) {
			return nil, exit.UsageErrorf("%s is the ledger: give the report another name", path)
		}
	}
	for _, f := range files {
		if f.Name != "-" {
			o.out.Inputs = append(o.out.Inputs, f.Name)
		}
	}
	return o, nil
}

func samePath(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// probe finds out before anything is sent whether the reports can be written.
func (o *outputs) probe() error {
	for _, path := range o.reports {
		if err := probe(o.out, path); err != nil {
			return exit.NewUsageError(err, "correct --report, or make the directory writable")
		}
	}
	for i := range o.inputs {
		path := o.rejectsPath(i, 0)
		if err := probe(o.out, path); err != nil {
			return exit.NewUsageError(err, "name a place for the rejected rows with --rejects")
		}
	}
	return nil
}

// probe finds out whether a file can be written.
func probe(out report.Output, path string) error {
	if err := placeFor(path); err != nil {
		return err
	}
	return out.Probe(path)
}

func (o *outputs) rejectsPath(file, rows int) string {
	if o.rejects != "" {
		return o.rejects
	}
	path := defaultRejects(o.inputs[file].Name, rows)
	for earlier := range file {
		if samePath(path, defaultRejects(o.inputs[earlier].Name, rows)) {
			ext := filepath.Ext(path)
			return fmt.Sprintf("%s-%s%s", strings.TrimSuffix(path, ext), strconv.Itoa(file+1), ext)
		}
	}
	return path
}

// write writes every report from the same selection of rows. It goes on after
// one that fails, and returns the names written.
func (o *outputs) write(ctx context.Context, meta report.Meta, rows func() report.Rows) (written []string, err error) {
	for _, path := range o.reports {
		kind, failed := report.KindOf(path)
		if failed == nil {
			failed = o.keepRicher(ctx, path, meta, rows)
		}
		if failed == nil {
			path, failed = o.out.Write(ctx, path, kind, meta, rows())
		}
		if failed == nil {
			failed = o.noteReport(ctx, path)
		}
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		written = append(written, path)
	}
	return written, err
}

// mendable reports whether a correction of the sheet can mend a row.
func mendable(r *ledger.Reported) bool {
	switch r.Status {
	case ledger.Invalid, ledger.Rejected:
		return true
	case ledger.DuplicateInInput:
		return repeatsOther(r)
	}
	return false
}

// repeatsOther reports whether a row repeats another one with other details.
func repeatsOther(r *ledger.Reported) bool {
	return slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool { return f.Code == pipeline.CodeRepeatsOther })
}

// needsPerson reports whether a row is new work for a person.
func needsPerson(r *ledger.Reported, strict bool) bool {
	switch {
	case r.Status == ledger.InDoubt, r.Status == ledger.Created && r.Customer.Code == ledger.CodeOtherAccount:
		return true
	case r.Known && !strict:
		return false
	case r.Status == ledger.DuplicateInInput:
		return repeatsOther(r)
	}
	return r.NeedsPerson()
}

// problemText joins what is wrong with a row.
func problemText(r *ledger.Reported) string {
	var parts []string
	if r.Status == r.Verdict {
		for _, f := range r.Findings {
			if f.Warning && f.Code != pipeline.CodeSharesEmail {
				continue
			}
			text := f.Message
			if f.Field != "" {
				text = f.Field + ": " + text
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, "; ")
	}
	if r.Status == ledger.Created && r.Customer.Pairing.NeedsReview() {
		return "email: " + r.Customer.Pairing.Explain()
	}
	text := r.Customer.Message
	if text == "" {
		text = r.Customer.Code
	}
	if r.Customer.Field != "" {
		text = r.Customer.Field + ": " + text
	}
	return text
}

// rejectsLedger is what the rejects file needs of the ledger.
type rejectsLedger interface {
	Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error]
	Learnt(ctx context.Context, name string) (string, time.Time, error)
	Learn(ctx context.Context, name, value string, at time.Time) error
}

// writeRejects reads the input a third time, side by side with the ledger's
// rows, and writes the rows that need a correction, one file for each input.
func (o *outputs) writeRejects(ctx context.Context, in *source.Input, l rejectsLedger, batch int64, rows int) (written []string, err error) {
	out := o.out
	out.Recorded = func(path string) (string, bool) {
		sum, _, err := l.Learnt(ctx, rejectsFact(path))
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
		done, err := out.Rejects(ctx, o.rejectsPath(i, rows), f.Header, mine)
		if err != nil {
			return written, err
		}
		if done.Path == "" {
			continue
		}
		written = append(written, done.Path)
		if err := l.Learn(ctx, rejectsFact(done.Path), done.SHA256, time.Now()); err != nil {
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

// paired reads the input once more, side by side with the ledger's rows.
func paired(ctx context.Context, in *source.Input, l rejectsLedger, batch int64) iter.Seq2[rowPair, error] {
	return func(yield func(rowPair, error) bool) {
		pass, err := in.Rows(ctx)
		if err != nil {
			yield(rowPair{}, err)
			return
		}
		defer pass.Close()
		buf := make([]source.Row, 256)
		at, n := 0, 0
		for r, err := range l.Rows(ctx, ledger.Selection{Batch: batch}) {
			if err == nil && at == n {
				at = 0
				n, err = pass.Read(buf)
			}
			if err != nil {
				yield(rowPair{}, fmt.Errorf("reading the input once more: %w", err))
				return
			}
			at++
			if !yield(rowPair{&buf[at-1], r}, nil) {
				return
			}
		}
	}
}

// rejectRows are the rows that a correction of the sheet can mend.
func rejectRows(ctx context.Context, in *source.Input, l rejectsLedger, batch int64) iter.Seq2[fileReject, error] {
	return func(yield func(fileReject, error) bool) {
		several := len(in.Files()) > 1
		for p, err := range paired(ctx, in, l, batch) {
			if err != nil {
				yield(fileReject{}, err)
				return
			}
			if !mendable(&p.row) {
				continue
			}
			// Rows of a rejects file keep the place that they had in the first list.
			origin := p.cells.Origin
			if origin == "" {
				origin = strconv.Itoa(p.row.Number)
				if several {
					origin = in.Files()[p.row.File].Name + ", row " + origin
				}
			}
			problem := problemText(&p.row)
			if p.row.Status == ledger.Invalid && p.row.OtherClaims() {
				problem += " [" + pipeline.CodeSharesEmail + "]" // so that it is known when it is given back: source.sharedMark
			}
			row := report.RejectRow{Cells: append(slices.Clone(p.cells.Cells), p.cells.Extra...), Origin: origin, Status: p.row.Status, Problem: problem}
			if !yield(fileReject{row, p.row.File}, nil) {
				return
			}
		}
	}
}
