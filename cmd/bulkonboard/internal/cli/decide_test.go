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
	rows := [][4]string{{"0151 23456789", "ja", "Deutschland"}, {"06 12 34 56 78", "x", "FR"}, {"+4915123456780", "TRUE", "DE"}, {"0033612345670", "TRUE", "FR"}, {"0151 23456781", "ja", "DE"}}
	return answerQuestions(t, &validate.Rules{}, rows, answers,
		decisions.Decision{Kind: decisions.Word, Field: validate.FieldTerms, From: "ja", To: "true"},
		decisions.Decision{Kind: decisions.Word, Field: validate.FieldTerms, From: "x", To: "true"},
		decisions.Decision{Kind: decisions.Word, Field: validate.FieldCountryCode, From: "Deutschland", To: "DE"},
		decisions.Decision{Kind: decisions.PhoneRegion, To: validate.RegionColumn})
}

// answerQuestions answers the questions about rows of a phone number, a word for the
// terms, a country and the sender's own number.
func answerQuestions(t *testing.T, rules *validate.Rules, rows [][4]string, answers string, open ...decisions.Decision) (decided []string, said string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "list.csv")
	var b strings.Builder
	b.WriteString("firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,countryCode,No\n")
	for i, row := range rows {
		fmt.Fprintf(&b, "Jane,Doe,u%d@company.com,%s,personal use,203.0.113.7,%s,custodial,%s,%s\n", i, row[0], row[1], row[2], row[3])
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := settings.InputFlags{ID: "No"}
	in, err := flags.OpenInput(t.Context(), []string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	con := &term.Console{Err: &term.Stream{W: &out}, Out: &term.Stream{W: &out}}
	d := &decider{con: con, in: bufio.NewReader(strings.NewReader(answers)), list: in, files: in.Files(), rules: rules, open: open}
	list, err := d.decide(t.Context())
	for _, one := range list {
		decided = append(decided, one.String())
	}
	return decided, out.String(), err
}

// An answer that does harm is refused with the row that it would spoil, and the
// question is asked again. What would do harm as it is proposed is not asked.
func TestDecideRefusesHarm(t *testing.T) {
	const land = "value countryCode:Dänemark=DK"
	rules := &validate.Rules{PhonePlus: true}
	// 45 82 34 56 78 is of Denmark, and in the United States of Oregon.
	rows := [][4]string{{"0612345678", "TRUE", "FR"}, {"4582345678", "TRUE", ""}, {"33612345678", "TRUE", "Dänemark"}}
	decided, said, err := answerQuestions(t, rules, rows, "yes\nUS\nno\n",
		decisions.Decision{Kind: decisions.Word, Field: validate.FieldCountryCode, From: "Dänemark", To: "DK"},
		decisions.Decision{Kind: decisions.PhoneRegion, To: validate.RegionColumn})
	if err != nil || strings.Join(decided, "|") != land || !strings.Contains(said, "Not accepted: 1 row that can be read now would become wrong (row 3).") ||
		!strings.Contains(said, "--phone-region US") || strings.Count(said, "2 of 2") != 1 {
		t.Errorf("%q %v\n%s", decided, err, said)
	}
	rows = [][4]string{{"+4915123456780", "ja", "DE", "7"}, {"+4915123456781", "TRUE", "DE", "7"}}
	decided, said, err = answerQuestions(t, &validate.Rules{}, rows, "", decisions.Decision{Kind: decisions.Word, Field: validate.FieldTerms, From: "ja", To: "true"})
	if err != nil || len(decided) > 0 || !strings.Contains(said, "Row 2 would take the customer number of row 3. Correct or delete one of the two rows first.") {
		t.Errorf("%q %v\n%s", decided, err, said)
	}
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
