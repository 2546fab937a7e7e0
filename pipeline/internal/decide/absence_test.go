package decide

import (
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestProveAbsence plays what lists show of the users that the ledger knows.
func TestProveAbsence(t *testing.T) {
	tm := Timing{Settle: 100 * time.Second}
	at := func(second int) time.Time { return epoch().Add(time.Duration(second) * time.Second) }
	user := func(n, second int) *Witness {
		return &Witness{Identity: fmt.Sprintf("k%d@example.com", n), ServiceID: fmt.Sprint("k", n), At: at(second), ended: at(second)}
	}
	side := func(first, n, second int) (all []*Witness) {
		for i := range n {
			all = append(all, user(first+i, second))
		}
		return all
	}
	show := func(n Witnesses, but ...int) map[string]User {
		listed := map[string]User{}
		for i, k := range n.AllSides() {
			if len(but) > 0 && i < but[0] {
				continue
			}
			listed[k.ServiceID] = User{ServiceID: k.ServiceID, Identity: k.Identity}
		}
		return listed
	}
	masked := func(l map[string]User, n int) map[string]User {
		for id, u := range l {
			if n--; n >= 0 {
				u.Identity = ""
				l[id] = u
			}
		}
		return l
	}
	both := Witnesses{Before: side(0, 10, -50), After: side(10, 10, 5)}
	few := Witnesses{Before: side(0, 3, -50), After: side(10, 2, 5)}
	older := Witnesses{Before: side(0, 10, -50)}
	confirmed := Witnesses{Before: side(0, 5, -50)}
	confirmed.Before[4].confirmed = true
	for _, c := range []struct {
		name string
		w    AbsenceEvidence
		want AbsenceKind
		wait int
	}{
		{"all are shown", AbsenceEvidence{Near: both, Listed: show(both)}, AbsenceProved, 0},
		{"of twenty two may be missing", AbsenceEvidence{Near: both, Listed: show(both, 2)}, AbsenceProved, 0},
		{"and not three", AbsenceEvidence{Near: both, Listed: show(both, 3)}, AbsenceUnusable, 0},
		{"of fewer than ten none", AbsenceEvidence{Near: few, Listed: show(few, 1)}, AbsenceUnusable, 0},
		{"masked e-mails", AbsenceEvidence{Near: both, Listed: masked(show(both), 20)}, AbsenceUnusable, 0},
		{"two masked e-mails of twenty", AbsenceEvidence{Near: both, Listed: masked(show(both), 2)}, AbsenceProved, 0},
		{"of ten one may be missing", AbsenceEvidence{Near: older, Listed: show(older, 1)}, AbsenceProved, 0},
		{"none of those before is shown: the list is cut off", AbsenceEvidence{Near: Witnesses{Before: side(0, 1, -50), After: side(10, 9, 5)}, Listed: show(Witnesses{After: side(10, 9, 5)})}, AbsenceUnusable, 0},
		{"only one is known, and is shown", AbsenceEvidence{Near: Witnesses{Before: side(0, 1, -50)}, Listed: map[string]User{"k0": {ServiceID: "k0", Email: "K0@Example.COM", Identity: "k0@example.com"}}}, AbsenceProved, 0},
		{"no user is known, and the list has others", AbsenceEvidence{Listed: nil}, AbsenceUnprovable, 0},
		{"no user is known, and the list is empty", AbsenceEvidence{Empty: true}, AbsenceProved, 0},
		{"those known are too young", AbsenceEvidence{Near: Witnesses{After: side(0, 3, 950)}}, AbsenceLater, 1051},
		{"those known are too young, and the list is empty", AbsenceEvidence{Near: Witnesses{After: side(0, 3, 950)}, Empty: true}, AbsenceLater, 1051},
		{"none after is old enough, and the list lags", AbsenceEvidence{Near: older, Listed: show(older), Settled: at(990), Lag: 10 * time.Second}, AbsenceLater, 1010},
		{"that was waited for", AbsenceEvidence{Near: older, Listed: show(older), Settled: at(970), Lag: 10 * time.Second}, AbsenceProved, 0},
		{"a user whom the list has shown before is gone", AbsenceEvidence{Near: confirmed, Listed: show(Witnesses{Before: confirmed.Before[:4]})}, AbsenceUnprovable, 0},
		{"a listed user may be the same customer", AbsenceEvidence{Near: both, Listed: show(both), Similar: true}, AbsenceUnprovable, 0},
		{"some users cannot be read", AbsenceEvidence{Near: both, Listed: show(both), Unread: true}, AbsenceUnusable, 0},
	} {
		c.w.Began = at(1000)
		got := ProveAbsence(c.w, tm)
		if got.Kind != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, got.Kind, got.code, c.want)
		}
		if c.wait != 0 && got.until.Sub(at(c.wait)).Abs() > time.Millisecond {
			t.Errorf("%s: wait until %s", c.name, got.until.Sub(epoch()))
		}
	}
}

// TestSimilarUsers: a stranger with the same mailbox, or with the same name and
// created when we may have created one, forbids absence.
func TestSimilarUsers(t *testing.T) {
	c := ledger.Customer{Identity: "jane.doe@example.com", FirstName: "Jane", LastName: "Doe", History: []ledger.Attempt{tried(ledger.Unknown, 0, 30)}}
	user := func(id, identity, name string, second int) User {
		return User{ServiceID: id, Identity: identity, Name: name, CreatedAt: epoch().Add(time.Duration(second) * time.Second)}
	}
	for _, u := range []struct {
		name string
		user User
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
		var sameMailbox, sameName []User
		if u.user.Identity != "" {
			sameMailbox = append(sameMailbox, u.user)
		}
		if u.user.Name == NormalizeName("Jane", "Doe") {
			sameName = append(sameName, u.user)
		}
		owned := func(id string) bool { return id == "owned" }
		if got := HasSimilarUser(c, sameMailbox, sameName, owned, sameClock(), Timing{Settle: 100 * time.Second, RoundTrip: time.Second}); got != u.want {
			t.Errorf("%s: %t", u.name, got)
		}
	}
}
