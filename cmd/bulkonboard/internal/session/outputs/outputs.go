// Package outputs writes the files that a command leaves: reports, rejected rows
// and annotated workbooks. It never replaces an input, the ledger, or a report
// that has links which the new one would lack.
package outputs

import (
	"context"
	"errors"
	"slices"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// Outputs are the files that a command writes, and what they must not overwrite.
type Outputs struct {
	Output  report.Output
	Reports []string
	rejects string // as given; "" = one for each input
	inputs  []source.File
	Facts   factsLedger  // where it is noted which reports were written; nil = nowhere, and unknown
	kept    []keptReport // old ones that were not replaced
}

// New settles the names. Nothing is opened.
func New(given []string, rejects string, files []source.File, environment, ledgerPath string) (*Outputs, error) {
	o := &Outputs{Reports: given, rejects: rejects, inputs: files}
	if len(given) == 0 && len(files) > 0 {
		o.Reports = []string{DefaultReport(files[0].Name, environment)}
	}
	if rejects != "" && len(files) > 1 {
		return nil, exit.NewUsageError(errors.New("--rejects names one file, and there are several inputs"), "leave it out: each input then gets its own")
	}
	all := slices.Clone(o.Reports)
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
		if slices.ContainsFunc(all[:i], func(other string) bool { return SamePath(other, path) }) {
			return nil, exit.UsageErrorf("%s is to be written twice", path)
		}
		if SamePath(path, ledgerPath) {
			return nil, exit.UsageErrorf("%s is the ledger: choose another name for the report", path)
		}
	}
	for _, f := range files {
		if f.Name != "-" {
			o.Output.Inputs = append(o.Output.Inputs, f.Name)
		}
	}
	return o, nil
}

// Probe finds out before anything is sent whether the reports can be written.
func (o *Outputs) Probe() error {
	for _, path := range o.Reports {
		if err := ProbeFile(o.Output, path); err != nil {
			return exit.NewUsageError(err, "name another report file, or make the directory writable")
		}
	}
	for i := range o.inputs {
		path := o.rejectsPath(i, 0)
		if err := ProbeFile(o.Output, path); err != nil {
			return exit.NewUsageError(err, "name a place for the rejected rows with --rejects")
		}
	}
	return nil
}

// Write writes every report from the same selection of rows. It goes on after
// one that fails, and returns the names written.
func (o *Outputs) Write(ctx context.Context, meta report.Meta, rows func() report.Rows) (written []string, err error) {
	for _, path := range o.Reports {
		kind, failed := report.KindOf(path)
		if failed == nil {
			failed = o.keepRicherReport(ctx, path, meta, rows)
		}
		if failed == nil {
			path, failed = o.Output.Write(ctx, path, kind, meta, rows())
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
