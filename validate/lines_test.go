package validate

import (
	"slices"
	"strings"
	"testing"
)

type lineCase struct {
	line  int // of the list of awkward input
	field string
	value string
	want  string // code, "warn:" and code, several separated by a space, "" for none
	sends string // what is sent; "" means: the value as it is
}

const mixedCase = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

// lineCases are one row each, sound but for one cell, under the zero Rules.
func lineCases() []lineCase {
	return []lineCase{
		{9, "firstName", "JosÃ©", "warn:double_encoded", ""},
		{9, "firstName", "JesÃºs", "warn:double_encoded", ""},
		{9, "accountPurpose", "itâ€™s mine", "warn:double_encoded", ""},
		{9, "firstName", "Ãngel", "", ""},
		{9, "accountPurpose", "« voil\u00e0\u00a0»", "", ""},
		{9, "firstName", "Jos\ufffd", "bad_encoding", ""},
		{9, "firstName", "Jos\xe9", "bad_encoding", ""},
		{9, "firstName", "?ukasz", "bad_encoding", ""},
		{9, "city", "?ód?", "bad_encoding", ""},
		{9, "accountPurpose", "why? cards", "", ""},
		{10, "firstName", "Ja\x00ne", "control_char", ""},
		{10, "firstName", "Ja\x1b[31mne", "control_char", ""},
		{10, "lastName", "Do\u0085e", "control_char", ""},
		{10, "address", "1 Main\tStreet", "control_char", ""},
		{10, "email", "jane\x00@company.com", "control_char", ""},
		{11, "email", "jane\u202e@company.com", "invisible_char", ""},
		{11, "email", "ja\u200bne@company.com", "invisible_char", ""},
		{11, "email", "ja\u00adne@company.com", "invisible_char", ""},
		{11, "email", "\ufeffjane@company.com", "invisible_char", ""},
		{11, "phoneNumber", "\u202a+14155552671\u202c", "invisible_char", ""},
		{11, "phoneNumber", "+1415\u200b5552671", "invisible_char", ""},
		{11, "firstName", "Ja\u200bne", "warn:invisible_kept", ""},
		{11, "lastName", "D\u202eoe", "warn:invisible_kept", ""},
		{11, "lastName", "\u200b", "required", ""},
		{12, "firstName", "\u00a0Jane\u3000", "warn:space_trimmed", "Jane"},
		{12, "email", "\u00a0jane@company.com", "warn:space_trimmed", "jane@company.com"},
		{12, "phoneNumber", " +14155552671 ", "", "+14155552671"},
		{12, "firstName", "\u00a0", "required", ""},
		{13, "firstName", "Jose\u0301", "", "José"},
		{13, "firstName", "🙂", "", ""},
		{13, "firstName", "\u2764\ufe0f", "", ""},
		{13, "firstName", "山田", "", ""},
		{13, "lastName", "אבג", "", ""},
		{13, "lastName", "O'Brien", "", ""},
		{13, "lastName", "True", "", ""},
		{13, "lastName", "Null", "warn:name_null", ""},
		{14, "email", "j\u0430ne@company.com", "email_non_ascii", ""},
		{14, "email", "ａ@b.c", "email_non_ascii", ""},
		{14, "email", "\u212aane@company.com", "email_non_ascii", ""},
		{14, "email", "jane@ｃompany.com", "email_host", ""},
		{14, "email", "jane@büｃher.de", "email_host", ""},
		{14, "email", "jane@\u212aompany.com", "email_host", ""},
		{14, "email", "jane@company\u3002com", "email_host", ""},
		{14, "email", "jane@comp\u0430ny.com", "warn:email_mixed_script", "jane@xn--compny-6nf.com"},
		{24, "address", "1 Main Street\r\nFlat 2\rFloor 3", "", "1 Main Street\nFlat 2\nFloor 3"},
		{24, "address", "1 Main Street\nFlat 2", "", ""},
		{24, "email", "jane@\ncompany.com", "line_break", ""},
		{24, "phoneNumber", "+1415\n5552671", "line_break", ""},
		{24, "firstName", "Jane\u2028X", "line_break", ""},
		{25, "address", strings.Repeat("é", MaxCell), "", ""},
		{25, "address", strings.Repeat("é", MaxCell+1), "too_long", ""},
		{25, "city", strings.Repeat("x", MaxCell+1), "too_long", ""},
		{35, "email", "jane+x@company.com", "warn:email_plus_tag", ""},
		{35, "email", "Jane.Doe@Company.com", "", ""},
		{37, "email", "", "required", ""},
		{37, "email", "jane.company.com", "email_format", ""},
		{37, "email", "jane@doe@company.com", "email_format", ""},
		{37, "email", "jane doe@company.com", "email_format", ""},
		{37, "email", "jane@company .com", "email_host", ""},
		{37, "email", ".jane@company.com", "email_format", ""},
		{37, "email", "jane.@company.com", "email_format", ""},
		{37, "email", "jane..doe@company.com", "email_format", ""},
		{37, "email", "jane@company.com.", "email_host", ""},
		{37, "email", "jane@.company.com", "email_host", ""},
		{37, "email", "jane@company..com", "email_host", ""},
		{37, "email", "@firm.com", "email_format", ""},
		{37, "email", "jane@", "email_host", ""},
		{37, "email", "a@b", "email_host", ""},
		{37, "email", "a@localhost", "email_host", ""},
		{37, "email", "a@[1.2.3.4]", "email_host", ""},
		{37, "email", "a@1.2.3.4", "email_host", ""},
		{37, "email", "a@-company.com", "email_host", ""},
		{37, "email", "a@company-.com", "email_host", ""},
		{37, "email", "a@company.com-", "email_host", ""},
		{37, "email", "a@com_pany.com", "email_host", ""},
		{37, "email", "a@" + strings.Repeat("x", 64) + ".com", "email_host", ""},
		{37, "email", "a@" + strings.Repeat("x", 63) + ".com", "", ""},
		{37, "email", strings.Repeat("x", 64) + "@company.com", "", ""},
		{37, "email", strings.Repeat("x", 65) + "@company.com", "too_long", ""},
		{37, "email", "jane567890@" + strings.Repeat("company.", 29) + "company.com", "", ""}, // 254
		{37, "email", "jane5678901@" + strings.Repeat("company.", 29) + "company.com", "too_long", ""},
		{37, "email", "Bob <a@b.c>", "email_format", ""},
		{37, "email", "<a@b.cd>", "email_format", ""},
		{37, "email", "a@b.c,d@e.f", "email_format", ""},
		{37, "email", "a@b.cd;", "email_host", ""},
		{37, "email", "mailto:a@b.cd", "email_format", ""},
		{37, "email", "'a@b.cd", "email_format", ""},
		{37, "email", "\"jane doe\"@firm.com", "email_format", ""},
		{37, "email", "a@b.c", "warn:email_one_letter_host", ""},
		{38, "email", "a@b.c\r\nX: y", "line_break", ""},
		{39, "email", "Jane@Bücher.de", "", "Jane@xn--bcher-kva.de"},
		{39, "email", "Jane@Bu\u0308cher.de", "", "Jane@xn--bcher-kva.de"},
		{39, "email", "jane@XN--bcher-kva.de", "", ""},
		{39, "email", "jane@xn--zzzzzzzzz-.de", "email_host", ""},
		{40, "email", "jane@example.com", "", ""},
		{41, "phoneNumber", "1.41556E+10", "excel_rounded", ""},
		{41, "phoneNumber", "1,41556E+10", "excel_rounded", ""},
		{41, "phoneNumber", "1E+10", "excel_rounded", ""},
		{41, "walletAddress", "5.2908E+47", "excel_rounded", ""},
		{42, "phoneNumber", "14155552671", "phone_plus_lost", ""},
		{42, "phoneNumber", "14155552671.0", "excel_decimal", ""},
		{43, "phoneNumber", "(415) 555-2671", "phone_no_country", ""},
		{43, "phoneNumber", "0170 1234567", "phone_no_country", ""},
		{43, "phoneNumber", "0014155552671", "", "+14155552671"},
		{43, "phoneNumber", "+1 (415) 555-2671", "", "+14155552671"},
		{43, "phoneNumber", "(+1) 415.555.2671", "", "+14155552671"},
		{43, "phoneNumber", "+44 (0)20 7946 0958", "", "+442079460958"},
		{43, "phoneNumber", "+39 06 12345678", "", "+390612345678"},
		{43, "phoneNumber", "+1 415 555 2671 ext. 5", "phone_extension", ""},
		{43, "phoneNumber", "+14155552671x5", "phone_extension", ""},
		{43, "phoneNumber", "+14155552671#5", "phone_extension", ""},
		{43, "phoneNumber", "+1 800 FLOWERS", "phone_letters", ""},
		{43, "phoneNumber", "tel:+14155552671", "phone_letters", ""},
		{43, "phoneNumber", "\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff12\uff16\uff17\uff11", "", "+14155552671"},
		{43, "phoneNumber", "+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0662\u0666\u0667\u0661", "", "+14155552671"},
		{43, "phoneNumber", "+", "phone_format", ""},
		{43, "phoneNumber", "++14155552671", "phone_format", ""},
		{43, "phoneNumber", "'+14155552671", "phone_format", ""},
		{43, "phoneNumber", "+14155552671, +14155552672", "phone_format", ""},
		{43, "phoneNumber", "+14155552671 / +14155552672", "phone_format", ""},
		{43, "phoneNumber", "+1234567890123456", "phone_invalid", ""},
		{43, "phoneNumber", "+999123456", "phone_invalid", ""},
		{43, "phoneNumber", "+1415555267", "phone_invalid", ""},
		{43, "phoneNumber", "+141555526711", "phone_invalid", ""},
		{43, "phoneNumber", "+11155552671", "phone_invalid", ""},
		{43, "phoneNumber", "+12", "phone_invalid", ""},
		{44, "phoneNumber", "+14155550123", "", ""},
		{44, "phoneNumber", "+1911", "phone_invalid", ""},
		{47, "countryCode", "UK", "country_unknown", ""},
		{47, "countryCode", "usa", "country_unknown", ""},
		{47, "countryCode", "840", "country_unknown", ""},
		{47, "countryCode", "XK", "country_unknown", ""},
		{47, "countryCode", "Germany", "country_unknown", ""},
		{47, "countryCode", "us", "", "US"},
		{47, "countryCode", "NA", "warn:phone_country", ""},
		{47, "countryCode", "", "", ""},
		{47, "countryCode", "KP", "warn:phone_country country_sanctioned", ""},
		{48, "isTermsOfServiceAccepted", "", "required", ""},
		{48, "isTermsOfServiceAccepted", "no", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "0", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "FALSE", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "oui", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "=TRUE()", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "N/A", "terms_not_accepted", ""},
		{48, "isTermsOfServiceAccepted", "#N/A", "excel_error", ""},
		{48, "isTermsOfServiceAccepted", "WAHR", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "VRAI", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "VERDADERO", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "VERDADEIRO", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "VERO", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "WAAR", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "DOĞRU", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "ИСТИНА", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "Yes", "", "TRUE"},
		{48, "isTermsOfServiceAccepted", "1", "", "TRUE"},
		{49, "ipAddress", "", "required", ""},
		{49, "ipAddress", "0.0.0.0", "ip_not_public", ""},
		{49, "ipAddress", "0.1.2.3", "ip_not_public", ""},
		{49, "ipAddress", "127.0.0.1", "ip_not_public", ""},
		{49, "ipAddress", "10.1.2.3", "ip_not_public", ""},
		{49, "ipAddress", "172.16.0.1", "ip_not_public", ""},
		{49, "ipAddress", "192.168.1.1", "ip_not_public", ""},
		{49, "ipAddress", "100.64.0.1", "ip_not_public", ""},
		{49, "ipAddress", "169.254.1.1", "ip_not_public", ""},
		{49, "ipAddress", "255.255.255.255", "ip_not_public", ""},
		{49, "ipAddress", "224.0.0.1", "ip_not_public", ""},
		{49, "ipAddress", "::1", "ip_not_public", ""},
		{49, "ipAddress", "::", "ip_not_public", ""},
		{49, "ipAddress", "fd00::1", "ip_not_public", ""},
		{49, "ipAddress", "::ffff:10.0.0.1", "ip_not_public", ""},
		{49, "ipAddress", "::ffff:203.0.113.9", "", "203.0.113.9"},
		{49, "ipAddress", "999.1.1.1", "ip_format", ""},
		{49, "ipAddress", "1.2.3.4:80", "ip_format", ""},
		{49, "ipAddress", "[2001:db8::1]", "ip_format", ""},
		{49, "ipAddress", "fe80::1%eth0", "ip_format", ""},
		{49, "ipAddress", "1.2.3.04", "ip_format", ""},
		{49, "ipAddress", "1.2.3.4/24", "ip_format", ""},
		{49, "ipAddress", "1.2.3.4, 5.6.7.8", "ip_format", ""},
		{49, "ipAddress", "2030113042", "ip_format", ""},
		{49, "ipAddress", "2001:DB8:0:0::1", "", "2001:db8::1"},
		{49, "ipAddress", "100.63.255.255", "", ""},
		{50, "firstName", strings.Repeat("é", 100), "", ""},
		{50, "firstName", strings.Repeat("é", 101), "too_long", ""},
		{50, "firstName", strings.Repeat("e\u0301", 100), "", strings.Repeat("é", 100)},
		{50, "lastName", strings.Repeat("x", 101), "too_long", ""},
		{50, "lastName", "  " + strings.Repeat("x", 100) + "  ", "", strings.Repeat("x", 100)},
		{50, "accountPurpose", strings.Repeat("é", 200), "", ""},
		{50, "accountPurpose", strings.Repeat("é", 201), "too_long", ""},
		{51, "firstName", "   ", "required", ""},
		{51, "firstName", "-", "placeholder", ""},
		{51, "lastName", "N/A", "placeholder", ""},
		{51, "lastName", "#N/A", "excel_error", ""},
		{51, "accountPurpose", "#NV", "excel_error", ""},
		{51, "accountPurpose", "NULL", "placeholder", ""},
		{51, "phoneNumber", "########", "excel_error", ""},
		{51, "lastName", "None", "warn:name_null", ""},
		{51, "firstName", "Na", "", ""},
		{51, "region", "n/a", "warn:placeholder_ignored", "-"},
		{51, "walletAddress", "-", "warn:placeholder_ignored", "-"},
		{51, "city", "#REF!", "excel_error", ""},
		{52, "firstName", "=1+1", "", ""},
		{52, "lastName", "+Doe", "", ""},
		{52, "lastName", "-Doe", "", ""},
		{52, "lastName", "@Doe", "", ""},
		{52, "lastName", "\tDoe", "", "Doe"},
		{52, "email", "=jane@company.com", "", ""},
		{53, "firstName", "<script>alert(1)</script>", "", ""},
		{53, "firstName", "'); DROP TABLE users;--", "", ""},
		{53, "firstName", "${jndi:ldap://x/y}", "", ""},
		{53, "firstName", "{{7*7}}", "", ""},
		{54, "walletAddress", mixedCase, "", ""},
		{54, "walletAddress", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "", ""},
		{54, "walletAddress", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "wallet_checksum", ""},
		{54, "walletAddress", mixedCase[:41], "wallet_format", ""},
		{54, "walletAddress", mixedCase + "0", "wallet_format", ""},
		{54, "walletAddress", mixedCase[2:], "wallet_format", ""},
		{54, "walletAddress", "0X" + mixedCase[2:], "wallet_format", ""},
		{54, "walletAddress", "0xg" + mixedCase[3:], "wallet_format", ""},
		{54, "walletAddress", strings.ToLower(mixedCase), "warn:wallet_no_checksum", ""},
		{54, "walletAddress", "0x" + strings.ToUpper(mixedCase[2:]), "warn:wallet_no_checksum", ""},
		{54, "walletAddress", "0x" + strings.Repeat("0", 40), "wallet_zero", ""},
		{54, "walletAddress", "0x" + strings.Repeat("1", 40), "", ""},
		{54, "walletAddress", "vitalik.eth", "wallet_format", ""},
		{64, "phoneNumber", "2024-05-01", "excel_date", ""},
		{64, "phoneNumber", "01.05.2024", "excel_date", ""},
		{64, "phoneNumber", "5/1/24", "excel_date", ""},
		{64, "phoneNumber", "03/04/1990", "excel_date", ""},
		{64, "phoneNumber", "1-Jan-2024", "excel_date", ""},
		{64, "phoneNumber", "1-OCT-2024", "excel_date", ""},
		{64, "phoneNumber", "2024-05-01 12:30", "excel_date", ""},
		{64, "phoneNumber", "2024-05-01T00:00:00Z", "excel_date", ""},
		{64, "phoneNumber", "12-Mar", "excel_date", ""},
		{64, "phoneNumber", "12. Mrz", "excel_date", ""},
		{64, "postalCode", "Mar-04", "excel_date", ""},
		{64, "postalCode", "Mär 04", "excel_date", ""},
		{64, "postalCode", "mars-04", "excel_date", ""},
		{64, "postalCode", "4-Mar", "excel_date", ""},
		{64, "postalCode", "Mar-2004", "excel_date", ""},
		{64, "postalCode", "5/1/24", "excel_date", ""},
		{64, "postalCode", "SW1A 2AA", "", ""},
		{64, "postalCode", "40-061", "", ""},
		{64, "postalCode", "MRS 1234", "", ""},
		{64, "postalCode", "01:30:00", "excel_date", ""},
		{64, "email", "2024-05-01", "excel_date", ""},
		{64, "ipAddress", "10.12.2024", "excel_date", ""},
		{64, "ipAddress", "2001:db8::12", "", ""},
		{64, "lastName", "03/04/1990", "excel_date", ""},
		{64, "lastName", "May", "", ""},
		{64, "firstName", "April", "", ""},
		{64, "city", "1-Dec", "excel_date", ""},
		{64, "region", "Dec-01", "excel_date", ""},
		{64, "address", "2012-05-01", "excel_date", ""},
		{64, "address", "Mai 12", "", ""},
		{64, "address", "12/5 High Street", "", ""},
		{64, "accountPurpose", "Mar-04", "", ""},
		{64, "walletAddress", "1-May", "excel_date", ""},
		{0, "program", "Non-Custodial", "", ""},
		{0, "program", " CUSTODIAL ", "", "custodial"},
		{0, "program", "self-custody", "program_unknown", ""},
		{0, "redirectUrl", "https://company.com/welcome?x=1", "", ""},
		{0, "redirectUrl", "http://company.com", "redirect_url", ""},
		{0, "redirectUrl", "company.com/welcome", "redirect_url", ""},
		{0, "redirectUrl", "//company.com", "redirect_url", ""},
		{0, "redirectUrl", "https:///welcome", "redirect_url", ""},
		{0, "redirectUrl", "https://user:secret@company.com", "redirect_url", ""},
		{0, "redirectUrl", "https://büro.de", "redirect_url", ""},
		{0, "redirectUrl", "javascript:alert(1)", "redirect_url", ""},
		{0, "redirectUrl", "https://company.com/a b", "redirect_url", ""},
		{0, "redirectUrl", "https://company.com:port/", "redirect_url", ""},
		{0, "firstName", ExampleFirstName, "example_row", ""},
		{0, "firstName", "EXAMPLE (delete this row)", "example_row", ""},
		{0, "email", "jane.doe@example.com", "", ""},
	}
}

func (lc lineCase) row(t testing.TB) Raw {
	raw := sound()
	*cell(t, &raw, lc.field) = lc.value
	if lc.field == FieldProgram {
		raw.WalletAddress = mixedCase
	}
	return raw
}

func TestCheckLines(t *testing.T) {
	for _, lc := range lineCases() {
		var rules Rules
		raw := lc.row(t)
		r := rules.Check(raw)
		holds(t, &rules, raw, r)
		got := findings(r)
		var want []string
		for w := range strings.FieldsSeq(lc.want) {
			if code, ok := strings.CutPrefix(w, "warn:"); ok {
				want = append(want, "warn:"+fieldOf(lc, code)+":"+code)
			} else {
				want = append(want, lc.field+":"+w)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("line %d: %s %.60q: got %v, want %v", lc.line, lc.field, lc.value, got, want)
			continue
		}
		if r.Valid() {
			checkSent(t, lc, r)
		}
		for _, p := range r.Problems {
			if len(lc.value) > 4 && strings.Contains(p.Message, strings.TrimSpace(lc.value)) {
				t.Errorf("line %d: %s: the message repeats the value: %q", lc.line, lc.field, p.Message)
			}
		}
	}
}

// fieldOf is where a warning stands: beside the country in the phone number.
func fieldOf(lc lineCase, code string) string {
	if code == CodePhoneCountry {
		return FieldPhoneNumber
	}
	return lc.field
}

func checkSent(t *testing.T, lc lineCase, r Result) {
	t.Helper()
	want := lc.sends
	switch {
	case want == "-":
		want = ""
	case want == "" && lc.value == "Non-Custodial":
		want = nonCustodial
	case want == "":
		want = lc.value
	}
	if got := sent(t, r.User, lc.field); got != want {
		t.Errorf("line %d: %s %.60q: sent %.60q, want %.60q", lc.line, lc.field, lc.value, got, want)
	}
	if changed := len(r.Changes) > 0; changed != (want != lc.value) && lc.sends != "-" {
		t.Errorf("line %d: %s %.60q: changes %v", lc.line, lc.field, lc.value, r.Changes)
	}
}
