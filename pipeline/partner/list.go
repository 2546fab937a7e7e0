package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const listCall = "list users"

// ListUsers reads one page of list-users (public docs): at most limit users,
// from the skip-th on, both counted from 0. The partner may grant fewer than
// asked for. Every error is an *Error; its Field names what could not be read,
// or the parameter that was refused.
//
// What decides nothing never makes a page unreadable, and one user who cannot be
// read does not hide the others: see [Listed.Odd] and [Page.ProvesAbsence].
func (c *Client) ListUsers(ctx context.Context, skip, limit int) (Page, error) {
	q := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(limit)}}
	r, e := c.readAnswer(ctx, listCall, request{method: http.MethodGet, path: listPath + "?" + q.Encode()}, maxPage)
	if r.reused && e != nil && (r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity) {
		return Page{}, c.strayedError(listCall, r)
	}
	p := Page{Skip: skip, Total: -1, Date: answerDate(r.header), Began: r.began, Ended: r.ended}
	if e != nil {
		switch m := readMessage(r.body, r.whole); {
		case r.status == http.StatusNotFound && m.form == enveloped:
			p.NotFound = true
			return p, nil
		case r.status == http.StatusBadRequest || r.status == http.StatusUnprocessableEntity:
			e.Field = m.refusedParameter()
		}
		return Page{}, e
	}
	field, ok := p.fillPage(r.body)
	switch {
	case r.reused && (!ok || p.Skip != skip):
		return Page{}, c.strayedError(listCall, r)
	case !ok:
		return Page{}, unreadableError(listCall, r, field)
	}
	return p, nil
}

// fillPage reads a page. If it is not ok, field names what could not be read.
func (p *Page) fillPage(body []byte) (field string, ok bool) {
	var root map[string]json.RawMessage
	if decodeWhole(body, &root) != nil || root == nil {
		return "", false
	}
	if !strings.EqualFold(textIn(root["status"]), "success") {
		return "status", false
	}
	data := objectIn(root["data"])
	users := root["data"] // a bare list, or null for an empty one
	if data != nil {
		users = data["users"]
	}
	list, ok := usersIn(users)
	if !ok || len(list) > limits.PageUsers {
		return "users", false
	}
	p.Users = make([]Listed, 0, len(list))
	for _, raw := range list {
		p.Users = append(p.Users, readListed(raw))
	}
	return p.fillCounts(root, data)
}

// usersIn returns the list of users. Null and an empty object are an empty list. A
// missing member is no list: its name may have changed.
func usersIn(raw json.RawMessage) (list []json.RawMessage, ok bool) {
	if json.Unmarshal(raw, &list) == nil {
		return list, true
	}
	o := objectIn(raw)
	return nil, o != nil && len(o) == 0
}

// fillCounts reads the pagination, the documented place first. Only a total that
// is given there and is no number makes the page unreadable: it says whether
// the list was read to its end.
func (p *Page) fillCounts(root, data map[string]json.RawMessage) (field string, ok bool) {
	documented := objectIn(data["pagination"])
	if raw, given := documented["total"]; given && !isNull(raw) {
		if p.Total, ok = countIn(raw); !ok {
			return "total", false
		}
	}
	places := []map[string]json.RawMessage{documented, data, objectIn(data["meta"]), objectIn(root["pagination"]), objectIn(root["meta"]), root}
	for _, place := range places {
		for _, name := range []string{"total", "totalCount", "total_count", "totalItems", "totalDocs", "totalUsers", "totalRecords"} {
			if n, is := countIn(place[name]); is && p.Total < 0 {
				p.Total = n
			}
		}
		for _, name := range []string{"limit", "pageSize", "perPage", "per_page"} {
			if n, is := countIn(place[name]); is && p.Limit == 0 {
				p.Limit = n
			}
		}
	}
	if n, is := countIn(documented["skip"]); is {
		p.Skip = n
	}
	return "", true
}

// ProvesAbsence reports whether a user whom the page does not show is not in
// this part of the list. It is not so where no list was found, and where a user
// who is not deleted is shown without an e-mail: that may be any user.
func (p Page) ProvesAbsence() bool {
	if p.NotFound {
		return false
	}
	return !slices.ContainsFunc(p.Users, func(u Listed) bool { return !u.HasEmail() && !u.IsDeleted() })
}

// Odd names the first member that decides something and could not be read, as
// users[3].email; "" if there is none. It is fit for logs.
func (p Page) Odd() string {
	for i, u := range p.Users {
		if u.Odd != "" {
			return strings.TrimSuffix("users["+strconv.Itoa(i)+"]."+u.Odd, ".user")
		}
	}
	return ""
}

// refusedParameter is the parameter of ListUsers that a 400 or 422 complains of:
// limit, where the page asked for is too large, or skip, where it begins too
// deep in the list; "" if it does not say.
func (m message) refusedParameter() string {
	table := newFieldTable([]string{"limit", "skip", "take", "pageSize", "perPage", "size", "offset", "page", "from"})
	said := strings.Join(append(m.codes, m.text), " ")
	for _, p := range m.findProblems(table) {
		said += " " + strings.Join(p.fields, " ") + " " + p.text
	}
	said = strings.ReplaceAll(normalizeWords(strings.ReplaceAll(said, "_", " ")), " rate limit ", " ")
	switch {
	case containsAny(said, " skip ", " offset ", " result window ", " from ", " page number ", " too deep "):
		return "skip"
	case containsAny(said, " limit ", " take ", " size ", " pagesize ", " perpage ", " per page "):
		return "limit"
	case strings.Contains(said, " page "):
		return "skip"
	}
	return ""
}

// notYet is before any moment at which this API can have done anything; times
// before it are zero values of some language.
func notYet(t time.Time) bool { return t.Year() < 2001 }
