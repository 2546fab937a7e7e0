package partner

import "strings"

// Slug is the part of a serviceId that names the partner account, and the form
// in which it does: "acme" and "-rain-user-" of acme-rain-user-abc123, "acme" and
// "-user-" of acme-user-abc123. Both are "" for a form that is not known, which
// names no account. The vendor has changed the form once (one account has users
// of both), so that a form is no evidence of anything.
//
// The forms are those of the vendor's page and of its public docs. The longer one
// is looked for first, because the other is a part of it; what counts is where
// the last one begins, for a slug may itself read like one.
func Slug(serviceID string) (slug, form string) {
	const newForm, oldForm = "-user-", "-rain-user-"
	i := strings.LastIndex(serviceID, newForm)
	if i < 0 || i+len(newForm) == len(serviceID) {
		return "", ""
	}
	slug, form = serviceID[:i], newForm
	if before, found := strings.CutSuffix(slug, strings.TrimSuffix(oldForm, newForm)); found {
		slug, form = before, oldForm
	}
	if slug == "" {
		return "", ""
	}
	return slug, form
}
