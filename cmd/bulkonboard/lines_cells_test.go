package main

import "strings"

// awkwardCells are lines about one cell: every rule has a longer table in
// package validate.
func awkwardCells() []awkward {
	row := func(line int, field, value, code string) awkward {
		return awkward{line: line, what: code, cells: []string{field, value}, code: 3, says: []string{"row 3, column " + field, "[" + code + "]"}}
	}
	warn := func(line int, field, value, code string) awkward {
		return awkward{line: line, what: code, cells: []string{field, value}, says: []string{"Warning: ", "3) [" + code + "]"}}
	}
	sent := func(line int, what string, cells ...string) awkward {
		return awkward{line: line, what: what, cells: cells, says: []string{"2  ready to send", "!arning"}}
	}
	live := func(a awkward) awkward {
		a.args = []string{"--env", "production"}
		return a
	}
	csv := func(a awkward) awkward {
		a.only = "csv" // XML has no such character
		return a
	}
	return []awkward{
		warn(9, "firstName", "JosÃ©", "double_encoded"),
		csv(row(10, "firstName", "Ja\x00ne", "control_char")),
		csv(row(10, "lastName", "\x1b[31mDoe", "control_char")),
		row(10, "lastName", "Do\u0085e", "control_char"),
		row(11, "email", "ja\u200bne@company.com", "invisible_char"),
		row(11, "phoneNumber", "\u202a+14155552671\u202c", "invisible_char"),
		warn(11, "firstName", "Ja\u00adne", "invisible_kept"),
		warn(12, "firstName", "\u00a0Jane\u3000", "space_trimmed"),
		sent(13, "names of the world", "firstName", "Jose\u0301 🙂", "lastName", "山田 אבג O'Brien"),
		warn(13, "lastName", "Null", "name_null"),
		row(14, "email", "j\u0430ne@company.com", "email_non_ascii"),
		row(14, "email", "ａ@b.com", "email_non_ascii"),
		sent(24, "address", "address", "1 Main Street\nFlat 2"),
		row(24, "email", "jane@\ncompany.com", "line_break"),
		row(24, "phoneNumber", "+1415\n5552671", "line_break"),
		row(37, "email", "", "required"),
		row(37, "email", "jane.company.com", "email_format"),
		row(37, "email", "jane@doe@company.com", "email_format"),
		row(37, "email", "jane doe@company.com", "email_format"),
		row(37, "email", ".jane@company.com", "email_format"),
		row(37, "email", "a@localhost", "email_host"),
		row(37, "email", "a@[1.2.3.4]", "email_host"),
		row(37, "email", strings.Repeat("x", 255)+"@company.com", "too_long"),
		row(37, "email", "Bob <a@b.cd>", "email_format"),
		row(37, "email", "a@b.cd,d@e.fg", "email_format"),
		row(37, "email", "mailto:a@b.cd", "email_format"),
		row(38, "email", "a@b.cd\r\nX: y", "line_break"),
		sent(39, "IDN", "email", "Jane@Bücher.de"),
		live(warn(40, "email", "jane@example.com", "email_example")),
		live(warn(40, "email", "jane@mailinator.com", "email_disposable")),
		row(41, "phoneNumber", "1.41556E+10", "excel_rounded"),
		row(42, "phoneNumber", "14155552671", "phone_plus_lost"),
		{line: 42, what: "--phone-plus", cells: []string{"phoneNumber", "14155552671"}, args: []string{"--phone-plus"}, says: []string{"2  ready to send"}},
		{line: 42, what: "hint", cells: []string{"phoneNumber", "14155552671"}, code: 3, says: []string{"bulkonboard validate --phone-plus"}},
		sent(43, "spaces and 00", "phoneNumber", "0049 (151) 120-009 77"),
		row(43, "phoneNumber", "0151 12000977", "phone_no_country"),
		row(43, "phoneNumber", "+4915112000977 ext. 5", "phone_extension"),
		row(43, "phoneNumber", "+1 800 FLOWERS", "phone_letters"),
		row(43, "phoneNumber", "+", "phone_format"),
		row(43, "phoneNumber", "+1234567890123456", "phone_invalid"),
		live(warn(44, "phoneNumber", "+12025550143", "phone_fictional")),
		warn(45, "countryCode", "GB", "phone_country"),
		{line: 46, what: "warning", cells: []string{"countryCode", "DE", "postalCode", "1067"}, says: []string{"Warning: ", "[postal_zero_lost]"}},
		{line: 46, what: "strict", cells: []string{"countryCode", "DE", "postalCode", "1067"}, args: []string{"--strict"}, code: 3, says: []string{"[postal_short]"}},
		{line: 47, what: "UK", cells: []string{"countryCode", "UK"}, code: 3, says: []string{"[country_unknown]", "Write GB"}},
		{line: 47, what: "usa", cells: []string{"countryCode", "usa"}, code: 3, says: []string{"Write US"}},
		{line: 47, what: "840", cells: []string{"countryCode", "840"}, code: 3, says: []string{"Write US"}},
		row(47, "countryCode", "KP", "country_sanctioned"),
		warn(47, "countryCode", "NA", "phone_country"), // Namibia, and the phone is German
		row(48, "isTermsOfServiceAccepted", "", "required"),
		row(48, "isTermsOfServiceAccepted", "0", "terms_not_accepted"),
		row(48, "isTermsOfServiceAccepted", "oui", "terms_not_accepted"),
		row(48, "isTermsOfServiceAccepted", "=TRUE()", "terms_not_accepted"),
		sent(48, "as Excel writes it", "isTermsOfServiceAccepted", "WAHR"),
		row(49, "ipAddress", "", "required"),
		row(49, "ipAddress", "10.1.2.3", "ip_not_public"),
		row(49, "ipAddress", "1.2.3.4:80", "ip_format"),
		row(49, "ipAddress", "1.2.3.04", "ip_format"),
		sent(50, "100 code points", "firstName", strings.Repeat("é", 100)),
		row(50, "firstName", strings.Repeat("é", 101), "too_long"),
		row(50, "accountPurpose", strings.Repeat("é", 201), "too_long"),
		row(51, "firstName", "   ", "required"),
		row(51, "firstName", "-", "placeholder"),
		row(51, "lastName", "N/A", "placeholder"),
		row(51, "lastName", "#N/A", "excel_error"),
		warn(51, "lastName", "None", "name_null"),
		sent(52, "formulas as text", "firstName", "=1+1", "lastName", "@Doe", "city", "-x"),
		sent(53, "scripts", "firstName", "<script>alert(1)</script>", "lastName", "${jndi:ldap://x/y}"),
		row(54, "walletAddress", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "wallet_checksum"),
		row(54, "walletAddress", "vitalik.eth", "wallet_format"),
		row(54, "walletAddress", "0x"+strings.Repeat("0", 40), "wallet_zero"),
		warn(54, "walletAddress", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "wallet_no_checksum"),
		row(64, "phoneNumber", "03/04/1990", "excel_date"),
		row(64, "phoneNumber", "12-Mar", "excel_date"),
		row(64, "postalCode", "Mar-04", "excel_date"),
		row(64, "lastName", "2024-05-01", "excel_date"),
	}
}
