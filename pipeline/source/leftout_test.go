package source

import (
	"fmt"
	"strings"
	"testing"
)

// line 30: totals, headings of sections, remarks and repeated headers are no
// customers. They are named once, and whatever may be a customer stays a row.
func TestLeftOut(t *testing.T) {
	const header = "no,firstName,lastName,email,phoneNumber,amount\n"
	const customer = "1,Ann,Lee,ann@b.example,+4915112000901,10\n"
	for row, want := range map[string]string{
		"Summe,,204,,,\"12,500.00 €\"\n":                     "row 3 is a total, left out",
		"\"Gesamtsumme, EUR\",,,,,10\n":                      "row 3 is a total, left out",
		"Total: 3,,,,,\n":                                    "row 3 is a total, left out",
		",,Sub-total,,,5\n":                                  "row 3 is a total, left out",
		",,,,,\"1,250\"\n":                                   "row 3 is a total, left out",
		"Abteilung Vertrieb,,,,,\n":                          "row 3 is a heading or a remark, left out",
		",Sales,,,,\n":                                       "row 3 is a heading or a remark, left out",
		"* subject to approval,,,,,\n":                       "row 3 is a heading or a remark, left out",
		"No,First Name,LASTNAME,email,Phone Number,Amount\n": "", // other spellings: another list
		"no, FIRSTNAME,lastName,email,phoneNumber,amount\n":  "row 3 repeats the headers",
		// These may be customers.
		"# 3,,,,,\n":                       "",
		"3,Ann,,,,\n":                      "",
		",Ann,Lee,,,\n":                    "",
		",,,ann@b.example,,\n":             "",
		"Total,Sum,Lee,,+4915112000902,\n": "",
		"3,,,,4915112000902,\n":            "",
		",,,,4915112000902,\n":             "",
	} {
		opt := Options{Fields: []Field{{Name: "firstName", Required: true}, {Name: "lastName", Required: true}, {Name: "email", Required: true}, {Name: "phoneNumber", Required: true}}}
		in, rows, err := read(t, opt, "a.csv", header+customer+row+customer)
		if err != nil {
			t.Fatal(err)
		}
		if left := len(rows) == 2; left != (want != "") || left && (!hasNote(in, "left_out", want) || rows[1].Number != 4) {
			t.Errorf("%q: %d rows, notes %+v, want %q", row, len(rows), in.Notes(), want)
		}
	}
}

func TestLeftOutNote(t *testing.T) {
	text := head + "a,b,c@d.example\n" + strings.Repeat("remark,,\n", 7) + "Total,2,3\nTotal,2,4\n"
	in, rows, err := read(t, Options{}, "a.csv", text)
	const want = "rows 10, 11 are totals, rows 3, 4, 5, 6, 7 and 2 more are headings or remarks, left out. Such rows are not customers"
	if err != nil || len(rows) != 1 || fmt.Sprint(in.Notes()) != fmt.Sprint([]Note{{Code: "left_out", Message: want, Warning: true}}) {
		t.Errorf("%d rows, %v, %+v", len(rows), err, in.Notes())
	}
	// Rows of a rejects file were customers once.
	_, rows, err = read(t, Options{}, "a.rejects.csv", "onboard_row,onboard_status,onboard_problem,"+head+"3,invalid,x,remark,,\n")
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows of a rejects file, %v", len(rows), err)
	}
	// A list of nothing else has no customers.
	if _, _, err := read(t, Options{}, "a.csv", head+"Total,,\n"); err == nil || !strings.Contains(err.Error(), "no customer rows") {
		t.Errorf("a list of totals: %v", err)
	}
}
