// Package messages has every sentence that the program says about a code: the
// status of a row, a problem, a finding about a whole column, the reason why a run
// stopped, an exit code.
//
// The packages that give codes know nothing of their words, so that a translation
// is one more file: a function like [English] that returns a [Catalogue], which
// [Catalogue.Compare] holds to the English one. What depends on the row, such as a
// position or a length, is in the message that comes with a problem, not here.
package messages

import (
	"fmt"
	"slices"
	"strings"
)

// Message is what is said about one code. Title has neither a capital nor a full
// stop; the others are one or two sentences of at most 200 characters.
type Message struct {
	Title    string // a few words that follow the name of a column, such as "no country code"
	Meaning  string // what is wrong, for all readers: no flags, no names of the partner's API
	Operator string // what to do, with the command or the flag
	Finance  string // what to do for who has the list but not the program; see [Fill]
}

// Catalogue has the messages of one language by code. It is read-only.
type Catalogue struct {
	Statuses map[string]Message // of rows
	Codes    map[string]Message // of problems, as in the column "code" of a report
	Columns  map[string]Message // of findings about whole columns
	Stops    map[string]Message // reasons why a run stopped, as in the JSON summary
	Exits    map[string]Message // exit codes, in decimal
	Requests map[string]Message // requests that the finance page refuses
}

// Column stands for the sender's heading in Message.Finance.
const Column = "{column}"

// Fill returns a sentence for finance with the sender's heading of the column; ""
// is a cell that has none.
func Fill(sentence, heading string) string {
	if heading == "" {
		return strings.ReplaceAll(sentence, Column, "the cell")
	}
	return strings.ReplaceAll(sentence, Column, `"`+heading+`"`)
}

// Explain returns the message about a row: that of the code, else that of the
// status. It is the zero Message if neither is known.
func (c *Catalogue) Explain(status, code string) Message {
	if m, found := c.Codes[code]; found {
		return m
	}
	return c.Statuses[status]
}

// Compare returns what a translation lacks, has too much, or does not say; nil if
// nothing.
func (c *Catalogue) Compare(translation *Catalogue) []string {
	var wrong []string
	theirs := translation.sections()
	for i, own := range c.sections() {
		for code, message := range own.messages {
			other, found := theirs[i].messages[code]
			switch {
			case !found:
				wrong = append(wrong, fmt.Sprintf("%s %s is missing", own.name, code))
			case slices.Contains([]string{other.Title, other.Meaning, other.Operator, other.Finance}, ""):
				wrong = append(wrong, fmt.Sprintf("%s %s has an empty text", own.name, code))
			case strings.Contains(message.Finance, Column) != strings.Contains(other.Finance, Column):
				wrong = append(wrong, fmt.Sprintf("%s %s: only one of the languages names the column", own.name, code))
			}
		}
		for code := range theirs[i].messages {
			if _, found := own.messages[code]; !found {
				wrong = append(wrong, fmt.Sprintf("%s %s does not exist", own.name, code))
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// section is one of the maps of a catalogue.
type section struct {
	name     string
	messages map[string]Message
}

func (c *Catalogue) sections() []section {
	return []section{{"status", c.Statuses}, {"code", c.Codes}, {"column finding", c.Columns}, {"stop reason", c.Stops}, {"exit code", c.Exits}, {"request", c.Requests}}
}
