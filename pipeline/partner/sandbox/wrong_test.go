package sandbox

import (
	"strings"
	"testing"
)

// TestDrawWrongPartner draws many partners. Each can be played, comes again with
// its seed, prints flags that give the same switches, and no kind of habit is
// never, or always, drawn.
func TestDrawWrongPartner(t *testing.T) {
	const partners = 2000
	drawn, doubtful, repeats := map[string]int{}, 0, 0
	for seed := range uint64(partners) {
		w := DrawWrongPartner(seed)
		if w.String() != DrawWrongPartner(seed).String() {
			t.Fatalf("seed %d gives two partners", seed)
		}
		faults, err := w.Faults()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if s, err := New(Config{Faults: faults, Seed: seed, EmailsRepeat: w.EmailsRepeat}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		} else if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var again []string
		for _, part := range strings.Split(w.Flags(), "'") {
			if f, err := ParseFault(part); err == nil {
				again = append(again, f.String())
			}
		}
		for i, f := range faults {
			drawn[f.Name]++
			if i >= len(again) || again[i] != f.String() {
				t.Fatalf("%s does not name %s", w.Flags(), f)
			}
		}
		doubtful += btoi(w.MayDoubt())
		repeats += btoi(w.EmailsRepeat)
	}
	for _, s := range habitSpecs() {
		switch s.name {
		case "swap-links", "one-link", "id-slug": // nothing tells a client; or it must stop
		case "503-html-before", "path-gone", "auth-form", "list-deleted", "list-ignores-skip", "retry-no-link": // stop a run, or need calls that a run does not make
		default:
			if n := drawn[s.name]; n < partners/200 || n > partners*3/4 {
				t.Errorf("%s is drawn %d times of %d", s.name, n, partners)
			}
		}
	}
	if doubtful < partners/5 || doubtful > partners*4/5 || repeats < partners/10 || repeats > partners/3 {
		t.Errorf("%d of %d may leave doubt, %d let e-mails repeat", doubtful, partners, repeats)
	}
}
