package session

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// createdNeedsReview reports whether a created row with this code is one that an
// operator has to look at.
func createdNeedsReview(code string) bool {
	return code == ledger.CodeOtherAccount || ledger.Pairing(code).NeedsReview()
}

// CreatedToReview counts created rows that an operator has to look at.
func CreatedToReview(t ledger.Tally) (n int) {
	for cause, rows := range t.Code {
		if cause.Status == ledger.Created && createdNeedsReview(cause.Code) {
			n += rows
		}
	}
	return n
}

// Causes returns the causes of a tally, by status, then the most frequent first.
func Causes(t ledger.Tally) []report.Cause {
	causes := []report.Cause{}
	for c, n := range t.Code {
		causes = append(causes, report.Cause{Status: c.Status, Field: c.Field, Code: c.Code, Count: n})
	}
	order := ledger.Statuses()
	sort.Slice(causes, func(i, j int) bool {
		a, b := &causes[i], &causes[j]
		return cmp.Or(cmp.Compare(slices.Index(order, a.Status), slices.Index(order, b.Status)),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code)) < 0
	})
	return causes
}

// AddCauses adds what is wrong with rows, status by status, and what to do. Causes
// that ask for something of their own have lines of their own.
func AddCauses(p *term.Page, t ledger.Tally, advice func(ledger.Status, string) string) {
	causes := Causes(t)
	var part *term.Part
	row := func(n int, status ledger.Status, text, code string) {
		if part == nil {
			part = p.Section("Problems").CutWith(func(hidden int) string {
				return "and " + term.Count(hidden, "more problem") + ": see the report"
			}).LeaveOut()
			part.Text("what to do about each:")
		}
		part.WideRow(term.Cell{Text: term.Number(n), Right: true}, term.Cell{Text: statusLabel(status), Style: statusStyle(status)},
			term.Cell{Text: text, Code: code})
	}
	for _, status := range ledger.Statuses() {
		mine := slices.DeleteFunc(slices.Clone(causes), func(c report.Cause) bool {
			return c.Status != status || status == ledger.Created && !createdNeedsReview(c.Code)
		})
		if len(mine) == 0 {
			continue
		}
		if status == ledger.Created || t.Status[status] == 0 || status != ledger.Invalid && len(mine) <= firstCauses {
			for _, c := range mine {
				row(c.Count, c.Status, advice(c.Status, c.Code), findings.CauseName(c.Field, c.Code))
			}
			continue
		}
		what := advice(status, "")
		if len(mine) == 1 {
			what = advice(status, mine[0].Code)
		}
		row(t.Status[status], status, what, causesText(mine))
		for _, c := range mine {
			if len(mine) > 1 && isHeld(c.Code) { // of a single one the line above has said it
				row(c.Count, c.Status, advice(c.Status, c.Code), c.Code)
			}
		}
	}
}

// causesText lists the most frequent causes with their counts.
func causesText(causes []report.Cause) string {
	if len(causes) == 1 {
		return findings.CauseName(causes[0].Field, causes[0].Code)
	}
	var parts []string
	for _, c := range causes[:min(len(causes), firstCauses)] {
		parts = append(parts, term.Number(c.Count)+" "+findings.CauseName(c.Field, c.Code))
	}
	if more := len(causes) - firstCauses; more > 0 {
		parts = append(parts, term.Count(more, "more kind"))
	}
	return strings.Join(parts, ", ")
}

// firstCauses is how many causes of one status are listed one by one.
const firstCauses = 3

// isHeld reports whether rows with this code wait for the operator's word, not
// for a correction.
func isHeld(code string) bool {
	return code == pipeline.CodeIDKnown || code == pipeline.CodeLooksOnboarded || code == pipeline.CodeIDRepeated
}

// StatusMeaning returns what a status means, and what the next run does with it.
func StatusMeaning(s ledger.Status) (meaning, next string) {
	switch s {
	case ledger.Created, ledger.LinkMissing, ledger.Duplicate, ledger.Forgotten:
		next = "skipped"
	case ledger.DuplicateInInput, ledger.Invalid:
		next = "checked again"
	case ledger.Rejected:
		next = "skipped until the row changes, or --again"
	case ledger.InsufficientBalance:
		next = "sent again"
	case ledger.InDoubt:
		next = "looked up while other rows are sent"
	case ledger.Pending:
		next = "sent"
	}
	return messages.English().Statuses[string(s)].Meaning, next
}
