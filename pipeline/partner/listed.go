package partner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Listed is one user as list-users shows it. It has no verification link.
type Listed struct {
	ServiceID string // "" if it cannot be read
	Email     string // "" if the partner shows none, or it cannot be read
	FirstName string
	LastName  string
	Status    string
	Program   string
	CreatedAt time.Time // UTC; zero if absent or unreadable
	// NoZone: CreatedAt was given without a zone and is read as UTC, which only
	// users whose time is known otherwise can confirm.
	NoZone  bool
	Deleted bool   // by a member of its own, such as deletedAt; see IsDeleted
	Odd     string // the first of serviceId, email and createdAt that is there and cannot be read, or "user" for all of it

	ref string
}

// readListed reads a user. One that cannot be read may be any user.
func readListed(raw json.RawMessage) Listed {
	user := objectIn(raw)
	if user == nil {
		return Listed{Odd: "user", ref: digestOf(raw)}
	}
	l := Listed{ServiceID: textIn(user["serviceId"]), FirstName: textIn(user["firstName"]), LastName: textIn(user["lastName"]),
		Status: textIn(user["status"]), Program: textIn(user["program"]), Deleted: saysDeleted(user)}
	odd := func(field string) {
		if l.Odd == "" {
			l.Odd = field
		}
	}
	if !ledger.ValidToken(l.ServiceID) {
		l.ServiceID, l.ref = "", digestOf(raw)
		odd("serviceId")
	}
	switch email := user["email"]; {
	case len(email) > 0 && email[0] == '"':
		l.Email = textIn(email)
	case !isNull(email):
		odd("email")
	}
	created, given := user["createdAt"]
	l.CreatedAt, l.NoZone = readTime(created)
	if l.CreatedAt.IsZero() && given && !isNull(created) {
		odd("createdAt")
	}
	return l
}

func digestOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "unnamed:" + hex.EncodeToString(sum[:])
}

// Ref returns what distinguishes the users of one list: the serviceId, or, if that
// cannot be read, a digest of all that is shown. Never to be kept or sent.
func (l Listed) Ref() string {
	switch {
	case l.ServiceID != "":
		return l.ServiceID
	case l.ref != "":
		return l.ref
	default: // not read from an answer
		return digestOf([]byte(l.Email + " " + l.CreatedAt.String()))
	}
}

// HasEmail reports whether the list shows the user's e-mail.
func (l Listed) HasEmail() bool { return strings.Contains(l.Email, "@") }

// IsDeleted reports whether the list says in so many words that the user is
// deleted. A user who is blocked, closed or about to be deleted is there.
func (l Listed) IsDeleted() bool {
	said := []string{" deleted ", " soft deleted ", " softdeleted ", " user deleted ", " hard deleted ", " removed ", " erased "}
	return l.Deleted || slices.Contains(said, normalizeWords(l.Status))
}

// saysDeleted reads the other members that say so. One that says
// that the user is not deleted outweighs a time at which it once was.
func saysDeleted(user map[string]json.RawMessage) bool {
	deleted := false
	for _, name := range []string{"deleted", "isDeleted"} {
		switch is, given := flagIn(user[name]); {
		case is:
			deleted = true
		case given:
			return false
		}
	}
	at, _ := readTime(user["deletedAt"])
	return deleted || !at.IsZero() && !notYet(at)
}

// readTime reads RFC 3339, which the public docs show, and what else servers
// write: blanks for the T, a zone as +0000 or as a name for UTC, no zone, no
// seconds, the form of HTTP, and seconds, milliseconds or microseconds since
// 1970, as a number or a text. noZone says that the form leaves the zone open.
// Anything else is no time.
func readTime(raw json.RawMessage) (t time.Time, noZone bool) {
	s := strings.TrimSpace(textIn(raw))
	if t, ok := readEpoch(s); ok {
		return t, false
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 10 && s[4:5] == "-" && (s[10] == 'T' || s[10] == 't' || s[10] == ' ') {
		return readDateTime(s[:10], s[11:])
	}
	return httpTime(s), false
}

// readDateTime reads a date and the time of day that follows it, with its zone.
func readDateTime(date, clock string) (t time.Time, noZone bool) {
	clock = strings.Replace(clock, ",", ".", 1)
	for _, name := range []string{"UTC", "GMT", "z"} {
		if rest, found := strings.CutSuffix(clock, name); found {
			clock = strings.TrimSuffix(rest, " ")
			if !strings.ContainsAny(clock, "+-") { // else the name repeats the number: +0000 UTC
				clock += "Z"
			}
			break
		}
	}
	for _, form := range []string{"15:04:05", "15:04"} {
		for _, zone := range []string{"Z07:00", "-0700", "-07", " Z07:00", " -0700", " -07"} {
			if t, err := time.Parse("2006-01-02 "+form+zone, date+" "+clock); err == nil {
				return t.UTC(), false
			}
		}
		if t, err := time.Parse("2006-01-02 "+form, date+" "+clock); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// readEpoch reads a time since 1970 by its number of digits: 10 before the point
// are seconds, 13 milliseconds, 16 microseconds (2001 to 2286).
func readEpoch(s string) (time.Time, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if !allDigits(whole) || whole[0] == '0' || point && !allDigits(fraction) {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch len(whole) {
	case 10:
		nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
		return time.Unix(n, nanos).UTC(), err == nil
	case 13:
		return time.UnixMilli(n).UTC(), true
	case 16:
		return time.UnixMicro(n).UTC(), true
	}
	return time.Time{}, false
}
