package sqlite

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// byName is who is known under another e-mail by the name of a row.
func byName(t *testing.T, l *Ledger, r ledger.Row) int64 {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "a look"})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Rollback()
	known, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: "other@example.com", NameText: r.NameText, Fields: r.Fields}})
	if err != nil {
		t.Fatal(err)
	}
	if known[0].ByName == nil {
		return 0
	}
	return known[0].ByName.ID
}

func madeOf(t *testing.T, l *Ledger, batch int64) ledger.Change {
	t.Helper()
	p, err := l.Plan(t.Context(), batch, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	in := intents(p)
	ids, err := l.Intend(t.Context(), 1, in)
	if err != nil {
		t.Fatal(err)
	}
	out := outcomes(in, ids)
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// The newest attempts are those of a person who is forgotten, and a kill comes
// soon after: who was created since is recognised all the same.
func TestNumbersOfForgottenAttempts(t *testing.T) {
	l, _, in, ids := sent(t, 1, 1)
	if err := recordAll(t.Context(), l, outcomes(in, ids)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Forget(t.Context(), []string{in[0].Email}); err != nil {
		t.Fatal(err)
	}
	l = reopen(t, image(t, l))
	rows := crowd(1, "b")
	made := madeOf(t, l, registerAll(t, l, "two", rows).ID)
	if made.Close[0].Attempt <= ids[0] {
		t.Errorf("attempt %d comes after %d", made.Close[0].Attempt, ids[0])
	}
	l = reopen(t, image(t, l))
	if got := byName(t, l, rows[0]); got != made.Customer {
		t.Errorf("by name %d, want %d", got, made.Customer)
	}
}

// Who was refused and went out with a corrected row is recognised by that row,
// also after a kill.
func TestCorrectedRowIsRecognised(t *testing.T) {
	l, _, in, ids := sent(t, 1, 1)
	refused := outcomes(in, ids)
	refused[0].Status, refused[0].ServiceID, refused[0].URL, refused[0].Close[0].Class = ledger.Rejected, "", "", ledger.Reject
	if err := recordAll(t.Context(), l, refused); err != nil {
		t.Fatal(err)
	}
	rows := crowd(1, "a")
	rows[0].NameText = "jane|mended|+14155550123"
	made := madeOf(t, l, registerAll(t, l, "two", rows).ID)
	for name, l := range map[string]*Ledger{"after a kill": reopen(t, image(t, l)), "here": l} {
		if got := byName(t, l, rows[0]); got != made.Customer {
			t.Errorf("%s: by name %d, want %d", name, got, made.Customer)
		}
	}
}

// A person whose request is under way stays who was sent, whatever a new input says.
func TestRegisteredWhileUnderWay(t *testing.T) {
	l, _, in, _ := sent(t, 2, 1)
	before := all(t, l, ledger.Query{IDs: []int64{in[0].Customer}, History: true})[0]
	rows := crowd(1, "a")
	rows[0].SenderID, rows[0].LastName = "another", "Other"
	b := registerAll(t, l, "two", rows)
	before.LastBatch = b.ID
	for name, l := range map[string]*Ledger{"here": l, "backed up": backup(t, l)} {
		got := all(t, l, ledger.Query{IDs: []int64{in[0].Customer}, History: true})[0]
		if name != "here" { // it was opened, which ends the attempt
			got.History = before.History
		}
		if !reflect.DeepEqual(got, before) {
			t.Errorf("%s: %+v, want %+v", name, got, before)
		}
	}
}

func backup(t *testing.T, l *Ledger) *Ledger {
	t.Helper()
	path := t.TempDir() + "/copy.db"
	if err := l.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return reopen(t, path)
}

// Entries go in some at a time: while they do, and after a kill in between, all
// of them are found.
func TestRound(t *testing.T) {
	l, _, in, ids := sent(t, 12, 12)
	l.late.enough = 20
	out := outcomes(in, ids)
	under, of := 0, ""
	for i := range out {
		if err := recordAll(t.Context(), l, out[i:i+1]); err != nil {
			t.Fatal(err)
		}
		if l.late.round.len() > 0 {
			under, of = under+1, fmt.Sprint(l.late.round.in, " of ", l.late.round.len())
		}
		for name, l := range map[string]*Ledger{"here": l, "after a kill": reopen(t, image(t, l)), "backed up": backup(t, l)} {
			for k, past := range out {
				found := all(t, l, ledger.Query{ServiceIDs: []string{past.ServiceID}})
				if nobody, err := l.nobodyHas(t.Context(), ledger.Query{ServiceIDs: []string{past.ServiceID}}); err != nil || nobody != (k > i) {
					t.Errorf("answer %d, %s, round %s: nobody has the serviceId of %d: %t %v", i, name, of, k, nobody, err)
				}
				if (len(found) == 1) != (k <= i) || len(found) > 0 && found[0].ID != past.Customer {
					t.Errorf("answer %d, %s, round %s: %d have the serviceId of %d", i, name, of, len(found), k)
				}
			}
			sound(t, l)
		}
		if i == 8 { // in the middle of a round
			l.queue.put(&writing{do: func(context.Context) error { return ledger.ErrConflict }})
		}
	}
	if under < 3 {
		t.Errorf("a round was under way after %d of %d records: nothing is tested", under, len(out))
	}
}

// Whoever looks for a serviceId and is held up finds who had it when they began,
// whatever goes in meanwhile and is not waiting any more.
func TestLookBeforeARound(t *testing.T) {
	l, _, in, ids := sent(t, 12, 12)
	l.late.enough = 30
	out := outcomes(in, ids)
	made := 0
	for ; l.late.round.len() == 0; made++ {
		if err := recordAll(t.Context(), l, out[made:made+1]); err != nil {
			t.Fatal(err)
		}
	}
	looks := make([]look, made)
	for i := range looks {
		v, end, err := l.lookFor(t.Context(), ledger.Query{ServiceIDs: []string{out[i].ServiceID}})
		if err != nil {
			t.Fatal(err)
		}
		defer end()
		looks[i] = v
	}
	if err := recordAll(t.Context(), l, out[made:made+1]); err != nil { // in the middle of the round
		t.Fatal(err)
	}
	if err := l.write(t.Context(), l.index); err != nil {
		t.Fatal(err)
	}
	if err := l.write(t.Context(), l.index); err != nil {
		t.Fatal(err)
	}
	for i, v := range looks {
		n := 0
		_, err := l.query(t.Context(), v, ledger.Query{ServiceIDs: []string{out[i].ServiceID}}, func(ledger.Customer) bool { n++; return true })
		if err != nil || n != 1 {
			t.Errorf("%d have the serviceId of %d (%v)", n, i, err)
		}
	}
}

// No reader waits for a check pass, whoever asks.
func TestQueryDuringRegistration(t *testing.T) {
	l, _, in, ids := sent(t, 2, 1)
	out := outcomes(in, ids)
	if err := recordAll(t.Context(), l, out); err != nil {
		t.Fatal(err)
	}
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, id := range []string{out[0].ServiceID, "nobody's"} {
		n := 0
		for _, err := range l.Customers(ctx, ledger.Query{ServiceIDs: []string{id}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if want := map[string]int{out[0].ServiceID: 1}[id]; n != want {
			t.Errorf("%d have %s, want %d", n, id, want)
		}
	}
}
