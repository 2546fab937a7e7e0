package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/keyed"
)

func email(prefix string, n int) string { return fmt.Sprintf("%s%08d@example.com", prefix, n) }

// trodden is a ledger with everything in it that may lead astray: people in
// several lists, rows that came before their customer, forgotten and readmitted
// people, and a list of which records are missing.
func trodden(t *testing.T) *Ledger {
	t.Helper()
	l := openNew(t)
	first := crowd(700, "a")
	for _, n := range []int{3, 4, 5, 130} { // unknown when they were met
		first[n].Claims, first[n].Verdict = false, ledger.Invalid
	}
	registerAll(t, l, "a", first)
	second := crowd(400, "b")
	for i := 100; i < 300; i++ { // the same people in another order
		r := crowd(700, "a")[3*i-300]
		r.Ordinal = i
		second[i] = r
	}
	registerAll(t, l, "b", second)
	later := crowd(512, "a")[3*chunkRows:]
	for i := range later {
		later[i].Ordinal = i
	}
	registerAll(t, l, "c", later)
	_, err := l.Forget(t.Context(), []string{email("a", 6), email("a", 4), email("a", 255), email("b", 7), email("z", 1)})
	if err == nil {
		_, err = l.Readmit(t.Context(), []string{email("a", 255), email("b", 7), email("z", 1)})
	}
	if err == nil {
		err = l.write(t.Context(), func(ctx context.Context) error {
			return l.w.do(ctx, "DELETE FROM chunks WHERE id = ?", chunkID(1, 3*chunkRows)) // as Prune does: they all stand in a later list
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	third := crowd(12, "z")
	third[11].Identity, third[11].Email = email("a", 255), email("a", 255)
	registerAll(t, l, "z", third)
	return l
}

// Whatever the order of a list, people are found as the index has them. It is
// twenty lists; more with -rapid.checks=3000.
func TestTrailsLeadWhereTheIndexDoes(t *testing.T) {
	l := trodden(t)
	fewChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		reg, err := l.Register(context.Background(), ledger.Batch{Fingerprint: "drawn"})
		if err != nil {
			t.Fatal(err)
		}
		r := reg.(*registration)
		defer func() {
			if err := reg.Rollback(); err != nil {
				t.Error(err)
			}
		}()
		var list []string
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			list = append(list, stretch(t)...)
		}
		size := rapid.SampledFrom([]int{1, 7, 64, 256}).Draw(t, "rows of a call")
		for part := range slices.Chunk(list, size) {
			sightAndAdd(t, r, part)
		}
	})
}

// stretch draws a stretch of a list: one person after another, with steps,
// backwards, shuffled, with newcomers, or with two lists row by row.
func stretch(t *rapid.T) (out []string) {
	of := rapid.SampledFrom([]string{"a", "b", "z", "new"}).Draw(t, "list")
	from, n, step := rapid.IntRange(0, 690).Draw(t, "from"), rapid.IntRange(1, 300).Draw(t, "people"), rapid.SampledFrom([]int{1, 1, 1, 2, 5, 40, -1}).Draw(t, "step")
	how := rapid.SampledFrom([]string{"", "", "shuffled", "newcomers", "two", "repeats", "nameless"}).Draw(t, "how")
	for i := range n {
		out = append(out, email(of, from+i*step))
		switch {
		case how == "newcomers" && i%5 == 0:
			out = append(out, email("new", i))
		case how == "two":
			out = append(out, email("b", i))
		case how == "repeats" && i%9 == 0:
			out = append(out, out[len(out)/2])
		case how == "nameless" && i%9 == 0:
			out = append(out, "")
		}
	}
	if how == "shuffled" {
		out = rapid.Permutation(out).Draw(t, "order")
	}
	return out
}

// sightAndAdd registers people and compares what they were found to be with the index.
func sightAndAdd(t rapid.TB, r *registration, people []string) {
	s := make([]ledger.LookupKey, len(people))
	for i, p := range people {
		s[i] = ledger.LookupKey{Identity: p}
	}
	known, err := r.Lookup(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]ledger.Row, len(people))
	claimed := map[string]bool{}
	for i, p := range people {
		d := r.l.keys.Identity(p)
		found := map[keyed.Digest]int64{}
		if err := r.l.w.identities(context.Background(), []keyed.Digest{d}, found); err != nil {
			t.Fatal(err)
		}
		if got := r.sighted[i].customer; got != found[d] {
			t.Fatalf("%q leads to customer %d, in the index to %d", p, got, found[d])
		}
		k := known[i]
		if (k.Customer != nil) != (found[d] != 0) || k.Customer != nil && k.Customer.ID != found[d] || k.Customer != nil && !k.Forgot && k.Customer.Identity != p {
			t.Fatalf("%q is customer %+v, in the index %d", p, k.Customer, found[d])
		}
		rows[i] = ledger.Row{Ordinal: r.batch.Rows + i, Identity: p, Email: p, Claims: p != "" && k.Claimed < 0 && !claimed[p], Repeats: -1}
		claimed[p] = true
	}
	if err := r.Add(context.Background(), rows); err != nil {
		t.Fatal(err)
	}
}

// A list that is mostly in the order of before asks the index for few: for
// those it begins with, and for what is new or lay too far away.
func TestTrailsAreFollowed(t *testing.T) {
	const n = 2000
	l := openNew(t)
	registerAll(t, l, "a", crowd(n, "a"))
	registerAll(t, l, "b", crowd(n, "b"))
	old := func(prefix string, keep func(int) bool) (out []string) {
		for i := range n {
			if keep(i) {
				out = append(out, email(prefix, i))
			}
		}
		return out
	}
	all := func(int) bool { return true }
	a, b := old("a", all), old("b", all)
	var grown, swapped, two []string
	for i, p := range a {
		if grown = append(grown, p); i%50 == 0 {
			grown = append(grown, email("new", i))
		}
		swapped = append(swapped, a[i^1])
		two = append(two, p, b[i])
	}
	for _, c := range []struct {
		name  string
		list  []string
		asked int
	}{
		{"the same", a, 256},
		{"new people between", grown, 256 + n/50},
		{"people gone", old("a", func(i int) bool { return i%7 != 3 && i%100 > 9 }), 256},
		{"neighbours changed places", swapped, 256},
		{"a half moved", append(slices.Clone(a[n/2:]), a[:n/2]...), 3 * 256},
		{"two lists row by row", two, 2 * 256},
		{"two lists one after the other", append(slices.Clone(a), b...), 3 * 256},
	} {
		r, asked := underRegistration(t, l, c.name), 0
		for part := range slices.Chunk(c.list, 256) {
			sightAndAdd(t, r, part)
			for _, s := range r.sighted {
				if s.asked {
					asked++
				}
			}
		}
		if asked > c.asked {
			t.Errorf("%s: the index was asked for %d of %d people, want at most %d", c.name, asked, len(c.list), c.asked)
		}
		if err := r.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// underRegistration begins a registration that does not outlast the test.
func underRegistration(t *testing.T, l *Ledger, print string) *registration {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: print})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reg.Rollback(); err != nil {
			t.Error(err)
		}
	})
	return reg.(*registration)
}

// Rows of the list under way name customers whom the index does not have yet.
func TestTrailsKeepOutOfTheListUnderWay(t *testing.T) {
	l := openNew(t)
	registerAll(t, l, "a", crowd(700, "a"))
	r := underRegistration(t, l, "b")
	list := []string{email("a", 300), email("new", 0)}
	for i := range chunkRows {
		list = append(list, email("a", i))
	}
	for i := range trailsHeld { // and gone is the trail of the first
		list = append(list, email("a", 400+50*i))
	}
	for _, p := range append(list, list[0], list[1]) {
		sightAndAdd(t, r, []string{p})
	}
}

// A damaged record on the way is told, as it would be anywhere else.
func TestTrailOverADamagedRecord(t *testing.T) {
	l := openNew(t)
	registerAll(t, l, "a", crowd(300, "a"))
	err := l.write(t.Context(), func(ctx context.Context) error {
		return l.w.do(ctx, "UPDATE chunks SET data = x'00' WHERE id = ?", chunkID(1, chunkRows))
	})
	if err != nil {
		t.Fatal(err)
	}
	r := underRegistration(t, l, "b")
	for i := 0; err == nil && i < 300; i++ {
		_, err = r.Lookup(t.Context(), []ledger.LookupKey{{Identity: email("a", i)}})
	}
	if !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("%v", err)
	}
}
