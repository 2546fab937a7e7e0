package pipeline

import (
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Codes of the notes that another row of the input has the customer number, or name
// and phone number, of an invalid row, under another e-mail.
const (
	CodeSharesNumber = "shares_number"
	CodeSharesPerson = "shares_person"
)

// lookalikes remembers the invalid rows of an input by customer number, and by name
// and phone number: once they are corrected, one of two such rows will be held.
type lookalikes struct {
	seed  maphash.Seed
	first map[uint64]lookalike
	notes map[int]ledger.RowNote // on rows that a later valid row looks like
}

// lookalike is the first invalid row of a number, or of a name and phone number.
type lookalike struct {
	at    rowPlace
	email uint64 // hash; 0 if it has none
}

// note tells an invalid row which earlier one has its number, or its name and phone
// number, and remembers it. A valid row is remembered as a note on the invalid one.
func (l *lookalikes) note(row *ledger.Row, res *validate.Result, place func(ledger.Position) string) {
	isInvalid := row.Verdict == ledger.Invalid
	if !isInvalid && (!row.Claims || len(l.first) == 0) {
		return
	}
	if l.first == nil {
		*l = lookalikes{seed: maphash.MakeSeed(), first: map[uint64]lookalike{}, notes: map[int]ledger.RowNote{}}
	}
	email := uint64(0)
	if identity := cmp.Or(res.Identity, res.CorrectedIdentity); identity != "" {
		email = maphash.String(l.seed, identity)
	}
	person := cmp.Or(res.User.NameText(), res.Corrected.NameText())
	l.compare(row, CodeSharesNumber, ledger.PlainNumber(row.SenderID), email, isInvalid, place)
	l.compare(row, CodeSharesPerson, person, email, isInvalid, place)
}

func (l *lookalikes) compare(row *ledger.Row, code, value string, email uint64, isInvalid bool, place func(ledger.Position) string) {
	if value == "" {
		return
	}
	key := maphash.String(l.seed, code+value)
	other, found := l.first[key]
	switch {
	case found && other.email == email && email != 0: // told as rows with one e-mail
	case found && isInvalid:
		row.Findings = append(slices.Clip(row.Findings), looksLike(code, place(other.at.position())))
	case found:
		if ordinal := int(other.at.ordinal); l.notes[ordinal].Finding.Code == "" {
			l.notes[ordinal] = ledger.RowNote{Ordinal: ordinal, Position: other.at.position(), Repeats: -1, Finding: looksLike(code, place(placeOf(row).position()))}
		}
	case isInvalid:
		l.first[key] = lookalike{placeOf(row), email}
	}
}

// addNotes adds the notes on rows that have none yet, and keeps the order.
func (l *lookalikes) addNotes(notes []ledger.RowNote) []ledger.RowNote {
	for _, n := range notes {
		delete(l.notes, n.Ordinal)
	}
	for _, n := range l.notes {
		notes = append(notes, n)
	}
	slices.SortFunc(notes, func(a, b ledger.RowNote) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return notes
}

// looksLike returns the note on a row that may be the customer of another one.
func looksLike(code, other string) ledger.Finding {
	what := "name and phone number"
	if code == CodeSharesNumber {
		what = "customer number"
	}
	return ledger.Finding{Code: code, Warning: true,
		Message: "also: " + other + " has the same " + what + " under another e-mail. If it is one customer, delete one of the rows"}
}
