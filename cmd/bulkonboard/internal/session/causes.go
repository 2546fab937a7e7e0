package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
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
	slices.SortFunc(causes, func(a, b report.Cause) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Status), slices.Index(order, b.Status)),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code))
	})
	return causes
}

// CountsText lists the statuses that have rows, in the usual order.
func CountsText(counts map[ledger.Status]int) string {
	var parts []string
	for _, s := range ledger.Statuses() {
		if n := counts[s]; n > 0 {
			parts = append(parts, term.Number(n)+" "+string(s))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// CauseLines returns what became of rows, status by status, and what to do. Causes
// that ask for something of their own have lines of their own.
func CauseLines(t ledger.Tally, advice func(ledger.Status, string) string) []string {
	causes := Causes(t)
	var lines []string
	for _, status := range ledger.Statuses() {
		mine := slices.DeleteFunc(slices.Clone(causes), func(c report.Cause) bool {
			return c.Status != status || status == ledger.Created && !createdNeedsReview(c.Code)
		})
		if len(mine) == 0 {
			continue
		}
		if status == ledger.Created || t.Status[status] == 0 || status != ledger.Invalid && len(mine) <= firstCauses {
			for _, c := range mine {
				lines = append(lines, fmt.Sprintf("%s %s: %s. %s", term.Number(c.Count), c.Status, findings.CauseName(c.Field, c.Code), advice(c.Status, c.Code)))
			}
			continue
		}
		var parts []string
		for _, c := range mine[:min(len(mine), firstCauses)] {
			parts = append(parts, term.Number(c.Count)+" "+findings.CauseName(c.Field, c.Code))
		}
		if more := len(mine) - firstCauses; more > 0 {
			parts = append(parts, fmt.Sprintf("%d more kinds", more))
		}
		what := advice(status, "")
		if len(mine) == 1 {
			what = advice(status, mine[0].Code)
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s. %s", term.Number(t.Status[status]), status, strings.Join(parts, ", "), what))
		for _, c := range mine {
			if len(mine) > 1 && isHeld(c.Code) { // of a single one the line above has said it
				lines = append(lines, fmt.Sprintf("  %s %s: %s", term.Number(c.Count), c.Code, advice(c.Status, c.Code)))
			}
		}
	}
	return lines
}

// firstCauses is how many causes of one status are listed one by one.
const firstCauses = 5

// isHeld reports whether rows with this code wait for the operator's word, not
// for a correction.
func isHeld(code string) bool {
	return code == pipeline.CodeIDKnown || code == pipeline.CodeLooksOnboarded || code == pipeline.CodeIDRepeated
}

// StatusMeaning returns what a status means, and what the next run does with it.
func StatusMeaning(s ledger.Status) (meaning, next string) {
	switch s {
	case ledger.Created:
		return "this row's user exists, made by us; serviceId and verificationUrl known. An invalid row is never created because another row has its e-mail", "skipped"
	case ledger.LinkMissing:
		return "the user exists, made by us, but the answer with the link was lost", "skipped"
	case ledger.Duplicate:
		return "the partner says the e-mail exists, and this ledger has no record of us sending it", "skipped"
	case ledger.DuplicateInInput:
		return "an earlier valid row of this input has the same e-mail; the message names it", "checked again"
	case ledger.Invalid:
		return "breaks a field rule, or is held (id_known, looks_onboarded); never sent", "checked again"
	case ledger.Rejected:
		return "the partner refused this row for good (422, other 400)", "skipped until the row changes, or --again"
	case ledger.InsufficientBalance:
		return "refused with 402", "sent again"
	case ledger.InDoubt:
		return "sent, outcome not yet known", "resolved beside the sending"
	case ledger.Pending:
		return "not sent yet", "sent"
	case ledger.Forgotten:
		return "erased on request; no name or e-mail is repeated", "skipped"
	}
	return "", ""
}
