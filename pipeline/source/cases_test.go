package source

import (
	"os"
	"path/filepath"
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
func readCase(t testing.TB, name string, opt Options) (Input, []Row, error) {
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
