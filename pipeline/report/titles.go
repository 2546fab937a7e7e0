package report

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// title is a cause in words: the field, and what is the matter with it.
func (c Cause) title() string {
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
		return c.Field + ": " + words
	}
	return words
}

// codeWords is a code in words where its own, without underscores, do not read
// well; "" for all others.
func codeWords(code string) string {
	switch code {
	case "required":
		return "missing"
	case "placeholder":
		return "a placeholder instead of a value"
	case "bad_encoding":
		return "wrong character encoding"
	case "control_char":
		return "a control character"
	case "line_break":
		return "a line break"
	case "invisible_char":
		return "an invisible character"
	case "example_row":
		return "the example row of the template"
	case "excel_error":
		return "a spreadsheet error"
	case "excel_rounded":
		return "rounded by a spreadsheet"
	case "excel_date":
		return "made a date by a spreadsheet"
	case "excel_decimal":
		return "made a decimal number by a program"
	case "foreign_notation":
		return "written in another notation"
	case "other_field":
		return "belongs in another field"
	case "email_format":
		return "no plain address"
	case "email_non_ascii":
		return "a character outside ASCII"
	case "email_host":
		return "no public host"
	case "phone_no_country":
		return "no country code"
	case "phone_plus_lost":
		return "the plus sign was lost"
	case "phone_ambiguous":
		return "can be read in two ways"
	case "phone_extension":
		return "has an extension"
	case "phone_letters":
		return "has letters"
	case "phone_format":
		return "not one number"
	case "phone_invalid":
		return "no such number can exist"
	case "ip_format":
		return "not one address"
	case "ip_not_public":
		return "not public"
	case "terms_not_accepted":
		return "not accepted"
	case "program_unknown":
		return "no such program"
	case "wallet_format":
		return "no Ethereum address"
	case "wallet_checksum":
		return "the checksum is wrong"
	case "wallet_zero":
		return "the zero address"
	case "redirect_url":
		return "no https address"
	case "country_unknown":
		return "no such country"
	case "country_sanctioned":
		return "under sanctions"
	case "repeats_row":
		return "repeats an earlier row"
	case "repeats_row_differs":
		return "repeats an earlier row, with other details"
	case "id_known":
		return "customer number known under another e-mail"
	case "id_repeated":
		return "customer number repeated with another e-mail"
	case "looks_onboarded":
		return "name and phone known under another e-mail"
	case "details_changed":
		return "changed since it was sent"
	case "outcome_unknown":
		return "no answer yet"
	case "link_lost":
		return "the link was lost"
	case "INSUFFICIENT_WALLET_BALANCE":
		return "the wallet could not pay"
	case "DUP_USER":
		return "known to the partner already (DUP_USER)"
	}
	return ""
}

// statusTitle is a status as people read it.
func statusTitle(s ledger.Status) string {
	return strings.ReplaceAll(string(s), "_", " ")
}

// place says what it means that a run was in this environment. A rehearsal
// must not be taken for the real thing, nor the other way round.
func place(environment string) string {
	switch environment {
	case "":
		return ""
	case "sandbox":
		return "Sandbox: a rehearsal with a simulated partner. No real customer, no real money."
	case "staging":
		return "Staging: the test system of the partner."
	case "production":
		return "Production"
	}
	return "Partner API at " + clean(environment)
}
