package findings

import (
	"slices"
	"strings"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// SharedRowsInRun is for how many rows a run looks for values that rows share: it
// needs memory for each. validate looks at all of them.
const SharedRowsInRun = 300_000

// ColumnCheck feeds the checker of columns in a check pass. The reader shows it what a row
// holds, the registration what the check said of it, in the same order; a row
// waits here in between. It is safe for the two goroutines of a pass.
type ColumnCheck struct {
	rules   *validate.Rules
	Checker columns.Checker
	// Proposer sees what Checker sees.
	Proposer decisions.Proposer
	carried  []string // headers of Row.Carry
	id       string   // header of the sender's own number
	fields   validate.FieldTable
	filled   [][]int // cells that are filled in, by file and field

	mu      sync.Mutex
	waiting []validate.Raw // those before taken have left
	taken   int
	on      bool
	rows    int
	row     validate.Raw // that is added
}

// reset forgets what an earlier pass found, and keeps the settings.
func (s *ColumnCheck) reset() {
	s.Checker = columns.Checker{Encoding: s.Checker.Encoding, Rules: s.Checker.Rules, SharedRows: s.Checker.SharedRows}
	s.Proposer = decisions.Proposer{Rules: s.Proposer.Rules}
	s.filled, s.rows = nil, 0
}

// Begin makes ready for a pass over all rows.
func (s *ColumnCheck) Begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
}

// End ends the pass that Begin began.
func (s *ColumnCheck) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.waiting, s.taken = false, nil, 0
}

// WatchRows gives the files of an input to the pipeline, and shows the checker their rows.
func (s *ColumnCheck) WatchRows(in *source.Input) *intake.Batch {
	return &intake.Batch{Input: in, OnRead: func(rows []validate.Raw, _ int) { s.addRaws(rows) }}
}

// Rows returns how many rows were checked.
func (s *ColumnCheck) Rows() int { return s.rows }

// addRaws keeps what the reader hands on.
func (s *ColumnCheck) addRaws(raws []validate.Raw) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return
	}
	if len(s.waiting)+len(raws) > cap(s.waiting) && s.taken > 0 {
		s.waiting, s.taken = append(s.waiting[:0], s.waiting[s.taken:]...), 0
	}
	s.waiting = append(s.waiting, raws...)
}

// next sets row to the one that was read first of those waiting.
func (s *ColumnCheck) next() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on || s.taken == len(s.waiting) {
		return false
	}
	s.row = s.waiting[s.taken]
	s.taken++
	return true
}

// addResult adds what the check said of the next row.
func (s *ColumnCheck) addResult(r ledger.Row) {
	if !s.next() {
		return
	}
	s.rows++
	s.countFilled(r.File, &s.row)
	res := validate.Result{Identity: r.Identity}
	if r.Details != nil {
		res.User = userOf(r.Details)
	} else {
		res.User = s.rules.CheckShared(s.row)
	}
	for _, f := range r.Findings {
		if f.Code == "cell_error" { // a workbook says so itself; in a text it is seen by its form
			f.Code = validate.CodeExcelError
		}
		res.Problems = append(res.Problems, validate.Problem{Field: f.Field, Code: f.Code, Message: f.Message, Warning: f.Warning})
	}
	at := columns.Place{File: r.File, Row: r.Number}
	s.Checker.Add(at, &s.row, &res)
	s.Proposer.Add(&s.row, res.Problems)
	if s.id != "" && !slices.Contains(s.carried, s.id) {
		s.Checker.AddCell(at, s.id, r.SenderID)
	}
	for i, cell := range r.Carry {
		if i < len(s.carried) {
			s.Checker.AddCell(at, s.carried[i], cell)
		}
	}
}

// userOf returns what the checker compares of the details of a row.
func userOf(details []ledger.Detail) validate.User {
	var u validate.User
	for _, d := range details {
		switch d.Name {
		case validate.FieldPhoneNumber:
			u.PhoneNumber = d.Value
		case validate.FieldWalletAddress:
			u.WalletAddress = d.Value
		case validate.FieldCountryCode:
			u.CountryCode = d.Value
		}
	}
	return u
}

// AddFlags adds flags, each with its value if it has one, to a command line:
// behind the subcommand, in place of the same flags with other values. What
// comes after -- is a file, whatever it looks like.
func AddFlags(args, flags []string) []string {
	files := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		files = i
	}
	var kept []string
	for i := 0; i < files; i++ {
		name, _, joined := strings.Cut(args[i], "=")
		at := slices.Index(flags, name)
		switch {
		case at < 0 || !strings.HasPrefix(name, "--"):
			kept = append(kept, args[i])
		case !joined && at+1 < len(flags) && !strings.HasPrefix(flags[at+1], "--"):
			i++ // its value
		}
	}
	first := min(1, len(kept))
	if first == 1 && strings.HasPrefix(kept[0], "-") { // the subcommand comes later
		first = len(kept)
	}
	return slices.Concat(kept[:first], flags, kept[first:], args[files:])
}
