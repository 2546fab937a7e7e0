package sqlite

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestSieve: what was added is never denied, and of what was not next to nothing
// is let through.
func TestSieve(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sieve
		if s.has(rapid.Uint64().Draw(t, "hash")) {
			t.Fatal("an empty sieve has something")
		}
		parts := rapid.SliceOfN(rapid.SliceOfN(rapid.Uint64(), 0, 300), 1, 5).Draw(t, "parts")
		for _, p := range parts {
			s.add(p)
		}
		for _, p := range parts {
			for _, h := range p {
				if !s.has(h) {
					t.Fatalf("%x was added and is denied", h)
				}
			}
		}
	})
	var s sieve
	for i := range uint64(11_000) { // one at a time, and not a part for each
		s.add([]uint64{i * 0x9e3779b97f4a7c15})
	}
	if len(s.parts) != 1 {
		t.Errorf("%d parts", len(s.parts))
	}
	wrong := 0
	for i := uint64(11_000); i < 111_000; i++ {
		if s.has(i * 0x9e3779b97f4a7c15) {
			wrong++
		}
	}
	if wrong > 100 { // 25 are to be expected
		t.Errorf("%d of 100,000 are let through", wrong)
	}
}

// TestNobodyHas: who has a serviceId is found while it waits, once it is in the
// table, after the next opening, and when another process has written it.
func TestNobodyHas(t *testing.T) {
	l, _, in, ids := sent(t, 5, 5)
	changes := outcomes(in, ids)
	if err := recordAll(t.Context(), l, changes[:3]); err != nil {
		t.Fatal(err)
	}
	check := func(l *Ledger, when string, others ...string) {
		t.Helper()
		for id, want := range map[string]bool{
			changes[0].ServiceID: false, changes[2].ServiceID: false, "": true, "nobodys": true, changes[4].ServiceID: true,
		} {
			if got, err := l.nobodyHas(t.Context(), ledger.Query{ServiceIDs: []string{id}}); err != nil || got != want {
				t.Errorf("%s: nobody has %q: %t, want %t (%v)", when, id, got, want, err)
			}
		}
		for _, id := range others {
			if got, err := l.nobodyHas(t.Context(), ledger.Query{ServiceIDs: []string{"nobodys", id}}); err != nil || got {
				t.Errorf("%s: nobody has %q (%v)", when, id, err)
			}
		}
	}
	check(l, "waiting")
	if err := l.write(t.Context(), l.index); err != nil {
		t.Fatal(err)
	}
	check(l, "in the table")
	if !l.late.all {
		t.Error("the sieve is not used: nobody else has written")
	}
	for i := range 2 {
		other := fmt.Sprintf("another's %d", i)
		err := once(t.Context(), l.path, modeBeside, func(v *view) error {
			return v.run(context.Background(), "INSERT INTO services VALUES (?, 1)", other)
		})
		if err != nil {
			t.Fatal(err)
		}
		check(l, "written by another", other)
		if err := l.Learn(t.Context(), "a", "b", l.now()); err != nil { // a write of ours, which learns of theirs
			t.Fatal(err)
		}
		check(l, "written by another before", other)
	}
	check(reopen(t, image(t, l)), "opened again", "another's 0", "another's 1")
}
