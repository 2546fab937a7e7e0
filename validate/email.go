package validate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// Largest lengths in bytes: RFC 5321 4.5.3.1.1, and 4.5.3.1.3 less the angle
// brackets of a path.
const (
	maxLocal   = 64
	maxAddress = 254
)

// Identity returns the e-mail as it identifies one customer: trimmed, NFC, host in
// punycode, all lower case. ok is false, and identity "", if the e-mail breaks a
// rule. The identity of an identity is itself.
//
// Dots and plus tags are kept: only some providers ignore them. [Mailbox] returns
// the form without them.
func Identity(email string) (identity string, ok bool) {
	m := parseMail(strings.TrimFunc(email, unicode.IsSpace))
	return m.identity, m.code == ""
}

// Mailbox returns an identity without the dots and the plus tag before its @. Rows
// that share it are probably of one customer. Providers differ, so it is good for a
// warning only.
func Mailbox(identity string) string {
	local, host, _ := strings.Cut(identity, "@")
	if tagless, _, tagged := strings.Cut(local, "+"); tagged && tagless != "" {
		local = tagless
	}
	return strings.ReplaceAll(local, ".", "") + "@" + host
}

func (c *rowCheck) checkEmail(raw string) (sent, identity string) {
	v, ok := c.readRequired(FieldEmail, raw, strictText)
	if !ok {
		return "", ""
	}
	m := parseMail(v)
	if m.code != "" {
		c.addProblem(FieldEmail, m.code, m.message)
		return "", ""
	}
	if m.sent != v {
		c.addChange(FieldEmail, "punycode")
	}
	c.warnOfEmail(m)
	return m.sent, m.identity
}

func (c *rowCheck) warnOfEmail(m mailAddress) {
	if strings.IndexByte(m.identity[1:m.at], '+') >= 0 {
		c.addWarning(FieldEmail, CodeEmailPlusTag, "has a plus tag, so it may be a second address of one customer. Make sure that the customer is not in the list twice")
	}
	if m.mixed {
		c.addWarning(FieldEmail, CodeEmailMixedScript, "has a host that mixes Latin with Cyrillic or Greek letters, often a look-alike. Compare it with the original")
	}
	if m.identity[len(m.identity)-2] == '.' {
		c.addWarning(FieldEmail, CodeEmailOneLetter, "has a host that ends in a single letter, which no public host does. Make sure that nothing is cut off")
	}
	local, host := m.identity[:m.at], m.identity[m.at+1:]
	if likely := likelyHost(host); likely != "" {
		c.addWarning(FieldEmail, CodeEmailHostTypo, "has a host that looks like a typing error of "+likely+". Compare it with the original")
	}
	if !c.rules.Live {
		return
	}
	switch {
	case isExampleHost(host) || local == "test" && strings.HasPrefix(host, "test."):
		c.addWarning(FieldEmail, CodeEmailExample, "is an address for examples and tests, but the fee is real. Remove the row unless it is intended")
	case isDisposableHost(host):
		c.addWarning(FieldEmail, CodeEmailDisposable, "is from a service for throw-away addresses, and the fee is real. Ask for another address")
	}
}

// mailAddress is one parsed address. code and message are set if it is unsound.
type mailAddress struct {
	sent, identity string
	at             int // of the @ in both
	mixed          bool
	code, message  string
}

func refuseMail(code, message string) mailAddress { return mailAddress{code: code, message: message} }

// parseMail reads one trimmed address: a dot-atom, an @ and a public host
// name. That is stricter than net/mail, which accepts display names, quoted
// local parts, address literals and hosts without a dot.
func parseMail(v string) mailAddress {
	at := strings.IndexByte(v, '@')
	if at < 0 {
		return refuseMail(CodeEmailFormat, "has no @. Write one address, such as name@company.com")
	}
	local, host := v[:at], v[at+1:]
	if code, message := explainLocal(local, v); code != "" {
		return refuseMail(code, message)
	}
	if strings.IndexByte(host, '@') >= 0 {
		return refuseMail(CodeEmailFormat, "has more than one @. Write one address only")
	}
	m := mailAddress{at: at}
	if fault := m.setHost(v); fault != "" {
		return refuseMail(CodeEmailHost, fault)
	}
	if len(m.sent) > maxAddress {
		return refuseMail(CodeTooLong, fmt.Sprintf("has %d characters, but an e-mail address has at most %d. Shorten it", len(m.sent), maxAddress))
	}
	m.identity = strings.ToLower(m.sent)
	return m
}

// explainLocal checks the part before the @ against RFC 5322's dot-atom.
func explainLocal(local, whole string) (code, message string) {
	if local == "" {
		return CodeEmailFormat, "has nothing before the @. Write one address, such as name@company.com"
	}
	if len(whole) > len("mailto:") && strings.EqualFold(whole[:len("mailto:")], "mailto:") {
		return CodeEmailFormat, "begins with mailto:. Remove that"
	}
	for i := 0; i < len(local); i++ {
		switch b := local[i]; {
		case b >= 0x80:
			return CodeEmailNonASCII, fmt.Sprintf("has a character outside ASCII before the @ (character %d), often a look-alike from another script or a full-width letter. Type the address again", celltext.Position(local, i))
		case b == '.' && (i == 0 || i == len(local)-1 || local[i-1] == '.'):
			return CodeEmailFormat, "has a dot at the start, at the end or twice in a row before the @. Correct the address"
		case b == ' ' || b == '<' || b == '"' || b == ',' || b == ';':
			return CodeEmailFormat, fmt.Sprintf("is not one plain address (character %d). Write the address alone, without name, brackets, quotes or a second address", i+1)
		case !isAtomText(b) && b != '.':
			return CodeEmailFormat, fmt.Sprintf("has a character at position %d that is not allowed in an e-mail address. Correct the address", i+1)
		}
	}
	if local[0] == '\'' {
		return CodeEmailFormat, "begins with an apostrophe, which marks text in a spreadsheet. Remove it"
	}
	if len(local) > maxLocal {
		return CodeTooLong, fmt.Sprintf("has %d characters before the @, but at most %d are allowed. Correct the address", len(local), maxLocal)
	}
	return "", ""
}

// isAtomText is RFC 5322's set of characters of an atom, in ASCII.
func isAtomText(b byte) bool {
	return isAlphanumeric(b) || b < 0x80 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", b) >= 0
}

func isAlphanumeric(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' || celltext.IsDigit(b) }

// setHost checks the host of a whole address and sets the one that is sent.
func (m *mailAddress) setHost(whole string) (fault string) {
	local, host := whole[:m.at], whole[m.at+1:]
	ascii := host
	switch {
	case host == "":
		return "has nothing after the @. Write one address, such as name@company.com"
	case host[0] == '[':
		return "has an IP address after the @. Write the name of the mail provider"
	case !isASCII(host):
		if ascii, fault = toPunycode(host); fault != "" {
			return fault
		}
		m.mixed = isMixedScript(norm.NFC.String(host))
	case strings.Contains(strings.ToLower(host), "xn--"):
		decoded, ok := unicodeHost(strings.ToLower(host))
		if !ok {
			return "has a host in punycode that cannot be decoded. Write the host in its own letters"
		}
		m.mixed = isMixedScript(decoded)
	}
	if fault := explainHost(ascii); fault != "" {
		return fault
	}
	if m.sent = whole; ascii != host {
		m.sent = local + "@" + ascii
	}
	return ""
}

// explainHost checks an ASCII host name: labels of letters, digits and hyphens
// (RFC 1123), at least two, the last not a number.
func explainHost(host string) string {
	if host[0] == '.' || host[len(host)-1] == '.' || strings.Contains(host, "..") {
		return "has a dot at the start, at the end or twice in a row after the @. Correct the address"
	}
	labels, at, last := 0, 0, ""
	for label := range strings.SplitSeq(host, ".") {
		labels, last = labels+1, label
		other := strings.IndexFunc(label, func(r rune) bool { return r != '-' && (r >= utf8.RuneSelf || !isAlphanumeric(byte(r))) })
		switch {
		case label[0] == '-':
			return hyphenFault
		case other >= 0:
			return fmt.Sprintf("has a character after the @ that is not allowed in a host name (character %d of the host). Write one address only, without name, brackets or a second address", at+other+1)
		case len(label) > 63:
			return "has a part of the host longer than 63 characters. Correct the address"
		case label[len(label)-1] == '-':
			return hyphenFault
		}
		at += len(label) + len(".")
	}
	switch {
	case labels == 1:
		return "has a host without a dot, which mail cannot reach. Write the whole host, such as company.com"
	case strings.Trim(last, "0123456789") == "":
		return "has a host that ends in a number. Write the name of the mail provider"
	}
	return ""
}

const hyphenFault = "has a hyphen at the start or the end of a part of the host. Correct the address"

// hostProfile is IDNA 2008 as browsers look hosts up (UTS 46, not transitional).
func hostProfile() *idna.Profile {
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true), idna.BidiRule(), idna.VerifyDNSLength(true))
}

// toPunycode turns an internationalised host into ASCII. Full-width forms and
// invisible characters, which UTS 46 would fold in silence, are refused.
func toPunycode(host string) (ascii, fault string) {
	if badTextAt(host) >= 0 || strings.ContainsFunc(host, isInvisible) {
		return "", "has an invisible or lost character after the @. Type the address again"
	}
	nfc := norm.NFC.String(host)
	if norm.NFKC.String(nfc) != nfc || strings.ContainsAny(nfc, "\u3002\uff0e\uff61") {
		return "", "has full-width or similar letters after the @. Type the address again in plain letters"
	}
	ascii, err := hostProfile().ToASCII(nfc)
	if _, ok := unicodeHost(ascii); err != nil || !ok {
		return "", "has a host that is not a valid internationalised domain name. Correct the address"
	}
	if !strings.Contains(ascii, "xn--") {
		return "", "has a look-alike of a plain letter after the @. Type the address again in plain letters"
	}
	return ascii, ""
}

// unicodeHost decodes a host in punycode. ok is false if it encodes no name, or one
// that is encoded otherwise: one host has one spelling here. (x/net encodes a few
// names that it then refuses to decode.)
func unicodeHost(ascii string) (host string, ok bool) {
	profile := hostProfile()
	host, err := profile.ToUnicode(ascii)
	if err != nil {
		return "", false
	}
	again, err := profile.ToASCII(host)
	return host, err == nil && again == ascii
}

// isMixedScript reports whether a label has Latin and also Cyrillic or Greek letters.
func isMixedScript(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		latin := strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
		if latin && strings.ContainsFunc(label, func(r rune) bool { return unicode.In(r, unicode.Cyrillic, unicode.Greek) }) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// isExampleHost reports whether a domain is set aside for examples and tests (RFC
// 2606, RFC 6761), or is test.com, which is typed for a test.
func isExampleHost(host string) bool {
	switch last := host[strings.LastIndexByte(host, '.')+1:]; last {
	case "test", "example", "invalid", "localhost", "local", "internal":
		return true
	}
	return isInDomain(host, "example.com", "example.org", "example.net", "test.com")
}

// isDisposableHost reports whether a domain is one of the best-known services for
// throw-away addresses. The list is short on purpose: there are thousands, they
// change by the day, and this is a warning.
func isDisposableHost(host string) bool {
	return isInDomain(host,
		"10minutemail.com", "20minutemail.com", "burnermail.io", "discard.email", "dispostable.com",
		"emailondeck.com", "fakeinbox.com", "getairmail.com", "getnada.com", "grr.la", "guerrillamail.com",
		"guerrillamail.net", "guerrillamail.org", "guerrillamailblock.com", "maildrop.cc", "mailinator.com",
		"mailnesia.com", "mailsac.com", "mintemail.com", "mohmal.com", "moakt.com", "mytemp.email",
		"sharklasers.com", "spam4.me", "spamgourmet.com", "temp-mail.io", "temp-mail.org", "tempail.com",
		"tempmail.com", "tempmail.net", "tempmailo.com", "tempr.email", "throwawaymail.com", "trashmail.com",
		"trashmail.de", "wegwerfemail.de", "wegwerfmail.de", "yopmail.com", "yopmail.fr", "yopmail.net")
}

// isInDomain reports whether a host is one of the domains or below it.
func isInDomain(host string, domains ...string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return strings.HasSuffix("."+host, "."+d) })
}
