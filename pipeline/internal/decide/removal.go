package decide

import (
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file is what deletions mean as evidence. A user whose link was lost is
// deleted to be created again; the attempt to delete it is in the history
// with the others, with the generation of the next create-user request. While
// it is unanswered it is waited for like any other: after settle the list shows
// whether the user is there. What it does not is create anything.

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
