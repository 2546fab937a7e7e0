package main

import (
	"slices"
	"strings"
)

// awkwardRows are lines about rows, headers, and rows beside each other.
func awkwardRows() []awkward {
	list := func(change func(rows [][]string)) [][]string {
		rows := [][]string{good(1), good(2), good(3)}
		change(rows)
		return rows
	}
	heads := func(change func(head []string)) []string {
		head := goodHeader()
		change(head)
		return head
	}
	wide := append(goodHeader(), slices.Repeat([]string{"x"}, 1000)...)
	total := make([]string, 15)
	total[0] = "Total: 2"
	return []awkward{
		{line: 2, what: "headers only", rows: [][]string{}, code: 2, says: []string{"no customer rows"}},
		{line: 17, what: "blank lines", rows: [][]string{good(1), make([]string, 15), make([]string, 15), good(2)[:3]}, only: "xlsx", code: 3, says: []string{"1  ready to send", "row 5"}},
		{line: 26, what: "too many columns", head: wide, code: 2, says: []string{"columns", "!Open the workbook"}},
		{line: 27, what: "a title", head: []string{"Customers of May"}, rows: [][]string{goodHeader(), good(1)}, only: "xlsx", says: []string{"the headers are in row 2", "run --sandbox --header-row 2"}},
		{line: 27, what: "a title, told", head: []string{"Customers of May"}, rows: [][]string{goodHeader(), good(1)}, only: "xlsx", args: []string{"--header-row", "2"}, says: []string{"1  ready to send"}},
		{line: 27, what: "a second table", rows: [][]string{good(1), {"Surname", "Vorname", "E-Mail", "Telefon"}}, only: "xlsx", code: 3, says: []string{"row 3: column names", "![email_"}},
		{line: 28, what: "the same header twice", head: heads(func(h []string) { h[9] = "email" }), code: 2, says: []string{"are the same name"}},
		{line: 28, what: "in another case", head: heads(func(h []string) { h[9] = "Email" }), code: 2, says: []string{"are the same name"}},
		{line: 29, what: "missing", head: heads(func(h []string) { h[2] = "x" }), code: 2, says: []string{"no column for email", "--map email="}},
		{line: 29, what: "unknown", head: heads(func(h []string) { h[9] = "Shoe size" }), says: []string{`columns not read: "Shoe size"`, "2  ready to send"}},
		{line: 29, what: "of another language", head: heads(func(h []string) { h[0], h[1], h[3] = "Vorname", "Nachname", "Telefon" }), says: []string{"firstName                 Vorname ", "2  ready to send"}},
		{line: 29, what: "nearly", head: heads(func(h []string) { h[9] = "citty" }), says: []string{`"citty" looks like city`}},
		{line: 30, what: "headers again", rows: [][]string{good(1), goodHeader(), good(2)}, says: []string{"row 3 repeats the headers", "2  ready to send", "!phone_"}},
		{line: 30, what: "totals", rows: [][]string{good(1), good(2), total}, says: []string{"row 4 is a total, left out", "2  ready to send", "![required]"}},
		{line: 31, what: "a comment", rows: list(func(r [][]string) { r[1] = append([]string{"# see below"}, make([]string, 14)...) }), code: 3, says: []string{"2  ready to send", "1 invalid", "row 3"}},
		{line: 32, what: "a rejects file", head: append(goodHeader(), "onboard_row", "onboard_status", "onboard_problem"),
			rows: [][]string{append(good(1), "17", "invalid", "x"), append(append([]string{"'=Ann"}, good(2)[1:]...), "18", "invalid", "x")}, says: []string{"is a rejects file", "2  ready to send"}},
		{line: 32, what: "a report", head: []string{"file", "row", "status", "email", "firstName", "lastName", "serviceId", "verificationUrl", "idempotencyKey"},
			rows: [][]string{{"a", "2", "created", "a@b.cd", "A", "B", "s", "u", "k"}}, code: 2, says: []string{"this is a report of an earlier run", "rejects file"}},
		{line: 33, what: "the same twice", rows: list(func(r [][]string) { r[2] = good(1) }), says: []string{"2  ready to send", "1 repeat", "[repeats_row]", "Every row that repeats no other"}},
		{line: 34, what: "with other details", rows: list(func(r [][]string) { r[2] = good(1); r[2][3], r[2][10] = "+4915112000999", "Bonn" }), code: 3,
			says: []string{"row 4", "repeats row 2", "differs in phoneNumber, city"}},
		{line: 35, what: "case", rows: list(func(r [][]string) { r[2][2] = strings.ToUpper(r[0][2]) }), code: 3, says: []string{"1 repeat", "repeats row 2"}},
		{line: 35, what: "plus tag and dots", rows: list(func(r [][]string) { r[0][2], r[2][2] = "ann.roe@company.com", "annroe+x@company.com" }), says: []string{"3  ready to send", "[email_plus_tag]", ", ", "4). Make sure"}},
		{line: 36, what: "one phone", rows: list(func(r [][]string) { r[1][3], r[2][3] = r[0][3], r[0][3] }), says: []string{"3  ready to send", "One number in several rows"}},
		{line: 36, what: "one wallet", rows: list(func(r [][]string) {
			for i := range r {
				r[i][8] = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
			}
		}), says: []string{"3  ready to send", "wallet"}},
		{line: 48, what: "never defaulted", head: heads(func(h []string) { h[6] = "x" }), args: []string{"--default", "isTermsOfServiceAccepted=TRUE"}, code: 2, says: []string{"cannot have a default value"}},
		{line: 45, what: "many countries", rows: list(func(r [][]string) { r[1][13] = "FR" }), says: []string{"3) [phone_country]"}},
	}
}
