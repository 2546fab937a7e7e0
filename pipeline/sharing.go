package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CodeSharesEmail is the code of the note on an invalid row that other rows of
// the input have its e-mail.
const CodeSharesEmail = "shares_email"

// sharing remembers the invalid rows of an input that were met before a row that
// claims their customer, by e-mail, so that they can name the rows that have the
// same one. It keeps nothing of other rows. The zero value is not usable; see
// newSharing.
type sharing struct {
	hasher hasher
	groups map[digest]*emailGroup
}

// emailGroup is the rows with one e-mail, but for the repetitions of a valid one.
type emailGroup struct {
	invalid []rowPlace
	valid   *rowPlace // the row that claims the customer; nil if there is none
}

func newSharing() *sharing { return &sharing{newHasher(), map[digest]*emailGroup{}} }

// addRow takes an invalid row whose e-mail no row before it claims, or the row that
// claims an e-mail.
func (s *sharing) addRow(r *ledger.Row) {
	email := s.hasher.digestOf(r.Identity)
	g := s.groups[email]
	at := placeOf(r)
	switch {
	case r.Claims && g != nil:
		g.valid = &at
	case r.Claims:
	case g == nil:
		s.groups[email] = &emailGroup{invalid: []rowPlace{at}}
	default:
		g.invalid = append(g.invalid, at)
	}
}

// rowNotes returns what is to be added to rows, in the order of their ordinals.
// place names a row for people.
func (s *sharing) rowNotes(place func(ledger.Position) string) []ledger.RowNote {
	var all []ledger.RowNote
	for _, g := range s.groups {
		if len(g.invalid) == 1 && g.valid == nil {
			continue // nobody shares it
		}
		for i, m := range g.invalid {
			n := ledger.RowNote{Ordinal: int(m.ordinal), Position: m.position(), Repeats: -1}
			if g.valid != nil {
				n.Repeats, n.Finding = int(g.valid.ordinal), sharesValid(place(g.valid.position()))
			} else {
				n.Finding = sharesInvalid(g.nameOthers(i, place))
			}
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b ledger.RowNote) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return all
}

// namedRows is how many rows with the same e-mail are named.
const namedRows = 3

// nameOthers names the other invalid rows of the e-mail.
func (g *emailGroup) nameOthers(but int, place func(ledger.Position) string) []string {
	var names []string
	for i, m := range g.invalid[:min(len(g.invalid), namedRows+1)] {
		if i != but && len(names) < namedRows {
			names = append(names, place(m.position()))
		}
	}
	if more := len(g.invalid) - 1 - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return names
}

// sharesValid is the note on an invalid row whose customer is another row's.
func sharesValid(other string) ledger.Finding {
	return ledger.Finding{Field: "email", Code: CodeSharesEmail, Warning: true,
		Message: other + " has the same e-mail, and is the one that counts. Give this row an e-mail of its own, or delete it"}
}

// sharesInvalid is the note on one of several invalid rows with one e-mail.
func sharesInvalid(others []string) ledger.Finding {
	names, has := others[0], "has"
	if last := len(others) - 1; last > 0 {
		names, has = strings.Join(others[:last], ", ")+" and "+others[last], "have"
	}
	return ledger.Finding{Field: "email", Code: CodeSharesEmail, Warning: true,
		Message: names + " " + has + " the same e-mail. Only one row with it can be sent"}
}
