package partner

import (
	"net/http"
	"net/url"
	"strings"
)

// The one table that turns an answer into a Class. What the partner documents
// is little, so the order is: its code, then what its text plainly says, then
// the status alone; and Unknown wherever these leave a doubt.
//
//	status        code or text says               else
//	2xx           whole, valid, success: OK       OKBroken
//	3xx           -                               Unknown, Halt
//	400, 409      key, duplicate, funds, refused  400 in an envelope: Unclear; else Unknown
//	402           code: key, duplicate, refused   envelope, empty or text of funds: Funds; else Unknown
//	401, 403      code: key, funds, refused       envelope, empty or text of credentials: Auth; else Unknown
//	422           key, duplicate, funds           Reject
//	429           in an envelope: key             envelope: Busy; else Throttled, HTML too
//	any other     -                               Unknown
//
// Above all of these but 2xx and 3xx: a page of HTML but for 429, or a body that speaks of
// success under a 4xx, is Unknown.

// meaning is what a code or a text says, whatever the status.
type meaning uint8

const (
	saysNothing meaning = iota
	saysKeyUsed
	saysDupUser
	saysNoFunds
	saysRefused
)

// codeMeans is the list of codes. Documented are DUP_USER, USER_BLACKLISTED,
// INVALID_PROGRAM and INSUFFICIENT_WALLET_BALANCE (public docs); the code of a
// used key is not, so that every likely one is taken: to call an answer KeyUsed
// claims less than any other meaning.
func codeMeans(code string) meaning {
	code = strings.ToUpper(code)
	switch code {
	case "DUP_USER", "DUPLICATE_USER", "DUPLICATE_EMAIL", "USER_EXISTS", "USER_ALREADY_EXISTS", "EMAIL_EXISTS", "EMAIL_ALREADY_EXISTS":
		return saysDupUser
	case "USER_BLACKLISTED", "INVALID_PROGRAM", "VALIDATION_ERROR", "VALIDATION_FAILED":
		return saysRefused
	case "INSUFFICIENT_WALLET_BALANCE", "INSUFFICIENT_BALANCE", "INSUFFICIENT_FUNDS":
		return saysNoFunds
	case "DUP_KEY", "DUPLICATE_KEY", "KEY_USED", "KEY_ALREADY_USED", "DUP_REQUEST", "DUPLICATE_REQUEST":
		return saysKeyUsed
	}
	if strings.Contains(code, "IDEMPOTEN") && containsAny(code, "USED", "ALREADY", "DUP", "CONFLICT", "EXIST") {
		return saysKeyUsed
	}
	return saysNothing
}

// textMeans reads text for people. A text that says both that the key was used
// and that the user exists says that the key was used: the list of users will
// tell the rest.
func textMeans(text string) meaning {
	t := words(text)
	taken := containsAny(t, " used ", " reused ", " already ", "duplicate", "conflict")
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
	case strings.Contains(t, " insufficient ") && containsAny(t, " balance ", " funds ", " wallet "):
		return saysNoFunds
	case containsAny(t, " blacklisted ", " invalid program ", " validation failed ", " validation error "):
		return saysRefused
	}
	return saysNothing
}

// saysDuplicate wants the duplicate named as a user or an e-mail: what else can
// be a duplicate is not known.
func saysDuplicate(t string) bool {
	if containsAny(t, " no user ", " no such user ") {
		return false
	}
	for _, who := range []string{"user", "email", "customer"} {
		switch {
		case containsAny(t, " duplicate "+who+" ", " "+who+" is a duplicate", " "+who+" is duplicate", " "+who+" exists "),
			strings.Contains(t, " "+who+" ") && containsAny(t, " already exist", " already registered ", " already in use ",
				" already taken ", " already been taken ", " already used ", " already been used "):
			return true
		}
	}
	return false
}

// textRefusesUs tells whether the text speaks of our credentials or account.
func textRefusesUs(text string) bool {
	return containsAny(words(text), " unauthorized ", " unauthorised ", " unauthenticated ", " api key ", " invalid key ",
		" invalid token ", " account suspended ", " account is suspended ", " account pending ", " account is pending ")
}

// verdict is the part of an Answer that the body and status decide.
type verdict struct {
	class Class
	cause string
	halt  Halt
}

// judge looks up the table for an answer that is not 2xx.
func judge(status int, m message) verdict {
	switch {
	case status >= 300 && status <= 399:
		return verdict{Unknown, CauseRedirect, Redirected}
	case status >= 500 && status <= 599:
		return verdict{class: Unknown, cause: CauseServer}
	case status == http.StatusTooManyRequests && m.form == html:
		return verdict{class: Throttled}
	case m.form == html:
		return verdict{class: Unknown, cause: CauseHTML}
	case m.form == contrary:
		return verdict{class: Unknown, cause: CauseBody}
	}
	if c := judge4xx(status, m); c != Unknown {
		return verdict{class: c}
	}
	if m.form == cut && status >= 400 {
		return verdict{class: Unknown, cause: CauseBody}
	}
	return verdict{class: Unknown, cause: CauseStatus}
}

func judge4xx(status int, m message) Class {
	code, text := m.byCode(), m.byText()
	spoken := code
	if spoken == saysNothing {
		spoken = text
	}
	own := m.form == enveloped || m.form == empty // the partner's own, as far as the status alone can tell
	switch status {
	case 400, 409:
		if c := classOf(spoken); c != Unknown {
			return c
		}
		if status == 400 && m.form == enveloped {
			return Unclear
		}
	case 402:
		if c := classOf(code); c != Unknown {
			return c
		}
		if own || text == saysNoFunds {
			return Funds
		}
	case 401, 403:
		if c := classOf(code); c != Unknown && c != DupUser {
			return c
		}
		if own || (m.form != cut && textRefusesUs(m.text)) {
			return Auth
		}
	case 422:
		if c := classOf(spoken); c != Unknown {
			return c
		}
		return Reject
	case 429:
		switch {
		case m.form != enveloped:
			return Throttled
		case spoken == saysKeyUsed:
			return KeyUsed
		}
		return Busy
	}
	return Unknown
}

func classOf(m meaning) Class {
	switch m {
	case saysKeyUsed:
		return KeyUsed
	case saysDupUser:
		return DupUser
	case saysNoFunds:
		return Funds
	case saysRefused:
		return Reject
	default:
		return Unknown
	}
}

// byCode takes the first code that is known, but a used key before all others.
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

// byText takes nothing but a used key from a body that was cut: what is missing
// could have said just that.
func (m message) byText() meaning {
	k := textMeans(m.text)
	if m.form == cut && k != saysKeyUsed {
		return saysNothing
	}
	return k
}

// judgeCreation looks up the 2xx line of the table.
func judgeCreation(c creation) verdict {
	switch {
	case !c.valid || c.status != "success":
		return verdict{class: OKBroken, cause: CauseBody}
	case c.id == "":
		return verdict{class: OKBroken, cause: CauseServiceID}
	case c.link == "":
		return verdict{class: OKBroken, cause: CauseLink}
	default:
		return verdict{class: OK}
	}
}

// redirectHost is the host that a Location names, base's own for a relative
// one.
func redirectHost(base *url.URL, location string) string {
	if location == "" {
		return ""
	}
	u, err := base.Parse(location)
	if err != nil {
		return ""
	}
	return printable(u.Host, 255)
}

// words is s in lower case with one space before, between and after its words,
// so that " user " finds the word user.
func words(s string) string {
	s = strings.ReplaceAll(strings.ToLower(s), "e-mail", "email")
	f := strings.FieldsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return " " + strings.Join(f, " ") + " "
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
