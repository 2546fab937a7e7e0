package pipeline

import (
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
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

// TestWeigh plays evidence on histories. Key life 300 s, settle 100 s, so an
// answer is awaited for 101 s and a key is dead after 300 + 100 + 1 s.
func TestWeigh(t *testing.T) {
	const jane = "jane@example.com"
	listed := func(second int) partner.Listed {
		return partner.Listed{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane, CreatedAt: epoch().Add(time.Duration(second) * time.Second)}
	}
	other := func(u partner.Listed, id, email string) partner.Listed { u.ServiceID, u.Email = id, email; return u }
	lost := []ledger.Attempt{tried(ledger.Unknown, 0, 30)}
	broken := []ledger.Attempt{tried(ledger.OKBroken, 0, 1)}
	broken[0].Excerpt = []byte("acme-rain-user-aaaaaaaaaaaaaaa link")
	busyUsed := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.KeyUsed, 10, 11)}
	for _, c := range []struct {
		name  string
		h     []ledger.Attempt
		began int // of the list
		users []partner.Listed
		want  rulingKind
		code  string
		until int // with ruleWait
	}{
		{"a list begun before settle says nothing", lost, 130, []partner.Listed{listed(1)}, ruleWait, "", 131},
		{"created within the attempt", lost, 131, []partner.Listed{listed(1)}, ruleMissing, "", 0},
		{"created after we gave up, within settle", lost, 131, []partner.Listed{listed(129)}, ruleMissing, "", 0},
		{"clocks and round trip are given some slack", lost, 131, []partner.Listed{listed(-3)}, ruleMissing, "", 0},
		{"older than anything of ours", lost, 131, []partner.Listed{listed(-4)}, ruleForeign, "", 0},
		{"later than the attempt can explain", lost, 500, []partner.Listed{listed(134)}, rulePerson, codeLate, 0},
		{"two users, neither spelt as sent", lost, 131, []partner.Listed{other(listed(1), "x", "JANE@example.com"), other(listed(2), "y", "Jane@example.com")}, rulePerson, codeTwoUsers, 0},
		{"the exact spelling wins", lost, 131, []partner.Listed{other(listed(-100), "x", "JANE@example.com"), listed(1)}, ruleMissing, "", 0},
		{"two users with the exact spelling", lost, 131, []partner.Listed{listed(1), other(listed(2), "x", jane)}, rulePerson, codeTwoUsers, 0},
		{"no creation time", lost, 131, []partner.Listed{{ServiceID: "a", Email: jane}}, rulePerson, codeNoTime, 0},
		{"our clock was never compared", []ledger.Attempt{unclocked(lost[0])}, 131, []partner.Listed{listed(1)}, rulePerson, codeNoTime, 0},
		{"serviceId of another row", lost, 131, []partner.Listed{other(listed(1), "taken", jane)}, rulePerson, codeTaken, 0},
		{"absent, the key alive", lost, 431, nil, ruleWait, "", 431},
		{"absent, the key dead", lost, 432, nil, ruleResend, "", 0},
		{"a broken answer that names the user", broken, 102, []partner.Listed{listed(1)}, ruleCreated, "", 0},
		{"the same with no time in the list", broken, 102, []partner.Listed{{ServiceID: "acme-rain-user-aaaaaaaaaaaaaaa", Email: jane}}, ruleCreated, "", 0},
		{"a broken answer that names another", broken, 102, []partner.Listed{other(listed(1), "b", jane)}, ruleMissing, "", 0},
		{"a used key on the first attempt, by a process before us", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []partner.Listed{listed(-300)}, ruleMissing, "", 0},
		{"older than the key can be", []ledger.Attempt{tried(ledger.KeyUsed, 0, 1)}, 102, []partner.Listed{listed(-364)}, ruleForeign, "", 0},
		{"a used key that a refusal of ours explains as well", busyUsed, 112, []partner.Listed{listed(-20)}, rulePerson, codeLookBack, 0},
		{"used after a refusal, absent: settle is enough", busyUsed, 112, nil, ruleResend, "", 0},
		{"used after something unanswered: the key must be dead", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Busy, 2, 3), tried(ledger.KeyUsed, 10, 11)}, 112, nil, ruleWait, "", 412},
		{"an unknown refusal, absent", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 2, nil, ruleRefused, "ODD", 0},
		{"an unknown refusal, older user", []ledger.Attempt{tried(ledger.Unclear, 0, 1)}, 2, []partner.Listed{listed(-9)}, ruleForeign, "", 0},
		{"an unknown refusal that may mean a used key", []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.Unclear, 2, 3)}, 50, nil, ruleWait, "", 104},
		{"refused twice over", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 404, nil, ruleWait, "", 404},
		{"refused at last, and absent", []ledger.Attempt{tried(ledger.Unknown, 0, 1), tried(ledger.Reject, 2, 3)}, 405, nil, ruleRefused, "ODD", 0},
		{"duplicate after a refusal of ours: somebody later", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []partner.Listed{listed(50)}, ruleForeign, "", 0},
		{"duplicate after a refusal that created after all", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, []partner.Listed{listed(1)}, ruleMissing, "", 0},
		{"duplicate after one that was proved absent: too late for it", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1)), tried(ledger.DupUser, 500, 501)}, 502, []partner.Listed{listed(450)}, rulePerson, codeLate, 0},
		{"duplicate that the list does not show, yet", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 102, nil, ruleWait, "", 202},
		{"duplicate that the list does not show", []ledger.Attempt{tried(ledger.Reject, 0, 1), inGeneration(1, tried(ledger.DupUser, 100, 101))}, 202, nil, rulePerson, codeUnlisted, 0},
		{"closed as absent before a crash: sent on a new list", []ledger.Attempt{gone(tried(ledger.Unknown, 0, 1))}, 1000, nil, ruleResend, "", 0},
	} {
		s := sighting{began: epoch().Add(time.Duration(c.began) * time.Second), users: c.users, email: jane, details: ledger.Details("one"), mayResend: true,
			taken: func(id string) bool { return id == "taken" },
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
	s := sighting{began: epoch().Add(time.Hour), taken: func(string) bool { return false }}
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
