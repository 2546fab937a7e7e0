package source

import (
	"strings"
	"testing"
)

func TestR01TrailingCellsTrimmed(t *testing.T) {
	_, rows, err := readCase(t, "r01-trailing-cells-trimmed.csv", Options{})
	if err != nil || len(rows) != 19 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows {
		if codes(row) != "" || row.Values[2] == "" || len(row.Extra) > 0 {
			t.Errorf("row %d: %v", row.Number, row.Issues)
		}
	}
}

// Rows without their last cells, or with blank ones more, are sound. Those that
// lost another cell, or gained one, are not.
func TestRowWidths(t *testing.T) {
	const (
		names = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,address,city,region,postalCode,countryCode,walletAddress,redirectUrl\n"
		user  = "Jane,Doe,jane@mail.example,+12025550101,personal use,203.0.113.11,TRUE,custodial"
		full  = user + ",1 Main Street,Boston,MA,02139,US,,https://x.example/w\n"
	)
	for name, test := range map[string]struct{ rows, want string }{
		"all that is optional is left out": {full + user + "\n", "|"},
		"a part of it":                     {full + user + ",1 Main Street,Boston\n", "|"},
		"a street without a number":        {full + user + ",Broadway,Boston,MA\n", "|"},
		"one blank cell more":              {full + user + ",1 Main Street,Boston,MA,02139,US,,,\n", "|"},
		"many blank cells more":            {full + user + ",1 Main Street,Boston,MA,02139,US,,,,, ,,,\n", "|"},
		"in every row":                     {user + "\n" + user + ",\n", "|"},
		"a required cell left out":         {full + "Jane,Doe,jane@mail.example,+12025550101\n", "|columns"},
		"the first name lost":              {full + "Doe,jane@mail.example,+12025550101,personal use,203.0.113.11,TRUE,custodial,1 Main Street,Boston,MA,02139,US,\n", "|columns"},
		"the street lost":                  {full + user + ",Boston,MA,02139,US\n", "|columns"},
		"the town lost":                    {full + user + ",1 Main Street,MA,02139,US\n", "|columns"},
		"the state lost":                   {full + user + ",1 Main Street,Boston,02139,US\n", "|columns"},
		"a comma in the street":            {full + user + ",1 Main Street, Apt 4,Boston,MA,02139,US,,\n", "|columns"},
		"a comma in the town":              {full + user + ",1 Main Street,Washington, D.C.,DC,20500,US,,\n", "|columns"},
		"a value beyond":                   {full + user + ",1 Main Street,Boston,MA,02139,US,,,x\n", "|columns"},
		"a line break in the street":       {full + user + ",1 Main Street\nApt 4,Boston,MA,02139,US,,\n" + full, "|columns|columns|"},
		"a total below a short row":        {full + user + "\nTotal,2\n", "|"},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows, err := read(t, Options{Fields: listFields()}, "a.csv", names+test.rows)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, codes(row))
			}
			if strings.Join(got, "|") != test.want {
				t.Errorf("got %q, want %q", strings.Join(got, "|"), test.want)
			}
		})
	}
}
