package pipeline

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// CodeSharesEmail is the code of the note on an invalid row that other rows of
// the input have its e-mail.
const CodeSharesEmail = "shares_email"

// sharing remembers the invalid rows of an input that were met before a row that
// claims their customer, so that they can be told of the rows that have the same
// e-mail. It takes some 40 bytes for each of them and nothing for other rows.
// The zero value is not usable; see newSharing.
type sharing struct {
	seeds  [2]maphash.Seed
	claims claims               // from a hash to the first invalid row of an e-mail
	first  [][]invalidRow       // in parts, so that growing copies nothing
	shared map[uint32]*sameMail // of the e-mails that more rows have, by their first row
}

// invalidRow is the first invalid row of an e-mail.
type invalidRow struct {
	email digest
	at    member
}

// member is where a row stands.
type member struct{ ordinal, file, number, line uint32 }

func (m member) position() ledger.Position {
	return ledger.Position{File: int(m.file), Number: int(m.number), Line: int(m.line)}
}

// sameMail are the rows with one e-mail, but for the repetitions of a valid one.
type sameMail struct {
	invalid []member
	valid   *member // the row that claims the customer; nil if there is none
}

const invalidPart = 1 << 10

func newSharing() *sharing {
	return &sharing{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, shared: map[uint32]*sameMail{}}
}

// add takes an invalid row whose e-mail no row before it claims, or the row that
// claims an e-mail.
func (s *sharing) add(r *ledger.Row) {
	if r.Claims && len(s.first) == 0 {
		return
	}
	email := digest{maphash.String(s.seeds[0], r.Identity), maphash.String(s.seeds[1], r.Identity)}
	m := member{uint32(r.Ordinal), uint32(r.File), uint32(r.Number), uint32(r.Line)}
	n, first := s.find(email)
	switch {
	case first == nil && r.Claims:
	case first == nil:
		s.append(invalidRow{email, m})
	default:
		g := s.shared[n]
		if g == nil {
			g = &sameMail{invalid: []member{first.at}}
			s.shared[n] = g
		}
		if r.Claims {
			g.valid = &m
		} else {
			g.invalid = append(g.invalid, m)
		}
	}
}

// find returns the first invalid row with an e-mail and its number; nil if there
// is none.
func (s *sharing) find(email digest) (uint32, *invalidRow) {
	for n := range s.claims.of(email[0]) {
		if r := &s.first[n/invalidPart][n%invalidPart]; r.email == email {
			return n, r
		}
	}
	return 0, nil
}

func (s *sharing) append(r invalidRow) {
	last := len(s.first) - 1
	if last < 0 || len(s.first[last]) == invalidPart {
		s.first = append(s.first, make([]invalidRow, 0, invalidPart))
		last++
	}
	s.claims.add(r.email[0], uint32(last*invalidPart+len(s.first[last])))
	s.first[last] = append(s.first[last], r)
}

// notes returns what is to be added to rows, in the order of their ordinals.
// place names a row for people.
func (s *sharing) notes(place func(ledger.Position) string) []ledger.RowNote {
	var all []ledger.RowNote
	for _, g := range s.shared {
		for i, m := range g.invalid {
			n := ledger.RowNote{Ordinal: int(m.ordinal), Position: m.position(), Repeats: -1}
			if g.valid != nil {
				n.Repeats, n.Finding = int(g.valid.ordinal), sharesValid(place(g.valid.position()))
			} else {
				n.Finding = sharesInvalid(g.others(i, place))
			}
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b ledger.RowNote) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return all
}

// namedRows is how many rows with the same e-mail are named.
const namedRows = 3

// others names the other invalid rows of the e-mail.
func (g *sameMail) others(but int, place func(ledger.Position) string) []string {
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
