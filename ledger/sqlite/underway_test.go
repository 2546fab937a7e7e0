package sqlite

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func sampleGroup() []packedIntent {
	return []packedIntent{
		{Intent: ledger.Intent{Expect: ledger.Expect{Customer: 3, Status: ledger.Pending}, Key: "k-1", Details: bytes.Repeat([]byte{9}, 56), Email: "A@b.c", FirstName: "A", LastName: "B",
			At: ledger.Instant{At: time.Unix(1, 5000).UTC(), Offset: -time.Second, Certain: true}}},
		{Intent: ledger.Intent{Expect: ledger.Expect{Customer: 1, Status: ledger.LinkMissing, Intents: 4}, Generation: 7, Removes: "acme-rain-user-1", At: ledger.Instant{At: time.Unix(2, 0).UTC()}}},
		{Intent: ledger.Intent{Expect: ledger.Expect{Customer: 5, Status: ledger.Pending}, Key: "4d860c5a-6ec5-5639-90ef-4eb4f7339518"}, asBefore: true},
	}
}

func TestGroup(t *testing.T) {
	want := sampleGroup()
	data := packGroup(12, want)
	back, err := unpackGroup(100, data)
	if err != nil || len(back) != len(want) {
		t.Fatal(back, err)
	}
	for i, b := range back {
		if !reflect.DeepEqual(*b.pending, want[i]) || b.attempt != 100+int64(i) || b.run != 12 || b.group.left != 3 {
			t.Errorf("%+v", b)
		}
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		if _, err := unpackGroup(1, bad); !errors.Is(err, errChunk) {
			t.Errorf("a flipped bit in byte %d is not noticed", i)
		}
	}
}

// A caller may intend more at once than two bytes can count.
func TestGroupOfMany(t *testing.T) {
	for _, n := range []int{1<<16 - 1, 1 << 16, 1<<16 + 1} {
		back, err := unpackGroup(100, packGroup(12, slices.Repeat(sampleGroup()[2:], n)))
		if err != nil || len(back) != n || back[n-1].attempt != int64(99+n) || back[0].group.left != n {
			t.Errorf("%d intents: %d, %v", n, len(back), err)
		}
	}
}

// FuzzUnpackGroup reads records whose checksum is right.
func FuzzUnpackGroup(f *testing.F) {
	f.Add(bytes.Clone(packGroup(1, sampleGroup())[4:]))
	f.Add([]byte{2, 255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := unpackGroup(1, checked(body))
		if err != nil || len(list) == 0 {
			return
		}
		var intents []packedIntent
		for _, b := range list {
			intents = append(intents, *b.pending)
		}
		again, err := unpackGroup(1, packGroup(list[0].run, intents))
		if err != nil || len(again) != len(list) {
			t.Fatal(len(list), len(again), err)
		}
	})
}

// A group is answered bit by bit, and a change beside it closes nothing: each
// customer's state is right at every step, for readers too, and at the end
// nothing of the group is left.
func TestGroupIsAnsweredBitByBit(t *testing.T) {
	l, b, in, ids := sent(t, 6, 4)
	out := outcomes(in, ids)
	keep := ledger.Change{Expect: out[1].Expect, Status: ledger.InDoubt, Code: "asked", At: time.Now()}
	for step, changes := range [][]ledger.Change{{out[2]}, {keep}, {out[0], out[3]}, {out[1]}} {
		if err := recordAll(t.Context(), l, changes); err != nil {
			t.Fatal(step, err)
		}
		sound(t, l)
		for path, from := range map[string]*Ledger{"here": l, "after a crash": reopen(t, image(t, l))} {
			doubt := len(all(t, from, ledger.Query{Status: []ledger.Status{ledger.InDoubt}}))
			tally, err := from.Tally(t.Context(), ledger.Selection{Batch: b.ID})
			if want := []int{3, 3, 1, 0}[step]; err != nil || doubt != want || tally.Status[ledger.InDoubt] != want || tally.Status[ledger.Pending] != 2 {
				t.Errorf("step %d, %s: %d in doubt, %v %v", step, path, doubt, tally.Status, err)
			}
			sound(t, from)
		}
	}
	var left int
	if err := l.w.one(t.Context(), "SELECT count(*) FROM underway", nil, &left); err != nil || left != 0 {
		t.Errorf("%d groups are left: %v", left, err)
	}
}

// What waits to be indexed is found by whoever asks, and made up for after a crash.
func TestLateEntries(t *testing.T) {
	l, _, in, ids := sent(t, 6, 4)
	out := outcomes(in, ids)
	if err := recordAll(t.Context(), l, out[:3]); err != nil {
		t.Fatal(err)
	}
	if of := l.late.waiting; len(of.services) != 3 || len(of.marks) == 0 {
		t.Fatalf("%d services and %d marks wait", len(of.services), len(of.marks))
	}
	find := func(t *testing.T, l *Ledger) {
		t.Helper()
		found := all(t, l, ledger.Query{ServiceIDs: []string{out[0].ServiceID, out[2].ServiceID, "nobody's"}})
		if len(found) != 2 || found[0].ID != out[0].Customer || found[1].ID != out[2].Customer {
			t.Errorf("%+v", found)
		}
		if n := len(all(t, l, ledger.Query{ServiceIDs: []string{"nobody's"}})); n != 0 {
			t.Errorf("%d have a serviceId that nobody has", n)
		}
	}
	find(t, l)
	crashed := reopen(t, image(t, l))
	find(t, crashed)
	sound(t, crashed)
	byName := func(l *Ledger) int64 {
		reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: "two"})
		if err != nil {
			t.Fatal(err)
		}
		defer reg.Rollback()
		r := crowd(1, "a")[0]
		known, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: "other@example.com", NameText: r.NameText, Fields: r.Fields}})
		if err != nil {
			t.Fatal(err)
		}
		if known[0].ByName == nil {
			return 0
		}
		return known[0].ByName.ID
	}
	for name, l := range map[string]*Ledger{"here": l, "after a crash": crashed} {
		if got := byName(l); got != out[0].Customer {
			t.Errorf("%s: by name %d, want %d", name, got, out[0].Customer)
		}
	}
	for _, how := range []Options{{ReadOnly: true}, {Beside: true}} {
		how.Path, how.Environment = l.path, l.info.Environment
		other, err := Open(t.Context(), how)
		if err != nil {
			t.Fatal(err)
		}
		find(t, other)
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := l.write(t.Context(), l.index); err != nil {
		t.Fatal(err)
	}
	find(t, l)
	sound(t, l)
	if err := recordAll(t.Context(), l, out[3:]); err != nil { // of a group that was begun before the index was written
		t.Fatal(err)
	}
	sound(t, reopen(t, image(t, l)))
}

// A refusal among writes that share a commit undoes itself alone, also when it
// comes last.
func TestRefusalIsItsOwn(t *testing.T) {
	l, _, in, ids := sent(t, 6, 4)
	out := outcomes(in, ids)
	wrong := out[3]
	wrong.Intents = 9
	l.turn <- struct{}{} // so that all three wait, and share a commit
	errs := make([]chan error, 3)
	for i, changes := range [][]ledger.Change{out[:1], {wrong}, out[1:2]} {
		errs[i] = make(chan error, 1)
		go func() { errs[i] <- recordAll(t.Context(), l, changes) }()
	}
	for {
		runtime.Gosched()
		l.queue.mu.Lock()
		n := len(l.queue.list)
		l.queue.mu.Unlock()
		if n == 3 {
			break
		}
	}
	l.leave()
	if a, b, c := <-errs[0], <-errs[1], <-errs[2]; a != nil || !errors.Is(b, ledger.ErrConflict) || c != nil {
		t.Errorf("%v, %v, %v", a, b, c)
	}
	if n := len(all(t, l, ledger.Query{Status: []ledger.Status{ledger.Created}})); n != 2 {
		t.Errorf("%d are created", n)
	}
	sound(t, l)
}
