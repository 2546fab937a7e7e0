package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/validate"
)

// decideList answers the questions about a list of two words and numbers of two
// countries, and returns what was decided and what was said.
func decideList(t *testing.T, answers string) (decided []string, said string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	var b strings.Builder
	b.WriteString("firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,countryCode\n")
	for i, row := range [][3]string{{"0151 23456789", "ja", "Deutschland"}, {"06 12 34 56 78", "x", "FR"}, {"+4915123456780", "TRUE", "DE"}, {"0033612345670", "TRUE", "FR"}, {"0151 23456781", "ja", "DE"}} {
		fmt.Fprintf(&b, "Jane,Doe,u%d@company.com,%s,personal use,203.0.113.7,%s,custodial,%s\n", i, row[0], row[1], row[2])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var flags settings.InputFlags
	in, err := flags.OpenInput(t.Context(), []string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	con := &term.Console{Err: &term.Stream{W: &out}, Out: &term.Stream{W: &out}}
	d := &decider{con: con, in: bufio.NewReader(strings.NewReader(answers)), list: in, files: in.Files(), rules: &validate.Rules{}, open: []decisions.Decision{
		{Kind: decisions.Word, Field: validate.FieldTerms, From: "ja", To: "true"},
		{Kind: decisions.Word, Field: validate.FieldTerms, From: "x", To: "true"},
		{Kind: decisions.Word, Field: validate.FieldCountryCode, From: "Deutschland", To: "DE"},
		{Kind: decisions.PhoneRegion, To: validate.RegionColumn},
	}}
	list, err := d.decide(t.Context())
	for _, one := range list {
		decided = append(decided, one.String())
	}
	return decided, out.String(), err
}

func TestDecide(t *testing.T) {
	const ja, x, land, region = "value isTermsOfServiceAccepted:ja=true", "value isTermsOfServiceAccepted:x=true", "value countryCode:Deutschland=DE", "phone-region column"
	for _, tt := range []struct{ answers, want, says string }{
		{"yes\ny\nYES\nyes\n", ja + "|" + x + "|" + land + "|" + region, "4 of 4"},
		{"no\nno\nno\nno\n", "", "1 of 4"},
		{"yes\nundo\nno\nyes\nyes\nyes\n", x + "|" + land + "|" + region, "1 of 4"},
		{"undo\nyes\nyes\nyes\nyes\n", ja + "|" + x + "|" + land + "|" + region, "There is no earlier answer"},
		{"false\nno\nno\nyes\nno\n", land, "Answer yes, no or undo"},
		{"\nyes\nyes\nAT\nno\n", ja + "|" + x + "|value countryCode:Deutschland=AT", "another value"},
		{"yes\nyes\nGermany\nyes\nDE\n", ja + "|" + x + "|" + land + "|phone-region DE", "is not the two-letter code of ISO 3166-1"},
	} {
		decided, said, err := decideList(t, tt.answers)
		if err != nil || strings.Join(decided, "|") != tt.want || !strings.Contains(said, tt.says) {
			t.Errorf("%q: %q, want %q; %v\n%s", tt.answers, decided, tt.want, err, said)
		}
	}
	if _, _, err := decideList(t, "yes\n"); err == nil {
		t.Error("the answers ended, and that was no error")
	}
	if _, said, _ := decideList(t, "yes\nyes\nyes\nyes\n"); strings.Contains(said, "23456789") || !strings.Contains(said, "ja → true") {
		t.Errorf("examples: %s", said)
	}
}
