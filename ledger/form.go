package ledger

import (
	"fmt"
	"net/url"
	"strings"
)

// Limits of what the ledger keeps of a user, in bytes.
const (
	MaxServiceID = 128
	MaxLink      = 2048
)

// ErrForm is ErrConflict for a service id or a link that breaks the rule of
// [ValidToken] or [ValidLink]. Nothing is written, and the ledger stays usable.
var ErrForm = fmt.Errorf("service id or link that must not be kept or shown: %w", ErrConflict)

// ValidToken reports whether text can be a service id: 1 to 128 bytes of
// printable ASCII without blanks, quotes, angle brackets, slashes and
// backslashes, and no "." or "..", so that it stays one segment of a path, one
// cell of a table and one word on a terminal.
func ValidToken(text string) bool {
	if text == "" || len(text) > MaxServiceID || text == "." || strings.Contains(text, "..") {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || strings.IndexByte(`/\"'<>`+"`", c) >= 0 {
			return false
		}
	}
	return true
}

// ValidLink reports whether text can be shown to a customer as a link: an
// absolute https URL of at most 2048 bytes of printable ASCII, whose host is a
// name or an address, without a user name, and without characters that hide
// where it leads. It is the one rule for links, whatever they come from: an
// answer, an event, a file, an operator.
func ValidLink(text string) bool {
	if len(text) > MaxLink || len(text) < len("https://") || !strings.EqualFold(text[:len("https://")], "https://") {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || strings.IndexByte(`\"<>`+"`", c) >= 0 {
			return false
		}
	}
	u, err := url.Parse(text)
	return err == nil && u.User == nil && u.Opaque == "" && isHost(u.Host, u.Hostname())
}

// isHost reports whether a host, with its port, is as it is written: a decoded
// one could hold any character.
func isHost(host, name string) bool {
	if name == "" || strings.Trim(name, ".") == "" {
		return false
	}
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("-._:[]", c) >= 0: // [::1]:8443
		default:
			return false
		}
	}
	return true
}

// checkForm refuses a service id or a link that is new to a customer and breaks
// the rules. What the customer has already is none of the change's doing.
func checkForm(c Customer, serviceID, link string) error {
	switch {
	case serviceID != "" && serviceID != c.ServiceID && !ValidToken(serviceID):
		return fmt.Errorf("customer %d: the service id is %d bytes, or has characters that no service id has: %w", c.ID, len(serviceID), ErrForm)
	case link != "" && link != c.URL && !ValidLink(link):
		return fmt.Errorf("customer %d: the link is not an absolute https URL of at most %d printable ASCII characters without a user name: %w", c.ID, MaxLink, ErrForm)
	}
	return nil
}
