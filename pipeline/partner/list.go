package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const listCall = "list users"

// wirePage is a page of list-users (public docs). Pointers tell what is absent
// from what is empty: a page decides whether a customer exists, so one in an
// unexpected form is no page.
type wirePage struct {
	Status string `json:"status"`
	Data   *struct {
		Users      *[]wireListed `json:"users"`
		Pagination struct {
			Skip  *json.Number `json:"skip"`
			Limit *json.Number `json:"limit"`
			Total *json.Number `json:"total"`
		} `json:"pagination"`
	} `json:"data"`
}

type wireListed struct {
	ServiceID *string         `json:"serviceId"`
	Email     json.RawMessage `json:"email"`
	FirstName *string         `json:"firstName"`
	LastName  *string         `json:"lastName"`
	Status    *string         `json:"status"`
	Program   *string         `json:"program"`
	CreatedAt json.RawMessage `json:"createdAt"`
}

// ListUsers reads one page of list-users: at most limit users, from the
// skip-th on, both counted from 0. The partner may grant fewer than asked for.
// Every error is an *Error. A page in which a user has no serviceId or no
// e-mail member is an error, because nobody could be shown absent by it; an
// e-mail that is null is "".
func (c *Client) ListUsers(ctx context.Context, skip, limit int) (Page, error) {
	q := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(limit)}}
	r, e := c.read(ctx, listCall, request{method: http.MethodGet, path: listPath + "?" + q.Encode()}, maxPage)
	if e != nil {
		return Page{}, e
	}
	var w wirePage
	if decodeWhole(r.body, &w) != nil || w.Status != "success" || w.Data == nil || w.Data.Users == nil {
		return Page{}, unreadable(listCall, r)
	}
	p := Page{Skip: skip, Total: -1, Date: answerDate(r.header), Began: r.began, Ended: r.ended}
	n := w.Data.Pagination
	if !setCount(&p.Skip, n.Skip) || !setCount(&p.Limit, n.Limit) || !setCount(&p.Total, n.Total) {
		return Page{}, unreadable(listCall, r)
	}
	p.Users = make([]Listed, 0, len(*w.Data.Users))
	for _, u := range *w.Data.Users {
		l, ok := u.listed()
		if !ok {
			return Page{}, unreadable(listCall, r)
		}
		p.Users = append(p.Users, l)
	}
	return p, nil
}

// setCount leaves n as it is if the partner says nothing.
func setCount(n *int, said *json.Number) bool {
	if said == nil {
		return true
	}
	v, err := strconv.Atoi(said.String())
	*n = v
	return err == nil && v >= 0
}

func (w wireListed) listed() (Listed, bool) {
	if w.ServiceID == nil || !isToken(*w.ServiceID, maxServiceID) || w.Email == nil {
		return Listed{}, false
	}
	l := Listed{ServiceID: *w.ServiceID, CreatedAt: readTime(w.CreatedAt),
		FirstName: text(w.FirstName), LastName: text(w.LastName), Status: text(w.Status), Program: text(w.Program)}
	return l, json.Unmarshal(w.Email, &l.Email) == nil // null leaves it ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// readTime takes RFC 3339, which the public docs show, and milliseconds since
// 1970, which JavaScript servers write when they forget to format. Anything
// else is no time.
func readTime(raw json.RawMessage) time.Time {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return time.Time{}
		}
		return t.UTC()
	}
	var ms int64
	if json.Unmarshal(raw, &ms) == nil && ms > 1e12 && ms < 1e13 { // 2001 to 2286
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}
