package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// statusDeleted is how list-deleted shows a deleted user.
const statusDeleted = "deleted"

// showUser returns a user as list-users shows it.
func (c chosen) showUser(m *member) listedUser {
	u := listedUser{ServiceID: m.ServiceID, Email: m.Email, FirstName: m.FirstName, LastName: m.LastName, Status: m.Status, Program: m.Program}
	if f := c.forUser("list-email", m); f != nil {
		u.Email = rewriteEmail(m.Email, f.text)
	}
	if m.deleted {
		u.Status = statusDeleted
	}
	for _, f := range c.allForUser("list-odd", m) {
		switch f.text {
		case "first-name":
			u.FirstName = 7
		case "program":
			u.Program = map[string]any{"type": m.Program, "id": 2}
		case "status":
			u.Status = 3
		}
	}
	if c.forUser("list-no-dates", m) == nil {
		u.CreatedAt = c.showCreation(m)
	}
	return u
}

// rewriteEmail returns an e-mail in the form of list-email; nil for none.
func rewriteEmail(email, form string) any {
	local, host, _ := strings.Cut(email, "@")
	switch form {
	case "mask":
		return local[:min(1, len(local))] + "***@" + host
	case "lower":
		return strings.ToLower(email)
	case "upper":
		return strings.ToUpper(email)
	case "untag":
		name, _, _ := strings.Cut(local, "+")
		return name + "@" + host
	default:
		return nil
	}
}

// showCreation returns the time of a creation by the list's clock and in its form.
func (c chosen) showCreation(m *member) any {
	at := m.CreatedAt
	if f := c.forUser("created-offset", m); f != nil {
		at = at.Add(f.wait)
	}
	if f := c.forUser("created-jitter", m); f != nil {
		at = at.Add(time.Duration((2*chanceOf(c.seed, "created-jitter", m.ServiceID, 0) - 1) * float64(f.wait)))
	}
	if f := c.forUser("created-round", m); f != nil {
		at = at.Truncate(f.wait)
	}
	form := ""
	if f := c.forUser("created-form", m); f != nil {
		form = f.text
	}
	switch form {
	case "no-zone":
		return at.Format("2006-01-02T15:04:05.000")
	case "sql":
		return at.Format(time.DateTime)
	case "+0000":
		return at.Format("2006-01-02T15:04:05.000-0700")
	case "seconds":
		return at.Unix()
	case "millis":
		return at.UnixMilli()
	case "text-seconds":
		return strconv.FormatInt(at.Unix(), 10)
	default:
		return at.Format("2006-01-02T15:04:05.000Z07:00")
	}
}

// emptyPage returns a page without users in the form that list-empty asks for.
func emptyPage(data listData, form string) reply {
	const text = "Users retrieved successfully"
	switch form {
	case "users-null":
		data.Users = nil
		return successReply(http.StatusOK, text, data)
	case "data-array":
		return successReply(http.StatusOK, text, []any{})
	case "data-null":
		return successReply(http.StatusOK, text, nil)
	case "no-users":
		return successReply(http.StatusOK, text, map[string]any{"pagination": data.Pagination})
	default:
		return notFound("No users found")
	}
}

// numberOrText returns "number:4711" as a JSON number and other texts as they
// are; nil for no switch.
func numberOrText(f *Fault) any {
	if f == nil {
		return nil
	}
	if digits, ok := strings.CutPrefix(f.text, "number:"); ok {
		if _, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return json.Number(digits)
		}
	}
	return f.text
}
