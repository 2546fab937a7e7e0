package session

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// The catalogue has every code that some package gives, and no other. That each
// has all its sentences is tested in package messages.
func TestEveryCodeHasMessages(t *testing.T) {
	codes := append(pipeline.Codes(), partner.Codes()...)
	codes = append(codes, "refused", kyc.CodeRecreating) // "refused" is of a partner's answer without a code
	for _, c := range findings.InputCodes() {
		codes = append(codes, c.Code)
	}
	var statuses, stops, exits []string
	for _, s := range ledger.Statuses() {
		statuses = append(statuses, string(s))
	}
	for _, r := range pipeline.Reasons() {
		stops = append(stops, string(r))
	}
	for _, e := range exit.Table() {
		for _, code := range e.Codes {
			exits = append(exits, strconv.Itoa(int(code)))
		}
	}
	words := messages.English()
	for _, tt := range []struct {
		what  string
		given []string
		have  map[string]messages.Message
	}{
		{"status", statuses, words.Statuses},
		{"code", codes, words.Codes},
		{"column finding", columns.Kinds(), words.Columns},
		{"stop reason", stops, words.Stops},
		{"exit code", exits, words.Exits},
	} {
		for _, code := range tt.given {
			if _, found := tt.have[code]; !found {
				t.Errorf("%s %s has no messages", tt.what, code)
			}
		}
		for code := range maps.Keys(tt.have) {
			if !slices.Contains(tt.given, code) {
				t.Errorf("%s %s has messages, but does not exist", tt.what, code)
			}
		}
	}
}
