package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func shareRow(ordinal int, email string, claims bool) *ledger.Row {
	return &ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Identity: email, Claims: claims, Repeats: -1}
}

func TestSharingNotes(t *testing.T) {
	s := sharing{}
	for i, email := range []string{"a", "b", "b", "c", "b", "b", "d", "b", "e"} {
		s.addRow(shareRow(i, email, false))
	}
	s.addRow(shareRow(9, "c", true))
	s.addRow(shareRow(10, "d", true))
	s.addRow(shareRow(11, "f", true)) // shares with no row
	s.addRow(shareRow(12, "e", false))
	want := []string{
		"1 -1 row 4, row 6, row 7 and 1 more have the same e-mail", "2 -1 row 3, row 6, row 7 and 1 more have", "3 9 row 11 has the same e-mail, and is the one that counts",
		"4 -1 row 3, row 4, row 7 and 1 more have", "5 -1 row 3, row 4, row 6 and 1 more have", "6 10 row 12 has", "7 -1 row 3, row 4, row 6 and 1 more have",
		"8 -1 row 14 has the same e-mail. Only one", "12 -1 row 10 has",
	}
	notes := s.rowNotes(func(p ledger.Position) string { return fmt.Sprint("row ", p.Number) })
	if len(notes) != len(want) {
		t.Fatalf("%d notes: %+v", len(notes), notes)
	}
	for i, n := range notes {
		got := fmt.Sprint(n.Ordinal, " ", n.Repeats, " ", n.Finding.Message)
		if !strings.HasPrefix(got, want[i]) || n.Position.Number != n.Ordinal+2 || !n.Finding.Warning {
			t.Errorf("note %d: %q, want %q", i, got, want[i])
		}
	}
}

// A list in which every row has the same e-mail costs no more than any other.
func TestSharingOfOneEmail(t *testing.T) {
	s := sharing{}
	const rows = 200_000
	for i := range rows {
		s.addRow(shareRow(2*i, "none@example.com", false))
		s.addRow(shareRow(2*i+1, fmt.Sprint(i), false))
	}
	notes := s.rowNotes(func(ledger.Position) string { return "a row" })
	if len(notes) != rows || notes[0].Ordinal != 0 || notes[rows-1].Ordinal != 2*rows-2 {
		t.Errorf("%d notes", len(notes))
	}
	if !strings.HasPrefix(notes[5].Finding.Message, "a row, a row, a row and 199996 more have") {
		t.Error(notes[5].Finding.Message)
	}
}
