package decide

import (
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// tried is an attempt from one second to another, counted from epoch.
func tried(class ledger.Class, from, to int) ledger.Attempt {
	at := func(s int) ledger.Instant {
		return ledger.Instant{At: epoch().Add(time.Duration(s) * time.Second), Certain: true}
	}
	return ledger.Attempt{Class: class, NotBefore: at(from), NotAfter: at(to), Details: ledger.Details("one"), Code: "ODD"}
}

func gone(a ledger.Attempt) ledger.Attempt { a.Absent = true; return a }

func inGeneration(g int, a ledger.Attempt) ledger.Attempt { a.Generation = g; return a }

func unclocked(a ledger.Attempt) ledger.Attempt { a.NotBefore.Certain = false; return a }

func asDeleted(u User) User { u.Deleted = true; return u }

// sameClock says that createdAt agrees with the Date header.
func sameClock() Calibration {
	return Calibrate([]measure{{at: epoch()}, {at: epoch()}, {at: epoch()}})
}

// TestWeigh plays evidence on histories. Key life 300 s, settle 100 s, so an
// answer is awaited for 101 s and a key is dead after 300 + 100 + 1 s.
func TestWeigh(t *testing.T) {
	const jane = "jane@example.com"
	listed := func(second int) User {
		return User{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane, CreatedAt: epoch().Add(time.Duration(second) * time.Second)}
	}
	other := func(u User, id, email string) User { u.ServiceID, u.Email = id, email; return u }
	lost := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	broken := []ledger.Attempt{tried(ledger.OKBroken, 0, 1)}
	broken[0].Excerpt = []byte("acme-rain-user-aaaaaaaaaaaaaaa link")
	busyUsed := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.KeyUsed, 10, 11)}
	busyExists := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.DupUser, 400, 401)}
	for _, c := range []struct {
		name  string
		h     []ledger.Attempt
		began int // of the list
		users []User
		want  ResolutionKind
		code  string
		until int // with ruleWait
	}{
		{"a list begun before settle says nothing", lost, 130, []User{listed(1)}, WaitLonger, "", 131},
		{"created within the attempt", lost, 131, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"created after we gave up, within settle", lost, 131, []User{listed(129)}, MarkLinkMissing, "", 0},
		{"clocks and round trip are given some slack", lost, 131, []User{listed(-3)}, MarkLinkMissing, "", 0},
		{"older than anything of ours, but not by much", lost, 131, []User{listed(-4)}, AskOperator, CodeUnproved, 0},
		{"ten minutes older than anything of ours", lost, 131, []User{listed(-604)}, MarkDuplicate, "", 0},
		{"a deleted user does not count", lost, 432, []User{asDeleted(listed(1))}, SendAgain, "", 0},
		{"later than the attempt can explain", lost, 500, []User{listed(134)}, AskOperator, CodeLate, 0},
		{"two users, neither spelt as sent", lost, 131, []User{other(listed(1), "x", "JANE@example.com"), other(listed(2), "y", "Jane@example.com")}, AskOperator, CodeTwoUsers, 0},
		{"the exact spelling wins", lost, 131, []User{other(listed(-100), "x", "JANE@example.com"), listed(1)}, MarkLinkMissing, "", 0},
		{"two users with the exact spelling", lost, 131, []User{listed(1), other(listed(2), "x", jane)}, AskOperator, CodeTwoUsers, 0},
		{"no creation time", lost, 131, []User{{ServiceID: "a", Email: jane}}, AskOperator, CodeUnproved, 0},
		{"our clock was never compared", []ledger.Attempt{unclocked(lost[0])}, 131, []User{listed(1)}, AskOperator, CodeNoTime, 0},
		{"created by a request that was asked to wait", busyExists, 410, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"created by a request that was refused for its key", []ledger.Attempt{tried(ledger.Auth, 0, 1), busyExists[1]}, 410, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"long there when we were asked to wait", busyExists, 410, []User{listed(-700)}, MarkDuplicate, "", 0},
		{"there a little before we were asked to wait", busyExists, 410, []User{listed(-30)}, AskOperator, CodeUnproved, 0},
		{"created by another party after we were asked to wait", busyExists, 410, []User{listed(300)}, MarkDuplicate, "", 0},
		{"serviceId of another row", lost, 131, []User{other(listed(1), "taken", jane)}, AskOperator, CodeTaken, 0},
		{"absent, the key alive", lost, 431, nil, WaitLonger, "", 431},
		{"absent, the key dead", lost, 432, nil, SendAgain, "", 0},
		{"a broken answer that names the user", broken, 102, []User{listed(1)}, MarkCreated, "", 0},
		{"the same with no time in the list", broken, 102, []User{{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane}}, MarkCreated, "", 0},
		{"a broken answer that names another", broken, 102, []User{other(listed(1), "b", jane)}, MarkLinkMissing, "", 0},
		{"a used key on the first attempt, by a process before us", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []User{listed(-300)}, MarkLinkMissing, "", 0},
		{"older than the key can be, but not by much", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []User{listed(-364)}, AskOperator, CodeUnproved, 0},
		{"older than the key can be", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []User{listed(-964)}, MarkDuplicate, "", 0},
		{"a used key that a refusal of ours explains as well", busyUsed, 112, []User{listed(-20)}, AskOperator, CodeLookBack, 0},
		{"a used key that a limiter's 429 explains as well", []ledger.Attempt{tried(ledger.Throttled, 0, 1), tried(ledger.KeyUsed, 10, 11)}, 112, []User{listed(-20)}, AskOperator, CodeLookBack, 0},
		{"used after a refusal, absent: settle is enough", busyUsed, 112, nil, SendAgain, "", 0},
		{"used after something unanswered: the key must be dead", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Busy, 2, 3), tried(ledger.KeyUsed, 10, 11)}, 112, nil, WaitLonger, "", 412},
		{"an unknown refusal may have acted: settle is waited for", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 2, nil, WaitLonger, "", 102},
		{"an unknown refusal, absent", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, nil, MarkRejected, "ODD", 0},
		{"an unknown refusal that has acted", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"an unknown refusal, older user", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, []User{listed(-900)}, MarkDuplicate, "", 0},
		{"an unknown refusal after an unanswered attempt: the key must be dead", []ledger.Attempt{tried(ledger.Unknown, 0, 1), inGeneration(1, tried(ledger.Unclear, 2, 3))}, 104, nil, WaitLonger, "", 404},
		{"an unknown refusal that may mean a used key", []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.Unclear, 2, 3)}, 50, nil, WaitLonger, "", 104},
		{"a limiter's 429 of an earlier run, absent, the key alive", []ledger.Attempt{inRun(7, []ledger.Attempt{tried(ledger.Throttled, 0, 1)})[0]}, 102, nil, WaitLonger, "", 402},
		{"a limiter's 429 that let the request through", []ledger.Attempt{inRun(7, []ledger.Attempt{tried(ledger.Throttled, 0, 1)})[0]}, 102, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"duplicate after a limiter's 429 that let the request through", []ledger.Attempt{tried(ledger.Throttled, 0, 1), tried(ledger.DupUser, 2, 3)}, 104, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"refused twice over", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 404, nil, WaitLonger, "", 404},
		{"refused at last, and absent", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 405, nil, MarkRejected, "ODD", 0},
		{"duplicate after a refusal of ours: another party later", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []User{listed(50)}, MarkDuplicate, "", 0},
		{"duplicate after a refusal that created after all", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []User{listed(1)}, MarkLinkMissing, "", 0},
		{"duplicate after one that was proved absent: too late for it", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1)), tried(ledger.DupUser, 500, 501)}, 502, []User{listed(450)}, AskOperator, CodeLate, 0},
		{"duplicate that the list does not show, yet", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, nil, WaitLonger, "", 202},
		{"duplicate that the list does not show", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 202, nil, AskOperator, CodeUnlisted, 0},
		{"closed as absent before a crash: sent on a new list", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1))}, 1000, nil, SendAgain, "", 0},
	} {
		s := Evidence{Began: epoch().Add(time.Duration(c.began) * time.Second), Users: c.users, Email: jane, Details: ledger.Details("one"), MayResend: true,
			Taken: func(id string) bool { return id == "taken" }, Linked: func(string) bool { return false },
			Clock: sameClock(), Absence: Absence{Kind: AbsenceProved},
			Salvaged: func(b []byte) (string, string) {
				if len(b) == 0 {
					return "", ""
				}
				return "acme-rain-user-aaaaaaaaaaaaaaa", "https://withpersona.com/verify"
			}}
		r := WeighEvidence(c.h, s, Timing{TTL: 300 * time.Second, Settle: 100 * time.Second, RoundTrip: time.Second})
		if r.Kind != c.want || r.Code != c.code {
			t.Errorf("%s: resolution %d %q, want %d %q", c.name, r.Kind, r.Code, c.want, c.code)
		}
		if until := epoch().Add(time.Duration(c.until) * time.Second); c.want == WaitLonger && r.Until.Sub(until).Abs() > time.Millisecond {
			t.Errorf("%s: wait until %s, want %s", c.name, r.Until, until)
		}
	}
}

func TestWeighWithoutTheRow(t *testing.T) {
	h := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	s := Evidence{Began: epoch().Add(time.Hour), Taken: func(string) bool { return false }, Absence: Absence{Kind: AbsenceProved}}
	tm := Timing{TTL: 300 * time.Second, Settle: 100 * time.Second}
	if r := WeighEvidence(h, s, tm); r.Kind != AskOperator || r.Code != CodeNotAtHand {
		t.Errorf("without its row: %+v", r)
	}
	s.Details = ledger.Details("one")
	if r := WeighEvidence(h, s, tm); r.Kind != AskOperator || r.Code != CodeBudget {
		t.Errorf("with its budget spent: %+v", r)
	}
	s.MayResend = true
	for range maxUnanswered {
		h = append(h, gone(tried(ledger.Unknown, 0, 30)))
	}
	if r := WeighEvidence(h, s, tm); r.Kind != AskOperator || r.Code != CodeUnanswered {
		t.Errorf("after %d unanswered attempts: %+v", maxUnanswered+1, r)
	}
}

// TestCalibration: three users at least, none far from the others, and near in
// time where the clocks are far apart.
func TestCalibration(t *testing.T) {
	of := func(seconds ...float64) (all []measure) {
		for i, s := range seconds {
			all = append(all, measure{at: epoch().Add(time.Duration(i) * time.Minute), created: time.Duration(s * float64(time.Second))})
		}
		return all
	}
	tm := Timing{RoundTrip: time.Second}
	for _, c := range []struct {
		name           string
		measures       []measure
		at             time.Duration // of the attempt, after the first measure
		usable         bool
		offset, spread float64 // seconds
	}{
		{"no user", nil, 0, false, 0, 0},
		{"two", of(1, 1), 0, false, 0, 0},
		{"three that agree", of(0.2, 0.1, 0.3), 0, true, 0.2, 0.1},
		{"a small offset counts for ever", of(3, 3, 3), 1000 * time.Hour, true, 3, 0},
		{"a large one for a day", of(9, 9, 9), 23 * time.Hour, true, 9, 0},
		{"and not for two", of(9, 9, 9), 48 * time.Hour, false, 9, 0},
		{"hours, by another zone", of(-18000, -18000, -18000), time.Minute, true, -18000, 0},
		{"far apart", of(-1, -59, -30), 0, false, -30, 29},
		{"whole minutes that seem to agree", []measure{{coarse: true}, {coarse: true}, {coarse: true}}, 0, false, 0, 60},
		{"one that is far from nine others", of(0, 0, 0, 0, 0, 0, 0, 0, 0, 40), 0, true, 0, 0},
		{"one that is far from eight others", of(0, 0, 0, 0, 0, 0, 0, 0, 40), 0, false, 0, 40},
	} {
		got := Calibrate(c.measures)
		if got.IsUsable(epoch().Add(c.at), tm) != c.usable || got.Offset.Seconds() != c.offset || got.Spread.Seconds() != c.spread {
			t.Errorf("%s: usable %t, offset %s, spread %s", c.name, !c.usable, got.Offset, got.Spread)
		}
	}
}

// Where createdAt cannot be compared nothing is ours by it, and a user is
// someone else's only if older by more than clocks and zones can explain.
func TestWeighUncalibrated(t *testing.T) {
	h := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	for _, c := range []struct {
		name     string
		measures []measure
		age      time.Duration
		want     ResolutionKind
		code     string
	}{
		{"inside", nil, -time.Second, AskOperator, CodeUnproved},
		{"a day older", nil, 25 * time.Hour, AskOperator, CodeUnproved},
		{"older than any zone explains", nil, 27 * time.Hour, MarkDuplicate, ""},
		{"a clock that scatters by a day", []measure{{at: epoch()}, {at: epoch(), created: 24 * time.Hour}, {at: epoch(), created: -24 * time.Hour}}, 47 * time.Hour, AskOperator, CodeUnproved},
		{"older than twice that", []measure{{at: epoch()}, {at: epoch(), created: 24 * time.Hour}, {at: epoch(), created: -24 * time.Hour}}, 49 * time.Hour, MarkDuplicate, ""},
	} {
		s := Evidence{Began: epoch().Add(time.Hour), Email: "jane@example.com", Taken: func(string) bool { return false }, Clock: Calibrate(c.measures),
			Users: []User{{ServiceID: "s", Email: "jane@example.com", CreatedAt: epoch().Add(-c.age)}}}
		r := WeighEvidence(h, s, Timing{TTL: 300 * time.Second, Settle: 100 * time.Second, RoundTrip: time.Second})
		if r.Kind != c.want || r.Code != c.code {
			t.Errorf("%s: resolution %d %q", c.name, r.Kind, r.Code)
		}
	}
}

// An operator said that the user exists (ledger resolve), so that no attempt of
// ours explains it: that it is listed after the deletion is enough.
func TestRemovalWithoutAttempts(t *testing.T) {
	now := time.Now()
	h := []ledger.Attempt{{Generation: 1, Class: ledger.Unknown, Removes: "s", NotBefore: ledger.Instant{At: now}, NotAfter: ledger.Instant{At: now}}}
	s := Evidence{Began: now.Add(time.Hour), Users: []User{{ServiceID: "s", Email: "a@example.com"}}, Taken: func(string) bool { return false }}
	if r := WeighEvidence(h, s, Timing{Settle: time.Minute}); r.Kind != MarkLinkMissing || r.ServiceID != "s" {
		t.Errorf("%+v", r)
	}
}
