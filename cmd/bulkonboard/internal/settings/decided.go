package settings

import (
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// DecidedFlag begins the words by which the ledger's log keeps who decided what, and
// when. There is no such flag.
const DecidedFlag = "--decided="

// DecidedIn returns the decisions that the settings of a run in the ledger's log have.
func DecidedIn(logged string) []report.Decided {
	var list []report.Decided
	for _, word := range term.SplitWords(logged) {
		text, isDecision := strings.CutPrefix(word, DecidedFlag)
		open, end := strings.LastIndex(text, " ("), strings.LastIndex(text, ", ")
		if !isDecision || open < 0 || end < open || !strings.HasSuffix(text, ")") {
			continue
		}
		at, err := time.Parse(time.RFC3339, text[end+2:len(text)-1])
		if err != nil {
			continue
		}
		list = append(list, report.Decided{What: text[:open], By: text[open+2 : end], At: at})
	}
	return list
}
