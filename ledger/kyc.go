package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// KYC is what is known of a user's identity check. The zero value: nothing.
// Times are by the partner's clock.
type KYC struct {
	Status      KYCStatus
	At          time.Time // since when, as far as events say
	Seen        time.Time // the newest event that said so
	Reasons     []string  // codes of the newest denial that gave any; see KYCReasons
	Denied      time.Time // when they were given; zero without any
	Linked      time.Time // the newest event whose link the customer has; zero if the link is that of the creation
	Resubmitted time.Time // the newest retry without a link: the partner submitted the documents again, and the user has nothing to do. Zero if there was none
	Retries     int       // how often we started the check again
	RetryCount  int       // how often the partner says that it was; 0 = it never said
	RetryOpen   bool      // the last retry through us was sent, and its outcome is not known yet
}

// RetriesUsed returns how many retries are used up, by whichever count is
// higher: a retry without an answer may have counted.
func (k KYC) RetriesUsed() int { return max(k.Retries, k.RetryCount) }

// IsLinkSpent reports whether the customer's link must not be shown any more: a
// retry after it gave none, because the documents were submitted again.
func (k KYC) IsLinkSpent() bool { return !k.Resubmitted.IsZero() && !k.Linked.After(k.Resubmitted) }

// IsUnderReviewAgain reports whether the user has nothing to do because the
// documents were submitted again, and there is no later decision.
func (k KYC) IsUnderReviewAgain() bool { return k.IsLinkSpent() && k.Status == KYCPending }

// CodeResubmitted and ResubmittedMessage say of a customer that
// [KYC.IsUnderReviewAgain]. They change no status.
const (
	CodeResubmitted    = "kyc_resubmitted"
	ResubmittedMessage = "the documents were submitted again. The user has nothing to do"
)

const (
	maxReasons     = 16
	maxReasonBytes = 100
)

// KYCReasons returns the reasons of a denial as the ledger keeps them: each on one
// line of at most 100 bytes without ";" and invisible characters, sorted, each
// once, at most 16.
func KYCReasons(reasons []string) []string {
	var out []string
	for _, r := range reasons {
		r = strings.Map(func(c rune) rune {
			switch {
			case unicode.IsSpace(c) || c == ';':
				return ' '
			case !unicode.IsPrint(c):
				return -1
			}
			return c
		}, strings.ToValidUTF8(r, ""))
		r = strings.Join(strings.Fields(r), " ")
		for len(r) > maxReasonBytes {
			_, last := utf8.DecodeLastRuneInString(r)
			r = strings.TrimSpace(r[:len(r)-last])
		}
		if r != "" {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxReasons)]
}

// KYCStatus is how far a user's identity check is. Words of the partner's that
// are not listed here are kept as they are.
type KYCStatus string

const (
	KYCNotBegun  KYCStatus = "pending_kyc"        // created, and the link was not used
	KYCPending   KYCStatus = "pending"            // under review
	KYCMore      KYCStatus = "needs_verification" // the user must open a link once more
	KYCDenied    KYCStatus = "denied"
	KYCApproved  KYCStatus = "approved"
	KYCUnknown   KYCStatus = "" // nothing was heard of it
	kycWordLimit           = 64 // bytes
)

// KYCStatuses are the known ones in the order of the way that users go.
func KYCStatuses() []KYCStatus {
	return []KYCStatus{KYCUnknown, KYCNotBegun, KYCPending, KYCMore, KYCDenied, KYCApproved}
}

// Open reports whether the user has still to open a link.
func (s KYCStatus) Open() bool { return s == KYCUnknown || s == KYCNotBegun || s == KYCMore }

// compare breaks ties between events of the same moment: what lies further on
// the way counts. It is a total order, so that the order of events never matters.
func (s KYCStatus) compare(t KYCStatus) int {
	return cmp.Or(cmp.Compare(s.rank(), t.rank()), cmp.Compare(s, t))
}

// rank is the place on the way; words that are not known come before all that are.
func (s KYCStatus) rank() int {
	for i, known := range KYCStatuses() {
		if s == known {
			return i
		}
	}
	return 1
}

// KYCEvent is news of one user's identity check, from a webhook, a list or the
// answer to a retry.
type KYCEvent struct {
	ServiceID   string
	Status      KYCStatus
	At          time.Time // by the partner's clock
	URL         string    // a link that the user is to open now; "" = none came with it
	Reasons     []string  // of a denial
	Listed      bool      // from a list, which shows the present status but not since when
	Resubmitted bool      // a retry gave no link: the documents were submitted again
	RetryCount  int       // as the partner says; 0 = it does not
}

// Verification follows users after their creation. Its methods may be called
// by any number of goroutines, and by another process than the one that sends:
// they touch no attempt. The status is kept by serviceId, so that an event may
// come before the answer that names its user; deleting the user ends it.
type Verification interface {
	// ObserveKYC records events, all or none, and returns how many brought
	// another status or a link. An event that is older than what is known changes
	// nothing (see KYC.After). A link goes to the user's customer, if there is
	// one: a customer in link_missing becomes created by it.
	ObserveKYC(ctx context.Context, events []KYCEvent) (int, error)
	// RetryKYC notes that a check is started again, before the request is sent: it sets
	// the counter from was to now. ErrConflict if the counter is not was, because
	// another process has started one. To undo it, call it with the numbers swapped.
	RetryKYC(ctx context.Context, serviceID string, was, now int) error
}

// After returns what is known after an event, and whether that is any different. It
// is the rule that every implementation of Verification applies. Each part keeps
// the newest that was said of it, so that events may come late, repeated and in
// any order and end in the same state. Links are added by [KYC.WithLink].
func (k KYC) After(e KYCEvent) (KYC, bool) {
	if !e.isSound() {
		return k, false
	}
	if !ValidLink(e.URL) {
		e.URL = ""
	}
	changed := false
	if reasons := KYCReasons(e.Reasons); e.Status == KYCDenied && len(reasons) > 0 &&
		cmp.Or(e.At.Compare(k.Denied), slices.Compare(reasons, k.Reasons)) > 0 {
		k.Reasons, k.Denied, changed = reasons, e.At, true
	}
	if e.RetryCount > k.RetryCount {
		k.RetryCount, changed = e.RetryCount, true
	}
	if e.Resubmitted && e.At.After(k.Resubmitted) {
		k.Resubmitted, changed = e.At, true
	}
	if cmp.Or(e.At.Compare(k.Seen), e.Status.compare(k.Status)) <= 0 {
		return k, changed
	}
	if e.Status != k.Status || !e.Listed {
		k.At = e.At
	}
	k.Status, k.Seen = e.Status, e.At
	k.RetryOpen = k.RetryOpen && e.URL == "" && !e.Resubmitted
	return k, true
}

// isSound reports whether an event says anything that can be kept.
func (e KYCEvent) isSound() bool {
	return ValidToken(e.ServiceID) && e.Status != KYCUnknown && len(e.Status) <= kycWordLimit && !e.At.IsZero()
}

// ErrRetried is ErrConflict of RetryKYC.
var ErrRetried = fmt.Errorf("another process began this identity check again: %w", ErrConflict)

// WithLink returns what is known once the customer has the link of an event, and the
// customer with it. It reports false if the link is not to be kept: there is
// none that follows [ValidLink], it is another user's, or a newer event brought one.
func (k KYC) WithLink(c Customer, e KYCEvent) (KYC, Customer, bool) {
	if !ValidLink(e.URL) || !e.isSound() || e.ServiceID != c.ServiceID || c.Status != Created && c.Status != LinkMissing {
		return k, c, false
	}
	if newer := e.At.Compare(k.Linked); newer < 0 || newer == 0 && e.URL <= c.URL {
		return k, c, false
	}
	k.Linked, c.URL, c.Issued = e.At, e.URL, e.At
	if c.Status == LinkMissing {
		c.Status, c.Field, c.Code, c.Message = Created, "", "", ""
	}
	return k, c, true
}
