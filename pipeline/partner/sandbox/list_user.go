package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// statusDeleted is how list-deleted shows a deleted user.
const statusDeleted = "deleted"

// listedPerson is a user on a page of list-users and its place in the order of
// creation, counted from 1.
type listedPerson struct {
	person
	number int
}

// showUser returns a user as list-users shows it.
func (s *Server) showUser(p listedPerson, picked chosen) listedUser {
	one := func(name string) *Fault { return picked.forUser(name, s.cfg.Seed, p.number, p.email) }
	u := listedUser{ServiceID: p.id, FirstName: p.first, LastName: p.last, Status: p.status, Program: p.program}
	if email := p.email; one("list-email") == nil {
		u.Email = email
	} else {
		u.Email = rewriteEmail(email, one("list-email").text)
	}
	if p.gone {
		u.Status = statusDeleted
	}
	for _, f := range picked.allForUser("list-odd", s.cfg.Seed, p.number, p.email) {
		switch f.text {
		case "first-name":
			u.FirstName = 7
		case "program":
			u.Program = map[string]any{"type": p.program, "id": 2}
		case "status":
			u.Status = 3
		}
	}
	if one("list-no-dates") == nil {
		u.CreatedAt = s.createdAt(p, one)
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

// createdAt returns the time of a creation by the list's clock and in its form.
func (s *Server) createdAt(p listedPerson, one func(string) *Fault) any {
	at := time.UnixMilli(p.created).UTC()
	if f := one("created-offset"); f != nil {
		at = at.Add(f.wait)
	}
	if f := one("created-jitter"); f != nil {
		at = at.Add(time.Duration((2*chanceOf(s.cfg.Seed, "created-jitter", p.id, 0) - 1) * float64(f.wait)))
	}
	if f := one("created-round"); f != nil {
		at = at.Truncate(f.wait)
	}
	form := ""
	if f := one("created-form"); f != nil {
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

// filterUsers returns the users that the list's switches leave to be seen. The
// caller holds mu.
func (st *store) filterUsers(view []int32, picked chosen) []int32 {
	if picked.hasFault("list-deleted") {
		shown := slices.Clone(view)
		for i := range st.people {
			if p := &st.people[i]; p.gone && p.origin != FromOthers {
				shown = append(shown, int32(i))
			}
		}
		slices.SortFunc(shown, func(a, b int32) int {
			return cmp.Or(cmp.Compare(st.people[a].created, st.people[b].created), cmp.Compare(a, b))
		})
		view = shown
	}
	if picked.hasFault("list-hides") {
		view = slices.DeleteFunc(slices.Clone(view), func(i int32) bool {
			return picked.forUser("list-hides", st.cfg.Seed, int(i)+1, st.people[i].email) != nil
		})
	}
	return view
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
