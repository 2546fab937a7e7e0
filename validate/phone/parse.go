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
		return refuse(CodeInvalid, "has more than 15 digits with its country code, the most that a phone number has. correct it")
	}
	return Number{E164: e164, parsed: n}
}

func explainError(err error) string {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "begins with no country code that exists. correct the number"
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "is too short for a phone number. correct it"
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "is too long for a phone number. write one number only"
	}
	return "is no phone number. write it as + and digits"
}

func explainInvalid(n *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT:
		return "is too short for a number of its country. correct it"
	case phonenumbers.TOO_LONG:
		return "is too long for a number of its country. correct it"
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "begins with no country code that exists. correct the number"
	}
	return "is no number that its country gives out. correct it, and mind the country code"
}
