package ledgertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file draws what is done to the twins.

// playRegister adds an input in which names and numbers are shared and change.
func (w *twins) playRegister(back bool) {
	print := fmt.Sprint("input ", w.now)
	on, err := w.l.Register(w.Context(), ledger.Batch{Fingerprint: print, Registered: w.nextTime()})
	w.must(err)
	defer func() { w.must(on.Rollback()) }() // nothing, but after a failure
	of, err := w.m.Register(w.Context(), ledger.Batch{Fingerprint: print, Registered: w.now})
	w.must(err)
	ordinal := 0
	claimed := map[string]int{} // the ordinal + 1
	invalid := map[string][]int{}
	for _, part := range rapid.SliceOfN(rapid.SliceOfNDistinct(rapid.SampledFrom(w.people), 1, 12, rapid.ID[string]), 1, 3).Draw(w.T, "rows") {
		var rows []ledger.Row
		var keys []ledger.LookupKey
		for _, p := range part {
			name := rapid.SampledFrom([]string{"Ames", "Boyd", "Cole"}).Draw(w.T, "name")
			number := rapid.SampledFrom([]string{"", "n1", "n2", "n3"}).Draw(w.T, "number")
			r := ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Line: ordinal + 2, Identity: p, Email: p, FirstName: "J", LastName: name, SenderID: number,
				NameText: name, Carry: []string{"of " + p}, Recall: p, Repeats: -1, Details: namedDetails("J", name, "+1", "payroll"), Claims: true}
			switch {
			case w.drawChance(25, "invalid"):
				r.Claims, r.Verdict, r.Details, r.Repeats = false, ledger.Invalid, nil, claimed[p]-1
				r.Findings = []ledger.Finding{{Field: "phoneNumber", Code: "phone_invalid"}}
				if claimed[p] == 0 {
					invalid[p] = append(invalid[p], ordinal)
				}
			case claimed[p] > 0:
				r.Claims, r.Verdict, r.Repeats = false, ledger.DuplicateInInput, claimed[p]-1
				r.Findings = []ledger.Finding{{Field: "email", Code: "duplicate_in_input"}}
			}
			if r.Claims {
				claimed[p] = ordinal + 1
			}
			rows = append(rows, r)
			keys = append(keys, ledger.LookupKey{Identity: p, SenderID: number, NameText: name, Details: r.Details})
			w.details[string(w.l.Digest(r.Details))] = string(w.m.Digest(r.Details))
			ordinal++
		}
		a, err := on.Lookup(w.Context(), keys)
		w.must(err)
		b, err := of.Lookup(w.Context(), keys)
		w.must(err)
		for i := range a {
			w.same("match", w.describeMatch(a[i], true), w.describeMatch(b[i], false))
		}
		w.must(on.Add(w.Context(), rows))
		w.must(of.Add(w.Context(), rows))
	}
	var notes []ledger.RowNote
	for p, at := range invalid {
		for _, ordinal := range at {
			notes = append(notes, ledger.RowNote{Ordinal: ordinal, Repeats: claimed[p] - 1, Finding: ledger.Finding{Field: "email", Code: "shared", Warning: true}})
		}
	}
	slices.SortFunc(notes, func(a, b ledger.RowNote) int { return a.Ordinal - b.Ordinal })
	w.must(on.AddNotes(w.Context(), notes))
	w.must(of.AddNotes(w.Context(), notes))
	if len(w.readCustomers(w.l, ledger.Query{ServiceIDs: []string{"nobody's"}})) > 0 { // during the registration
		w.Error("an unknown serviceId was found")
	}
	if back {
		w.must(errors.Join(on.Rollback(), of.Rollback()))
		return
	}
	a, err := on.Commit(w.Context())
	w.must(err)
	b, err := of.Commit(w.Context())
	w.must(err)
	w.batches = b.ID
	w.same("batch", a, b)
}

// drawIntent draws an intent for a customer in both ledgers, if one is possible.
func (w *twins) drawIntent(email string) (on, of ledger.Intent, ok bool) {
	in, c := w.findTwins(email)
	final := c.Status == ledger.Created || c.Status == ledger.Forgotten
	if c.ID == 0 || in.ID == 0 || final && !w.drawChance(4, "once more") || slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open }) && !w.drawChance(4, "a second request") {
		return on, of, false
	}
	generation, highest := c.Generation, c.Generation
	for _, a := range c.History {
		highest = max(highest, a.Generation)
	}
	if !slices.ContainsFunc(c.History, isUnanswered) {
		generation = highest + rapid.IntRange(0, 1).Draw(w.T, "generation")
	}
	of = ledger.Intent{Expect: expect(c), Generation: generation, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: w.drawInstant()}
	of.Key = ledger.Key("sandbox", c.Identity, of.Generation)
	of.Details = c.Details
	for here, there := range w.details { // those of in may be older: a write may wait
		if there == string(c.Details) {
			on.Details = ledger.Details(here)
		}
	}
	// What is sent need not be what the ledger has of the customer.
	switch rapid.IntRange(0, 15).Draw(w.T, "corrected") {
	case 0:
		of.Email = "Canary" + strings.TrimPrefix(of.Email, "canary")
	case 1:
		of.FirstName += "j"
	case 2:
		of.LastName = "Dunn"
	case 3:
		details := namedDetails("J", "Dunn", "+2", "payroll")
		of.Details, on.Details = w.m.Digest(details), w.l.Digest(details)
		w.details[string(on.Details)] = string(of.Details)
	}
	if c.Status == ledger.LinkMissing || c.Status == ledger.Created && w.drawChance(30, "renewal") {
		of = ledger.Intent{Expect: of.Expect, Generation: highest + 1, Removes: c.ServiceID, At: of.At}
		on.Details = nil
	}
	if w.drawChance(3, "wrong") {
		of.Intents++
	}
	details := on.Details
	on = of
	on.Customer, on.Details = in.ID, details
	return on, of, true
}

// isUnanswered reports whether nothing was learnt of an attempt that is closed.
func isUnanswered(a ledger.Attempt) bool {
	return !a.Absent && slices.Contains([]ledger.Class{ledger.Unknown, ledger.KeyUsed, ledger.OKBroken}, a.Class)
}

// drawChange draws what may become of a customer: an answer, evidence, or an
// operator's decision, such that the state follows from the attempts.
func (w *twins) drawChange(email string) (of, on ledger.Change, ok bool) {
	in, c := w.findTwins(email)
	if c.ID == 0 || in.ID == 0 || c.Status == ledger.Forgotten {
		return of, on, false
	}
	of = ledger.Change{Expect: expect(c), Status: c.Status, Manual: c.Manual, At: w.nextTime()}
	var open *ledger.Attempt
	doubt := false
	for i, a := range c.History {
		switch {
		case a.Class == ledger.Open:
			open = &c.History[i]
		case isUnanswered(a):
			doubt = true
		}
	}
	user := func() {
		w.users++
		of.ServiceID, of.URL = fmt.Sprintf("acme-user-%s-%d", email, w.users), fmt.Sprintf("https://verify.test/%s/%d", email, w.users)
	}
	end := func(class ledger.Class) {
		of.Close = append(of.Close, ledger.Closing{Attempt: open.ID, Class: class, HTTPStatus: 200 + w.users, Excerpt: []byte("of " + email), NotAfter: w.drawInstant()})
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
		if of.Status = ledger.LinkMissing; c.URL != "" {
			of.Status = ledger.Created
		}
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
		if w.drawChance(50, "nothing was heard") {
			of.Close[0].HTTPStatus, of.Close[0].Excerpt = 0, nil
		}
	case c.Status == ledger.InDoubt && what == "missing":
		user()
		of.URL, of.Status, of.Manual = "", ledger.LinkMissing, true
		for _, x := range w.delayed { // the one whose answer is still to come
			if x.of.Customer == c.ID && x.of.ServiceID != "" {
				of.ServiceID = x.of.ServiceID
			}
		}
	case c.Status == ledger.InDoubt && what == "unsent" && c.ServiceID == "":
		absent()
		of.Status = ledger.Pending
	case c.Status == ledger.InDoubt:
		of.Status, of.Code = ledger.InDoubt, what
	case c.Status == ledger.Created:
		of.URL = fmt.Sprint("https://verify.test/again/", email, w.now.Unix())
	case c.Status == ledger.LinkMissing && c.URL == "":
		of.URL, of.Status, of.Manual = fmt.Sprint("https://verify.test/found/", email), ledger.Created, true
	default: // imported
		user()
		of.Status, of.Manual = ledger.Created, true
	}
	if w.drawChance(3, "wrong") {
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
