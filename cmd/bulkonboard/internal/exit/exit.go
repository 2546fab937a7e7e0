// Package exit has the exit codes, and what decides which of them an error is.
// [Table] is the one table; scripts and the last line that operators read come
// from it.
package exit

import "slices"

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
	Last    string // the last line but one that operators see: what to do
}

// Table returns the one table of exit codes, the most important first. `help
// exit-codes` prints it.
func Table() []entry {
	return []entry{
		{[]Code{Interrupted, Terminated}, "interrupted or terminated; the same command continues", "stopped by a signal"},
		{[]Code{Failure}, "unexpected failure, or a report could not be written (the ledger is intact: `bulkonboard report`)", "failed; everything sent is recorded"},
		{[]Code{Usage}, "usage, configuration, unreadable or unusable input file; nothing was sent", "nothing was sent"},
		{[]Code{Ledger}, "ledger damaged, or not writable", "the ledger cannot be used; nothing is sent until it can"},
		{[]Code{Refused}, "refused: ledger held by another run, of another environment, account or version, or missing; plan not approved, expired, used, or no longer what was approved", "refused"},
		{[]Code{key}, "key refused or account suspended (401, 403)", "the partner refuses the key or the account: correct that first"},
		{[]Code{Wallet}, "the wallet cannot pay", "top up the wallet first"},
		{[]Code{Guard}, "a guard found something wrong: --max-new, --max-errors; nothing more was sent", "a guard stopped the run: look at the input before you continue"},
		{[]Code{Limit}, "stopped where you asked it to: --limit, --max-duration; nothing is wrong, rows may be left", "stopped at your limit"},
		{[]Code{Partner}, "the partner API is not answering as it should: silent for --patience, certificate error, redirect, Retry-After beyond --patience, rows still pending after all attempts", "the partner API is not answering as it should: try again later"},
		{[]Code{Findings}, "finished, and some rows need a review: invalid, duplicate, rejected, link_missing, duplicate_in_input with other details, that no finished run has reported yet; or in_doubt", "finished; some rows need a review"},
		{[]Code{OK}, "nothing new to review: every row is onboarded, or was reported before", "done"},
	}
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

// LastLine returns what operators read about an exit code.
func LastLine(code Code) string {
	for _, e := range Table() {
		if slices.Contains(e.Codes, code) {
			return e.Last
		}
	}
	return "ended"
}
