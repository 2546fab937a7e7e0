package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// User is one user of the partner account, as tests see it.
type User struct {
	ServiceID       string // default for Preexisting: made up
	Email           string
	FirstName       string
	LastName        string
	Program         string    // default for Preexisting: custodial
	Status          string    // KYC status; default for Preexisting: approved
	CreatedAt       time.Time // milliseconds, by the simulated clock; default for Preexisting: a day ago
	VerificationURL string    // set by the server
	Origin          string    // FromAPI, FromBefore or FromOthers; set by the server
}

// Where a user came from.
const (
	FromAPI    = "api"         // created by a request
	FromBefore = "preexisting" // Config.Preexisting
	FromOthers = "others"      // came with list-churn
)

// KYC statuses that the simulated partner gives or asks for.
const (
	pendingKYC   = "pending_kyc"
	pending      = "pending"
	approved     = "approved"
	denied       = "denied"
	needs        = "needsVerification"
	manualReview = "manualReview"
)

// member is a user of the account with what the API does not show.
type member struct {
	User
	number  int       // in the order of creation, counted from 1
	before  *member   // the one before with the same e-mail but for case, deleted or not
	retries int       // of KYC
	links   int       // of them, those that replaced the link
	issued  time.Time // when the link was
	opened  bool      // the link was opened
	deleted bool
}

// members are the users of the account. The zero value has none.
type members struct {
	seed    uint64
	all     []*member // in the order of creation, deleted ones included
	live    []*member // those that list-users shows, oldest first
	byEmail map[string]*member
	byID    map[string]*member
	paid    map[string]bool // e-mails in lower case whose KYC is paid for, though their user was deleted
}

func newMembers(seed uint64) members {
	return members{seed: seed, byEmail: map[string]*member{}, byID: map[string]*member{}, paid: map[string]bool{}}
}

// isTaken reports whether a user with this e-mail exists.
func (ms *members) isTaken(email string, caseMatters bool) bool {
	for m := ms.byEmail[strings.ToLower(email)]; m != nil; m = m.before {
		if !m.deleted && (!caseMatters || m.Email == email) {
			return true
		}
	}
	return false
}

// findMember returns nil for a user that does not exist.
func (ms *members) findMember(id string) *member {
	if m := ms.byID[id]; m != nil && !m.deleted {
		return m
	}
	return nil
}

func (ms *members) addMember(u User) {
	folded := strings.ToLower(u.Email)
	m := &member{User: u, number: len(ms.all) + 1, before: ms.byEmail[folded], issued: u.CreatedAt}
	ms.all, ms.live = append(ms.all, m), append(ms.live, m)
	ms.byEmail[folded], ms.byID[u.ServiceID] = m, m
}

// removeMember deletes a user. Its e-mail costs no second fee unless it had been approved.
func (ms *members) removeMember(m *member) {
	ms.paid[strings.ToLower(m.Email)] = m.Status != approved
	m.deleted = true
	ms.live = slices.DeleteFunc(ms.live, func(other *member) bool { return other == m })
}

func compareCreation(a, b *member) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), a.number-b.number)
}

// newID returns an id that looks random and depends only on the seed, the e-mail
// and how often it was created: two rehearsals of one file give the same report.
func (ms *members) newID(account, email string, picked chosen) string {
	next := &member{User: User{Email: email}, number: len(ms.all) + 1}
	form := cmp.Or(picked.forUser(faultIDForm, next).text, "rain-user")
	head := cmp.Or(picked.forUser(faultIDSlug, next).text, account) + "-" + form + "-"
	if form == "bare" {
		head = ""
	}
	for n := 0; ; n++ {
		id := head + deriveText(15, ms.seed, "user", email, n)
		if ms.byID[id] == nil {
			return id
		}
	}
}

// linkOf returns the verification link of a user after so many that were replaced.
func (ms *members) linkOf(serviceID string, replaced int) string {
	return "https://withpersona.com/verify?inquiry-id=inq_" + deriveText(24, ms.seed, "inquiry", serviceID, replaced)
}

// listLive returns copies of the users that exist, oldest first.
func (ms *members) listLive() []User {
	users := make([]User, len(ms.live))
	for i, m := range ms.live {
		users[i] = m.User
		users[i].VerificationURL = ms.linkOf(m.ServiceID, m.links)
	}
	return users
}

const lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"

// deriveText makes n lower-case letters and digits out of its arguments.
func deriveText(n int, seed uint64, what, of string, again int) string {
	head := binary.BigEndian.AppendUint64(nil, seed)
	head = binary.BigEndian.AppendUint64(head, uint64(again))
	sum := sha256.Sum256(append(append(append(head, what...), 0), of...))
	out := make([]byte, n)
	for i := range out {
		out[i] = lowerAlnum[int(sum[i])%len(lowerAlnum)]
	}
	return string(out)
}
