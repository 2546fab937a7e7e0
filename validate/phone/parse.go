package phone

import (
	"errors"

	"github.com/nyaruka/phonenumbers"
)

// parse reads ASCII digits, with a + or of the region.
func parse(digits, region string) Number {
	if n, v := parseByTable(digits, region); v == verdictValid {
		return n
	}
	return parseByLibrary(digits, region)
}

// parseByLibrary is parse by libphonenumber alone.
func parseByLibrary(digits, region string) Number {
	n, err := phonenumbers.Parse(digits, region)
	if err != nil {
		return refuse(CodeInvalid, explainError(err))
	}
	if !phonenumbers.IsValidNumber(n) {
		return refuse(CodeInvalid, explainInvalid(n))
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if len(e164) > maxE164 { // some plans of libphonenumber go beyond E.164
		return refuse(CodeInvalid, "has more than 15 digits with its country code, but a phone number has at most 15. Correct it")
	}
	return Number{E164: e164, parsed: n}
}

func explainError(err error) string {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "does not begin with a valid country code. Correct the number"
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "is too short for a phone number. Correct it"
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "is too long for a phone number. Write one number only"
	}
	return "is not a phone number. Write it as + and digits"
}

func explainInvalid(n *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT:
		return "is too short for a number of its country. Correct it"
	case phonenumbers.TOO_LONG:
		return "is too long for a number of its country. Correct it"
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "does not begin with a valid country code. Correct the number"
	}
	return "is not a valid number of its country. Correct it, and check the country code"
}
