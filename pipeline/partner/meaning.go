package partner

import (
	"slices"
	"strings"
)

// What codes and texts of the partner mean. Nothing else in the program looks at
// them.

// meaning is what a code or a text says, whatever the status.
type meaning uint8

const (
	saysNothing meaning = iota
	saysKeyUsed
	saysDupUser
	saysNoFunds
	saysRefused // for a reason of this row
	saysInvalid // the body was not accepted; which field may be said elsewhere
)

// Codes returns the codes that the partner documents for refused rows.
func Codes() []string {
	return []string{"DUP_USER", "USER_BLACKLISTED", "INVALID_PROGRAM", "INSUFFICIENT_WALLET_BALANCE"}
}

// codeMeans is the list of codes. Documented are DUP_USER, USER_BLACKLISTED,
// INVALID_PROGRAM and INSUFFICIENT_WALLET_BALANCE (public docs); the code of a
// used key is not, so every likely one counts: to call an answer KeyUsed
// claims less than any other meaning.
func codeMeans(code string) meaning {
	code = strings.ToUpper(code)
	switch code {
	case "DUP_USER", "DUPLICATE_USER", "DUPLICATE_EMAIL", "USER_EXISTS", "USER_ALREADY_EXISTS", "EMAIL_EXISTS", "EMAIL_ALREADY_EXISTS",
		"DUP_EMAIL", "EMAIL_TAKEN", "EMAIL_ALREADY_TAKEN", "EMAIL_IN_USE", "EMAIL_ALREADY_IN_USE", "EMAIL_ALREADY_REGISTERED", "USER_ALREADY_REGISTERED":
		return saysDupUser
	case "USER_BLACKLISTED", "INVALID_PROGRAM":
		return saysRefused
	case "VALIDATION_ERROR", "VALIDATION_FAILED", "FST_ERR_VALIDATION":
		return saysInvalid
	case "INSUFFICIENT_WALLET_BALANCE", "INSUFFICIENT_BALANCE", "INSUFFICIENT_FUNDS":
		return saysNoFunds
	case "DUP_KEY", "DUPLICATE_KEY", "KEY_USED", "KEY_ALREADY_USED", "DUP_REQUEST", "DUPLICATE_REQUEST":
		return saysKeyUsed
	}
	if strings.Contains(code, "IDEMPOTEN") && containsAny(code, "USED", "IN_USE", "ALREADY", "DUP", "CONFLICT", "EXIST", "REPLAY", "CONSUMED") {
		return saysKeyUsed
	}
	return saysNothing
}

// textMeans reads a text in words. A text that says both that the key was used
// and that the user exists says that the key was used: the list of users
// will show the rest.
func textMeans(text string) meaning {
	t := normalizeWords(text)
	taken := containsAny(t, " used ", " reused ", " in use ", " already ", " replayed ", " consumed ", "duplicate", "conflict")
	switch {
	case taken && strings.Contains(t, "idempoten"),
		taken && strings.Contains(t, " key ") && !strings.Contains(t, " api key "),
		containsAny(t, " duplicate request ", " request already ", " request has already ", " request was already "),
		t == " already used ":
		return saysKeyUsed
	case containsAny(t, " phone", " wallet address ", " card "):
		// Something else than the e-mail may be what exists already.
	case saysDuplicate(t):
		return saysDupUser
	case containsAny(t, " insufficient ", " not enough ", " too low ") && containsAny(t, " balance ", " funds ", " wallet "):
		return saysNoFunds
	case containsAny(t, " blacklisted ", " invalid program "):
		return saysRefused
	case containsAny(t, " validation failed ", " validation error "):
		return saysInvalid
	}
	return saysNothing
}

// saysDuplicate wants the duplicate named as a user or an e-mail: what else can
// be a duplicate is not known.
func saysDuplicate(t string) bool {
	if containsAny(t, " no user ", " no such user ") {
		return false
	}
	return slices.ContainsFunc([]string{"user", "email", "customer"}, func(who string) bool {
		return containsAny(t, " duplicate "+who+" ", " "+who+" is a duplicate", " "+who+" is duplicate", " "+who+" exists ",
			" "+who+" is taken ", " "+who+" taken ", " "+who+" must be unique ", " "+who+" is not unique ") ||
			strings.Contains(t, " "+who+" ") && containsAny(t, " already exist", " already registered ", " already in use ",
				" already taken ", " already been taken ", " already used ", " already been used ")
	})
}

// saysTaken reports whether what is said of a field is that another user has its
// value.
func saysTaken(t string) bool {
	return containsAny(t, "unique", " taken ", " duplicate", " already exist", " already registered ", " already in use ", " exists ")
}

// textRefusesUs reports whether the text speaks of our credentials or account.
func textRefusesUs(text string) bool {
	return containsAny(normalizeWords(text), " unauthorized ", " unauthorised ", " unauthenticated ", " api key ", " invalid key ",
		" invalid token ", " invalid credentials ", " not authorized ", " access denied ", " account suspended ", " account is suspended ", " account pending ", " account is pending ")
}

// readMeaning returns what the answer says, by its code, its text and the complaints that it
// lists, in this order. A code that only says that the body was not accepted
// counts less than a more specific text. A framework's own form that names no field has
// no meaning.
func (m message) readMeaning(fields fieldTable) meaning {
	first := m.byCode()
	if first == saysNothing || first == saysInvalid {
		if text := m.byText(); text != saysNothing && (first == saysNothing || text != saysInvalid) {
			first = text
		}
	}
	if first != saysNothing && first != saysInvalid {
		return first
	}
	named := false
	for _, p := range m.findProblems(fields) {
		named = named || len(p.fields) > 0
		switch said := textMeans(p.text); {
		case said == saysKeyUsed:
			return saysKeyUsed
		case said == saysDupUser, slices.Contains(p.fields, "email") && saysTaken(normalizeWords(p.text)):
			first = saysDupUser
		}
	}
	switch {
	case first == saysDupUser:
		return first
	case named:
		return saysRefused
	case m.form == object:
		return saysNothing
	default:
		return first
	}
}

// byCode returns the meaning of the first code that is known, but a used key before
// all others.
func (m message) byCode() meaning {
	first := saysNothing
	for _, c := range m.codes {
		switch k := codeMeans(c); {
		case k == saysKeyUsed:
			return k
		case first == saysNothing:
			first = k
		}
	}
	return first
}

// byText returns the meaning of the text. Of a body that was cut only a used key
// counts: what is missing could have said just that.
func (m message) byText() meaning {
	k := textMeans(m.text)
	if m.form == cut && k != saysKeyUsed {
		return saysNothing
	}
	return k
}

// normalizeWords is s in lower case with one space before, between and after its words,
// so that " user " finds the word user.
func normalizeWords(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "e-mail", "email")
	f := strings.FieldsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return " " + strings.Join(f, " ") + " "
}

func containsAny(s string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(s, part) })
}
