package sqlite

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Folders that grow are moved from page to page. Nothing of those who are
// forgotten stays on the pages where they were (invariant 34).
func TestForgetLeavesNothingBehind(t *testing.T) {
	l := openNew(t)
	b := registerAll(t, l, "one", validRows(1200, "canary"))
	run, err := l.Begin(t.Context(), ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		planned, err := l.Plan(t.Context(), b.ID, 0, b.Rows)
		if err != nil {
			t.Fatal(err)
		}
		random.Shuffle(len(planned), func(i, j int) { planned[i], planned[j] = planned[j], planned[i] })
		for planned = planned[:b.Rows/2]; len(planned) > 0; {
			in := intentsFor(planned[:40])
			ids, err := l.Intend(t.Context(), run, in)
			if err != nil {
				t.Fatal(err)
			}
			out := answersTo(in, ids)
			for i := range out {
				ch := &out[i]
				ch.Status, ch.ServiceID, ch.URL, ch.Message = ledger.Rejected, "", "", strings.Repeat(in[i].LastName, random.IntN(8))
				ch.Close[0].Class = ledger.Reject
			}
			if err := recordAll(t.Context(), l, out); err != nil {
				t.Fatal(err)
			}
			planned = planned[40:]
		}
	}
	var gone []string
	for i, r := range validRows(b.Rows, "canary") {
		if i%3 == 0 {
			gone = append(gone, r.Identity)
		}
	}
	if n, err := l.Forget(t.Context(), gone); n != len(gone) || err != nil {
		t.Fatal(n, err)
	}
	for _, end := range []string{"", "-wal", ".emergency"} {
		file, err := os.ReadFile(l.path + end)
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range gone {
			if name, _, _ := strings.Cut(who, "@"); bytes.Contains(file, []byte(name)) {
				t.Errorf("%s is left in the ledger%s", name, end)
			}
		}
	}
	checkSound(t, l)
}

// No byte of those forgotten is left in any file of the ledger (invariant 34), and
// they are not sent again before they are readmitted.
func TestForget(t *testing.T) {
	l, one, in, ids := newWithIntents(t, 300, 3)
	if err := recordAll(t.Context(), l, answersTo(in, ids)[:2]); err != nil {
		t.Fatal(err)
	}
	run, err := l.Begin(t.Context(), ledger.Run{Batch: one.ID, Started: time.Now()})
	if err == nil {
		err = l.Finish(t.Context(), run, ledger.RunEnd{ExitCode: 3})
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forget(t.Context(), []string{"a00000001@example.com", "a00000002@example.com"}); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("in doubt: %v", err)
	}
	n, err := l.Forget(t.Context(), []string{"a00000000@example.com", "a00000200@example.com", "stranger@example.com"})
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	for _, end := range []string{"", "-wal", ".emergency"} {
		b, err := os.ReadFile(l.path + end)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"a00000000", "a00000200", "stranger", in[0].Key, "acme-rain-user-000000000001"} {
			if bytes.Contains(b, []byte(of)) {
				t.Errorf("%q is left in the ledger%s", of, end)
			}
		}
		if end == "" && !bytes.Contains(b, []byte("a00000201")) {
			t.Error("others are not where they should be")
		}
	}
	again := validRows(2, "a")
	again[1].Identity, again[1].Email = "stranger@example.com", "stranger@example.com"
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
	if err != nil {
		t.Fatal(err)
	}
	k, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: again[0].Identity, SenderID: again[0].SenderID}, {Identity: again[1].Identity}})
	if err != nil {
		t.Fatal(err)
	}
	if !k[0].Forgot || !k[1].Forgot || k[0].Customer.Email != "" || k[0].ByID != nil {
		t.Errorf("sighted: %+v", k)
	}
	if err := reg.Add(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	two, err := reg.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []ledger.Batch{one, two} {
		for r, err := range l.Rows(t.Context(), ledger.Selection{Batch: batch.ID, Only: []ledger.Status{ledger.Forgotten}}) {
			if err != nil || r.Email != "" || r.FirstName != "" || r.Carry != nil || r.Identity != "" {
				t.Errorf("row %d still shows: %+v %v", r.Ordinal, r.Row, err)
			}
		}
	}
	tally, err := l.Tally(t.Context(), ledger.Selection{Batch: two.ID})
	if err != nil || tally.Status[ledger.Forgotten] != 2 {
		t.Errorf("%+v %v", tally, err)
	}
	checkSound(t, l)
	p, err := l.Plan(t.Context(), two.ID, 0, 1)
	var attempts []int64
	if err == nil {
		attempts, err = l.Intend(t.Context(), 1, intentsFor(p))
	}
	if err != nil || attempts[0] != 0 {
		t.Errorf("sent again: %d %v", attempts, err)
	}
	if n, err := l.Readmit(t.Context(), []string{"a00000000@example.com", "nobody@example.com"}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if _, err := l.FindBatch(t.Context(), "two"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("an input that was checked while they were barred need not be checked again: %v", err)
	}
	three := registerAll(t, l, "three", validRows(1, "a"))
	if tally, err := l.Tally(t.Context(), ledger.Selection{Batch: three.ID}); err != nil || tally.Status[ledger.Pending] != 1 {
		t.Errorf("readmitted: %+v %v", tally, err)
	}
	checkSound(t, l)
}

func TestRebind(t *testing.T) {
	l, _, in, ids := newWithIntents(t, 3, 1)
	if err := l.Rebind(t.Context(), "new.host"); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("in doubt: %v", err)
	}
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	if err := l.Rebind(t.Context(), "new.host"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: l.path, Environment: "sandbox", ReadOnly: true}); !errors.Is(err, ledger.ErrEnvironment) {
		t.Errorf("old name: %v", err)
	}
	if v, _, err := l.Fact(t.Context(), "rebound"); err != nil || v != "sandbox -> new.host" {
		t.Errorf("%q %v", v, err)
	}
	checkSound(t, l)
}

// Keys made before and after a ledger moved to another environment are proved and
// shown as they were sent: here, by connections from before, and by later openings.
func TestKeysAfterRebind(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 4, 2)
	out := answersTo(in, ids)
	asRefusal(&out[1], ledger.Rejected, ledger.Reject, 400)
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	reader, concurrent := openWith(t, Options{Path: l.path, ReadOnly: true}), openConcurrent(t, l.path)
	keys := map[int64]string{1: in[0].Key, 2: in[1].Key}
	compare := func(name string, l *Ledger) {
		t.Helper()
		for _, c := range selectCustomers(t, l, ledger.Query{IDs: []int64{1, 2, 3}, History: true}) {
			if c.Key != keys[c.ID] || len(c.History) > 0 && c.History[len(c.History)-1].Key != c.Key {
				t.Errorf("%s: customer %d has the key %q, and %q was sent", name, c.ID, c.Key, keys[c.ID])
			}
		}
		checkSound(t, l)
	}
	everywhere := func(when string) {
		t.Helper()
		compare(when+", here", l)
		compare(when+", a reader from before", reader)
		compare(when+", another process from before", concurrent)
	}
	everywhere("before")
	if err := l.Rebind(t.Context(), "new.host"); err != nil {
		t.Fatal(err)
	}
	everywhere("moved")
	send := func(l *Ledger, customer int64, from int) {
		t.Helper()
		p, err := l.Plan(t.Context(), b.ID, from, 1)
		if err != nil {
			t.Fatal(err)
		}
		in := intentsFor(p)
		in[0].Generation = in[0].Intents // one more after each refusal
		keys[customer] = ledger.Key("new.host", p[0].Customer.Identity, in[0].Generation)
		in[0].Key = keys[customer]
		ids, err := l.Intend(t.Context(), 1, in)
		if err == nil {
			err = recordAll(t.Context(), l, answersTo(in, ids))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	send(l, 2, 1)
	everywhere("sent by the one who moved it")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openWith(t, Options{Path: l.path, Environment: "new.host"})
	send(l, 3, 2)
	everywhere("sent after the next opening")
}

// A row without a customer of its own says that it was forgotten, and nothing stays of a user that was deleted, nor of causes that were counted.
func TestForgetOddRows(t *testing.T) {
	l := openNew(t)
	rows := validRows(2, "a")
	rows[1].Claims, rows[1].Verdict, rows[1].Details = false, ledger.Invalid, nil
	b := registerAll(t, l, "one", rows)
	made := createFirst(t, l, b)
	c := selectCustomers(t, l, ledger.Query{IDs: []int64{made.Customer}})[0]
	doubt := ledger.Change{Expect: ledger.Expect{Customer: c.ID, Status: ledger.Created, Intents: 1}, Status: ledger.Created, At: c.Decided, Code: "OF_ONE"}
	if err := recordAll(t.Context(), l, []ledger.Change{doubt}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ObserveKYC(t.Context(), []ledger.KYCEvent{{ServiceID: "earlier-user", Status: ledger.KYCDenied, At: c.Decided}}); err != nil {
		t.Fatal(err)
	}
	if err := l.w.ExecScript(t.Context(), "UPDATE attempt SET removes = 'earlier-user' WHERE customer = ?", made.Customer); err != nil {
		t.Fatal(err)
	}
	run, err := l.Begin(t.Context(), ledger.Run{Batch: b.ID, Started: time.Now()})
	if err == nil {
		err = l.Finish(t.Context(), run, ledger.RunEnd{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Forget(t.Context(), []string{rows[0].Identity, rows[1].Identity}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	for _, end := range []string{"", "-wal", ".emergency"} {
		file, err := os.ReadFile(l.path + end)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"earlier-user", "OF_ONE", "a0000000"} {
			if bytes.Contains(file, []byte(of)) {
				t.Errorf("%q is left in the ledger%s", of, end)
			}
		}
	}
	tally, err := l.Tally(t.Context(), ledger.Selection{Batch: b.ID})
	if err != nil || tally.Status[ledger.Forgotten] != 2 {
		t.Errorf("%+v %v", tally.Status, err)
	}
	checkSound(t, l)
}
