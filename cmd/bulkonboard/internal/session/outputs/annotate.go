package outputs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate/inert"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// CheckAnnotate refuses what --annotate cannot do, before anything is done.
func CheckAnnotate(path string, files []source.File) error {
	switch {
	case len(files) > 1:
		return exit.NewUsageError(errors.New("--annotate writes one file, and there are several inputs"), "annotate them one by one")
	case !strings.EqualFold(filepath.Ext(path), ".xlsx"):
		return exit.UsageErrorf("--annotate %s: the file must be .xlsx", path)
	}
	if err := ProbeFile(OutputNotOver(files[0].Name), path); err != nil {
		return exit.NewUsageError(err, "correct --annotate, or make the directory writable")
	}
	return nil
}

// WriteAnnotated gives the sender's list back with marks on what is wrong, and
// returns the name that the file got.
func WriteAnnotated(ctx context.Context, con *term.Console, path string, in *source.Input, note annotate.Annotation) (string, error) {
	done, err := annotate.Write(ctx, OutputNotOver(in.Files()[0].Name).Writer, path, note)
	if err != nil {
		return "", fmt.Errorf("--annotate: %w", err)
	}
	if done.Copy {
		con.Sayf("%s has only the values: the workbook was too large or too unusual to be returned as it was", done.Path)
	}
	if len(done.Dropped) > 0 {
		con.Sayf("left out of %s for safety: %s", done.Path, listDropped(done.Dropped))
	}
	if done.Displaced > 0 {
		has := "cells have"
		if done.Displaced == 1 {
			has = "cell has"
		}
		fmt.Fprintf(con.Err, "%s: %s marked %s no comment, because the workbook's own comments stay as they are; its sheet Problems has them\n",
			term.Printable(done.Path), term.Number(done.Displaced), has)
	}
	return done.Path, nil
}

// listDropped lists what an annotated workbook lacks of the sender's.
func listDropped(dropped []inert.Count) string {
	var kinds []string
	for _, c := range dropped {
		text := c.String()
		if c.Kind == "formula" {
			text += " (their last values are kept)"
			if c.N == 1 {
				text = "1 formula (its last value is kept)"
			}
		}
		kinds = append(kinds, text)
	}
	return strings.Join(kinds, ", ")
}

// OutcomeRows pairs the input with what the ledger knows of its rows.
func OutcomeRows(ctx context.Context, in *source.Input, l rejectsLedger, batch ledger.Batch) iter.Seq2[annotate.Row, error] {
	columns := marking.ColumnIndexes(in.Files()[0])
	return func(yield func(annotate.Row, error) bool) {
		phrases := finance.NewPhrases(marking.HeadingsOf(in.Files()[0]))
		for p, err := range pairRows(ctx, in, l, ledger.Selection{Batch: batch.ID}) {
			if err != nil {
				yield(annotate.Row{}, err)
				return
			}
			row := annotate.Row{Number: p.cells.Number, Cells: marking.AllCells(p.cells),
				Status: string(p.row.Status), Link: p.row.Customer.UsableURL(), Problem: problemText(&p.row, phrases, batch.Registered), Marks: marksOfRow(&p.row, columns)}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// createdFindings returns what is worth a mark in the row of a user who exists:
// its warnings, and the fields that differ from what was sent. Nothing in it
// has to be corrected any more.
func createdFindings(r *ledger.Reported) []ledger.Finding {
	var list []ledger.Finding
	for _, field := range r.Changed {
		list = append(list, ledger.Finding{Field: field, Code: "details_changed", Message: "differs from what was sent, and was not sent again", Warning: true})
	}
	if r.Customer.KYC.IsUnderReviewAgain() {
		list = append(list, ledger.Finding{Code: ledger.CodeResubmitted, Message: ledger.ResubmittedMessage, Warning: true})
	}
	for _, f := range r.Findings {
		if f.Warning {
			list = append(list, f)
		}
	}
	return list
}
