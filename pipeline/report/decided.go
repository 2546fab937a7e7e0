package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Decided is something that was decided about a whole list, as the ledger's log has
// it, and by whom and when.
type Decided struct {
	What string    `json:"what"` // flag and value, without dashes: "value countryCode:Germany=DE"
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// decidedLines returns what was decided, a line each, for senders.
func decidedLines(list []Decided, headings finance.Headings) string {
	var lines []string
	for _, d := range list {
		lines = append(lines, fmt.Sprintf("%s (%s, %s)", d.sentence(headings), reporttext.Clean(d.By), formatForPeople(Moment{d.At})))
	}
	return strings.Join(lines, "\n")
}

// sentence puts a decision into words, with the sender's own headings.
func (d Decided) sentence(headings finance.Headings) string {
	kind, value, _ := strings.Cut(d.What, " ")
	switch kind {
	case "value":
		field, meaning, _ := strings.Cut(value, ":")
		from, to, _ := strings.Cut(meaning, "=")
		return fmt.Sprintf("%s: \u201c%s\u201d means %s", headings.Title(field), from, to)
	case "phone-region":
		if value == "column" {
			return "phone numbers without a country code are of their row\u2019s country"
		}
		return "phone numbers without a country code are of " + value
	case "phone-plus":
		return "phone numbers with digits only were missing their +"
	case "join":
		field, columns, _ := strings.Cut(value, "=")
		return headings.Title(field) + ": joined from " + strings.ReplaceAll(columns, "+", " and ")
	case "leave-out":
		if value == "struck-out" {
			return "rows that are struck out are left out"
		}
		return "rows that name no customer are left out"
	}
	return d.What
}
