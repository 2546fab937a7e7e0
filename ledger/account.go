package ledger

import "strings"

// Account names a partner account in the two ways in which the partner does. Names are
// compared only with names of the same kind. "" = not known yet.
type Account struct {
	Partner string // wallet.partnerId, which is certain
	Slug    string // what serviceIds begin with, see SlugOf
}

// Differs reports whether the two name different accounts: both have a name of one
// kind, and these names differ.
func (a Account) Differs(b Account) bool {
	return a.Partner != "" && b.Partner != "" && a.Partner != b.Partner ||
		a.Slug != "" && b.Slug != "" && a.Slug != b.Slug
}

// Merge returns the account with the names that it lacks taken from b.
func (a Account) Merge(b Account) Account {
	if a.Partner == "" {
		a.Partner = b.Partner
	}
	if a.Slug == "" {
		a.Slug = b.Slug
	}
	return a
}

// SlugOf is the part of a serviceId that all users of a partner account share:
// what precedes the last "-rain-user-" or "-user-" (partner-api: the vendor
// changed the form, and one account has users of both). "" if the serviceId has
// neither form.
func SlugOf(serviceID string) string {
	at := strings.LastIndex(serviceID, "-user-")
	if at <= 0 || at+len("-user-") == len(serviceID) {
		return ""
	}
	return strings.TrimSuffix(serviceID[:at], "-rain")
}
