package sandbox

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// createBody is the request body of the vendor's create-user page (v2). Other
// fields are ignored.
type createBody struct {
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	Email          string `json:"email"`
	PhoneNumber    string `json:"phoneNumber"`
	AccountPurpose string `json:"accountPurpose"`
	IPAddress      string `json:"ipAddress"`
	Terms          bool   `json:"isTermsOfServiceAccepted"`
	Program        string `json:"program"`
	WalletAddress  string `json:"walletAddress"`
	RedirectURL    string `json:"redirectUrl"`
}

// findErrors applies the rules of the page and no more. A sandbox that were
// stricter than the real API would hide what that one accepts.
func (b *createBody) findErrors() []fieldError {
	var wrong []fieldError
	need := func(ok bool, field, message string) {
		if !ok {
			wrong = append(wrong, fieldError{field, message})
		}
	}
	need(isWithin(b.FirstName, 100), "firstName", "must be 1-100 characters")
	need(isWithin(b.LastName, 100), "lastName", "must be 1-100 characters")
	need(isEmail(b.Email), "email", "must be an email")
	need(phone.MatchString(b.PhoneNumber), "phoneNumber", "must be an international phone number")
	need(isWithin(b.AccountPurpose, 200), "accountPurpose", "must be 1-200 characters")
	_, err := netip.ParseAddr(b.IPAddress)
	need(err == nil, "ipAddress", "must be an IP address")
	need(b.Terms, "isTermsOfServiceAccepted", "must be true")
	need(b.Program == "custodial" || b.Program == "non_custodial", "program", "must be custodial or non_custodial")
	need(b.WalletAddress == "" && b.Program != "non_custodial" || walletAddress.MatchString(b.WalletAddress), "walletAddress", "must be an Ethereum address")
	if b.RedirectURL != "" {
		u, err := url.Parse(b.RedirectURL)
		need(err == nil && u.Scheme == "https" && u.Host != "", "redirectUrl", "must be an https URL")
	}
	return wrong
}

// readTag reads what the local part of the e-mail asks for.
func (b *createBody) readTag() (status string, blacklisted bool) {
	if status, asked := statusFromTag(b.Email); asked {
		return status, false
	}
	return pendingKYC, tagOf(b.Email) == "blacklisted"
}

func isWithin(text string, most int) bool {
	n := utf8.RuneCountInString(text)
	return strings.TrimSpace(text) != "" && n <= most
}

func isEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	return err == nil && a.Address == text && len(text) <= 254
}

var (
	phone         = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // E.164
	walletAddress = regexp.MustCompile(`^0x[0-9a-fA-F]{40}$`)
)
