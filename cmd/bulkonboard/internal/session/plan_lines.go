package session

import (
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// planLines returns what a run is about to do.
func planLines(p pipeline.Plan) []string {
	lines := []string{fmt.Sprintf("read: %s: %s", term.Count(p.Rows, "row"), CountsText(p.Tally.Status))}
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
