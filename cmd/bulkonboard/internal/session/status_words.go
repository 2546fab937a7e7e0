package session

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// CountStatus returns a count of rows with their status in plain words: "3
// invalid", "1 repeat", "2 already at the partner".
func CountStatus(n int, s ledger.Status) string {
	if s == ledger.DuplicateInInput {
		return term.Count(n, "repeat")
	}
	return term.Number(n) + " " + StatusWords(s)
}

// StatusWords returns what operators call a status. Reports have the status itself.
func StatusWords(s ledger.Status) string {
	switch s {
	case ledger.LinkMissing:
		return "created without a link"
	case ledger.Duplicate:
		return "already at the partner"
	case ledger.DuplicateInInput:
		return "repeat of another row"
	case ledger.Rejected:
		return "rejected by the partner"
	case ledger.InsufficientBalance:
		return "waiting for funds"
	case ledger.InDoubt:
		return "in doubt"
	case ledger.Pending:
		return "not sent yet"
	case ledger.Forgotten:
		return "erased on request"
	}
	return string(s)
}

// statusLabel returns the short name of a status in a table.
func statusLabel(s ledger.Status) string {
	switch s {
	case ledger.LinkMissing:
		return "link lost"
	case ledger.DuplicateInInput:
		return "repeat"
	case ledger.InsufficientBalance:
		return "no funds"
	case ledger.InDoubt:
		return "in doubt"
	case ledger.Pending:
		return "not sent"
	case ledger.Forgotten:
		return "erased"
	}
	return string(s)
}

// statusStyle returns how a terminal shows a status.
func statusStyle(s ledger.Status) term.Style {
	switch s {
	case ledger.Created:
		return term.Good
	case ledger.Pending, ledger.Forgotten:
		return term.Plain
	case ledger.Rejected, ledger.InDoubt, ledger.InsufficientBalance, ledger.LinkMissing:
		return term.Bad
	}
	return term.Attention
}

// CountsText lists the statuses that have rows in plain words, in the usual order.
func CountsText(counts map[ledger.Status]int, statuses ...ledger.Status) string {
	if len(statuses) == 0 {
		statuses = ledger.Statuses()
	}
	var parts []string
	for _, s := range statuses {
		if n := counts[s]; n > 0 {
			parts = append(parts, CountStatus(n, s))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// openStatuses are those of rows that a run has still to do.
func openStatuses() []ledger.Status {
	return []ledger.Status{ledger.Pending, ledger.InsufficientBalance, ledger.InDoubt}
}

// skippedStatuses are those of rows that no run sends, and that have no user of ours.
func skippedStatuses() []ledger.Status {
	return []ledger.Status{ledger.Invalid, ledger.DuplicateInInput, ledger.Duplicate, ledger.Rejected, ledger.Forgotten}
}

func countOf(counts map[ledger.Status]int, statuses []ledger.Status) (n int) {
	for _, s := range statuses {
		n += counts[s]
	}
	return n
}

// AddOutcome adds what became of the rows of a list. Its figures add up to the rows.
// own is how many of the users this run has created, -1 = there is no run to name; others
// is how many rows other senders have settled meanwhile.
func AddOutcome(part *term.Part, t ledger.Tally, own, others int) {
	users := t.Status[ledger.Created] + t.Status[ledger.LinkMissing]
	detail := ""
	if own >= 0 && own < users {
		detail = term.Number(own) + " by this run"
		if others = min(others, users-own); others > 0 {
			detail += ", " + term.Number(others) + " by other senders"
		}
		if before := users - own - others; before > 0 {
			detail += ", " + term.Number(before) + " before"
		}
	}
	if n := t.Status[ledger.LinkMissing]; n > 0 {
		detail = joinNonEmpty(", ", detail, term.Number(n)+" of them without a link")
	}
	addCount(part, users, "created", detail, term.Good)
	skipped, open := countOf(t.Status, skippedStatuses()), countOf(t.Status, openStatuses())
	if skipped > 0 {
		addCount(part, skipped, "not created", CountsText(t.Status, skippedStatuses()...), term.Attention)
	}
	if open > 0 {
		addCount(part, open, "left", CountsText(t.Status, openStatuses()...), term.Attention)
	}
}

// addCount adds a line of a table of counts.
func addCount(part *term.Part, n int, what, detail string, style term.Style) {
	if n == 0 {
		style = term.Plain
	}
	part.Row(term.Cell{Text: term.Number(n), Right: true}, term.Cell{Text: what, Style: style}, term.Cell{Text: detail})
}

func joinNonEmpty(between string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, between)
}
