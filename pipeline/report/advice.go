package report

import (
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
)

// Advice returns what an operator can do about a cause, in a sentence or two: about
// its code if that is known, else about its status. It is never empty, and has no
// personal data.
func Advice(status ledger.Status, code string) string {
	if about := messages.English().Explain(string(status), code); about.Operator != "" {
		return about.Operator
	}
	return "See the message of the row."
}
