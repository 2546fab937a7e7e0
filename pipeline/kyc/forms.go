package kyc

import (
	"slices"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// eventForm is one name of a webhook event about an identity check. The vendor has
// renamed them twice, so all that is known of names is in eventForms.
type eventForm struct {
	name   string
	status ledger.KYCStatus // that the name says; "" = data.status says it
	words  bool             // data.status may be a word that is not known: it is kept as it is
}

// eventForms lists the three generations of the vendor's public docs. An event
// whose name begins with familyPrefix and is not listed counts if its data.status
// is a known word, so that the next renaming loses nothing.
func eventForms() []eventForm {
	return []eventForm{
		{name: "user.kyc.pending", status: ledger.KYCPending}, // first generation
		{name: "user.kyc.approved", status: ledger.KYCApproved},
		{name: "user.kyc.denied", status: ledger.KYCDenied},
		{name: "user.kyc.needsVerification", status: ledger.KYCMore},
		{name: "user.kyc.manualReview", status: ledger.KYCPending},
		{name: "rain.user-event"},             // second, no longer emitted since 2026-04-21
		{name: "user.kyc-event", words: true}, // third
	}
}

const familyPrefix = "user.kyc"

// formOf returns the form of an event of that name, and whether there is one.
func formOf(name string) (eventForm, bool) {
	forms := eventForms()
	if i := slices.IndexFunc(forms, func(f eventForm) bool { return f.name == name }); i >= 0 {
		return forms[i], true
	}
	return eventForm{name: name}, strings.HasPrefix(name, familyPrefix)
}

// statusOf returns what an event of this form says with a word, "" if that is nothing
// that can be recorded.
func (f eventForm) statusOf(word string) ledger.KYCStatus {
	if f.status != ledger.KYCUnknown {
		return f.status // the name outranks data.status
	}
	s := StatusOf(word)
	if !f.words && !slices.Contains(ledger.KYCStatuses(), s) {
		return ledger.KYCUnknown
	}
	return s
}

// StatusOf returns the partner's word for a status as the ledger has it: in lower
// case with underscores, and one word for each meaning that is known.
func StatusOf(word string) ledger.KYCStatus {
	text := snakeCase(word)
	switch s := ledger.KYCStatus(text); s {
	case "not_started", "created", "initiated":
		return ledger.KYCNotBegun
	case "in_review", "under_review", "manual_review", "processing", "pending_review":
		return ledger.KYCPending
	case "rejected", "declined":
		return ledger.KYCDenied
	case "needs_information", "resubmission_requested", "need_verification":
		return ledger.KYCMore
	case "verified", "completed":
		return ledger.KYCApproved
	default:
		return s
	}
}

const maxStatusWord = 64 // bytes

// snakeCase returns a word in lower case with underscores, "" if it is no word.
func snakeCase(word string) string {
	var b strings.Builder
	small := false
	for _, r := range strings.TrimSpace(word) {
		switch {
		case r == '-' || r == ' ' || r == '_' || r == '.':
			b.WriteByte('_')
			small = false
			continue
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return ""
		case unicode.IsUpper(r) && small:
			b.WriteByte('_')
		}
		small = unicode.IsLower(r) || unicode.IsDigit(r)
		b.WriteRune(unicode.ToLower(r))
	}
	if b.Len() > maxStatusWord {
		return ""
	}
	return b.String()
}
