package main

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// sharedInRun is for how many rows a run looks for values that rows share: it
// takes memory for each. validate looks at all of them.
const sharedInRun = 300_000

// columnCheck feeds the checker of columns in a check pass. The reader shows it what a row
// holds, the registration what the check said of it, in the same order; a row
// waits here in between. It is safe for the two goroutines of a pass.
type columnCheck struct {
	rules   *validate.Rules
	checker columns.Checker
	details []string // names of Row.Fields; nil before the first row
	carried []string // headers of Row.Carry
	id      string   // header of the sender's own number

	mu      sync.Mutex
	room    room
	waiting []validate.Raw // those before taken have left
	taken   int
	on      bool
	rows    int
	row     validate.Raw // that is judged
}

// begin makes ready for a pass over all rows.
func (s *columnCheck) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = true
}

func (s *columnCheck) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.waiting, s.taken = false, nil, 0
}

// batchOf gives the files of an input to the pipeline, past the columnCheck.
func (s *columnCheck) batchOf(in *source.Input) *intake.Batch {
	return &intake.Batch{Input: in, OnRead: func(rows []validate.Raw, total int) {
		s.read(rows)
		s.room.reached(total)
	}}
}

// read takes what the reader hands on.
func (s *columnCheck) read(raws []validate.Raw) {
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
func (s *columnCheck) next() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on || s.taken == len(s.waiting) {
		return false
	}
	s.row = s.waiting[s.taken]
	s.taken++
	return true
}

// judged takes what the check said of the next row.
func (s *columnCheck) judged(r ledger.Row) {
	if !s.next() {
		return
	}
	s.rows++
	res := validate.Result{Identity: r.Identity}
	if r.Fields != nil {
		if s.details == nil {
			s.details = validate.Fields().DetailNames()
		}
		res.User = userOf(s.details, r.Fields)
	} else {
		res.User = s.rules.Check(s.row).User
	}
	for _, f := range r.Findings {
		if f.Code == "cell_error" { // a workbook says so itself; in a text it is seen by its form
			f.Code = validate.CodeExcelError
		}
		res.Problems = append(res.Problems, validate.Problem{Field: f.Field, Code: f.Code, Message: f.Message, Warning: f.Warning})
	}
	at := columns.Place{File: r.File, Row: r.Number}
	s.checker.Add(at, &s.row, &res)
	if s.id != "" && !slices.Contains(s.carried, s.id) {
		s.checker.AddCell(at, s.id, r.SenderID)
	}
	for i, cell := range r.Carry {
		if i < len(s.carried) {
			s.checker.AddCell(at, s.carried[i], cell)
		}
	}
}

// userOf returns what the checker compares of the details of a row.
func userOf(names, values []string) validate.User {
	var u validate.User
	for i, value := range values {
		switch names[i] {
		case validate.FieldPhoneNumber:
			u.PhoneNumber = value
		case validate.FieldWalletAddress:
			u.WalletAddress = value
		case validate.FieldCountryCode:
			u.CountryCode = value
		}
	}
	return u
}

// lines say what happened to whole columns, and the command that mends it.
// args is the command line in use, with its subcommand.
func (s *columnCheck) lines(files []source.File, a *app, args []string) []string {
	// A single cell has been told of already, where no flag mends it.
	found := slices.DeleteFunc(s.checker.Findings(), func(d columns.Finding) bool { return d.Rows < 2 && len(d.Flags) == 0 })
	if len(found) == 0 {
		return nil
	}
	lines := []string{"seen over the whole list:"}
	for _, d := range found {
		text := d.Text
		if d.Field != "" {
			text = d.Field + ": " + text
		}
		lines = append(lines, "  "+rowsText(d.Rows)+", "+text+" ("+damagePlaces(d, files)+")")
	}
	if most := s.checker.SharedRows; most > 0 && s.rows > most {
		lines = append(lines, "  values that rows share were looked for in the first "+number(most)+" rows; bulkonboard validate looks at all of them")
	}
	if flags := columns.Flags(found); len(flags) > 0 {
		lines = append(lines, "Your data was not changed. If these guesses are right, run:",
			"  "+a.commandLine(withFlags(args, flags)...))
	}
	return lines
}

func damagePlaces(d columns.Finding, files []source.File) string {
	var places []string
	for _, p := range d.First {
		text := strconv.Itoa(p.Row)
		if len(files) > 1 && p.File < len(files) {
			text += " of " + displayFile(files[p.File].Name)
		}
		places = append(places, text)
	}
	if d.Rows > len(d.First) {
		places = append(places, "...")
	}
	if d.Rows == 1 {
		return "row " + strings.Join(places, ", ")
	}
	return "rows " + strings.Join(places, ", ")
}

// withFlags adds flags, each with its value if it has one, to a command line:
// behind the subcommand, in place of the same flags with other values. What
// comes after -- is a file, whatever it looks like.
func withFlags(args, flags []string) []string {
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
