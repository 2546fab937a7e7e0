package decide

import (
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// User is one user of the partner's list.
type User struct {
	ServiceID string
	Email     string    // as the list writes it
	Identity  string    // of that e-mail; "" if it is none
	Name      string    // see nameOf
	CreatedAt time.Time // zero if the list does not say
	Deleted   bool
}

// NormalizeName returns a name in the form in which names are compared.
func NormalizeName(first, last string) string {
	return strings.Join(strings.Fields(strings.ToLower(first+" "+last)), " ")
}

// MaxTime returns the later of two moments.
func MaxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A user whose link was lost is deleted to be created again. The attempt to delete
// it is in the history with the others, with the generation of the next
// create-user request. While it is unanswered it is waited for like any other:
// after settle the list shows whether the user is there. It creates nothing.

// WithoutDeleted drops users who are gone: those whom the list shows as
// deleted, and those whom we deleted for certain, since a list may lag behind.
func WithoutDeleted(h []ledger.Attempt, users []User) []User {
	return slices.DeleteFunc(slices.Clone(users), func(u User) bool {
		return u.Deleted || slices.ContainsFunc(h, func(a ledger.Attempt) bool { return a.Removes == u.ServiceID && a.Absent })
	})
}

// isRemoving reports whether a deletion of this user was begun and is unanswered.
func isRemoving(h []ledger.Attempt, serviceID string, t Timing) bool {
	return hasAttempt(h, func(i int, a ledger.Attempt) bool { return a.Removes == serviceID && IsUnanswered(h, i, t) })
}
