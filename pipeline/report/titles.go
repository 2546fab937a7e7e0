package report

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// statusTitle returns a status in words.
func statusTitle(s ledger.Status) string {
	return strings.ReplaceAll(string(s), "_", " ")
}

// stopTitle returns why a run stopped, in a few words; "" if it ran to the end.
func stopTitle(reason string) string {
	if about, found := messages.English().Stops[reason]; found {
		return about.Title
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// environmentNote returns what a run in this environment means. A rehearsal
// must not be mistaken for production, nor the reverse.
func environmentNote(environment string) string {
	notes := map[string]string{
		"":           "",
		"sandbox":    "Sandbox: a rehearsal with a simulated partner. No real customer, no real money.",
		"staging":    "Staging: the test system of the partner.",
		"production": "Production",
	}
	if note, ok := notes[environment]; ok {
		return note
	}
	return "Partner API at " + reporttext.Clean(environment)
}
