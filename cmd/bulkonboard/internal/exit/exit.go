// Package exit has the exit codes, and what decides which of them an error is.
// [Table] is the one table; scripts and the last line that operators read come
// from it.
package exit

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
	Bound       Code = 8
	Ledger      Code = 9
	Interrupted Code = 130
	Terminated  Code = 143
)

// entry is one line of the table of exit codes.
type entry struct {
	Codes   []Code
	Meaning string
	Last    string // the last line but one that operators see: what to do
}

// Table returns the one table of exit codes, in the order in which the first
// that applies is taken, except 0 and 3. `help exit-codes` prints it.
func Table() []entry {
	return []entry{
		{[]Code{Interrupted, Terminated}, "interrupted or terminated; the same command continues", "stopped by a signal"},
		{[]Code{Failure}, "unexpected failure, or a report could not be written (the ledger is whole: `bulkonboard report`)", "failed; what was sent is recorded"},
		{[]Code{Usage}, "usage, configuration, unreadable or unusable input file; nothing was sent", "nothing was sent"},
		{[]Code{Ledger}, "ledger damaged, or not writable", "the ledger cannot be used; nothing more is sent until it can"},
		{[]Code{Refused}, "refused: ledger held by another run, of another environment or account, or missing", "refused"},
		{[]Code{key}, "key refused or account suspended (401, 403)", "the partner refuses the key or the account: correct that first"},
		{[]Code{Wallet}, "the wallet cannot pay", "top up the wallet first"},
		{[]Code{Bound}, "stopped at a bound you set: --limit, --max-new, --max-errors, --max-duration; rows may be left", "stopped at a bound you set"},
		{[]Code{Partner}, "the partner API is not answering as it should: silent for --patience, certificate error, redirect, Retry-After beyond --patience, rows still pending after all attempts", "the partner API is not answering as it should: try again later"},
		{[]Code{Findings}, "finished, and some rows need a person: invalid, duplicate, rejected, link_missing, duplicate_in_input with other details, that no finished run has reported yet; or in_doubt", "finished; some rows need a person"},
		{[]Code{OK}, "nothing new for a person: every row is onboarded, or was reported before", "done"},
	}
}

// LastLine returns what operators read about an exit code.
func LastLine(code Code) string {
	for _, e := range Table() {
		for _, c := range e.Codes {
			if c == code {
				return e.Last
			}
		}
	}
	return "ended"
}
