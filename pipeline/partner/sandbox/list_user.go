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
	u := listedUser{ServiceID: m.ServiceID, Email: rewriteEmail(m.Email, c.forUser(faultListEmail, m).text), FirstName: m.FirstName, LastName: m.LastName, Status: m.Status, Program: m.Program}
	if m.deleted {
		u.Status = statusDeleted
	}
	for _, f := range c.allForUser(faultListOdd, m) {
		switch f.text {
		case "first-name":
			u.FirstName = 7
		case "program":
			u.Program = map[string]any{"type": m.Program, "id": 2}
		case "status":
			u.Status = 3
		}
	}
	if c.forUser(faultListNoDates, m).Name == "" {
		u.CreatedAt = c.showCreation(m)
	}
	return u
}

// rewriteEmail returns an e-mail in the form of list-email, as it is without one.
func rewriteEmail(email, form string) any {
	local, host, _ := strings.Cut(email, "@")
	switch form {
	case "":
		return email
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
	jitter := (2*chanceOf(c.seed, "created-jitter", m.ServiceID, 0) - 1) * float64(c.forUser(faultCreatedJitter, m).wait)
	at := m.CreatedAt.Add(c.forUser(faultCreatedOffset, m).wait).Add(time.Duration(jitter)).Truncate(c.forUser(faultCreatedRound, m).wait)
	switch c.forUser(faultCreatedForm, m).text {
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
// are; nil for an empty one.
func numberOrText(text string) any {
	if digits, ok := strings.CutPrefix(text, "number:"); ok {
		if _, err := strconv.ParseInt(digits, 10, 64); err == nil {
			return json.Number(digits)
		}
	}
	if text == "" {
		return nil
	}
	return text
}
