package validate

import "strings"

// The partner's card programs, as they are sent.
const (
	custodial    = "custodial"
	nonCustodial = "non_custodial"
)

// checkProgram checks the program, however it is spelt ("Non-Custodial"), and
// returns the partner's own spelling.
func (c *rowCheck) checkProgram(raw string) string {
	v, ok := c.readRequired(FieldProgram, raw, strictText)
	if !ok {
		return ""
	}
	p := v
	if v != custodial && v != nonCustodial {
		if p = readProgram(v); p == "" {
			c.addProblem(FieldProgram, CodeProgram, "is not a program of the partner. Write custodial or non_custodial")
			return ""
		}
		c.addChange(FieldProgram, "spelling")
	}
	return p
}

// readProgram returns the program that a text spells in capitals, or with spaces or
// hyphens; "" if it spells none.
func readProgram(v string) string {
	letters := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_\u2010\u2011\u2013\u00a0", r) {
			return -1
		}
		return r
	}, strings.ToLower(v))
	switch letters {
	case "custodial":
		return custodial
	case "noncustodial":
		return nonCustodial
	}
	return ""
}

// checkTerms accepts only what says yes beyond doubt. That a user accepted a
// contract is never a default value.
func (c *rowCheck) checkTerms(raw string) bool {
	v, ok := c.cleanCell(FieldTerms, raw, strictText)
	switch {
	case !ok:
		return false
	case v == "":
		c.addProblem(FieldTerms, CodeRequired, "is empty. Write TRUE for a user who has accepted the terms of service")
		return false
	case v == "true" || v == "TRUE":
		return true
	case isYes(v):
		c.addChange(FieldTerms, "spelling")
		return true
	case isUnixTime(v):
		c.addProblem(FieldTerms, CodeTermsTime, "holds a number that may be the time of the consent. Write TRUE for a user who has accepted the terms of service")
		return false
	case v[0] == '=':
		c.addProblem(FieldTerms, CodeTerms, "is a formula written as text. Write TRUE for a user who has accepted the terms of service")
		return false
	}
	c.addProblem(FieldTerms, CodeTerms, "terms of service not accepted. Write TRUE for a user who has accepted them, and leave out the others")
	return false
}

// isUnixTime reports whether v may be a time of this century, in seconds or
// milliseconds since 1970.
func isUnixTime(v string) bool {
	return (len(v) == 10 || len(v) == 13) && v[0] == '1' && strings.Trim(v, "0123456789") == ""
}

// isYes reports whether v is one of the explicit English forms, or what Excel writes
// for TRUE in its other languages. A yes in another language is none of them.
func isYes(v string) bool {
	switch strings.ToLower(v) {
	case "true", "yes", "y", "1",
		"wahr",       // German
		"vrai",       // French
		"verdadero",  // Spanish
		"verdadeiro", // Portuguese, Galician
		"vero",       // Italian
		"waar",       // Dutch
		"sand",       // Danish
		"sann",       // Norwegian
		"sant",       // Swedish
		"tosi",       // Finnish
		"prawda",     // Polish
		"pravda",     // Czech
		"igaz",       // Hungarian
		"doğru",      // Turkish
		"истина",     // Russian
		"істина":     // Ukrainian
		return true
	}
	return false
}
