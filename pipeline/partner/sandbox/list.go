package sandbox

import (
	"net/http"
	"slices"
	"sort"
	"strconv"
)

// defaultPage is the page that list-users gives when no limit is asked for
// (the vendor's public docs).
const defaultPage = 50

type listData struct {
	Users      []listedUser `json:"users"`
	Pagination pagination   `json:"pagination"`
}

type listedUser struct {
	ServiceID string `json:"serviceId"`
	Email     any    `json:"email"`
	FirstName any    `json:"firstName"`
	LastName  string `json:"lastName"`
	Status    any    `json:"status"`
	Program   any    `json:"program"`
	CreatedAt any    `json:"createdAt,omitempty"`
}

type pagination struct {
	Skip  int  `json:"skip"`
	Limit int  `json:"limit"`
	Total *int `json:"total,omitempty"`
}

func (s *Server) listUsers(r *http.Request, picked chosen) (reply, error) {
	skip, okSkip := queryNumber(r, "skip", 0)
	limit, okLimit := queryNumber(r, "limit", defaultPage)
	if limit == 0 {
		limit = defaultPage
	}
	most := s.cfg.PageCap
	if f := picked.faultNamed("list-cap-refused"); f != nil {
		okLimit = okLimit && limit <= f.count
	}
	if f := picked.faultNamed("list-cap"); f != nil {
		most = f.count
	}
	if f := picked.faultNamed("list-deep-refused"); f != nil {
		okSkip = okSkip && skip <= f.count
	}
	limit = min(limit, most)
	if !okSkip || !okLimit {
		return invalidFields([]fieldError{{"limit", "skip and limit must be whole numbers in range"}}), nil
	}
	from := skip
	if picked.hasFault("list-ignores-skip") {
		from = 0
	}
	users, total, err := s.store.listPage(from, limit, picked)
	if err != nil {
		return reply{}, err
	}
	data := listData{Users: make([]listedUser, len(users)), Pagination: pagination{Skip: skip, Limit: limit, Total: &total}}
	if picked.hasFault("list-no-total") {
		data.Pagination.Total = nil
	}
	for i, p := range users {
		data.Users[i] = s.showUser(p, picked)
	}
	if f := picked.faultNamed("list-empty"); f != nil && len(users) == 0 {
		return emptyPage(data, f.text), nil
	}
	return successReply(http.StatusOK, "Users retrieved successfully", data), nil
}

func queryNumber(r *http.Request, name string, otherwise int) (int, bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// listPage copies one page of the visible users and counts them all.
func (st *store) listPage(skip, limit int, picked chosen) ([]listedPerson, int, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if picked.hasFault("list-churn") {
		if err := st.churnUsers(); err != nil {
			return nil, 0, err
		}
	}
	view := st.live
	if f := picked.faultNamed("list-lag"); f != nil {
		before := st.now().Add(-f.wait).UnixMilli()
		view = view[:sort.Search(len(view), func(i int) bool { return st.people[view[i]].created > before })]
	}
	view = st.filterUsers(view, picked)
	if picked.hasFault("list-unsorted") {
		view = st.byServiceID(view)
	}
	total := len(view)
	from := min(skip, total)
	to := min(from+limit, total)
	users := make([]listedPerson, 0, to-from)
	for i := from; i < to; i++ {
		at := i
		if picked.hasFault("list-newest-first") {
			at = total - 1 - i
		}
		users = append(users, listedPerson{st.people[view[at]], int(view[at]) + 1})
	}
	return users, total, nil
}

// byServiceID sorts again whenever users came or went: it is meant for tests of
// thousands of users, not of millions.
func (st *store) byServiceID(view []int32) []int32 {
	byID := func(a, b int32) int {
		if st.people[a].id < st.people[b].id {
			return -1
		}
		return 1
	}
	if len(view) != len(st.live) || len(view) > 0 && &view[0] != &st.live[0] {
		return slices.SortedFunc(slices.Values(view), byID)
	}
	if st.sorted == nil {
		st.sorted = slices.SortedFunc(slices.Values(view), byID)
	}
	return st.sorted
}

// churnUsers brings two users of others and takes away the oldest of theirs. They
// are not written to the state file.
func (st *store) churnUsers() error {
	for range 2 {
		st.others++
		email := "other-" + strconv.Itoa(st.others) + "@elsewhere.example"
		if err := st.applyEntry(entry{Op: opUser, Email: email, First: "Other", Last: "Customer", ID: st.newID(email, chosen{}),
			Program: "custodial", Status: approved, Origin: FromOthers, At: st.now().UnixMilli()}); err != nil {
			return err
		}
	}
	if st.others <= 2 {
		return nil
	}
	for _, i := range st.live {
		if p := &st.people[i]; p.origin == FromOthers {
			return st.applyEntry(entry{Op: opGone, ID: p.id})
		}
	}
	return nil
}
