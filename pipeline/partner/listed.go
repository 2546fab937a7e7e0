package partner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
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

// wireListed has the members of a user, each read by itself.
type wireListed struct {
	ServiceID json.RawMessage `json:"serviceId"`
	Email     json.RawMessage `json:"email"`
	FirstName json.RawMessage `json:"firstName"`
	LastName  json.RawMessage `json:"lastName"`
	Status    json.RawMessage `json:"status"`
	Program   json.RawMessage `json:"program"`
	CreatedAt json.RawMessage `json:"createdAt"`
	DeletedAt json.RawMessage `json:"deletedAt"`
	Deleted   json.RawMessage `json:"deleted"`
	IsDeleted json.RawMessage `json:"isDeleted"`
}

// readListed never fails: a user who cannot be read is one who may be anybody.
func readListed(raw json.RawMessage) Listed {
	var w wireListed
	if json.Unmarshal(raw, &w) != nil || isNull(raw) {
		return Listed{Odd: "user", ref: digest(raw)}
	}
	l := Listed{ServiceID: textIn(w.ServiceID), FirstName: textIn(w.FirstName), LastName: textIn(w.LastName),
		Status: textIn(w.Status), Program: textIn(w.Program), Deleted: w.saysDeleted()}
	odd := func(field string) {
		if l.Odd == "" {
			l.Odd = field
		}
	}
	if !isToken(l.ServiceID, maxServiceID) {
		l.ServiceID, l.ref = "", digest(raw)
		odd("serviceId")
	}
	if w.Email == nil || json.Unmarshal(w.Email, &l.Email) != nil {
		l.Email = ""
		odd("email")
	}
	l.CreatedAt, l.NoZone = readTime(w.CreatedAt)
	if l.CreatedAt.IsZero() && w.CreatedAt != nil && !isNull(w.CreatedAt) {
		odd("createdAt")
	}
	return l
}

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "unnamed:" + hex.EncodeToString(sum[:])
}

// Ref tells users of one list apart: the serviceId, or, where that cannot be
// read, a digest of all that is shown. Never to be kept or sent.
func (l Listed) Ref() string {
	if l.ServiceID == "" {
		return l.ref
	}
	return l.ServiceID
}

// HasEmail reports whether the list shows under which e-mail the user stands.
func (l Listed) HasEmail() bool { return strings.Contains(l.Email, "@") }

// IsDeleted reports whether the list says in so many words that the user is
// deleted. A user who is blocked, closed or about to be deleted is there.
func (l Listed) IsDeleted() bool {
	switch words(l.Status) {
	case " deleted ", " soft deleted ", " softdeleted ", " user deleted ", " hard deleted ", " removed ", " erased ":
		return true
	}
	return l.Deleted
}

// saysDeleted reads the members that say so beside the status. One that says
// that the user is not deleted outweighs a time at which it once was.
func (w wireListed) saysDeleted() bool {
	deleted := false
	for _, raw := range []json.RawMessage{w.Deleted, w.IsDeleted} {
		switch is, given := flagIn(raw); {
		case is:
			deleted = true
		case given:
			return false
		}
	}
	at, _ := readTime(w.DeletedAt)
	return deleted || !at.IsZero() && !notYet(at)
}

// readTime takes RFC 3339, which the public docs show, and what else servers
// write: blanks for the T, a zone as +0000 or as a name for UTC, no zone, no
// seconds, the form of HTTP, and seconds, milliseconds or microseconds since
// 1970, as a number or a text. noZone tells that the form leaves the zone open.
// Anything else is no time.
func readTime(raw json.RawMessage) (t time.Time, noZone bool) {
	s := strings.TrimSpace(textIn(raw))
	if t, ok := readEpoch(s); ok {
		return t, false
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 10 && s[4:5] == "-" && (s[10] == 'T' || s[10] == 't' || s[10] == ' ') {
		return readDateTime(s[:10] + "T" + s[11:])
	}
	return httpTime(s), false
}

// readDateTime reads a date and a time that are joined by T.
func readDateTime(s string) (t time.Time, noZone bool) {
	s = strings.Replace(s, ",", ".", 1)
	for _, name := range []string{" UTC", " GMT", "UTC", "GMT", "z"} {
		if rest, found := strings.CutSuffix(s, name); found {
			s = rest
			if !strings.ContainsAny(s[11:], "+-") { // else a name repeats the number: +0000 UTC
				s += "Z"
			}
			break
		}
	}
	for _, clock := range []string{"15:04:05", "15:04"} {
		for _, zone := range []string{"Z07:00", "-0700", "-07", " Z07:00", " -0700", " -07"} {
			if t, err := time.Parse("2006-01-02T"+clock+zone, s); err == nil {
				return t.UTC(), false
			}
		}
		if t, err := time.Parse("2006-01-02T"+clock, s); err == nil {
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
