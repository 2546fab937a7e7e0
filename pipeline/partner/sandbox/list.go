package sandbox

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
)

const (
	defaultPage = 50   // users, when no limit is asked for (the vendor's public docs)
	maxPage     = 1000 // however many are asked for
)

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
	okLimit = okLimit && limit <= cmp.Or(picked.faultNamed(faultListCapRefused).count, math.MaxInt)
	okSkip = okSkip && skip <= cmp.Or(picked.faultNamed(faultListDeepRefused).count, math.MaxInt)
	limit = min(limit, cmp.Or(picked.faultNamed(faultListCap).count, maxPage))
	if !okSkip || !okLimit {
		return invalidFields([]fieldError{{"limit", "skip and limit must be whole numbers in range"}}), nil
	}
	from := skip
	if picked.hasFault(faultListIgnoresSkip) {
		from = 0
	}
	users, total, err := s.store.listPage(from, limit, picked)
	if err != nil {
		return reply{}, err
	}
	data := listData{Users: users, Pagination: pagination{Skip: skip, Limit: limit, Total: &total}}
	if picked.hasFault(faultListNoTotal) {
		data.Pagination.Total = nil
	}
	if picked.hasFault(faultListEmpty) && len(users) == 0 {
		return emptyPage(data, picked.faultNamed(faultListEmpty).text), nil
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

// listPage returns one page as list-users shows it, and counts all users that it could show.
func (st *store) listPage(skip, limit int, picked chosen) ([]listedUser, int, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if picked.hasFault(faultListChurn) {
		if err := st.churnUsers(); err != nil {
			return nil, 0, err
		}
	}
	view := st.visibleMembers(picked)
	from := min(skip, len(view))
	users := []listedUser{}
	for _, m := range view[from:min(from+limit, len(view))] {
		users = append(users, picked.showUser(m))
	}
	return users, len(view), nil
}

// visibleMembers returns the users that the list's switches leave to be seen, in
// the order of the list. The caller holds mu.
func (st *store) visibleMembers(picked chosen) []*member {
	view := st.members.live
	if picked.hasFault(faultListLag) {
		before := st.cfg.now().Add(-picked.faultNamed(faultListLag).wait)
		view = view[:sort.Search(len(view), func(i int) bool { return view[i].CreatedAt.After(before) })]
	}
	if picked.hasFault(faultListDeleted) {
		view = slices.Clone(view)
		for _, m := range st.members.all {
			if m.deleted && m.Origin != FromOthers {
				view = append(view, m)
			}
		}
		slices.SortFunc(view, compareCreation)
	}
	if picked.hasFault(faultListHides) {
		view = slices.DeleteFunc(slices.Clone(view), func(m *member) bool { return picked.forUser(faultListHides, m).Name != "" })
	}
	if picked.hasFault(faultListUnsorted) {
		view = slices.SortedFunc(slices.Values(view), func(a, b *member) int { return cmp.Compare(a.ServiceID, b.ServiceID) })
	}
	if picked.hasFault(faultListNewestFirst) {
		view = slices.Clone(view)
		slices.Reverse(view)
	}
	return view
}

// churnUsers adds two users of other accounts and removes the oldest of theirs. They are
// not written to the state file.
func (st *store) churnUsers() error {
	for range 2 {
		st.others++
		email := "other-" + strconv.Itoa(st.others) + "@elsewhere.example"
		if err := st.applyEntry(entry{Op: opUser, User: &User{Email: email, FirstName: "Other", LastName: "Customer", ServiceID: st.members.newID(st.cfg.Account, email, chosen{}),
			Program: "custodial", Status: approved, Origin: FromOthers, CreatedAt: st.cfg.now()}}); err != nil {
			return err
		}
	}
	if st.others <= 2 {
		return nil
	}
	i := slices.IndexFunc(st.members.live, func(m *member) bool { return m.Origin == FromOthers })
	return st.applyEntry(entry{Op: opGone, ID: st.members.live[i].ServiceID})
}
