// Package exit has the exit codes, and what decides which of them an error is.
// [Table] has all of them. Their words are in package messages.
package exit

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/bulkonboard/bulkonboard/pipeline/messages"
)

// Code is what scripts go by.
type Code int

const (
	OK          Code = 0
	Failure     Code = 1
	Usage       Code = 2
	Findings    Code = 3
	Wallet      Code = 4
	key         Code = 5
	Partner     Code = 6
	Refused     Code = 7
	Limit       Code = 8
	Ledger      Code = 9
	Guard       Code = 10
	Interrupted Code = 130
	Terminated  Code = 143
)

// entry is one line of the table of exit codes.
type entry struct {
	Codes   []Code
	Meaning string
}

// Table returns the one table of exit codes, the most important first. `help
// exit-codes` prints it.
func Table() []entry {
	words := messages.English()
	var table []entry
	for _, codes := range [][]Code{{Interrupted, Terminated}, {Failure}, {Usage}, {Ledger}, {Refused}, {key}, {Wallet}, {Guard}, {Limit}, {Partner}, {Findings}, {OK}} {
		table = append(table, entry{codes, words.Exits[strconv.Itoa(int(codes[0]))].Meaning})
	}
	return table
}

// First returns which of several codes that apply is used: the one that is
// listed first in the table.
func First(codes ...Code) Code {
	for _, e := range Table() {
		for _, c := range e.Codes {
			if slices.Contains(codes, c) {
				return c
			}
		}
	}
	return OK
}

// LastLine returns what operators read about an exit code: a few words without a
// full stop.
func LastLine(code Code) string {
	return cmp.Or(messages.English().Exits[strconv.Itoa(int(code))].Title, "ended")
}
