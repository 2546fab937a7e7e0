package pipeline

import (
	"strings"
	"time"
)

// listedUser is one user of the partner's list, as far as it is evidence.
type listedUser struct {
	ServiceID string
	Email     string    // as the list writes it
	Identity  string    // of that e-mail; "" if it is none
	Name      string    // see nameOf
	CreatedAt time.Time // zero if the list does not tell
	Deleted   bool
}

// nameOf returns a name in the form in which names are compared.
func nameOf(first, last string) string {
	return strings.Join(strings.Fields(strings.ToLower(first+" "+last)), " ")
}

// maxTime returns the later of two moments.
func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
