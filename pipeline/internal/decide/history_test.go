package decide

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file plays random histories of one customer against a model of the
// partner. The model does what the documented API may do: it acts when it
// likes within settle, answers or not, consumes a key or not when it refuses,
// registers it on arrival or on completion; a limiter in front of it turns
// requests away that went through all the same; it refuses in unknown words, and
// may have acted. Its list shows users late, under the clock of another server,
// with whole minutes or none at all, masks e-mails, shows a part of them only;
// others create users with the same e-mail and delete them. The ledger knows
// other users, created before and after. The client is the real decision code;
// only time and transport are the model's.

// modelUser is a user at the modelled partner.
type modelUser struct {
	id     string
	at     time.Time
	shown  time.Time // from when the list has it
	ours   bool
	jitter time.Duration // of its createdAt
}

// oldForeigner is a user whom the partner had before us.
const oldForeigner = "acme-rain-user-foreign00000000"

// modelList is what the partner's list makes of its users.
type modelList struct {
	lag    time.Duration
	clock  time.Duration // of createdAt, against the Date header
	jitter time.Duration // at most, either way
	whole  time.Duration // createdAt is cut to this
	none   bool          // there is no createdAt
	masked bool          // no e-mail is shown as it was sent
	cut    bool          // it shows no user that this ledger created, nor any newer one
}

// shows is how the list shows a user, and whether it does.
func (l modelList) shows(u modelUser, email string, now time.Time) (User, bool) {
	if u.shown.After(now) || l.cut && u.id != oldForeigner {
		return User{}, false
	}
	out := User{ServiceID: u.id, Email: email, Identity: email}
	if l.masked {
		out.Email, out.Identity = "hidden@example.com", "hidden@example.com"
	}
	if !l.none {
		out.CreatedAt = u.at.Add(l.clock + u.jitter)
		if l.whole > 0 {
			out.CreatedAt = out.CreatedAt.Truncate(l.whole)
		}
	}
	return out, true
}

// modelPartner is the partner, as far as it concerns one customer.
type modelPartner struct {
	list         modelList
	unique       bool
	atCompletion bool // keys are registered when a request completes
	ttl          time.Duration
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
	timing   Timing
	timeout  time.Duration
	skew     time.Duration // partner's clock minus ours
	customer ledger.Customer
	details  ledger.Details
	forced   bool // the next send was ordered by hand (--again)
	foreign  bool // another party has, or had, a user with this e-mail
	spent    int
	sends    int
	run      int64
	known    []modelUser   // other users, whom the ledger created
	near     []*Witness    // parallel to them
	every    time.Duration // how far apart they are
	lists    int           // unusable ones in a row
	trace    []string
}

func (m *model) note(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf("%6.0fs ", m.now.Sub(epoch()).Seconds())+fmt.Sprintf(format, args...))
}

func epoch() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// pass lets time go by; what takes effect meanwhile does so in order.
func (m *model) pass(d time.Duration) {
	m.now = m.now.Add(d)
	m.timing.Now = m.now
	m.meet()
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
	m.partner.users = append(m.partner.users, m.user(id, at, true))
	return true
}

// user is one that the list shows as it shows users.
func (m *model) user(id string, at time.Time, ours bool) modelUser {
	l := m.partner.list
	return modelUser{id: id, at: at, shown: at.Add(l.lag), ours: ours,
		jitter: m.ms("jitter", -int(l.jitter.Milliseconds()), int(l.jitter.Milliseconds()))}
}

// meet lets the ledger create the other users that are due by now.
func (m *model) meet() {
	for m.every > 0 && len(m.known) < 200 {
		at := m.known[len(m.known)-1].at.Add(m.every)
		if at.After(m.now) {
			return
		}
		m.befriend(at)
	}
}

// befriend has the ledger create another user.
func (m *model) befriend(at time.Time) {
	n := len(m.known)
	m.known = append(m.known, m.user(fmt.Sprintf("acme-rain-user-known%010d", n), at, false))
	m.near = append(m.near, &Witness{customer: int64(n + 2), Identity: fmt.Sprintf("known%d@example.com", n), ServiceID: m.known[n].id,
		At: at.Add(m.ms("clock error", -900, 900)), ended: at.Add(200 * time.Millisecond), Measures: true})
}

// neighbours are the other users created nearest to the unanswered attempts.
func (m *model) neighbours() (n Witnesses) {
	h := m.customer.History
	from, to := time.Time{}, time.Time{}
	for i, a := range h {
		if IsUnanswered(h, i, m.timing) || i == len(h)-1 {
			if at := a.NotBefore.At.Add(m.skew); from.IsZero() {
				from = at
			}
			to = a.NotBefore.At.Add(m.skew)
		}
	}
	for i, k := range m.near {
		switch at := m.known[i].at; {
		case at.Before(from):
			n.Before = append([]*Witness{k}, n.Before...)
		case at.After(to):
			n.After = append(n.After, k)
		}
	}
	n.Before, n.After = n.Before[:min(len(n.Before), 2*MaxWitnesses)], n.After[:min(len(n.After), 2*MaxWitnesses)]
	return n
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
	g := NextGeneration(c.History)
	if m.forced {
		g, m.forced = ForcedGeneration(c.History), false
	}
	a := ledger.Attempt{ID: int64(len(c.History) + 1), Generation: g, Key: fmt.Sprint("key", g), Details: m.details, NotBefore: m.instant(), Run: m.run}
	m.sends++
	if m.chance("crash before the send", 5) {
		m.crash()
		a.Class, a.NotAfter = ledger.Unknown, m.instant()
		m.note("generation %d: killed before the send", g)
		m.after(a)
		return
	}
	m.pass(m.ms("way", 0, 3_000))
	class := m.serve(a.Key)
	if m.chance("crash after the send", 5) {
		m.crash()
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

// crash ends the run, and begins another one later.
func (m *model) crash() {
	m.pass(m.ms("down", 100, 2_000_000))
	m.restart()
}

func (m *model) restart() {
	m.spent = 0
	m.run++
	m.timing.Run = m.run
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
	if m.chance("turned away by a limiter", 6) {
		if m.chance("and let through all the same", 30) {
			p.keys[key] = m.now.Add(p.ttl)
			m.create(m.now)
		}
		return seen(ledger.Throttled)
	}
	if m.chance("refused in unknown words, and done", 4) {
		p.keys[key] = m.now.Add(p.ttl)
		m.create(m.now)
		return seen(ledger.Unclear)
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
		room := m.timing.Settle - p.list.lag
		if p.unique && m.chance("later than settle", 20) {
			room = p.ttl - p.list.lag // one assumption fails: the key's death is waited for all the same
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
	s := AfterAnswer(c.History, a.Class, m.timing)
	if CountsAsSend(c.History, a.Class) {
		m.spent++
	}
	c.History = append(c.History, a)
	c.Status = s.Status
	if s.Status == ledger.Created {
		c.ServiceID = m.partner.users[len(m.partner.users)-1].id
	}
}

// resolve is the resolver's part: one scan and its resolution. It reports whether
// the row may be sent.
func (m *model) resolve() (resend, over bool) {
	c := &m.customer
	m.pass(m.ms("until the scan", 0, 40_000))
	s := Evidence{Began: m.now.Add(m.ms("clock error", -900, 0)), Email: "a@example.com", Details: m.details, Forced: m.forced, MayResend: m.spent < 5,
		Taken: func(string) bool { return false }, Linked: func(string) bool { return false },
		Salvaged: func(b []byte) (string, string) { return string(b), "https://withpersona.com/verify" }}
	listed := map[string]User{}
	for i, u := range m.known {
		if l, ok := m.partner.list.shows(u, m.near[i].Identity, m.now); ok {
			listed[u.id] = l
		}
	}
	shown := 0
	for _, u := range m.partner.users {
		l, ok := m.partner.list.shows(u, "a@example.com", m.now)
		if ok {
			shown++
		}
		if ok && !m.partner.list.masked {
			s.Users = append(s.Users, l)
		}
	}
	near := m.neighbours()
	s.Clock = Calibrate(CollectMeasures(near, listed))
	s.Absence = ProveAbsence(AbsenceEvidence{Began: s.Began, Near: near, Listed: listed, Empty: len(listed)+shown == 0, Settled: m.timing.SettledAt(c.History)}, m.timing)
	r := WeighEvidence(c.History, s, m.timing)
	m.note("scan shows %d: resolution %d %s", len(s.Users), r.Kind, r.Code)
	for _, i := range r.Absent {
		c.History[i].Absent = true
	}
	if r.Kind != ReadAgain {
		m.lists = 0
	}
	switch r.Kind {
	case WaitLonger:
		m.pass(max(0, r.Until.Sub(m.now)))
	case ReadAgain:
		if m.lists++; m.lists > 6 {
			c.Status = ledger.InDoubt // out of patience
			return false, true
		}
		m.pass(10 * time.Second << m.lists)
	case AskOperator, LeaveAsIs:
		m.forced = false
		if r.Kind == AskOperator {
			c.Status = ledger.InDoubt
		}
		if (r.Code == CodeBudget || r.Kind == LeaveAsIs) && m.chance("another run", 70) {
			m.restart()
			return false, false
		}
		return false, true
	case MarkCreated, MarkLinkMissing:
		c.Status, c.ServiceID = ledger.LinkMissing, r.ServiceID
		m.forced = false
		if r.Kind == MarkCreated {
			c.Status = ledger.Created
		}
	case MarkDuplicate:
		c.Status, m.forced = ledger.Duplicate, false
	case MarkRejected:
		c.Status, m.forced = ledger.Rejected, false
	case SendAgain:
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
			ttl: 5 * time.Minute, list: m.drawList(), keys: map[string]time.Time{}}
		m.skew = time.Duration(rapid.SampledFrom([]int{0, 0, 1, -1}).Draw(rt, "skew")) * time.Hour
		m.run = 1
		m.timing = Timing{Offset: m.skew, TTL: 5 * time.Minute, Settle: 100 * time.Second, Timeout: m.timeout, RoundTrip: time.Second, Run: 1, Now: m.now}
		for n := rapid.SampledFrom([]int{0, 1, 3, 12, 15}).Draw(rt, "known before"); n > 0; n-- {
			m.befriend(m.now.Add(-time.Duration(n) * m.ms("apart", 1_000, 600_000)))
		}
		slices.SortFunc(m.known, func(a, b modelUser) int { return a.at.Compare(b.at) })
		for i, u := range m.known { // numbered in order again
			m.near[i].At, m.near[i].ended = u.at.Add(m.ms("clock error", -900, 900)), u.at.Add(200*time.Millisecond)
			m.near[i].ServiceID = u.id
		}
		if len(m.known) > 0 {
			m.every = m.ms("one every", 0, 60_000)
			m.partner.list.cut = m.partner.unique && m.chance("list cut off", 8) // else two assumptions would fail at once
		}
		foreign := m.chance("known to the partner before", 10)
		if foreign {
			u := m.user(oldForeigner, m.now.Add(-m.ms("known since", 3_600_000, 200_000_000)), false)
			u.shown = u.at
			m.partner.users = append(m.partner.users, u)
		}
		m.foreign = foreign
		m.play()
		m.pass(time.Hour)
		m.judge(m.foreign)
	})
}

// drawList is a list as partners have them.
func (m *model) drawList() modelList {
	l := modelList{lag: m.ms("list lag", 0, 20_000)}
	switch rapid.IntRange(0, 9).Draw(m.T, "clock of createdAt") {
	case 0, 1, 2, 3:
	case 4:
		l.clock = m.ms("createdAt off", -20_000, 20_000)
	case 5:
		l.clock, l.jitter = m.ms("createdAt off", -20_000, 20_000), m.ms("createdAt scatters", 0, 15_000)
	case 6:
		l.whole = time.Minute
	case 7:
		l.clock = time.Duration(rapid.IntRange(-14, 12).Draw(m.T, "zone")) * time.Hour
	case 8:
		l.none = true
	case 9:
		l.jitter = m.ms("createdAt scatters", 0, 4_000)
	}
	l.masked = m.chance("e-mails masked", 5)
	return l
}

// play continues until the row is settled, or an operator must decide.
func (m *model) play() {
	for steps := 0; ; steps++ {
		if steps > 400 {
			m.Fatalf("no end:\n%s", joinLines(m.trace[:50]))
		}
		c := &m.customer
		switch {
		case c.Status == ledger.InDoubt, NeedsList(c.History, m.timing) && (c.Status == ledger.Pending || c.Status == ledger.InsufficientBalance || m.forced):
			resend, over := m.resolve()
			if over {
				return
			}
			if resend {
				m.attempt()
			}
		case m.forced:
			m.attempt()
		case !m.foreign && c.Status != ledger.Created && c.Status != ledger.LinkMissing && m.chance("another party creates one", 3):
			m.appear()
		case c.Status == ledger.Duplicate && len(m.partner.users) > 0 && m.chance("it is deleted", 20):
			m.vanish()
		case (c.Status == ledger.Rejected || c.Status == ledger.Duplicate) && m.chance("sent again by hand", 20):
			m.forced = true
			m.spent = 0
		case c.Status == ledger.Pending || c.Status == ledger.InsufficientBalance:
			m.pass(m.ms("until the next send", 0, 400_000))
			if !NeedsList(c.History, m.timing) { // a limiter's 429 may have lapsed meanwhile
				m.attempt()
			}
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

// appear lets another party create a user with this e-mail, while nothing of
// ours can be mistaken for it: a user that is created within the window of a request
// of ours cannot be distinguished, and the promise says so (an e-mail belongs to one user).
func (m *model) appear() {
	if slices.ContainsFunc(m.customer.History, func(a ledger.Attempt) bool { return a.Class == ledger.Throttled }) {
		m.pass(m.timing.Settle) // it may have gone through, and act until then
	}
	m.pass(m.ms("before another party", 60_000, 900_000))
	m.partner.users = append(m.partner.users, m.user("acme-rain-user-foreign00000001", m.now, false))
	m.foreign = true
	m.note("another party creates a user")
	m.pass(m.ms("after another party", 60_000, 900_000))
}

// vanish deletes the other user: not while a request of ours may still act,
// which created no user only because that one existed.
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
		wrong = "said to be a duplicate of no user"
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
