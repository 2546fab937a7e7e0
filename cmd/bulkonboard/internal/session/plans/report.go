package plans

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// actionGone is what the report says of a customer of the last list of the same name
// who is not in this one. Nothing is done about them.
const actionGone = "gone"

// CheckReports refuses names of reports that cannot be written, before anything is
// read. protect are the input files.
func CheckReports(paths []string, ledgerPath string, protect []string) error {
	for _, path := range paths {
		if filepath.Clean(path) == ledgerPath {
			return exit.UsageErrorf("%s is the ledger: give the report another name", path)
		}
		if kind, err := report.KindOf(path); err != nil || kind == report.HTML {
			return exit.UsageErrorf("--report %s: a plan is written as .csv, .xlsx or .json", path)
		}
		if err := (report.Output{Writer: atomicfile.Writer{Inputs: protect}}).Probe(path); err != nil {
			return exit.NewUsageError(err)
		}
	}
	return nil
}

// WriteReports writes what would become of every row, and who is gone since the last
// list. It returns the names that the files got.
func (d *Draft) WriteReports(ctx context.Context, paths []string, batch ledger.Batch, protect []string) (written []string, err error) {
	out := report.Output{Writer: atomicfile.Writer{Inputs: protect}}
	for _, path := range paths {
		kind, err := report.KindOf(path)
		if err != nil {
			return written, exit.NewUsageError(err)
		}
		var name string
		if kind == report.JSON {
			name, err = out.Replace(path, atomicfile.ReplaceAny, func(f *os.File) error { return d.writeJSON(f, batch) })
		} else {
			name, err = out.Table(ctx, path, kind, reportHeader(), d.reportRows(batch))
		}
		if err != nil {
			return written, fmt.Errorf("plan report %s: %w", path, err)
		}
		written = append(written, name)
	}
	return written, nil
}

func reportHeader() []string {
	return []string{"plan", "sent", "file", "sheet", "row", "id", "status", "email", "firstName", "lastName", "changed", "field", "code", "message"}
}

// reportLine is a row of the report. Its members are the columns of the table.
type reportLine struct {
	Plan      string   `json:"plan"`
	Sent      bool     `json:"sent"`
	File      string   `json:"file"`
	Sheet     string   `json:"sheet"`
	Row       int      `json:"row"`
	ID        string   `json:"id"`
	Status    string   `json:"status"`
	Email     string   `json:"email"`
	FirstName string   `json:"firstName"`
	LastName  string   `json:"lastName"`
	Changed   []string `json:"changed"`
	Field     []string `json:"field"`
	Code      []string `json:"code"`
	Message   []string `json:"message"`
}

// lines calls use for every row of the report, in input order, and then for those who
// are gone.
func (d *Draft) lines(batch ledger.Batch, use func(*reportLine) error) error {
	for i := range d.rows {
		r := &d.rows[i]
		if err := use(newReportLine(string(r.Action), r, batch.Files)); err != nil {
			return err
		}
	}
	for i := range d.last.left {
		r := &d.last.left[i]
		p := pipeline.PlannedRow{Row: r.Row, Status: r.Status}
		p.Row.Findings = nil
		if err := use(newReportLine(actionGone, &p, d.last.batch.Files)); err != nil {
			return err
		}
	}
	return nil
}

func newReportLine(action string, r *pipeline.PlannedRow, files []ledger.File) *reportLine {
	l := &reportLine{Plan: action, Sent: r.Sends, Row: r.Row.Number, ID: r.Row.SenderID, Status: string(r.Status), Email: r.Row.Email,
		FirstName: r.Row.FirstName, LastName: r.Row.LastName, Changed: r.Changed}
	if r.Row.File < len(files) {
		l.File, l.Sheet = filepath.Base(files[r.Row.File].Name), files[r.Row.File].Sheet
	}
	for _, f := range r.Row.Findings {
		code := f.Code
		if f.Warning {
			code = "warn:" + code
		}
		l.Field, l.Code, l.Message = append(l.Field, f.Field), append(l.Code, code), append(l.Message, f.Message)
	}
	return l
}

func (l *reportLine) cells() []string {
	sent := "no"
	if l.Sent {
		sent = "yes"
	}
	list := func(texts []string) string { return strings.Join(texts, "; ") }
	return []string{l.Plan, sent, l.File, l.Sheet, strconv.Itoa(l.Row), l.ID, l.Status, l.Email, l.FirstName, l.LastName, list(l.Changed), list(l.Field), list(l.Code), list(l.Message)}
}

func (d *Draft) reportRows(batch ledger.Batch) report.TableRows {
	return func(yield func([]string, error) bool) {
		_ = d.lines(batch, func(l *reportLine) error { // the only error is that no more are wanted
			if !yield(l.cells(), nil) {
				return os.ErrClosed
			}
			return nil
		})
	}
}

// writeJSON writes the report as one object: how many rows have which plan, and the
// rows.
func (d *Draft) writeJSON(f *os.File, batch ledger.Batch) error {
	out := struct {
		Schema int            `json:"schema"`
		Counts map[string]int `json:"counts"` // rows by plan
		Sent   int            `json:"sent"`   // rows that would be sent
		Rows   []*reportLine  `json:"rows"`
	}{Schema: report.Schema, Counts: map[string]int{}, Rows: []*reportLine{}}
	if err := d.lines(batch, func(l *reportLine) error {
		for _, text := range []*string{&l.ID, &l.Email, &l.FirstName, &l.LastName} {
			*text = reporttext.Clean(*text)
		}
		out.Counts[l.Plan]++
		if l.Sent {
			out.Sent++
		}
		out.Rows = append(out.Rows, l)
		return nil
	}); err != nil {
		return err
	}
	e := json.NewEncoder(f)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
