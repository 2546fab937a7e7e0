package report

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// title returns a cause in words: the column, and what is wrong with it.
func (c Cause) title(h finance.Headings) string {
	words := codeWords(c.Code)
	switch {
	case words != "":
	case c.Code == "":
		words = statusTitle(c.Status)
	case c.Code == strings.ToUpper(c.Code):
		words = "partner says " + c.Code
	default:
		words = strings.ReplaceAll(c.Code, "_", " ")
	}
	if c.Field != "" {
		return h.Title(c.Field) + ": " + words
	}
	return words
}

// codeWords returns a code in words where its own, without underscores, do not
// read well; "" for all others.
func codeWords(code string) string {
	return map[string]string{
		"required":                    "missing",
		"placeholder":                 "a placeholder instead of a value",
		"bad_encoding":                "wrong character encoding",
		"control_char":                "a control character",
		"line_break":                  "a line break",
		"invisible_char":              "an invisible character",
		"example_row":                 "the example row of the template",
		"excel_error":                 "a spreadsheet error",
		"excel_rounded":               "rounded by a spreadsheet",
		"excel_date":                  "made a date by a spreadsheet",
		"excel_decimal":               "made a decimal number by a program",
		"foreign_notation":            "written in another notation",
		"other_field":                 "belongs in another field",
		"email_format":                "no plain address",
		"email_non_ascii":             "a character outside ASCII",
		"email_host":                  "no public host",
		"phone_no_country":            "no country code",
		"phone_plus_lost":             "the plus sign was lost",
		"phone_ambiguous":             "can be read in two ways",
		"phone_extension":             "has an extension",
		"phone_letters":               "has letters",
		"phone_format":                "not one number",
		"phone_invalid":               "no such number can exist",
		"ip_format":                   "not one address",
		"ip_not_public":               "not public",
		"terms_not_accepted":          "not accepted",
		"program_unknown":             "no such program",
		"wallet_format":               "no Ethereum address",
		"wallet_checksum":             "the checksum is wrong",
		"wallet_zero":                 "the zero address",
		"redirect_url":                "no https address",
		"country_unknown":             "no such country",
		"country_sanctioned":          "under sanctions",
		"repeats_row":                 "repeats an earlier row",
		"repeats_row_differs":         "repeats an earlier row, with other details",
		"id_known":                    "customer number known under another e-mail",
		"id_repeated":                 "customer number repeated with another e-mail",
		"looks_onboarded":             "name and phone known under another e-mail",
		"details_changed":             "changed since it was sent",
		"outcome_unknown":             "no answer yet",
		"link_lost":                   "the link was lost",
		"INSUFFICIENT_WALLET_BALANCE": "the wallet could not pay",
		"DUP_USER":                    "known to the partner already",
	}[code]
}

// statusTitle returns a status in words.
func statusTitle(s ledger.Status) string {
	return strings.ReplaceAll(string(s), "_", " ")
}

// environmentNote returns what a run in this environment means. A rehearsal
// must not be mistaken for production, nor the reverse.
func environmentNote(environment string) string {
	notes := map[string]string{
		"":           "",
		"sandbox":    "Sandbox: a rehearsal with a simulated partner. No real customer, no real money.",
		"staging":    "Staging: the test system of the partner.",
		"production": "Production",
	}
	if note, ok := notes[environment]; ok {
		return note
	}
	return "Partner API at " + reporttext.Clean(environment)
}

// statusMeaning returns one line on a status.
func statusMeaning(s ledger.Status) string {
	return map[ledger.Status]string{
		ledger.Created:             "onboarded, with verification link",
		ledger.LinkMissing:         "onboarded, but the verification link was lost",
		ledger.Duplicate:           "the partner had this e-mail before",
		ledger.DuplicateInInput:    "same e-mail as an earlier row of this input",
		ledger.Invalid:             "breaks a field rule or is held, not sent",
		ledger.Rejected:            "refused by the partner",
		ledger.InsufficientBalance: "the wallet could not pay, sent again by the next run",
		ledger.InDoubt:             "sent, outcome not yet known",
		ledger.Pending:             "not sent yet",
		ledger.Forgotten:           "erased on request, not sent",
	}[s]
}
