package partner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Paths below the base URL (vendor's create-user page for v2, public docs for
// v1).
const (
	createPath = "/v2/partner/card/users"
	listPath   = "/v1/partner/card/users"
	walletPath = "/v1/partner/wallet"
)

// request builds a request. The key is stored under the vendor's own lower-case
// spelling. u may serve several requests.
func (c *Client) request(method string, u *url.URL, key string, body []byte) *http.Request {
	req := &http.Request{
		Method: method, URL: u, Host: u.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization":   {"Bearer " + c.key.reveal()},
			"Accept":          {"application/json"},
			"Accept-Encoding": {"identity"}, // a compressed answer could grow without bound
			"User-Agent":      {c.agent},
		},
	}
	if key != "" {
		req.Header["idempotency-key"] = []string{key}
	}
	if body != nil {
		req.Header["Content-Type"] = []string{"application/json"}
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.ContentLength = int64(len(body))
	}
	return req
}

// at is a place below the base URL.
func (c *Client) at(path string) (*url.URL, error) {
	u, err := url.Parse(c.base.String() + path)
	if err != nil {
		return nil, errRequest
	}
	return u, nil
}

var errRequest = errors.New("request cannot be written")

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
	var b bytes.Buffer
	if err := appendJSON(&b, w); err != nil {
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
		if err := appendJSON(&b, x.Name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := appendJSON(&b, x.Value); err != nil {
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
