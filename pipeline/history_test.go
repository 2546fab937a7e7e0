package pipeline

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// This file plays random histories of one person against a model of the
// partner. The model does what the documented API may do: it acts when it
// likes within settle, answers or not, consumes a key or not when it refuses,
// registers it on arrival or on completion, shows users in its list late; others
// create users with the same e-mail and delete them. The
// client is the real decision code; only time and transport are the model's.

// modelUser is a user at the modelled partner.
type modelUser struct {
	id    string
	at    time.Time
	shown time.Time // from when the list has it
	ours  bool
}

// modelPartner is the partner as one person meets it.
type modelPartner struct {
	unique       bool
	atCompletion bool // keys are registered when a request completes
	ttl          time.Duration
	lag          time.Duration
	keys         map[string]time.Time // until when a key is remembered
	users        []modelUser
	late         []lateAct
}

// lateAct is something that takes effect later than its request ended.
type lateAct struct {
	at  time.Time
	key string
}

// model is a partner and a client that meets it.
type model struct {
	*rapid.T
	partner  modelPartner
	now      time.Time
	timing   timing
	timeout  time.Duration
	skew     time.Duration // partner's clock minus ours
	customer ledger.Customer
	details  ledger.Details
	forced   bool // the next send was ordered by hand (--again)
	foreign  bool // somebody else has, or had, a user with this e-mail
	spent    int
	sends    int
	trace    []string
}

func (m *model) note(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf("%6.0fs ", m.now.Sub(epoch()).Seconds())+fmt.Sprintf(format, args...))
}

func epoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// pass lets time go by; what takes effect meanwhile does so in order.
func (m *model) pass(d time.Duration) {
	m.now = m.now.Add(d)
	slices.SortFunc(m.partner.late, func(a, b lateAct) int { return a.at.Compare(b.at) })
	for len(m.partner.late) > 0 && !m.partner.late[0].at.After(m.now) {
		a := m.partner.late[0]
		m.partner.late = m.partner.late[1:]
		if m.partner.atCompletion {
			if m.partner.keys[a.key].After(a.at) {
				continue
			}
			m.partner.keys[a.key] = a.at.Add(m.partner.ttl)
		}
		m.create(a.at)
	}
}

// create makes a user unless the e-mail is known and must be unique.
func (m *model) create(at time.Time) bool {
	if m.partner.unique && len(m.partner.users) > 0 {
		return false
	}
	id := fmt.Sprintf("acme-rain-user-%015d", len(m.partner.users))
	m.partner.users = append(m.partner.users, modelUser{id, at, at.Add(m.partner.lag), true})
	return true
}

// instant is now as the client would note it: by its own clock, which may be
// wrong by an hour; the partner's is known to a second, or not at all.
func (m *model) instant() ledger.Instant {
	at := m.now.Add(-m.skew)
	if m.chance("clock unknown", 5) {
		return ledger.Instant{At: at}
	}
	return ledger.Instant{At: at, Offset: m.skew + m.ms("clock error", -900, 900), Certain: true}
}

func (m *model) ms(label string, low, high int) time.Duration {
	return time.Duration(rapid.IntRange(low, high).Draw(m.T, label)) * time.Millisecond
}

func (m *model) chance(label string, percent int) bool {
	return rapid.IntRange(1, 100).Draw(m.T, label) <= percent
}

// attempt plays one intent, its request and its answer or crash.
func (m *model) attempt() {
	c := &m.customer
	g := nextGeneration(c.History)
	if m.forced {
		g, m.forced = c.History[len(c.History)-1].Generation+1, false
	}
	a := ledger.Attempt{ID: int64(len(c.History) + 1), Generation: g, Key: fmt.Sprint("key", g), Details: m.details, NotBefore: m.instant()}
	m.sends++
	if m.chance("crash before the send", 5) {
		m.pass(m.ms("down", 100, 2_000_000))
		m.spent = 0
		a.Class, a.NotAfter = ledger.Unknown, m.instant()
		m.note("generation %d: killed before the send", g)
		m.after(a)
		return
	}
	m.pass(m.ms("way", 0, 3_000))
	class := m.serve(a.Key)
	if m.chance("crash after the send", 5) {
		m.pass(m.ms("down", 100, 2_000_000))
		m.spent = 0
		class = ledger.Unknown
	}
	a.Class, a.NotAfter = class, m.instant()
	if class == ledger.OKBroken {
		a.Excerpt = []byte(m.partner.users[len(m.partner.users)-1].id)
	}
	if class == ledger.Reject || class == ledger.Unclear {
		a.Code = "REFUSED"
	}
	m.note("generation %d: %s", g, class)
	m.after(a)
}

// serve plays the partner's side of one request and returns what the client sees.
func (m *model) serve(key string) ledger.Class {
	p := &m.partner
	if m.chance("not sent", 3) {
		return ledger.NotSent
	}
	lost := m.chance("answer lost", 25)
	seen := func(c ledger.Class) ledger.Class {
		if lost {
			m.pass(m.ms("until it is given up", 0, int(m.timeout.Milliseconds())))
			return ledger.Unknown
		}
		return c
	}
	if p.keys[key].After(m.now) {
		return seen(ledger.KeyUsed)
	}
	refusals := []ledger.Class{ledger.Busy, ledger.Funds, ledger.Reject, ledger.Unclear, ledger.Auth, ledger.Unknown}
	if m.chance("refused", 35) {
		c := rapid.SampledFrom(refusals).Draw(m.T, "refusal")
		if m.chance("key consumed", 50) {
			p.keys[key] = m.now.Add(p.ttl)
		}
		return seen(c)
	}
	if m.chance("late", 20) {
		// The client gives up first; the act comes within settle of that, the
		// lag of the list included.
		if !p.atCompletion {
			p.keys[key] = m.now.Add(p.ttl)
		}
		m.pass(m.timeout)
		room := m.timing.settle - p.lag
		if p.unique && m.chance("later than settle", 20) {
			room = p.ttl - p.lag // one assumption fails: the key's death is waited for all the same
		}
		p.late = append(p.late, lateAct{m.now.Add(m.ms("late by", 0, int(room.Milliseconds()))), key})
		return ledger.Unknown
	}
	p.keys[key] = m.now.Add(p.ttl)
	if !m.create(m.now) {
		return seen(ledger.DupUser)
	}
	if m.chance("answer broken", 10) {
		return seen(ledger.OKBroken)
	}
	return seen(ledger.OK)
}

// after is the recorder's part.
func (m *model) after(a ledger.Attempt) {
	c := &m.customer
	s := afterAnswer(c.History, a.Class)
	if spends(c.History, a.Class) {
		m.spent++
	}
	c.History = append(c.History, a)
	c.Status = s.status
	if s.status == ledger.Created {
		c.ServiceID = m.partner.users[len(m.partner.users)-1].id
	}
}

// resolve is the resolver's part: one scan and its ruling. It reports whether
// the row may be sent.
func (m *model) resolve() (resend, over bool) {
	c := &m.customer
	m.pass(m.ms("until the scan", 0, 40_000))
	s := sighting{began: m.now.Add(m.ms("clock error", -900, 0)), email: "a@example.com", details: m.details, forced: m.forced, mayResend: m.spent < 5,
		taken:    func(string) bool { return false },
		salvaged: func(b []byte) (string, string) { return string(b), "https://withpersona.com/verify" }}
	for _, u := range m.partner.users {
		if !u.shown.After(m.now) {
			s.users = append(s.users, partner.Listed{ServiceID: u.id, Email: "a@example.com", CreatedAt: u.at})
		}
	}
	r := weigh(c.History, s, m.timing)
	m.note("scan shows %d: ruling %d %s", len(s.users), r.kind, r.code)
	for _, i := range r.absent {
		c.History[i].Absent = true
	}
	switch r.kind {
	case ruleWait:
		m.pass(max(0, r.until.Sub(m.now)))
	case rulePerson, ruleLeave:
		if r.kind == rulePerson {
			c.Status = ledger.InDoubt
		}
		if (r.code == codeBudget || r.kind == ruleLeave) && m.chance("another run", 70) {
			m.spent = 0
			return false, false
		}
		return false, true
	case ruleCreated, ruleMissing:
		c.Status, c.ServiceID = ledger.LinkMissing, r.serviceID
		if r.kind == ruleCreated {
			c.Status = ledger.Created
		}
	case ruleForeign:
		c.Status = ledger.Duplicate
	case ruleRefused:
		c.Status = ledger.Rejected
	case ruleResend:
		m.pass(m.ms("until the send", 0, 30_000))
		return true, false
	}
	return false, false
}

// Invariants 1, 8, 16 and 17, faults 8 to 17 and 20, as far as they are one
// person's.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{T: rt, now: epoch(), timeout: 30 * time.Second, details: ledger.Details("one"),
			customer: ledger.Customer{Status: ledger.Pending}}
		m.partner = modelPartner{unique: m.chance("e-mail unique", 60), atCompletion: m.chance("keys at completion", 30),
			ttl: 5 * time.Minute, lag: m.ms("list lag", 0, 20_000), keys: map[string]time.Time{}}
		m.skew = time.Duration(rapid.SampledFrom([]int{0, 0, 1, -1}).Draw(rt, "skew")) * time.Hour
		m.timing = timing{offset: m.skew, ttl: 5 * time.Minute, settle: 100 * time.Second, roundTrip: time.Second}
		foreign := m.chance("known to the partner before", 10)
		if foreign {
			m.partner.users = append(m.partner.users, modelUser{"acme-rain-user-foreign00000000", m.now.Add(-time.Hour), m.now, false})
		}
		m.foreign = foreign
		m.play()
		m.pass(time.Hour)
		m.judge(m.foreign)
	})
}

// play goes on until the row is settled, or a person must decide.
func (m *model) play() {
	for steps := 0; ; steps++ {
		if steps > 400 {
			m.Fatalf("no end:\n%s", joinLines(m.trace[:50]))
		}
		c := &m.customer
		switch {
		case c.Status == ledger.InDoubt, needsLook(c.History) && (c.Status == ledger.Pending || c.Status == ledger.InsufficientBalance || m.forced):
			resend, over := m.resolve()
			if over {
				return
			}
			if resend {
				m.attempt()
			}
		case m.forced:
			m.attempt()
		case !m.foreign && c.Status != ledger.Created && c.Status != ledger.LinkMissing && m.chance("somebody else creates one", 3):
			m.appear()
		case c.Status == ledger.Duplicate && len(m.partner.users) > 0 && m.chance("it is deleted", 20):
			m.vanish()
		case (c.Status == ledger.Rejected || c.Status == ledger.Duplicate) && m.chance("sent again by hand", 20):
			m.forced = true
			m.spent = 0
		case c.Status == ledger.Pending || c.Status == ledger.InsufficientBalance:
			m.pass(m.ms("until the next send", 0, 400_000))
			m.attempt()
		case c.Status == ledger.Rejected && m.chance("corrected", 30):
			m.details = append(slices.Clone(m.details), 'x')
			c.Status = ledger.Pending
		default:
			return
		}
		if m.sends > 80 {
			return // the partner refuses for ever; nothing is lost by that
		}
	}
}

// appear lets somebody else create a user with this e-mail, while nothing of
// ours can be taken for it: who comes within the window of a request of ours is
// told apart by nobody, and the promise says so (an e-mail belongs to one user).
func (m *model) appear() {
	m.pass(m.ms("before somebody else", 30_000, 400_000))
	m.partner.users = append(m.partner.users, modelUser{"acme-rain-user-foreign00000001", m.now, m.now.Add(m.partner.lag), false})
	m.foreign = true
	m.note("somebody else creates a user")
	m.pass(m.ms("after somebody else", 30_000, 400_000))
}

// vanish deletes the other user: not while a request of ours may still act,
// which that user alone kept from creating anybody.
func (m *model) vanish() {
	m.pass(m.ms("before it is deleted", int(m.partner.ttl.Milliseconds()), 2*int(m.partner.ttl.Milliseconds())))
	m.partner.users = slices.DeleteFunc(m.partner.users, func(u modelUser) bool { return !u.ours })
	m.note("the other user is deleted")
}

// judge holds the end against the truth.
func (m *model) judge(foreign bool) {
	ours := 0
	for _, u := range m.partner.users {
		if u.ours {
			ours++
		}
	}
	status := m.customer.Status
	wrong := ""
	switch {
	case ours > 1:
		wrong = "created twice"
	case (status == ledger.Created || status == ledger.LinkMissing) && ours != 1:
		wrong = "said to be created, and is not"
	case status != ledger.Created && status != ledger.LinkMissing && status != ledger.InDoubt && ours != 0:
		wrong = "created, and said not to be"
	case status == ledger.Duplicate && !foreign:
		wrong = "said to be a duplicate of nobody"
	}
	if wrong != "" {
		m.Fatalf("%s (%s, %d of ours):\n%v", wrong, status, ours, joinLines(m.trace))
	}
}

func joinLines(lines []string) string {
	out := ""
	for _, l := range lines {
		out += l + "\n"
	}
	return out
}
