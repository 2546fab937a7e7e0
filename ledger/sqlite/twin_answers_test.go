package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// decide draws what may become of a person: an answer, evidence, or a person's
// decision, such that the state follows from the attempts.
func (w *twins) decide(person string) (of, on ledger.Change, ok bool) {
	in, c := w.both(w.l, person)
	if c.ID == 0 || in.ID == 0 || c.Status == ledger.Forgotten {
		return of, on, false
	}
	of = ledger.Change{Expect: expect(c), Status: c.Status, Manual: c.Manual, At: w.later()}
	var open *ledger.Attempt
	doubt := false
	for i, a := range c.History {
		switch {
		case a.Class == ledger.Open:
			open = &c.History[i]
		case !a.Absent && slices.Contains([]ledger.Class{ledger.Unknown, ledger.KeyUsed, ledger.OKBroken}, a.Class):
			doubt = true
		}
	}
	user := func() {
		w.users++
		of.ServiceID, of.URL = fmt.Sprintf("acme-user-%s-%d", person, w.users), fmt.Sprintf("https://verify.test/%s/%d", person, w.users)
	}
	end := func(class ledger.Class) {
		of.Close = append(of.Close, ledger.Closing{Attempt: open.ID, Class: class, HTTPStatus: 200 + w.users, Excerpt: []byte("of " + person), NotAfter: w.instant()})
	}
	absent := func() {
		for _, a := range c.History {
			if a.Class != ledger.Open && !a.Absent {
				of.Close = append(of.Close, ledger.Closing{Attempt: a.ID, Absent: true})
			}
		}
	}
	unless := func(s ledger.Status) {
		if of.Status = s; doubt {
			of.Status = ledger.InDoubt
		}
	}
	switch what := rapid.SampledFrom([]string{"ok", "ok", "unknown", "reject", "unsent", "note", "open", "missing"}).Draw(w.T, "answer"); {
	case open != nil && what == "note":
		of.Status, of.Code = ledger.InDoubt, "asked"
	case open != nil && what == "open" || open == nil && what != "ok" && what != "note" && c.Status != ledger.InDoubt:
		return of, on, false
	case open != nil && open.Removes != "" && what == "ok":
		end(ledger.Removed)
		of.Close[0].Absent = true
		absent()
		of.Status = ledger.Pending
	case open != nil && open.Removes != "" && what == "unknown":
		end(ledger.Unknown)
		of.Status = ledger.InDoubt
	case open != nil && open.Removes != "":
		end(ledger.NotRemoved)
		of.Status = ledger.LinkMissing
	case open != nil && what == "ok":
		end(ledger.OK)
		user()
		of.Status = ledger.Created
	case open != nil && what == "reject":
		end(ledger.Reject)
		unless(ledger.Rejected)
		of.Field, of.Code = "firstName", "refused"
	case open != nil && what == "unsent":
		end(ledger.NotSent)
		unless(ledger.Pending)
	case open != nil:
		end(ledger.Unknown)
		of.Status = ledger.InDoubt
	case c.Status == ledger.InDoubt && what == "missing":
		user()
		of.URL, of.Status, of.Manual = "", ledger.LinkMissing, true
	case c.Status == ledger.InDoubt && what == "unsent" && c.ServiceID == "":
		absent()
		of.Status = ledger.Pending
	case c.Status == ledger.InDoubt:
		of.Status, of.Code = ledger.InDoubt, what
	case c.Status == ledger.Created:
		of.URL = fmt.Sprint("https://verify.test/again/", person, w.now.Unix())
	case c.Status == ledger.LinkMissing && c.URL == "":
		of.URL, of.Status, of.Manual = fmt.Sprint("https://verify.test/found/", person), ledger.Created, true
	default: // imported
		user()
		of.Status, of.Manual = ledger.Created, true
	}
	if w.chance(3, "wrong") {
		of.Intents++
	}
	on = of
	on.Customer, on.Close = in.ID, slices.Clone(of.Close)
	for i := range on.Close {
		on.Close[i].Attempt = -1
		for a, b := range w.attempts {
			if b == of.Close[i].Attempt {
				on.Close[i].Attempt = a
			}
		}
	}
	return of, on, !slices.ContainsFunc(on.Close, func(c ledger.Closing) bool { return c.Attempt < 0 })
}

func (w *twins) forget() {
	people := w.pick(1)
	n, err := w.l.Forget(w.ctx, people)
	m, want := w.m.Forget(w.ctx, people)
	if n != m && want == nil || (err == nil) != (want == nil) || err != nil && !errors.Is(err, ledger.ErrConflict) {
		w.Fatalf("forget: %d %v, want %d %v", n, err, m, want)
	}
	if err != nil {
		return
	}
	w.gone = append(w.gone, people...)
	w.noByte()
}

// noByte looks for those who were forgotten (invariant 34).
func (w *twins) noByte() {
	for _, end := range []string{"", "-wal", ".emergency"} {
		b, err := os.ReadFile(w.l.path + end)
		w.must(err)
		for _, p := range w.gone {
			if name, _, _ := strings.Cut(p, "@"); bytes.Contains(b, []byte(name[1:])) { // the first letter is large in some
				w.Errorf("%s is left in the ledger%s", name, end)
			}
		}
	}
}

// here is the ledger, or the one beside it.
func (w *twins) here() *Ledger {
	if w.chance(50, "beside") {
		return w.beside[1]
	}
	return w.l
}

func (w *twins) finish() {
	run := ledger.Run{Command: "run", Batch: rapid.Int64Range(0, w.batches).Draw(w.T, "batch"), Started: w.later()}
	end := ledger.RunEnd{At: w.now, ExitCode: rapid.SampledFrom([]int{0, 3, 4}).Draw(w.T, "exit")}
	for _, l := range []ledger.Runs{w.m, w.here()} {
		id, err := l.Begin(w.ctx, run)
		w.must(err)
		w.runs = id
		if end.ExitCode != 4 {
			w.must(l.Finish(w.ctx, id, end))
		}
	}
}

// observe brings news of a user's identity check, here or beside.
func (w *twins) observe() {
	var events []ledger.KYCEvent
	for _, p := range w.pick(1) {
		if _, c := w.both(w.l, p); c.ServiceID != "" {
			e := ledger.KYCEvent{ServiceID: c.ServiceID, Status: rapid.SampledFrom(ledger.KYCStatuses()).Draw(w.T, "kyc"), At: w.later()}
			if w.chance(50, "link") {
				e.URL = fmt.Sprint("https://verify.test/more/", p, w.now.Unix())
			}
			e.Listed = w.chance(30, "listed")
			switch rapid.IntRange(0, 5).Draw(w.T, "more") {
			case 0:
				e.Reasons = []string{"B", "A"}
			case 1:
				e.Resubmitted, e.RetryCount = true, rapid.IntRange(0, 3).Draw(w.T, "count")
			case 2:
				e.At = e.At.Add(-time.Duration(rapid.IntRange(0, 100).Draw(w.T, "late")) * time.Second)
			}
			events = append(events, e)
		}
	}
	n, err := w.here().ObserveKYC(w.ctx, events)
	w.must(err)
	m, err := w.m.ObserveKYC(w.ctx, events)
	w.must(err)
	w.same("news", n, m)
}

// pair notes what a list says of some people, and compares who is due and who
// was sent near them.
func (w *twins) pair() {
	all := []ledger.Pairing{ledger.NotPaired, ledger.Unconfirmed, ledger.Confirmed, ledger.EmailDiffers, ledger.MixedUp}
	var on, of []ledger.PairingNote
	for _, p := range w.pick(1) {
		in, c := w.both(w.l, p)
		note := ledger.PairingNote{ServiceID: c.ServiceID, Pairing: rapid.SampledFrom(all).Draw(w.T, "pairing")}
		note.Customer = c.ID
		of = append(of, note)
		note.Customer = in.ID
		on = append(on, note)
		after := rapid.Bool().Draw(w.T, "after")
		w.same("near", w.near(w.l, in, after), w.near(w.m, c, after))
	}
	w.must(w.here().NotePairings(w.ctx, on))
	w.must(w.m.NotePairings(w.ctx, of))
	due := func(l ledger.Ledger) (people []string) {
		for c, err := range l.Customers(w.ctx, ledger.Query{Pairing: ledger.Unconfirmed}) {
			w.must(err)
			people = append(people, c.Identity)
		}
		slices.Sort(people)
		return people
	}
	w.same("due", due(w.l), due(w.m))
}

func (w *twins) near(l ledger.Ledger, c ledger.Customer, after bool) (people []string) {
	of := ledger.Near{After: after, N: 3}
	for _, a := range c.History {
		of.Attempt = a.ID
	}
	for c, err := range l.Customers(w.ctx, ledger.Query{Near: &of}) {
		w.must(err)
		people = append(people, c.Identity)
	}
	return people
}

func (w *twins) same(what string, got, want any) {
	if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b {
		w.Helper()
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		at = max(0, at-600)
		w.Fatalf("%s:\n%.1200s\nwant\n%.1200s", what, a[at:], b[at:])
	}
}

// plain is a customer without what differs between the two.
func (w *twins) plain(c ledger.Customer, file bool) ledger.Customer {
	c.ID, c.History = 0, slices.Clone(c.History)
	of := func(d ledger.Details) ledger.Details {
		if file {
			return ledger.Details(w.details[string(d)])
		}
		return d
	}
	c.Details = of(c.Details)
	for i := range c.History {
		a := &c.History[i]
		if a.Details = of(a.Details); file {
			a.ID = w.attempts[a.ID]
		}
	}
	return c
}

func (w *twins) match(k ledger.Match, file bool) string {
	s := fmt.Sprintf("forgot %t, claimed %d, first %v, differs %v", k.Forgot, k.Claimed, k.First, k.Differs)
	for _, c := range []*ledger.Customer{k.Customer} { // see KeepsOldMarks
		if c == nil {
			s += "\nnobody"
			continue
		}
		p := w.plain(*c, file)
		p.KYC = ledger.KYC{}
		s += fmt.Sprintf("\n%+v", p)
	}
	return s
}

func (w *twins) list(from ledger.Reader, q ledger.Query) (out []ledger.Customer) {
	for c, err := range from.Customers(w.ctx, q) {
		w.must(err)
		out = append(out, w.plain(c, from != w.m))
	}
	return out
}

func (w *twins) lines(from ledger.Reader, s ledger.Selection) (out []ledger.Reported) {
	for r, err := range from.Rows(w.ctx, s) {
		w.must(err)
		if r.Customer = w.plain(r.Customer, from != w.m); from != w.m {
			r.Details = ledger.Details(w.details[string(r.Details)])
		}
		out = append(out, r)
	}
	return out
}

// compare holds a reader to what the ledger in memory says.
func (w *twins) compare() {
	var users []string
	for _, p := range w.people {
		if _, c := w.both(w.l, p); c.ServiceID != "" {
			users = append(users, c.ServiceID)
		}
	}
	queries := []ledger.Query{{History: true}, {Newest: 3}, {Batch: w.batches}, {NotBatch: w.batches, History: true}, {Status: []ledger.Status{ledger.InDoubt}}, {Newest: 4, Status: ledger.Statuses()},
		{Status: []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Forgotten}}, {ServiceIDs: append(users, "nobody's")}, {Identities: w.people[:3], History: true}}
	selections := []ledger.Selection{{All: true}, {Only: []ledger.Status{ledger.InDoubt, ledger.Rejected}}}
	for b := range w.batches {
		selections = append(selections, ledger.Selection{Batch: b + 1})
	}
	l := append([]*Ledger{w.l}, w.beside...)[rapid.IntRange(0, 2).Draw(w.T, "reader")]
	for _, q := range queries {
		w.same(fmt.Sprintf("%+v", q), w.list(l, q), w.list(w.m, q))
	}
	for _, s := range selections {
		want := w.lines(w.m, s)
		w.same(fmt.Sprintf("rows of %+v", s), w.lines(l, s), want)
		var counted ledger.Tally
		for _, r := range want {
			counted.Count(r)
		}
		got, err := l.Tally(w.ctx, s)
		w.must(err)
		if counted.Status != nil && !reflect.DeepEqual(got, counted) {
			w.Fatalf("tally of %+v: %+v, want %+v", s, got, counted)
		}
	}
	got, err := l.Plan(w.ctx, w.batches, 0, 100)
	w.must(err)
	want, err := w.m.Plan(w.ctx, w.batches, 0, 100)
	w.must(err)
	for i := range got {
		got[i].Customer, want[i].Customer = w.plain(got[i].Customer, true), w.plain(want[i].Customer, false)
		got[i].Details = ledger.Details(w.details[string(got[i].Details)])
		want[i].Customer.KYC = ledger.KYC{}
	}
	w.same("plan", got, want)
	for range l.Rows(w.ctx, selections[0]) { // and then no more of it
		break
	}
	found, err := l.Verify(w.ctx)
	w.must(err)
	if len(found) > 0 {
		w.Fatal(found)
	}
}
