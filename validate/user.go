package validate

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// User is one row that passed every rule, in the form that is sent. Optional
// fields that the row does not have are "". Its field order is that of the
// request body.
type User struct {
	FirstName      string // NFC, trimmed, 1-100 code points
	LastName       string // NFC, trimmed, 1-100 code points
	Email          string // as written, trimmed, host in punycode
	PhoneNumber    string // E.164
	AccountPurpose string // NFC, trimmed, 1-200 code points
	IPAddress      string // canonical form of net/netip
	Terms          bool   // always true
	Program        string // "custodial" or "non_custodial"
	WalletAddress  string // as written; its EIP-55 checksum is right if it has one
	RedirectURL    string // absolute https
	Address        string
	City           string
	Region         string
	PostalCode     string
	CountryCode    string  // ISO 3166-1 alpha-2, upper case
	Extra          []Extra // those that are not empty, in the order of Rules.Extra
}

// Extra is one string field added to the request body by --send.
type Extra struct{ Name, Value string }

// Format writes for every verb of fmt, %#v included, that this is a user, and
// nothing of the user: logs and errors hold no personal data.
func (u User) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "validate.User{[hidden]}") }

// LogValue returns what slog shows of a user, which is nothing.
func (u User) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(u)) }

// Format writes the name of the field, without its value, for every verb of fmt.
func (e Extra) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "validate.Extra{"+strconv.QuoteToASCII(e.Name)+"}")
}

// LogValue returns what slog shows of an added field: its name.
func (e Extra) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// NameText returns what recognises a customer under another e-mail: first name, last
// name (NFC, case-folded) and phone number, joined by line ends, which none of them
// can hold. It is "" unless all three are there.
func (u User) NameText() string {
	if u.FirstName == "" || u.LastName == "" || u.PhoneNumber == "" {
		return ""
	}
	return foldName(u.FirstName) + "\n" + foldName(u.LastName) + "\n" + u.PhoneNumber
}

func foldName(s string) string {
	if celltext.IsPlain(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}
