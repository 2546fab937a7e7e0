package finance

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
)

func TestSentence(t *testing.T) {
	own := Headings{"isTermsOfServiceAccepted": "AGB akzeptiert", "countryCode": "Land"}
	for _, tt := range []struct{ field, code, message, want string }{
		{"phoneNumber", "phone_plus_lost", "is missing its leading + (Excel drops it). With the + it is a valid number of GB: write it with the +, as text, or add the + to all such numbers with --phone-plus",
			"This cell is missing its leading + (Excel drops it). With the + it is a valid number of GB: write it with the +, as text."},
		{"accountPurpose", "required", "is empty. Fill it in, or give a value for all empty cells with --default", "This cell is empty. Fill it in."},
		{"walletAddress", "required", "is empty, and the program non_custodial needs it. Fill it in", "This cell is empty, and the program non_custodial needs it. Fill it in."},
		{"phoneNumber", "phone_country", "is a number of another country than countryCode says. Make sure that both are right",
			`This cell is a number of another country than "Land" says. Make sure that both are right.`},
		{"", "no_customer", "looks like a total or a remark, not like a customer. Delete the row, or fill it in", "This row looks like a total or a remark, not like a customer. Delete the row, or fill it in."},
		{"email", "repeats_row_differs", "repeats row 2, which is the one that counts, but differs in phoneNumber", `This row repeats row 2, which is the one that counts, but differs in "Phone number".`},
		{"countryCode", "country_unknown", "is not the two-letter code of ISO 3166-1. Write GB", "This cell is not the two-letter code of a country. Write GB."},
		{"email", "repeats_row", "row 7 has the same e-mail and the same details", "Row 7 has the same e-mail and the same details."},
		{"lastName", "other_field", "holds the same whole name as firstName. Give each column its own part of the name",
			`This cell holds the same whole name as "First name". Give each column its own part of the name.`},
		{"", "id_repeated", "row 5 has the same customer number and another e-mail. Decide which is right, or run with --accept id_known",
			"Row 5 has the same customer number and another e-mail. Decide which is right."},
		{"phoneNumber", "phone_invalid", "is neither a number of the country of --phone-region nor an international one. Correct it",
			"This cell is neither a number of the country that was given for the list nor an international one. Correct it."},
		{"", "x", "the serviceId of McDonald is listed", "The customer number of the partner of McDonald is listed."},
		{"phoneNumber", "foretold", "also: is a number of GB, and countryCode says US. Make sure that both are right",
			`Also check this cell: it is a number of GB, and "Land" says US. Make sure that both are right.`},
		{"phoneNumber", "foretold", "also: has no country code. Write it with + and country code, or name the country of all such numbers with --phone-region",
			"Also check this cell: it has no country code. Write it with + and country code."},
		{"", "shares_number", "also: row 7 has the same customer number under another e-mail. If it is one customer, delete one of the rows",
			"Row 7 has the same customer number under another e-mail. If it is one customer, delete one of the rows."},
		{"", "x", "e.g. one. two! ", "E.g. one. Two!"},
	} {
		if got := NewPhrases(own).Sentence(tt.field, tt.code, tt.message); got != tt.want {
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
	if got := phrases.Meaning("some_code") + phrases.Meaning("merged"); got != "Some code.The cell is merged with others, so one value would count for several." {
		t.Errorf("meanings %q", got)
	}
	if got := phrases.Sentence("countryCode", "program_unknown", "is none of ours"); got != "The partner has no such program. Write custodial or non_custodial." {
		t.Errorf("a code whose message is for operators: %q", got)
	}
}

func TestAdviceAndTitles(t *testing.T) {
	p := NewPhrases(Headings{"phoneNumber": "Mobil"})
	if got := p.Advice(ledger.Invalid, "phoneNumber", "required") + p.Advice(ledger.Invalid, "", "required"); got != `Fill in "Mobil".Fill in the cell.` {
		t.Error(got)
	}
	if got := p.Advice("", "", "nothing_known"); !strings.Contains(got, "message") {
		t.Errorf("advice about an unknown code: %q", got)
	}
	for _, s := range ledger.Statuses() {
		if p.Advice(s, "", "X") == "" || p.Advice(s, "", "X") != p.Advice(s, "", "") || p.StatusMeaning(s) == "" {
			t.Errorf("no words about %s", s)
		}
	}
	for _, tt := range []struct{ field, code, want string }{
		{"phoneNumber", "phone_plus_lost", "Mobil: missing its leading + (Excel drops it)"},
		{"", "USER_ABROAD", "partner says USER_ABROAD"},
		{"", "made_up", "made up"},
		{"", "", "in doubt"},
	} {
		if got := p.CauseTitle(ledger.InDoubt, tt.field, tt.code); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

// A report in another language needs nothing but another catalogue.
func TestTranslation(t *testing.T) {
	german := &messages.Catalogue{Codes: map[string]messages.Message{
		"phone_no_country": {Title: "ohne Landesvorwahl", Meaning: "Die Nummer hat keine Landesvorwahl.", Finance: "Schreiben Sie {column} mit + und Landesvorwahl."},
	}}
	p := NewPhrasesIn(german, Headings{"phoneNumber": "Mobil"})
	if got := p.Sentence("phoneNumber", "phone_no_country", "has no country code"); got != `Die Nummer hat keine Landesvorwahl. Schreiben Sie "Mobil" mit + und Landesvorwahl.` {
		t.Error(got)
	}
	if got := p.CauseTitle(ledger.Invalid, "phoneNumber", "phone_no_country"); got != "Mobil: ohne Landesvorwahl" {
		t.Error(got)
	}
}

// The codes that are worded as a whole are in the catalogue.
func TestForOperators(t *testing.T) {
	n := 0
	for code := range messages.English().Codes {
		if isForOperators(code) {
			n++
		}
	}
	if n != 28 {
		t.Errorf("%d of the codes of isForOperators have messages", n)
	}
}
