package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// listFields are the columns of the cases, as the command looks for them.
func listFields() []Field {
	var all []Field
	for _, name := range []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program"} {
		all = append(all, Field{Name: name, Required: true})
	}
	for _, name := range []string{"walletAddress", "redirectUrl", "address", "city", "region", "postalCode", "countryCode"} {
		all = append(all, Field{Name: name})
	}
	return all
}

// caseFile is the path of a case that users reported.
func caseFile(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("testdata", "cases", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// readCase reads a case to its end.
func readCase(t testing.TB, name string, opt Options) (*Input, []Row, error) {
	t.Helper()
	if opt.Fields == nil {
		opt.Fields = listFields()
	}
	in, err := open(t, opt, nil, caseFile(t, name))
	if err != nil {
		return nil, nil, err
	}
	rows, err := readPass(t, in)
	return in, rows, err
}

func TestR03SoundWorkbooks(t *testing.T) {
	for _, name := range []string{"r03-module-sheet.xlsx", "r03-no-shared-strings.xlsx"} {
		_, rows, err := readCase(t, name, Options{})
		if err != nil || len(rows) == 0 || rows[0].Values[2] == "" || codes(rows[0]) != "" {
			t.Errorf("%s: %v, %v", name, rows, err)
		}
	}
}

func TestR05SpaceBeforeQuote(t *testing.T) {
	in, rows, err := readCase(t, "r05-space-before-quote.csv", Options{})
	if err != nil || rows[0].Values[1] != "Doe" || codes(rows[0]) != "" {
		t.Fatal(rows, err)
	}
	if !hasNote(in, "quote_blanks", "are not read") {
		t.Error(in.Notes())
	}
}

func TestM03WholeLinesQuoted(t *testing.T) {
	_, _, err := readCase(t, "m03-whole-lines-quoted.csv", Options{})
	refused(t, err, Error{Row: 1, Reason: "each line is quoted as a whole", Hint: "Save the file again"})
}

func TestM07Transposed(t *testing.T) {
	_, _, err := readCase(t, "m07-transposed.csv", Options{})
	refused(t, err, Error{Row: 1, Reason: "field names are in the first column", Hint: "transposed"})
	if strings.Contains(err.Error(), "Jane") {
		t.Error("a customer's name is shown:", err)
	}
}

// A wrong --delimiter makes one column, too, and is said to.
func TestWrongDelimiterIsNoQuoting(t *testing.T) {
	_, _, err := read(t, Options{Delimiter: ','}, "a.csv", strings.ReplaceAll(head+"a,b,c\n", ",", ";"))
	refused(t, err, Error{Reason: "only one column", Hint: "--delimiter"})
}
