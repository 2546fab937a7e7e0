package partner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Paths below the base URL (vendor's create-user page for v2, public docs for
// v1).
const (
	createPath = "/v2/partner/card/users"
	listPath   = "/v1/partner/card/users"
	walletPath = "/v1/partner/wallet"
)

// request is one call, as it goes out.
type request struct {
	method string
	path   string // below the base URL, escaped, with its query
	key    string // idempotency key, "" for none: a token
	body   []byte // JSON; nil for none
}

// letterhead is what all requests to one partner have in common. The
// authorization in it is why it is kept as a secret.
type letterhead struct {
	to     string // what stands before a request's path
	fields secret // header lines
}

// newLetterhead writes for the partner itself or, with passed set, for a proxy
// that passes requests on (RFC 9112, 3.2.1 and 3.2.2). Every value was checked:
// none can end its line.
func newLetterhead(s settings, passed bool) letterhead {
	host := ascii(s.base.Hostname())
	if strings.Contains(host, ":") {
		host, _, _ = strings.Cut(host, "%") // a zone means nothing to the other end
		host = "[" + host + "]"
	}
	if port := s.base.Port(); port != "" {
		host += ":" + port
	}
	h := letterhead{to: s.base.EscapedPath()}
	fields := "Host: " + host + "\r\nUser-Agent: " + s.UserAgent + "\r\nAuthorization: Bearer " + s.Key + "\r\nAccept: application/json\r\n" +
		"Accept-Encoding: identity\r\n" // a compressed answer could grow without bound
	if passed {
		h.to = s.base.Scheme + "://" + host + h.to
		if auth := proxyAuth(s.proxy.User); auth != "" {
			fields += "Proxy-Authorization: " + auth + "\r\n"
		}
	}
	h.fields = hide(fields)
	return h
}

// write appends a request. The idempotency key stands under the vendor's own
// lower-case spelling.
func (h letterhead) write(to []byte, r request) []byte {
	to = append(append(append(append(to, r.method...), ' '), h.to...), r.path...)
	to = append(append(to, " HTTP/1.1\r\n"...), h.fields.reveal()...)
	if r.key != "" {
		to = append(append(append(to, "idempotency-key: "...), r.key...), "\r\n"...)
	}
	if r.body != nil {
		to = append(to, "Content-Type: application/json\r\nContent-Length: "...)
		to = append(strconv.AppendInt(to, int64(len(r.body)), 10), "\r\n"...)
	}
	return append(append(to, "\r\n"...), r.body...)
}

// wireUser gives the body its field order, which is the vendor's.
type wireUser struct {
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	Email          string `json:"email"`
	PhoneNumber    string `json:"phoneNumber"`
	AccountPurpose string `json:"accountPurpose"`
	IPAddress      string `json:"ipAddress"`
	Terms          bool   `json:"isTermsOfServiceAccepted"`
	Program        string `json:"program"`
	WalletAddress  string `json:"walletAddress,omitempty"`
	RedirectURL    string `json:"redirectUrl,omitempty"`
	Address        string `json:"address,omitempty"`
	City           string `json:"city,omitempty"`
	Region         string `json:"region,omitempty"`
	PostalCode     string `json:"postalCode,omitempty"`
	CountryCode    string `json:"countryCode,omitempty"`
}

// fieldNames are the names of wireUser, in its order.
func fieldNames() []string {
	return []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress",
		"isTermsOfServiceAccepted", "program", "walletAddress", "redirectUrl",
		"address", "city", "region", "postalCode", "countryCode"}
}

// encode writes the body. It refuses what JSON would change or leave open: text
// that is not UTF-8, and a field that stands twice.
func encode(u User) ([]byte, error) {
	w := wireUser{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress,
		u.Terms, u.Program, u.WalletAddress, u.RedirectURL,
		u.Address, u.City, u.Region, u.PostalCode, u.CountryCode}
	b := bytes.NewBuffer(make([]byte, 0, 512)) // mostly enough
	if err := appendJSON(b, w); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - 1) // the closing brace
	var seen []string
	if len(u.Extra) > 0 {
		seen = fieldNames()
	}
	for _, x := range u.Extra {
		if slices.Contains(seen, x.Name) || x.Name == "" {
			return nil, fmt.Errorf("extra field %s stands twice or has no name", strconv.Quote(printable(x.Name, maxCode)))
		}
		seen = append(seen, x.Name)
		if x.Value == "" {
			continue
		}
		b.WriteByte(',')
		if err := appendJSON(b, x.Name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := appendJSON(b, x.Value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	for _, s := range []string{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress, u.Program,
		u.WalletAddress, u.RedirectURL, u.Address, u.City, u.Region, u.PostalCode, u.CountryCode} {
		if !utf8.ValidString(s) {
			return nil, errors.New("text is not UTF-8")
		}
	}
	for _, x := range u.Extra {
		if !utf8.ValidString(x.Name) || !utf8.ValidString(x.Value) {
			return nil, errors.New("text is not UTF-8")
		}
	}
	return b.Bytes(), nil
}

// appendJSON writes v as a browser's JSON.stringify would: &, < and > as they
// are.
func appendJSON(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("body cannot be written: %w", err)
	}
	b.Truncate(b.Len() - 1) // the line end that Encode adds
	return nil
}
