package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// countsText lists statuses that have rows, in the order people are shown them.
func countsText(counts map[ledger.Status]int) string {
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

// planLines say what a run is about to do.
func planLines(p pipeline.Plan) []string {
	lines := []string{fmt.Sprintf("read: %s: %s", term.Count(p.Rows, "row"), countsText(p.Tally.Status))}
	if p.Again {
		lines[0] += " (checked before, unchanged)"
	}
	send := fmt.Sprintf("to send: %s", term.Number(p.Send))
	if p.New != p.Send {
		send += fmt.Sprintf(", %s of them new", term.Number(p.New))
	}
	if p.InDoubt > 0 {
		send += fmt.Sprintf("; to look up first: %s in doubt", term.Number(p.InDoubt))
	}
	if p.Send > 0 && p.Duration > 0 {
		send += "; " + term.AboutDuration(p.Duration)
	}
	lines = append(lines, send)
	if !p.NotBefore.IsZero() {
		lines = append(lines, fmt.Sprintf("the ledger was put back from a copy: nothing is sent before %s, when the keys of the time that it lacks have expired", term.LocalTime(p.NotBefore)))
	}
	if p.ReadsList {
		lines = append(lines, "the ledger was put back from a copy: the partner's list is read before anything is sent")
	}
	if p.Send == 0 {
		return lines
	}
	cost := "cost: not known; --fee says what one user costs"
	if p.Fee.Known() {
		cost = strings.TrimSpace(fmt.Sprintf("cost: %s at %s %s at most %s %s", term.Count(p.Send, "user"), p.Fee, term.IsOrAre(p.Send), p.Cost, p.Currency))
		if p.FeeMeasured {
			cost += " (as measured in earlier runs)"
		}
	}
	switch {
	case p.Wallet.Known():
		cost += strings.TrimRight(fmt.Sprintf("; the wallet holds %s %s", p.Wallet, p.Currency), " ")
		if p.Covered >= 0 && p.Covered < p.Send {
			cost += fmt.Sprintf(", enough for %s: %s are missing", term.Count(p.Covered, "row"), p.Shortfall)
		}
	case p.WalletError != "":
		cost += "; the wallet is not known: " + p.WalletError
	}
	return append(lines, cost)
}

// causeLines say what became of rows, status by status, and what to do. Causes
// that ask for something of their own have lines of their own.
func causeLines(t ledger.Tally, advice func(ledger.Status, string) string) []string {
	causes := causesOf(t)
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

// firstCauses is how many causes of one status are told one by one.
const firstCauses = 5

// isHeld reports whether rows with this code wait for a person's word, not for
// a correction.
func isHeld(code string) bool {
	return code == pipeline.CodeIDKnown || code == pipeline.CodeLooksOnboarded || code == pipeline.CodeIDRepeated
}
