package pipeline

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Rows that will be held once they are corrected are named in the first round.
func TestLookalikes(t *testing.T) {
	person := func(phone string) validate.User {
		return validate.User{FirstName: "Jane", LastName: "Doe", PhoneNumber: phone}
	}
	var l lookalikes
	place := func(p ledger.Position) string { return fmt.Sprint("row ", p.Number) }
	var got []string
	for i, r := range []struct {
		email, number string
		res           validate.Result
		isValid       bool
	}{
		{"a", "7", validate.Result{User: person("+1")}, false},
		{"b", "7", validate.Result{}, false},                                                                // the number of row 2
		{"c", "", validate.Result{Corrected: &validate.Corrected{User: person("+1")}}, false},               // the person of row 2, once corrected
		{"a", "7", validate.Result{User: person("+1")}, false},                                              // row 2 with its own e-mail: told elsewhere
		{"d", "8", validate.Result{User: person("+2")}, true},                                               // valid, and like nobody
		{"e", "7", validate.Result{User: person("+3")}, true},                                               // valid: row 2 is told
		{"", "", validate.Result{Corrected: &validate.Corrected{User: person("+1"), Identity: "a"}}, false}, // has row 2's e-mail once corrected
	} {
		row := &ledger.Row{Ordinal: i, Number: i + 2, Identity: r.email, SenderID: r.number, Claims: r.isValid, Verdict: ledger.Invalid}
		if r.isValid {
			row.Verdict = ledger.Pending
		}
		r.res.Identity = r.email
		l.note(row, &r.res, place)
		for _, f := range row.Findings {
			got = append(got, fmt.Sprint(i+2, " ", f.Code, " ", f.Message[:len("also: row 2")]))
			if !f.Warning || !IsForetold(f.Code) {
				t.Errorf("%+v", f)
			}
		}
	}
	for _, n := range l.addNotes(nil) {
		got = append(got, fmt.Sprint("note on ", n.Position.Number, " ", n.Finding.Code, " ", n.Finding.Message[:len("also: row 7")]))
	}
	want := []string{"3 shares_number also: row 2", "4 shares_person also: row 2", "note on 2 shares_number also: row 7"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if notes := l.addNotes([]ledger.RowNote{{Ordinal: 0}}); len(notes) != 1 {
		t.Errorf("a row has two notes: %v", notes)
	}
}
