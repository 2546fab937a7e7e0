package celltext

import (
	"net/netip"
	"regexp"
	"strings"
)

// Content is what a whole cell holds, by its form.
type Content uint8

// The contents that have a form of their own.
const (
	Text       Content = iota
	Email              // jane@company.com
	Web                // https://company.com, www.company.com
	Wallet             // 0x and 40 hexadecimal digits
	IPAddress          // 203.0.113.42
	Phone              // + and digits, or nine digits and more
	Digits             // digits and separators
	Truth              // TRUE, false
	Program            // custodial
	Identifier         // a UUID
)

// Name returns the content in words, for messages.
func (c Content) Name() string {
	return [...]string{"text", "an e-mail address", "a web address", "a wallet address", "an IP address", "a phone number",
		"digits only", "TRUE or FALSE", "the name of a program", "an identifier"}[c]
}

var identifier = regexp.MustCompile(`^[{}]*[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}[{}]*$`)

// ReadContent returns what v holds.
func ReadContent(v string) Content {
	switch {
	case holdsEmail(v):
		return Email
	case holdsWeb(v):
		return Web
	case !strings.ContainsAny(v, "0123456789"):
		return readWord(v)
	case len(v) == 42 && v[0] == '0' && v[1]|0x20 == 'x' && IsHex(v[2:]):
		return Wallet
	case isIPAddress(v):
		return IPAddress
	case len(v) >= 36 && identifier.MatchString(v):
		return Identifier
	}
	return readDigits(v)
}

// holdsEmail reports whether a word of the cell is an e-mail address.
func holdsEmail(v string) bool {
	if strings.IndexByte(v, '@') < 0 {
		return false
	}
	for word := range strings.FieldsSeq(v) {
		word = strings.Trim(word, "<>()[],;\"'")
		local, host, ok := strings.Cut(word, "@")
		if dot := strings.LastIndexByte(host, '.'); ok && local != "" && dot > 0 && len(host)-dot > 2 && !strings.Contains(host, "@") {
			return true
		}
	}
	return false
}

func holdsWeb(v string) bool {
	if len(v) < 8 {
		return false
	}
	for _, prefix := range [...]string{"http://", "https://", "www."} {
		if strings.EqualFold(v[:len(prefix)], prefix) {
			return true
		}
	}
	host, _, ok := strings.Cut(v, "/") // linkedin.com/in/jane
	if !ok || strings.IndexByte(host, ' ') >= 0 {
		return false
	}
	switch strings.ToLower(host[strings.LastIndexByte(host, '.')+1:]) {
	case "com", "net", "org", "io":
		return strings.IndexByte(host, '.') > 0
	}
	return false
}

func isIPAddress(v string) bool {
	if strings.Count(v, ".") != 3 && strings.Count(v, ":") < 2 {
		return false
	}
	if _, err := netip.ParseAddrPort(v); err == nil {
		return true
	}
	_, err := netip.ParseAddr(v)
	return err == nil
}

// readDigits distinguishes phone numbers from other codes of digits.
func readDigits(v string) Content {
	digits := 0
	for i := 0; i < len(v); i++ {
		switch b := v[i]; {
		case IsDigit(b):
			digits++
		case b == '+' && i > 0, strings.IndexByte("+-. ()/,#", b) < 0:
			return Text
		}
	}
	if v[0] == '+' && digits >= 7 || digits >= 9 {
		return Phone
	}
	return Digits
}

// readWord recognises the words of the two fields that have a list of words.
func readWord(v string) Content {
	switch strings.ToLower(v) {
	case "true", "false", "wahr", "falsch", "vrai", "verdadero", "verdadeiro":
		return Truth
	case "custodial", "noncustodial", "non_custodial", "non-custodial", "non custodial":
		return Program
	}
	return Text
}

// IsLetteredPostalCode reports whether v is a postal code of letters and digits that
// Britain (SW1A 1AA), Canada (K1A 0B1) and the Netherlands (1012 AB) have.
func IsLetteredPostalCode(v string) bool {
	shape := strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9':
			return '9'
		case 'A' <= r && r <= 'Z':
			return 'A'
		}
		return r
	}, v)
	if !strings.Contains(shape, "  ") {
		shape = strings.ReplaceAll(shape, " ", "")
	}
	switch shape {
	case "A99AA", "A999AA", "AA99AA", "AA999AA", "A9A9AA", "AA9A9AA", "A9A9A9", "9999AA":
		return true
	}
	return false
}
