package cli

import (
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

func reportFindings(say func(string, ...any), con *term.Console, in *source.Input, found *findings.Collector, tally ledger.Tally, code exit.Code) {
	for _, line := range findings.NoteLines(in.Notes(), in.Files()) {
		say("%s", line)
	}
	good := tally.Rows - tally.Status[ledger.Invalid] - tally.Status[ledger.DuplicateInInput]
	say("%s: %s good, %s invalid, %s repeat another row", term.Count(tally.Rows, "row"), term.Number(good),
		term.Number(tally.Status[ledger.Invalid]), term.Number(tally.Status[ledger.DuplicateInInput]))
	for _, line := range found.Lines(in.Files(), 0) {
		say("  %s", line)
	}
	for _, line := range found.Columns.Lines(in.Files(), con, con.CommandWords()) {
		say("%s", line)
	}
	if len(found.Cells) > 0 {
		say("the first cells:")
		for _, line := range findings.CellLines(found.Cells, in.Files()) {
			say("  %s", line)
		}
		if n := found.Problems - len(found.Cells); n > 0 && found.KeepMarks {
			say("  and %s more, all marked in the copy of the list", term.Number(n))
		} else if n > 0 {
			say("  and %s more; --annotate FILE.xlsx marks all of them in a copy of the list", term.Number(n))
		}
	}
	if len(found.Shared) > 0 {
		say("invalid rows with the e-mail of other rows:")
		for _, line := range findings.CellLines(found.Shared, in.Files()) {
			say("  %s", line)
		}
		if n := found.SharingCount - len(found.Shared); n > 0 {
			say("  and %s more", term.Number(n))
		}
	}
	switch {
	case code == exit.OK && good < tally.Rows:
		say("every row that repeats no other can be sent (exit 0)")
		return
	case code == exit.OK:
		say("every row can be sent (exit 0)")
		return
	}
	say("some rows need a correction (exit %d); run sends the others and writes these to a rejects file", code)
}

// inputFiles lists the files of an input with the rows seen in each.
func inputFiles(in *source.Input, found *findings.Collector) []report.InputFile {
	var files []report.InputFile
	for i, f := range in.Files() {
		files = append(files, report.InputFile{File: f.Name, SHA256: f.SHA256, Rows: found.RowsPerFile[i]})
	}
	return files
}
