package source

import (
	"strings"
	"testing"
)

// meaningFields are fields whose headers may mean two things, or whose values
// stand in two columns.
func meaningFields() []Field {
	all := listFields()
	for i := range all {
		switch f := &all[i]; f.Name {
		case "region":
			f.Aliases, f.Foreign = []string{"estado", "state"}, []string{"activo", "inactivo", "active", "inactive", "pending"}
		case "address":
			f.Aliases, f.Parts, f.AdjacentParts = []string{"street", "strasse"}, []string{"housenumber", "hausnummer"}, []string{"nr"}
		}
	}
	return all
}

func TestS13EstadoIsStatus(t *testing.T) {
	in, rows, err := readCase(t, "s13-estado-is-status.csv", Options{Fields: meaningFields()})
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0].Values[12]; rows[0].Names[12] != "region" || got != "" {
		t.Errorf("region is %q", got)
	}
	if !hasNote(in, "other_meaning", `"Estado" is not read as region`) {
		t.Error(in.Notes())
	}
	_, rows, err = readCase(t, "s13-estado-is-status.csv", Options{Fields: meaningFields(), Map: map[string]string{"region": "Estado"}})
	if err != nil || rows[0].Values[12] != "Activo" || codes(rows[0]) != "" {
		t.Errorf("by --map: %+v, %v", rows, err)
	}
}

func TestS12HouseNumberColumn(t *testing.T) {
	in, rows, err := readCase(t, "s12-house-number-column.csv", Options{Fields: meaningFields()})
	if err != nil || rows[0].Values[10] != "Main Street" {
		t.Fatal(rows, err)
	}
	for _, n := range in.Notes() {
		if n.Code == "part_unread" && n.Warning && strings.Contains(n.Message, `"House number" is not read`) && strings.Contains(n.Message, "address") {
			return
		}
	}
	t.Error(in.Notes())
}

func TestHeaderMeaning(t *testing.T) {
	const start = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,"
	row := func(cells string) string { return "Ann,Lee,a@b.example,+1,x,1.1.1.1,TRUE,custodial," + cells + "\n" }
	for _, c := range []struct{ name, header, rows, values, notes string }{
		{"a state", "State", row("MA") + row("CA"), "MA|CA", "mapped"},
		{"a status", "State", row("active") + row("Pending"), "|", "other_meaning ignored"},
		{"a status, mostly", "State", row("active") + row("Active ") + row("MA"), "||", "other_meaning ignored"},
		{"a status among states", "State", row("MA") + row("CA") + row("Active"), "MA|CA|Active!other_meaning", "mapped"},
		{"a status below the first rows", "State", strings.Repeat(row(""), 30) + row("active"), strings.Repeat("|", 30) + "active!other_meaning", "mapped"},
		{"by the field's name", "region", row("active"), "active", ""},
		{"a house number", "Strasse,Nr,region", row("Ring,5,MA"), "MA", "mapped part_unread ignored"},
		{"before the street", "Hausnummer,Strasse,region", row("5,Ring,MA"), "MA", "part_unread mapped ignored"},
		{"a number elsewhere", "Strasse,region,Nr", row("Ring,MA,5"), "MA", "mapped ignored"},
		{"an empty column", "Strasse,Nr,region", row("Ring 5,,MA"), "MA", "mapped ignored"},
		{"no street", "Hausnummer,region", row("5,MA"), "MA", "ignored"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, rows, err := read(t, Options{Fields: meaningFields()}, "a.csv", start+c.header+"\n"+c.rows)
			if err != nil {
				t.Fatal(err)
			}
			var values []string
			for _, r := range rows {
				value := r.Values[12]
				if got := codes(r); got != "" {
					value += "!" + got
				}
				values = append(values, value)
			}
			if got := strings.Join(values, "|"); got != c.values {
				t.Errorf("values %q, want %q", got, c.values)
			}
			if got := noteCodes(in.Notes()); got != c.notes {
				t.Errorf("notes %q, want %q: %v", got, c.notes, in.Notes())
			}
		})
	}
}
