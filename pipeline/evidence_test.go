package pipeline

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

func asDeleted(u listedUser) listedUser { u.Deleted = true; return u }

// sameClock says that createdAt agrees with the Date header.
func sameClock() calibration {
	return calibrate([]measure{{at: epoch()}, {at: epoch()}, {at: epoch()}})
}

// TestWeigh plays evidence on histories. Key life 300 s, settle 100 s, so an
// answer is awaited for 101 s and a key is dead after 300 + 100 + 1 s.
func TestWeigh(t *testing.T) {
	const jane = "jane@example.com"
	listed := func(second int) listedUser {
		return listedUser{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane, CreatedAt: epoch().Add(time.Duration(second) * time.Second)}
	}
	other := func(u listedUser, id, email string) listedUser { u.ServiceID, u.Email = id, email; return u }
	lost := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	broken := []ledger.Attempt{tried(ledger.OKBroken, 0, 1)}
	broken[0].Excerpt = []byte("acme-rain-user-aaaaaaaaaaaaaaa link")
	busyUsed := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.KeyUsed, 10, 11)}
	busyExists := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.DupUser, 400, 401)}
	for _, c := range []struct {
		name  string
		h     []ledger.Attempt
		began int // of the list
		users []listedUser
		want  rulingKind
		code  string
		until int // with ruleWait
	}{
		{"a list begun before settle says nothing", lost, 130, []listedUser{listed(1)}, ruleWait, "", 131},
		{"created within the attempt", lost, 131, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"created after we gave up, within settle", lost, 131, []listedUser{listed(129)}, ruleMissing, "", 0},
		{"clocks and round trip are given some slack", lost, 131, []listedUser{listed(-3)}, ruleMissing, "", 0},
		{"older than anything of ours, but not by much", lost, 131, []listedUser{listed(-4)}, rulePerson, codeUnproved, 0},
		{"ten minutes older than anything of ours", lost, 131, []listedUser{listed(-604)}, ruleForeign, "", 0},
		{"a deleted user is nobody", lost, 432, []listedUser{asDeleted(listed(1))}, ruleResend, "", 0},
		{"later than the attempt can explain", lost, 500, []listedUser{listed(134)}, rulePerson, codeLate, 0},
		{"two users, neither spelt as sent", lost, 131, []listedUser{other(listed(1), "x", "JANE@example.com"), other(listed(2), "y", "Jane@example.com")}, rulePerson, codeTwoUsers, 0},
		{"the exact spelling wins", lost, 131, []listedUser{other(listed(-100), "x", "JANE@example.com"), listed(1)}, ruleMissing, "", 0},
		{"two users with the exact spelling", lost, 131, []listedUser{listed(1), other(listed(2), "x", jane)}, rulePerson, codeTwoUsers, 0},
		{"no creation time", lost, 131, []listedUser{{ServiceID: "a", Email: jane}}, rulePerson, codeUnproved, 0},
		{"our clock was never compared", []ledger.Attempt{unclocked(lost[0])}, 131, []listedUser{listed(1)}, rulePerson, codeNoTime, 0},
		{"created by a request that was told to wait", busyExists, 410, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"created by a request that was refused for its key", []ledger.Attempt{tried(ledger.Auth, 0, 1), busyExists[1]}, 410, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"long there when we were told to wait", busyExists, 410, []listedUser{listed(-700)}, ruleForeign, "", 0},
		{"there a little before we were told to wait", busyExists, 410, []listedUser{listed(-30)}, rulePerson, codeUnproved, 0},
		{"created by someone else after we were told to wait", busyExists, 410, []listedUser{listed(300)}, ruleForeign, "", 0},
		{"serviceId of another row", lost, 131, []listedUser{other(listed(1), "taken", jane)}, rulePerson, codeTaken, 0},
		{"absent, the key alive", lost, 431, nil, ruleWait, "", 431},
		{"absent, the key dead", lost, 432, nil, ruleResend, "", 0},
		{"a broken answer that names the user", broken, 102, []listedUser{listed(1)}, ruleCreated, "", 0},
		{"the same with no time in the list", broken, 102, []listedUser{{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane}}, ruleCreated, "", 0},
		{"a broken answer that names another", broken, 102, []listedUser{other(listed(1), "b", jane)}, ruleMissing, "", 0},
		{"a used key on the first attempt, by a process before us", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []listedUser{listed(-300)}, ruleMissing, "", 0},
		{"older than the key can be, but not by much", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []listedUser{listed(-364)}, rulePerson, codeUnproved, 0},
		{"older than the key can be", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []listedUser{listed(-964)}, ruleForeign, "", 0},
		{"a used key that a refusal of ours explains as well", busyUsed, 112, []listedUser{listed(-20)}, rulePerson, codeLookBack, 0},
		{"a used key that a limiter's 429 explains as well", []ledger.Attempt{tried(ledger.Throttled, 0, 1), tried(ledger.KeyUsed, 10, 11)}, 112, []listedUser{listed(-20)}, rulePerson, codeLookBack, 0},
		{"used after a refusal, absent: settle is enough", busyUsed, 112, nil, ruleResend, "", 0},
		{"used after something unanswered: the key must be dead", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Busy, 2, 3), tried(ledger.KeyUsed, 10, 11)}, 112, nil, ruleWait, "", 412},
		{"an unknown refusal may have acted: settle is waited for", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 2, nil, ruleWait, "", 102},
		{"an unknown refusal, absent", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, nil, ruleRefused, "ODD", 0},
		{"an unknown refusal that has acted", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"an unknown refusal, older user", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 102, []listedUser{listed(-900)}, ruleForeign, "", 0},
		{"an unknown refusal after an unanswered attempt: the key must be dead", []ledger.Attempt{tried(ledger.Unknown, 0, 1), inGeneration(1, tried(ledger.Unclear, 2, 3))}, 104, nil, ruleWait, "", 404},
		{"an unknown refusal that may mean a used key", []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.Unclear, 2, 3)}, 50, nil, ruleWait, "", 104},
		{"a limiter's 429 of an earlier run, absent, the key alive", []ledger.Attempt{inRun(7, []ledger.Attempt{tried(ledger.Throttled, 0, 1)})[0]}, 102, nil, ruleWait, "", 402},
		{"a limiter's 429 that let the request through", []ledger.Attempt{inRun(7, []ledger.Attempt{tried(ledger.Throttled, 0, 1)})[0]}, 102, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"duplicate after a limiter's 429 that let the request through", []ledger.Attempt{tried(ledger.Throttled, 0, 1), tried(ledger.DupUser, 2, 3)}, 104, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"refused twice over", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 404, nil, ruleWait, "", 404},
		{"refused at last, and absent", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 405, nil, ruleRefused, "ODD", 0},
		{"duplicate after a refusal of ours: somebody later", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []listedUser{listed(50)}, ruleForeign, "", 0},
		{"duplicate after a refusal that created after all", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []listedUser{listed(1)}, ruleMissing, "", 0},
		{"duplicate after one that was proved absent: too late for it", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1)), tried(ledger.DupUser, 500, 501)}, 502, []listedUser{listed(450)}, rulePerson, codeLate, 0},
		{"duplicate that the list does not show, yet", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, nil, ruleWait, "", 202},
		{"duplicate that the list does not show", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 202, nil, rulePerson, codeUnlisted, 0},
		{"closed as absent before a crash: sent on a new list", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1))}, 1000, nil, ruleResend, "", 0},
	} {
		s := sighting{began: epoch().Add(time.Duration(c.began) * time.Second), users: c.users, email: jane, details: ledger.Details("one"), mayResend: true,
			taken: func(id string) bool { return id == "taken" }, linked: func(string) bool { return false },
			clock: sameClock(), absence: absence{kind: absenceProved},
			salvaged: func(b []byte) (string, string) {
				if len(b) == 0 {
					return "", ""
				}
				return "acme-rain-user-aaaaaaaaaaaaaaa", "https://withpersona.com/verify"
			}}
		r := weigh(c.h, s, timing{ttl: 300 * time.Second, settle: 100 * time.Second, roundTrip: time.Second})
		if r.kind != c.want || r.code != c.code {
			t.Errorf("%s: ruling %d %q, want %d %q", c.name, r.kind, r.code, c.want, c.code)
		}
		if until := epoch().Add(time.Duration(c.until) * time.Second); c.want == ruleWait && r.until.Sub(until).Abs() > time.Millisecond {
			t.Errorf("%s: wait until %s, want %s", c.name, r.until, until)
		}
	}
}

func TestWeighWithoutTheRow(t *testing.T) {
	h := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	s := sighting{began: epoch().Add(time.Hour), taken: func(string) bool { return false }, absence: absence{kind: absenceProved}}
	tm := timing{ttl: 300 * time.Second, settle: 100 * time.Second}
	if r := weigh(h, s, tm); r.kind != rulePerson || r.code != codeNotAtHand {
		t.Errorf("without its row: %+v", r)
	}
	s.details = ledger.Details("one")
	if r := weigh(h, s, tm); r.kind != rulePerson || r.code != codeBudget {
		t.Errorf("with its budget spent: %+v", r)
	}
	s.mayResend = true
	for range maxUnanswered {
		h = append(h, gone(tried(ledger.Unknown, 0, 30)))
	}
	if r := weigh(h, s, tm); r.kind != rulePerson || r.code != codeUnanswered {
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
	tm := timing{roundTrip: time.Second}
	for _, c := range []struct {
		name           string
		measures       []measure
		at             time.Duration // of the attempt, after the first measure
		usable         bool
		offset, spread float64 // seconds
	}{
		{"nobody", nil, 0, false, 0, 0},
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
		got := calibrate(c.measures)
		if got.usable(epoch().Add(c.at), tm) != c.usable || got.offset.Seconds() != c.offset || got.spread.Seconds() != c.spread {
			t.Errorf("%s: usable %t, offset %s, spread %s", c.name, !c.usable, got.offset, got.spread)
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
		want     rulingKind
		code     string
	}{
		{"inside", nil, -time.Second, rulePerson, codeUnproved},
		{"a day older", nil, 25 * time.Hour, rulePerson, codeUnproved},
		{"older than any zone explains", nil, 27 * time.Hour, ruleForeign, ""},
		{"a clock that scatters by a day", []measure{{at: epoch()}, {at: epoch(), created: 24 * time.Hour}, {at: epoch(), created: -24 * time.Hour}}, 47 * time.Hour, rulePerson, codeUnproved},
		{"older than twice that", []measure{{at: epoch()}, {at: epoch(), created: 24 * time.Hour}, {at: epoch(), created: -24 * time.Hour}}, 49 * time.Hour, ruleForeign, ""},
	} {
		s := sighting{began: epoch().Add(time.Hour), email: "jane@example.com", taken: func(string) bool { return false }, clock: calibrate(c.measures),
			users: []listedUser{{ServiceID: "s", Email: "jane@example.com", CreatedAt: epoch().Add(-c.age)}}}
		r := weigh(h, s, timing{ttl: 300 * time.Second, settle: 100 * time.Second, roundTrip: time.Second})
		if r.kind != c.want || r.code != c.code {
			t.Errorf("%s: ruling %d %q", c.name, r.kind, r.code)
		}
	}
}

// An operator said that the user exists (ledger resolve), so that no attempt of
// ours explains it: that it is listed after the deletion is enough.
func TestRemovalWithoutAttempts(t *testing.T) {
	now := time.Now()
	h := []ledger.Attempt{{Generation: 1, Class: ledger.Unknown, Removes: "s", NotBefore: ledger.Instant{At: now}, NotAfter: ledger.Instant{At: now}}}
	s := sighting{began: now.Add(time.Hour), users: []listedUser{{ServiceID: "s", Email: "a@example.com"}}, taken: func(string) bool { return false }}
	if r := weigh(h, s, timing{settle: time.Minute}); r.kind != ruleMissing || r.serviceID != "s" {
		t.Errorf("%+v", r)
	}
}
