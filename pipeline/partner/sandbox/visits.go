package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// This file plays what users do with their verification links, and how long a link
// works. A link that nobody has opened expires after Config.LinkLife; once opened it
// does not expire. A user who was deleted has no link.

// Visits is what the users do, as shares between 0 and 1. Users beyond the three
// shares never open their link. The zero value lets every user finish.
type Visits struct {
	Finish float64 // open the link and complete the check: approved
	Fail   float64 // open the link and fail the check: denied
	Return float64 // open the link, leave, and complete the check after twice the time
}

// What a user does. The first four are also tags of e-mails, with the KYC statuses.
const (
	visitFinish   = "finish"
	visitFail     = "fail"
	visitReturn   = "return"
	visitUnopened = "unopened"
)

// ParseVisits reads shares such as "finish=60%,fail=10%,return=5%" or "finish=0.6".
func ParseVisits(text string) (Visits, error) {
	var v Visits
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		to := map[string]*float64{visitFinish: &v.Finish, visitFail: &v.Fail, visitReturn: &v.Return}[name]
		share, err := parseShare(value)
		if to == nil || err != nil {
			return Visits{}, fmt.Errorf("%q: write shares of the users, such as finish=60%%,fail=10%%,return=5%%; the rest never open their link", text)
		}
		*to = share
	}
	return v, v.checkSettings()
}

func parseShare(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if isPercent {
		share /= 100
	}
	if err == nil && !(share >= 0 && share <= 1) {
		err = errors.New("not a share")
	}
	return share, err
}

func (v Visits) checkSettings() error {
	if !(v.Finish >= 0 && v.Fail >= 0 && v.Return >= 0 && v.Finish+v.Fail+v.Return <= 1.000001) {
		return errors.New("the shares of the users must be 0 or more, and at most 100 % together")
	}
	return nil
}

// visitOf returns what a user does with the link of its nth creation.
func (v Visits) visitOf(seed uint64, email string, nth int) string {
	if v == (Visits{}) {
		return visitFinish
	}
	switch at := chanceOf(seed, "visit", strings.ToLower(email), nth); {
	case at < v.Finish:
		return visitFinish
	case at < v.Finish+v.Fail:
		return visitFail
	case at < v.Finish+v.Fail+v.Return:
		return visitReturn
	default:
		return visitUnopened
	}
}

// isLinkDead reports whether a user's link can no longer be opened.
func (st *store) isLinkDead(m *member) bool {
	life := st.cfg.LinkLife
	return life > 0 && !m.opened && !st.cfg.now().Before(m.issued.Add(life))
}

// openLink opens a user's link, and reports whether it still works.
func (st *store) openLink(m *member) (bool, error) {
	if m == nil || st.isLinkDead(m) {
		return false, nil
	}
	if m.opened {
		return true, nil
	}
	return true, st.addEntry(entry{Op: opOpen, ID: m.ServiceID})
}

// OpenLink opens a verification link as its user would, and reports whether it works:
// it does not if it has expired, was replaced, or its user was deleted.
func (s *Server) OpenLink(link string) (bool, error) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, m := range s.store.members.live {
		if s.store.members.linkOf(m.ServiceID, m.links) == link {
			return s.store.openLink(m)
		}
	}
	return false, nil
}

// planVisit returns what happens to a user whose link was issued at a moment, in real
// time.
func planVisit(id, visit string, after time.Duration, at time.Time) []due {
	opens := due{at: at.Add(after / 2), id: id, opens: true, status: pending}
	ends := due{at: at.Add(after), id: id, status: visit}
	switch visit {
	case visitUnopened:
		return nil
	case pending:
		return []due{opens}
	case visitReturn:
		opens.status = ""
		return []due{opens, {at: at.Add(after * 3 / 2), id: id, status: pending}, {at: at.Add(2 * after), id: id, status: approved}}
	case visitFail:
		ends.status = denied
	case visitFinish:
		ends.status = approved
	}
	return []due{opens, ends}
}
