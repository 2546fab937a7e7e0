package finance

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestSentence(t *testing.T) {
	own := Headings{"isTermsOfServiceAccepted": "AGB akzeptiert", "countryCode": "Land"}
	for _, tt := range []struct{ field, code, message, want string }{
		{"phoneNumber", "phone_plus_lost", "has digits only, as Excel drops a leading +. with the + it would be a sound number of GB: write it so, as text, or take all such numbers with --phone-plus",
			"This cell has digits only, as Excel drops a leading +. With the + it would be a sound number of GB: write it so, as text."},
		{"accountPurpose", "required", "is empty. fill it in, or give a value for all empty cells with --default", "This cell is empty. Fill it in."},
		{"walletAddress", "required", "is empty, and the program non_custodial needs it. fill it in", "This cell is empty, and the program non_custodial needs it. Fill it in."},
		{"phoneNumber", "phone_country", "is a number of another country than countryCode says. make sure that both are right",
			`This cell is a number of another country than "Land" says. Make sure that both are right.`},
		{"", "no_customer", "holds next to nothing of a customer. delete the row, or fill it in", "This row holds next to nothing of a customer. Delete the row, or fill it in."},
		{"email", "repeats_row_differs", "repeats row 2, which is the one that counts, but differs in phoneNumber", `This row repeats row 2, which is the one that counts, but differs in "Phone number".`},
		{"countryCode", "country_unknown", "is not the two-letter code of ISO 3166-1. write GB", "This cell is not the two-letter code of a country. Write GB."},
		{"email", "repeats_row", "row 7 has the same e-mail and the same details", "Row 7 has the same e-mail and the same details."},
		{"lastName", "other_field", "holds the same whole name as firstName. give each column its own part of the name",
			`This cell holds the same whole name as "First name". Give each column its own part of the name.`},
		{"", "id_repeated", "row 5 has the same customer number and another e-mail. Decide which is right, or run with --accept id_known",
			"Row 5 has the same customer number and another e-mail. Decide which is right."},
		{"phoneNumber", "phone_invalid", "is neither a number of the country of --phone-region nor an international one. correct it",
			"This cell is neither a number of the country that was given for the list nor an international one. Correct it."},
		{"", "x", "the serviceId of McDonald is listed", "The customer number of the partner of McDonald is listed."},
		{"", "x", "e.g. one. two! ", "E.g. one. Two!"},
	} {
		if got := own.Sentence(tt.field, tt.code, tt.message); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.code, got, tt.want)
		}
	}
	phrases := NewPhrases(own)
	for range 2 {
		if got := phrases.Sentence("email", "x", "is odd") + phrases.Sentence("", "x", "is odd"); got != "This cell is odd.This row is odd." {
			t.Errorf("phrases: %q", got)
		}
	}
	if got := own.Title("isTermsOfServiceAccepted") + own.Title("ipAddress") + own.Title("Kundennr.") + own.Title(""); got != "AGB akzeptiertIP addressKundennr." {
		t.Errorf("titles %q", got)
	}
	if got := own.Meaning("phone_x", "the phone number is of another country than countryCode"); got != `The phone number is of another country than "Land".` {
		t.Errorf("meaning %q", got)
	}
	if got := own.Meaning("some_code", ""); got != "Some code." {
		t.Errorf("meaning %q", got)
	}
}

// Nothing that is written here has a flag, a command or a name of the API.
func TestWordsAreForFinance(t *testing.T) {
	var all []string
	for _, byCode := range []map[string]string{sentences(), meanings(), adviceByCode(), answerWords()} {
		for _, text := range byCode {
			all = append(all, text)
		}
	}
	for _, s := range ledger.Statuses() {
		if adviceByStatus()[s] == "" {
			t.Errorf("no advice about %s", s)
		}
		all = append(all, Advice(s, ""))
	}
	technical := regexp.MustCompile(`--|bulkonboard|[a-z][A-Z]`)
	for _, text := range all {
		if found := technical.FindString(text); found != "" {
			t.Errorf("%q has %q", text, found)
		}
	}
	if got := Advice("", "nothing_known"); !strings.Contains(got, "message") {
		t.Errorf("advice about an unknown code: %q", got)
	}
}
