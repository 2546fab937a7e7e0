package partner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// fieldNames are the fields of the create-user body, in the vendor's order.
func fieldNames() []string {
	return []string{"firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress",
		"isTermsOfServiceAccepted", "program", "walletAddress", "redirectUrl",
		"address", "city", "region", "postalCode", "countryCode"}
}

const (
	termsField    = 6 // the only one that is no text
	optionalField = 8 // the first that is left out when it is ""
)

// encode writes the body. It refuses what JSON would change or leave open: text
// that is not UTF-8, and a field that stands twice.
func encode(u User) ([]byte, error) {
	names := fieldNames()
	values := [...]string{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress,
		strconv.FormatBool(u.Terms), u.Program, u.WalletAddress, u.RedirectURL,
		u.Address, u.City, u.Region, u.PostalCode, u.CountryCode}
	b := append(make([]byte, 0, 512), '{') // mostly enough
	var err error
	for i, value := range values {
		switch {
		case i == termsField:
			b = append(appendName(b, names[i]), value...)
		case i < optionalField || value != "":
			if b, err = appendText(appendName(b, names[i]), value); err != nil {
				return nil, err
			}
		}
	}
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
		if b, err = appendText(append(b, ','), x.Name); err == nil {
			b, err = appendText(append(b, ':'), x.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

var errNotUTF8 = errors.New("text is not UTF-8")

// appendName begins a field whose name is one of fieldNames.
func appendName(b []byte, name string) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	return append(append(append(b, '"'), name...), `":`...)
}

// appendText writes a text as a browser's JSON.stringify would: &, < and > as
// they are.
func appendText(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"'), nil
}

func appendEscaped(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, errNotUTF8
	}
	var w bytes.Buffer
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("body cannot be written: %w", err)
	}
	return append(b, w.Bytes()[:w.Len()-1]...), nil // without the line end that Encode adds
}
