package cli

import (
	"fmt"
	"slices"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// validateLines is how many lines of the findings a terminal shows before what to
// do next.
const validateLines = 24

// noteMapped is the code of the reader's notes on columns with another name.
const noteMapped = "mapped"

// checkedInput is what validate found.
type checkedInput struct {
	files  []source.File
	notes  []source.Note
	found  *findings.Collector
	tally  ledger.Tally
	chosen map[string]string // fields with --map
	marked string            // name of the marked copy; "" = none
	code   exit.Code

	proposals []decisions.Proposal
	withheld  []decisions.Proposal // that would make good rows bad
	harmful   []decisions.Proposal // that were made, and make good rows bad
	mapName   string               // of the map file that is proposed; "" = none
}

// page returns the findings for operators.
func (c *checkedInput) page(con *term.Console, cut bool) *term.Page {
	p := &term.Page{MaxLines: validateLines}
	all := `add "| less" to see all`
	session.AddChecked(p, c.files, c.tally)
	notes := slices.DeleteFunc(slices.Clone(c.notes), func(n source.Note) bool { return n.Code == noteMapped }) // the table says it
	findings.AddNotes(p, notes, c.files)
	findings.AddHarmful(con, p, c.harmful, c.files)
	c.found.AddProblems(p, c.files, cut, all)
	findings.AddProposals(con, p, c.proposals, c.files, cut, all)
	findings.AddWithheld(p, c.withheld, c.files)
	c.found.AddMapping(p, c.files, c.chosen, cut && len(c.proposals) > 0, all)
	if !cut {
		c.addCells(p)
	}
	c.addNext(p, con, cut)
	return p
}

// addCells adds the first cells with problems, one by one.
func (c *checkedInput) addCells(p *term.Page) {
	list := func(title string, lines []string, all int) {
		if len(lines) == 0 {
			return
		}
		part := p.Section(title)
		for _, line := range lines {
			part.Text(line)
		}
		switch n := all - len(lines); {
		case n > 0 && c.found.KeepMarks:
			part.Text("and " + term.Number(n) + " more, all marked in the copy of the list")
		case n > 0:
			part.Text("and " + term.Number(n) + " more; --annotate FILE.xlsx marks all of them in a copy of the list")
		}
	}
	list("Cells", findings.CellLines(c.found.Cells, c.files), c.found.Problems)
	list("Shared", findings.CellLines(c.found.Shared, c.files), c.found.SharingCount)
}

// addNext adds what to do with the list.
func (c *checkedInput) addNext(p *term.Page, con *term.Console, cut bool) {
	next := p.Next()
	ready := session.ReadyRows(c.tally)
	switch {
	case c.code != exit.OK:
		next.Styled(term.Attention, fmt.Sprintf("Some rows need a correction (exit %d). Your data was not changed.", c.code))
	case ready < c.tally.Rows:
		next.Styled(term.Good, "Every row that repeats no other can be sent (exit 0).")
	default:
		next.Styled(term.Good, "Every row can be sent (exit 0).")
	}
	words := con.CommandWords()
	c.addDecisions(next, con, words, cut)
	switch {
	case c.marked != "" && c.code == exit.OK:
		next.Text("Nothing needs to be corrected in " + c.marked + ". Yellow cells, if any, are sent as they are: please check them.")
	case c.marked != "":
		next.Text("Correct the marked cells in " + c.marked + ", then check it again.")
	case c.code != exit.OK && len(c.files) == 1 && c.files[0].Name != "-":
		next.Text("To get a copy of the list with every problem marked:")
		next.Command(con.CommandLine(findings.AddFlags(words, []string{"--annotate", outputs.WithoutExtension(c.files[0].Name) + ".marked.xlsx"})...))
	}
	if ready > 0 {
		text := "To rehearse the run against a simulated partner:"
		if c.code != exit.OK && ready > 1 {
			text = fmt.Sprintf("To rehearse the run of the %s against a simulated partner:", term.Count(ready, "other row"))
		}
		next.Text(text)
		next.Command(con.CommandLine(append(append([]string{"run", "--sandbox"}, c.readingFlags(words)...), term.FileArguments(c.fileNames())...)...))
	}
}

// addDecisions adds the commands that decide everything that is proposed. A terminal
// shows the one that asks, where the others would be broken over several lines.
func (c *checkedInput) addDecisions(next *term.Part, con *term.Console, words []string, cut bool) {
	flags := append(c.found.Columns.OtherFlags(), findings.DecisionFlags(c.proposals)...)
	if len(flags) == 0 {
		return
	}
	if cut && len(c.proposals) > 1 && c.mapName != "" {
		next.Text("To decide these proposals one by one, and keep the answers for the next list:")
		next.Command(con.CommandLine(findings.AddFlags(words, []string{"--decide"})...))
		return
	}
	next.Text("If these guesses about the whole list are right, run:")
	next.Command(con.CommandLine(findings.AddFlags(words, flags)...))
	if len(c.proposals) == 0 || c.mapName == "" {
		return
	}
	next.Text("To keep these decisions for next time, or to be asked one by one:")
	next.Command(con.CommandLine(findings.AddFlags(words, append(flags, "--save-map", c.mapName))...))
	next.Command(con.CommandLine(findings.AddFlags(words, []string{"--decide"})...))
}

func (c *checkedInput) fileNames() []string {
	var names []string
	for _, f := range c.files {
		names = append(names, f.Name)
	}
	return names
}

// readingFlags returns the flags of validate that say how the list is read.
func (c *checkedInput) readingFlags(words []string) []string {
	own := map[string]bool{"validate": false, "--env": true, "--save-map": true, "--decide": false, "--annotate": true, "--changes": false, "--json": false, "--quiet": false}
	return term.WithoutFlags(words, own, c.fileNames())
}

// inputFiles lists the files of an input with the rows seen in each.
func inputFiles(in *source.Input, found *findings.Collector) []report.InputFile {
	var files []report.InputFile
	for i, f := range in.Files() {
		files = append(files, report.InputFile{File: f.Name, SHA256: f.SHA256, Rows: found.RowsPerFile[i]})
	}
	return files
}
