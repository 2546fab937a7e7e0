package partner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/validate"
)

// fieldNames are the fields of the create-user body, in the vendor's order.
func fieldNames() []string {
	return []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress",
		"isTermsOfServiceAccepted", "program", "walletAddress", "redirectUrl",
		"address", "city", "region", "postalCode", "countryCode"}
}

// vendorBody is the create-user body. Its fields stand in the order of
// fieldNames, which is that of the vendor's example.
type vendorBody struct {
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

var errNotUTF8 = errors.New("text is not UTF-8")

// encode writes the body. It refuses what JSON would change or leave open: text
// that is not UTF-8, and a field that stands twice.
func encode(u validate.User) ([]byte, error) {
	for _, text := range []string{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress, u.Program,
		u.WalletAddress, u.RedirectURL, u.Address, u.City, u.Region, u.PostalCode, u.CountryCode} {
		if !utf8.ValidString(text) {
			return nil, errNotUTF8
		}
	}
	body, err := marshal(vendorBody{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress, u.Terms, u.Program,
		u.WalletAddress, u.RedirectURL, u.Address, u.City, u.Region, u.PostalCode, u.CountryCode})
	if err != nil {
		return nil, err
	}
	names := fieldNames()
	body = body[:len(body)-1] // without the closing brace
	for _, x := range u.Extra {
		if slices.Contains(names, x.Name) || x.Name == "" {
			return nil, fmt.Errorf("extra field %s stands twice or has no name", strconv.Quote(printable(x.Name, maxCode)))
		}
		names = append(names, x.Name)
		if !utf8.ValidString(x.Name) || !utf8.ValidString(x.Value) {
			return nil, errNotUTF8
		}
		if x.Value == "" {
			continue
		}
		field, err := marshal(map[string]string{x.Name: x.Value})
		if err != nil {
			return nil, err
		}
		body = append(append(body, ','), field[1:len(field)-1]...)
	}
	return append(body, '}'), nil
}

// marshal writes JSON as a browser's JSON.stringify would: &, < and > as they
// are.
func marshal(v any) ([]byte, error) {
	var w bytes.Buffer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("body cannot be written: %w", err)
	}
	return bytes.TrimSuffix(w.Bytes(), []byte("\n")), nil
}
