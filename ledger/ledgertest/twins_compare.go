package ledgertest

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file plays what needs no lock, and compares the twins.

func (w *twins) playRun() {
	run := ledger.Run{Command: "run", Batch: rapid.Int64Range(0, w.batches).Draw(w.T, "batch"), Started: w.nextTime()}
	end := ledger.RunEnd{At: w.now, ExitCode: rapid.SampledFrom([]int{0, 3, 4}).Draw(w.T, "exit")}
	for _, l := range []ledger.Runs{w.m, w.anyWriter()} {
		id, err := l.Begin(w.Context(), run)
		w.must(err)
		if end.ExitCode != 4 {
			w.must(l.Finish(w.Context(), id, end))
		}
	}
}

// playEvents records events of identity checks, here or from another process.
func (w *twins) playEvents() {
	var events []ledger.KYCEvent
	for _, p := range w.drawPeople(1) {
		if _, c := w.findTwins(p); c.ServiceID != "" {
			e := ledger.KYCEvent{ServiceID: c.ServiceID, Status: rapid.SampledFrom(ledger.KYCStatuses()).Draw(w.T, "kyc"), At: w.nextTime()}
			if w.drawChance(50, "link") {
				e.URL = fmt.Sprint("https://verify.test/more/", p, w.now.Unix())
			}
			e.Listed = w.drawChance(30, "listed")
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
	v, ok := w.anyWriter().(ledger.Verification)
	if !ok {
		return
	}
	n, err := v.ObserveKYC(w.Context(), events)
	w.must(err)
	m, err := w.m.ObserveKYC(w.Context(), events)
	w.must(err)
	w.same("news", n, m)
}

// playPairing records what a list says of some customers. It compares who is due and
// who was sent near them.
func (w *twins) playPairing() {
	all := []ledger.Pairing{ledger.NotPaired, ledger.Unconfirmed, ledger.Confirmed, ledger.EmailDiffers, ledger.MixedUp}
	var on, of []ledger.PairingNote
	for _, p := range w.drawPeople(1) {
		in, c := w.findTwins(p)
		note := ledger.PairingNote{ServiceID: c.ServiceID, Pairing: rapid.SampledFrom(all).Draw(w.T, "pairing")}
		note.Customer = c.ID
		of = append(of, note)
		note.Customer = in.ID
		on = append(on, note)
		after := rapid.Bool().Draw(w.T, "after")
		w.same("near", w.readNear(w.l, in, after), w.readNear(w.m, c, after))
	}
	w.must(w.anyWriter().NotePairings(w.Context(), on))
	w.must(w.m.NotePairings(w.Context(), of))
	due := func(l ledger.Ledger) (people []string) {
		for c, err := range l.Customers(w.Context(), ledger.Query{Pairing: ledger.Unconfirmed}) {
			w.must(err)
			people = append(people, c.Identity)
		}
		slices.Sort(people)
		return people
	}
	w.same("due", due(w.l), due(w.m))
}

func (w *twins) readNear(l ledger.Ledger, c ledger.Customer, after bool) (people []string) {
	of := ledger.Near{After: after, N: 3}
	for _, a := range c.History {
		of.Attempt = a.ID
	}
	for c, err := range l.Customers(w.Context(), ledger.Query{Near: &of}) {
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

// isMemory reports whether a reader is the ledger in memory that the other is compared with.
func (w *twins) isMemory(r ledger.Reader) bool { return r == ledger.Reader(w.m) }

// withoutIDs returns a customer without what differs between the two.
func (w *twins) withoutIDs(c ledger.Customer, file bool) ledger.Customer {
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

func (w *twins) describeMatch(k ledger.Match, file bool) string {
	s := fmt.Sprintf("forgot %t, claimed %d, first %v, differs %v", k.Forgot, k.Claimed, k.First, k.Differs)
	for _, c := range []*ledger.Customer{k.Customer, k.ByID, k.ByName} {
		if c == nil {
			s += "\nnobody"
			continue
		}
		p := w.withoutIDs(*c, file)
		p.KYC = ledger.KYC{}
		s += fmt.Sprintf("\n%+v", p)
	}
	return s
}

func (w *twins) readCustomers(from ledger.Reader, q ledger.Query) (out []ledger.Customer) {
	for c, err := range from.Customers(w.Context(), q) {
		w.must(err)
		out = append(out, w.withoutIDs(c, !w.isMemory(from)))
	}
	return out
}

func (w *twins) readRows(from ledger.Reader, s ledger.Selection) (out []ledger.Reported) {
	for r, err := range from.Rows(w.Context(), s) {
		w.must(err)
		if r.Customer = w.withoutIDs(r.Customer, !w.isMemory(from)); !w.isMemory(from) {
			r.Details = ledger.Details(w.details[string(r.Details)])
		}
		out = append(out, r)
	}
	return out
}

// compare compares what a reader shows with the ledger in memory.
func (w *twins) compare() {
	var users []string
	for _, p := range w.people {
		if _, c := w.findTwins(p); c.ServiceID != "" {
			users = append(users, c.ServiceID)
		}
	}
	queries := []ledger.Query{{History: true}, {Newest: 3}, {Batch: w.batches}, {NotBatch: w.batches, History: true}, {Status: []ledger.Status{ledger.InDoubt}}, {Newest: 4, Status: ledger.Statuses()},
		{Status: []ledger.Status{ledger.Created, ledger.LinkMissing, ledger.Forgotten}}, {ServiceIDs: append(users, "nobody's")}, {Identities: w.people[:3], History: true}}
	selections := []ledger.Selection{{All: true}, {Only: []ledger.Status{ledger.InDoubt, ledger.Rejected}}, {Reviewed: true}}
	for b := range w.batches {
		selections = append(selections, ledger.Selection{Batch: b + 1})
	}
	readers := append([]ledger.Ledger{w.l}, w.otherOpenings()...)
	l := readers[rapid.IntRange(0, len(readers)-1).Draw(w.T, "reader")]
	for _, q := range queries {
		w.same(fmt.Sprintf("%+v", q), w.readCustomers(l, q), w.readCustomers(w.m, q))
	}
	for _, s := range selections {
		want := w.readRows(w.m, s)
		w.same(fmt.Sprintf("rows of %+v", s), w.readRows(l, s), want)
		var counted ledger.Tally
		for _, r := range want {
			counted.Count(r)
		}
		got, err := l.Tally(w.Context(), s)
		w.must(err)
		if counted.Status != nil && !reflect.DeepEqual(got, counted) {
			w.Fatalf("tally of %+v: %+v, want %+v", s, got, counted)
		}
	}
	got, err := l.Plan(w.Context(), w.batches, 0, 100)
	w.must(err)
	want, err := w.m.Plan(w.Context(), w.batches, 0, 100)
	w.must(err)
	for i := range got {
		got[i].Customer, want[i].Customer = w.withoutIDs(got[i].Customer, true), w.withoutIDs(want[i].Customer, false)
		got[i].Details = ledger.Details(w.details[string(got[i].Details)])
		got[i].Customer.KYC, want[i].Customer.KYC = ledger.KYC{}, ledger.KYC{} // a plan needs none
	}
	w.same("plan", got, want)
	for _, err := range l.Rows(w.Context(), selections[0]) { // and then no more of it
		w.must(err)
		break
	}
	if v, ok := l.(Verifier); ok {
		found, err := v.Verify(w.Context())
		w.must(err)
		if len(found) > 0 {
			w.Fatal(found)
		}
	}
}
