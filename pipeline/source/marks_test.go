package source

import (
	"strings"
	"testing"
)

func TestS09EqualsQuote(t *testing.T) {
	_, rows, err := readCase(t, "s09-equals-quote.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	postal := len(rows[0].Names) - 2
	if rows[0].Values[postal] != "02139" || codes(rows[0]) != "warn:marks_removed" || rows[0].Issues[0].Field != "postalCode" {
		t.Errorf("row 2: %+v", rows[0])
	}
	if rows[1].Values[0] != "Jane" || codes(rows[1]) != "warn:marks_removed" || rows[1].Cells[0] != `="Jane"` {
		t.Errorf("row 3: %+v", rows[1])
	}
}

func TestUnmark(t *testing.T) {
	for cell, want := range map[string]string{
		`="02139"`: "02139", ` ="02139" `: "02139", `="say ""x"""`: `say "x"`, `=""`: "",
		`'02139`: "02139", `'Jane`: "Jane", `'Jane'`: "Jane", `'+14155551234`: "+14155551234", `'="02139"`: "02139", `'jane@x.example`: "jane@x.example",
		`"Jane"`: "Jane", "“Jane”": "Jane", "‘Jane’": "Jane", "«Jane»": "Jane", "„Jane“": "Jane",
		// what is a value's own
		"'t Hooft": "'t Hooft", "'s-Gravenhage": "'s-Gravenhage", "'S-GRAVENHAGE": "'S-GRAVENHAGE", "'T Hooft": "'T Hooft", "O'Brien": "O'Brien", "'n Vlier": "'n Vlier",
		`"Bob" Smith "Jr"`: `"Bob" Smith "Jr"`, `=A1`: "=A1", `="a"&"b"`: `="a"&"b"`, `="02139`: `="02139`, "'": "'", `"`: `"`, "''": "''", "'=x": "'=x", "'@x": "'@x", "'-x": "'-x", `=`: "=", "": "", "Jane'": "Jane'", "+1": "+1",
	} {
		if got := removeMarks(cell); got != want {
			t.Errorf("%s: got %q, want %q", cell, got, want)
		}
	}
}

// In a workbook, in the sender's number and in fields that are added, the same.
func TestUnmarkedEverywhere(t *testing.T) {
	path := saveSheet(t, "a.xlsx", []any{"firstName", "lastName", "email", "no", "x", "note"}, []any{`="Ann"`, "'t Hooft", "'a@b.example", "'0017", "'Jane'", `="kept"`})
	in, err := open(t, Options{ID: "no", Send: []SendColumn{{"x", "x"}}, Carry: []string{"note"}}, nil, path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := readPass(t, in)
	if err != nil {
		t.Fatal(err)
	}
	row := rows[0]
	if got := strings.Join(append(row.Values[:3:3], row.ID, row.Send[0], row.Carry[0]), "|"); got != `Ann|'t Hooft|a@b.example|0017|Jane|="kept"` || codes(row) != strings.TrimSpace(strings.Repeat("warn:marks_removed ", 4)) {
		t.Errorf("%s, %v", got, row.Issues)
	}
}
