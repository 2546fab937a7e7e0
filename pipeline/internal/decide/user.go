package decide

import (
	"strings"
	"time"
)

// User is one user of the partner's list, as far as it is evidence.
type User struct {
	ServiceID string
	Email     string    // as the list writes it
	Identity  string    // of that e-mail; "" if it is none
	Name      string    // see nameOf
	CreatedAt time.Time // zero if the list does not tell
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
