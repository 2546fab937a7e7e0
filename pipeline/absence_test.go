package pipeline

import (
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestProveAbsence plays what lists show of the users that the ledger knows.
func TestProveAbsence(t *testing.T) {
	tm := timing{settle: 100 * time.Second}
	at := func(second int) time.Time { return epoch().Add(time.Duration(second) * time.Second) }
	user := func(n, second int) *neighbour {
		return &neighbour{identity: fmt.Sprintf("k%d@example.com", n), serviceID: fmt.Sprint("k", n), at: at(second), ended: at(second)}
	}
	side := func(first, n, second int) (all []*neighbour) {
		for i := range n {
			all = append(all, user(first+i, second))
		}
		return all
	}
	show := func(n neighbours, but ...int) map[string]listedUser {
		listed := map[string]listedUser{}
		for i, k := range n.all() {
			if len(but) > 0 && i < but[0] {
				continue
			}
			listed[k.serviceID] = listedUser{ServiceID: k.serviceID, Identity: k.identity}
		}
		return listed
	}
	masked := func(l map[string]listedUser, n int) map[string]listedUser {
		for id, u := range l {
			if n--; n >= 0 {
				u.Identity = ""
				l[id] = u
			}
		}
		return l
	}
	both := neighbours{before: side(0, 10, -50), after: side(10, 10, 5)}
	few := neighbours{before: side(0, 3, -50), after: side(10, 2, 5)}
	older := neighbours{before: side(0, 10, -50)}
	confirmed := neighbours{before: side(0, 5, -50)}
	confirmed.before[4].confirmed = true
	for _, c := range []struct {
		name string
		w    witnesses
		want absenceKind
		wait int
	}{
		{"all are shown", witnesses{near: both, listed: show(both)}, absenceProved, 0},
		{"of twenty two may be missing", witnesses{near: both, listed: show(both, 2)}, absenceProved, 0},
		{"and not three", witnesses{near: both, listed: show(both, 3)}, absenceUnusable, 0},
		{"of fewer than ten none", witnesses{near: few, listed: show(few, 1)}, absenceUnusable, 0},
		{"masked e-mails", witnesses{near: both, listed: masked(show(both), 20)}, absenceUnusable, 0},
		{"two masked e-mails of twenty", witnesses{near: both, listed: masked(show(both), 2)}, absenceProved, 0},
		{"of ten one may be missing", witnesses{near: older, listed: show(older, 1)}, absenceProved, 0},
		{"none of those before is shown: the list is cut off", witnesses{near: neighbours{before: side(0, 1, -50), after: side(10, 9, 5)}, listed: show(neighbours{after: side(10, 9, 5)})}, absenceUnusable, 0},
		{"only one is known, and is shown", witnesses{near: neighbours{before: side(0, 1, -50)}, listed: map[string]listedUser{"k0": {ServiceID: "k0", Email: "K0@Example.COM", Identity: "k0@example.com"}}}, absenceProved, 0},
		{"nobody is known, and the list has others", witnesses{listed: nil}, absenceNever, 0},
		{"nobody is known, and the list is empty", witnesses{empty: true}, absenceProved, 0},
		{"those known are too young", witnesses{near: neighbours{after: side(0, 3, 950)}}, absenceLater, 1051},
		{"those known are too young, and the list is empty", witnesses{near: neighbours{after: side(0, 3, 950)}, empty: true}, absenceLater, 1051},
		{"none after is old enough, and the list lags", witnesses{near: older, listed: show(older), settled: at(990), lag: 10 * time.Second}, absenceLater, 1010},
		{"that was waited for", witnesses{near: older, listed: show(older), settled: at(970), lag: 10 * time.Second}, absenceProved, 0},
		{"a user whom the list has shown before is gone", witnesses{near: confirmed, listed: show(neighbours{before: confirmed.before[:4]})}, absenceNever, 0},
		{"someone may be the same person", witnesses{near: both, listed: show(both), similar: true}, absenceNever, 0},
		{"some users cannot be read", witnesses{near: both, listed: show(both), unread: true}, absenceUnusable, 0},
	} {
		c.w.began = at(1000)
		got := prove(c.w, tm)
		if got.kind != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, got.kind, got.code, c.want)
		}
		if c.wait != 0 && got.until.Sub(at(c.wait)).Abs() > time.Millisecond {
			t.Errorf("%s: wait until %s", c.name, got.until.Sub(epoch()))
		}
	}
}

// TestSimilarUsers: a stranger with the same mailbox, or with the same name and
// created when we may have created somebody, stands against absence.
func TestSimilarUsers(t *testing.T) {
	c := ledger.Customer{Identity: "jane.doe@example.com", FirstName: "Jane", LastName: "Doe", History: []ledger.Attempt{tried(ledger.Unknown, 0, 30)}}
	user := func(id, identity, name string, second int) listedUser {
		return listedUser{ServiceID: id, Identity: identity, Name: name, CreatedAt: epoch().Add(time.Duration(second) * time.Second)}
	}
	for _, u := range []struct {
		name string
		user listedUser
		want bool
	}{
		{"the same mailbox", user("s", "janedoe+1@example.com", "j doe", -90000), true},
		{"the same mailbox, a customer of ours", user("owned", "janedoe+1@example.com", "j doe", -90000), false},
		{"the same mailbox, deleted", asDeleted(user("s", "janedoe+1@example.com", "j doe", -90000)), false},
		{"the same e-mail", user("s", "jane.doe@example.com", "jane doe", 1), false},
		{"the same name in the window", user("s", "", "jane doe", 1), true},
		{"the same name long before", user("s", "", "jane doe", -90000), false},
		{"the same name, a customer of ours", user("owned", "", "jane doe", 1), false},
	} {
		var sameMailbox, sameName []listedUser
		if u.user.Identity != "" {
			sameMailbox = append(sameMailbox, u.user)
		}
		if u.user.Name == nameOf("Jane", "Doe") {
			sameName = append(sameName, u.user)
		}
		owned := func(id string) bool { return id == "owned" }
		if got := isSimilar(c, sameMailbox, sameName, owned, sameClock(), timing{settle: 100 * time.Second, roundTrip: time.Second}); got != u.want {
			t.Errorf("%s: %t", u.name, got)
		}
	}
}
