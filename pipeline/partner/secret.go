package partner

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// What is printed of the types that hold the key, personal data or a link. A
// Format method covers every verb of fmt, %#v included; LogValue covers slog.

// secret hides the key from anything that prints the struct around it: of a
// function, fmt prints the address.
type secret struct{ reveal func() string }

func hideSecret(s string) secret { return secret{func() string { return s }} }

const masked = "[hidden]"

// String names the base URL's host and the settings, without the key, the
// base URL's path or the proxy's password.
func (c Config) String() string {
	host, proxy := "?", c.Proxy
	if u, err := parseBase(c.BaseURL, false); err == nil {
		host = u.Host
	}
	if proxy != "" && proxy != "env" {
		proxy = "set"
	}
	return fmt.Sprintf("partner.Config{Host:%s Key:%s Timeout:%s Proxy:%q}", host, masked, c.Timeout, proxy)
}

// Format writes String for every verb.
func (c Config) Format(f fmt.State, _ rune) { writeText(f, c.String()) }

// LogValue is String for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes String as one JSON string: a Config is never stored.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.String()) }

// String names the host.
func (c *Client) String() string {
	if c == nil {
		return "partner.Client(nil)"
	}
	return "partner.Client{" + c.Host() + "}"
}

// Format writes String for every verb.
func (c *Client) Format(f fmt.State, _ rune) { writeText(f, c.String()) }

// LogValue is String for slog.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

// String returns class, HTTP status, code and cause: neither link nor body.
func (a Answer) String() string {
	s := string(a.Class)
	if a.HTTPStatus != 0 {
		s += " " + strconv.Itoa(a.HTTPStatus)
	}
	if a.Code != "" {
		s += " code " + toPrintable(a.Code, maxCode)
	}
	if a.Cause != "" {
		s += " (" + a.Cause + ")"
	}
	if a.ProxyStatus != 0 {
		s += ", refused by the proxy with " + strconv.Itoa(a.ProxyStatus)
	}
	return s
}

// Format writes String for every verb.
func (a Answer) Format(f fmt.State, _ rune) { writeText(f, a.String()) }

// LogValue is String for slog.
func (a Answer) LogValue() slog.Value { return slog.StringValue(a.String()) }

// String returns the service ID and KYC status, which name no user.
func (l Listed) String() string {
	return "partner.Listed{" + toPrintable(l.ServiceID, ledger.MaxServiceID) + " " + toPrintable(l.Status, maxCode) + "}"
}

// Format writes String for every verb.
func (l Listed) Format(f fmt.State, _ rune) { writeText(f, l.String()) }

// LogValue is String for slog.
func (l Listed) LogValue() slog.Value { return slog.StringValue(l.String()) }

// writeText cannot report a failed write: a Formatter returns nothing, and
// fmt keeps what it writes in memory.
func writeText(f fmt.State, s string) { _, _ = io.WriteString(f, s) }

// toPrintable reduces what the partner sent to printable ASCII, at most n bytes.
func toPrintable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), n)]
}

func isPrintable(s string) bool { return toPrintable(s, len(s)) == s }

// isToken reports whether s is 1 to n bytes of printable ASCII without a space.
func isToken(s string, n int) bool {
	return s != "" && len(s) <= n && isPrintable(s) && !strings.Contains(s, " ")
}
