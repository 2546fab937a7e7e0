//go:build !windows

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// habit is one way in which a partner differs from the vendor's pages.
type habit struct {
	Faults []string // its switches, as sandbox.ParseFault reads them
	Says   string   // what the partner does

	// MayDoubt is set where not even a right client can settle every row: those
	// that it cannot prove must end in_doubt. Without it a right client ends
	// with every row settled: created, or link_missing after a lost answer, or
	// refused. Either way it may name a row whose answer was another customer's
	// and that it cannot put right, and shows no link of it.
	MayDoubt bool
}

// wrongPartner is a partner with random habits.
type wrongPartner struct {
	Seed         uint64
	Habits       []habit
	EmailsRepeat bool // an e-mail may be used by any number of users
}

// drawWrongPartner returns the wrong partner of a seed. Each kind of habit of
// habitKinds is drawn by its own share.
//
// Left out are swap-links and one-link: nothing in the API shows a client whose
// link it has. Other accounts, where a client must stop, are left out too. Some
// kinds are not drawn together, since each is what a client needs to see through
// the other: mixed answers with lists that hide users or rewrite e-mails; e-mails
// that repeat, and an unknown 400, with lists that hide users or lag for longer
// than the client waits. Times are those of a rehearsal whose client has
// --settle 900ms.
func drawWrongPartner(seed uint64) wrongPartner {
	r := rand.New(rand.NewPCG(seed, 14))
	w := wrongPartner{Seed: seed}
	for _, kind := range habitKinds() {
		if r.IntN(100) < kind.percent {
			w.Habits = append(w.Habits, kind.drawHabit(r))
		}
	}
	w.EmailsRepeat = r.IntN(5) == 0
	return w.withoutContradictions()
}

// withoutContradictions returns the partner without the kinds that leave a
// client no evidence.
func (w wrongPartner) withoutContradictions() wrongPartner {
	hides := w.HasFault("list-hides") || w.HasFault("list-deep-refused")
	if w.HasFault("swap-answers") || w.HasFault("shift-answers") {
		w.Habits = slices.DeleteFunc(w.Habits, func(h habit) bool {
			return h.MayDoubt && (h.hasFault("list-email") || h.hasFault("list-hides") || h.hasFault("list-deep-refused"))
		})
	}
	if hides || w.hasSwitch("list-lag=3s") {
		w.EmailsRepeat = false
		w.Habits = slices.DeleteFunc(w.Habits, func(h habit) bool {
			return h.hasFault("unknown-400") || h.hasFault("unknown-400-free") || h.hasFault("unknown-400-after")
		})
	}
	return w
}

// hasFault reports whether a switch of this name is among the habit's.
func (h habit) hasFault(name string) bool {
	return slices.ContainsFunc(h.Faults, func(f string) bool {
		head, _, _ := strings.Cut(f, "=")
		return head == name
	})
}

func (w wrongPartner) hasSwitch(text string) bool {
	return slices.ContainsFunc(w.Habits, func(h habit) bool { return slices.Contains(h.Faults, text) })
}

// habitChoice is some switches, separated by blanks, of which a partner has one.
type habitChoice struct {
	says     string
	mayDoubt bool
	faults   string
}

func (c habitChoice) pickFault(r *rand.Rand) habit {
	faults := strings.Fields(c.faults)
	return habit{[]string{faults[r.IntN(len(faults))]}, c.says, c.mayDoubt}
}

// habitKind is one kind of habit and how many partners of a hundred have it. One
// in oneIn of those has the rare choice.
type habitKind struct {
	percent int
	usual   habitChoice
	oneIn   int // 0 = there is no rare choice
	rare    habitChoice
	draw    func(*rand.Rand) habit // instead of the choices, where numbers are drawn too
}

func (k habitKind) drawHabit(r *rand.Rand) habit {
	switch {
	case k.draw != nil:
		return k.draw(r)
	case k.oneIn > 0 && r.IntN(k.oneIn) == 0:
		return k.rare.pickFault(r)
	}
	return k.usual.pickFault(r)
}

func habitKinds() []habitKind {
	return []habitKind{
		{percent: 70, usual: habitChoice{"loses answers after acting", false, "drop-after=15%,try1 reset-after=15%,try1 cut-after=15%,try1 500-after=15%,try1 502-html-after=15%,try1 empty-201=15%,try1 no-url=15%,try1 trunc-201=15%,try1"}},
		{percent: 45, draw: drawOffset},
		{percent: 40, usual: habitChoice{"writes createdAt in another form", false, "created-form=no-zone created-form=sql created-form=+0000 created-form=seconds created-form=millis created-form=text-seconds"}},
		{percent: 40, usual: habitChoice{"has a list of its own form", false, "list-odd=first-name,50% list-odd=program list-odd=status,30% list-empty=users-null list-empty=data-array list-empty=data-null list-empty=404 list-newest-first list-unsorted list-no-total list-cap=20 list-cap-refused=50"}},
		{percent: 40, usual: habitChoice{"lists new users a little later", false, "list-lag=100ms list-lag=300ms list-lag=600ms"},
			oneIn: 4, rare: habitChoice{"lists new users later than a client waits", true, "list-lag=3s"}},
		{percent: 40, usual: habitChoice{"names the account in the wallet", false, "wallet-partner=partner-17 wallet-partner=number:4711 wallet-id=number:12"}},
		{percent: 30, draw: drawIDForm},
		{percent: 30, draw: drawLimiter},
		{percent: 25, usual: habitChoice{"has a createdAt that scatters", false, "created-jitter=1s created-jitter=2s created-jitter=4s"},
			oneIn: 3, rare: habitChoice{"has a createdAt that scatters widely", true, "created-jitter=40s"}},
		{percent: 25, usual: habitChoice{"lists e-mails rewritten", true, "list-email=mask list-email=mask,60% list-email=untag list-email=none list-email=none,60%"},
			oneIn: 3, rare: habitChoice{"lists e-mails in another letter case", false, "list-email=lower list-email=upper"}},
		{percent: 25, usual: habitChoice{"answers twice on each connection", false, "answers-twice=5ms answers-twice=50ms answers-twice=250ms"}},
		{percent: 25, usual: habitChoice{"answers some with an unknown 400", false, "unknown-400-after=10%,try1 unknown-400=5%,try1 unknown-400-free=5%,try1"}},
		{percent: 25, draw: drawFramework},
		{percent: 20, usual: habitChoice{"gives customers each other's answers", false, "swap-answers=200ms,30% swap-answers=200ms,#4-9"},
			oneIn: 3, rare: habitChoice{"gives each the answer of the one before", true, "shift-answers"}}, // no answer is left that could calibrate createdAt
		{percent: 20, usual: habitChoice{"has a createdAt of whole seconds", false, "created-round=1s"},
			oneIn: 2, rare: habitChoice{"has a createdAt of whole minutes", true, "created-round=1m"}},
		{percent: 20, usual: habitChoice{"has answers of another build", false, "compressed compressed=always big-headers=70000 keep-alive=5s"}},
		{percent: 20, usual: habitChoice{"has another Date", false, "date-utc date-offset=30s date-offset=-30s"}},
		{percent: 20, usual: habitChoice{"has a wallet that others touch", false, "wallet-cached=50m others-spend=0.37"}},
		{percent: 10, usual: habitChoice{"does not list everybody", true, "list-hides=30% list-hides=60% list-deep-refused=20"}},
	}
}

// drawOffset draws a createdAt of another clock, up to 12 s ahead or behind, or of
// another time zone.
func drawOffset(r *rand.Rand) habit {
	if r.IntN(5) == 0 {
		return habitChoice{"has a createdAt in its own time zone", false, "created-offset=1h created-offset=-1h"}.pickFault(r)
	}
	offset := time.Duration(1+r.IntN(12)) * time.Second
	if r.IntN(2) == 0 {
		offset = -offset
	}
	return habit{[]string{"created-offset=" + offset.String()}, "has another clock for createdAt", false}
}

// drawIDForm draws another form of serviceIds, for all of them or from some user on.
func drawIDForm(r *rand.Rand) habit {
	return habitChoice{"has another form of serviceId", false, fmt.Sprintf("id-form=user,#%d- id-form=user id-form=bare id-form=user,50%%", 2+r.IntN(50))}.pickFault(r)
}

// drawLimiter draws a gateway that refuses some requests.
func drawLimiter(r *rand.Rand) habit {
	h := habitChoice{"has a limiter in front, without an envelope", false, "429-form=plain 429-form=html 429-form=message 429-form=status-code 429-form=empty"}.pickFault(r)
	from := 2 + r.IntN(40)
	h.Faults = append(h.Faults, fmt.Sprintf("429=1s,#%d-%d", from, from+r.IntN(3)))
	return h
}

// drawFramework draws a web framework with one refusal for it to write.
func drawFramework(r *rand.Rand) habit {
	h := habitChoice{"refuses bad fields in its framework's form", false, "field-errors=nest field-errors=fastapi field-errors=rfc9457 field-errors=express field-errors=spring field-errors=success-false field-errors=laravel"}.pickFault(r)
	h.Faults = append(h.Faults, fmt.Sprintf("422=#%d", 2+r.IntN(40)))
	return h
}

// MayDoubt reports whether not even a right client can settle every row.
func (w wrongPartner) MayDoubt() bool {
	return slices.ContainsFunc(w.Habits, func(h habit) bool { return h.MayDoubt })
}

// HasFault reports whether a switch of this name is among the habits.
func (w wrongPartner) HasFault(name string) bool {
	return slices.ContainsFunc(w.Habits, func(h habit) bool { return h.hasFault(name) })
}

// Faults returns the switches of all habits. The error wraps sandbox.ErrFault.
func (w wrongPartner) Faults() ([]sandbox.Fault, error) {
	var all []sandbox.Fault
	for _, h := range w.Habits {
		for _, text := range h.Faults {
			f, err := sandbox.ParseFault(text)
			if err != nil {
				return nil, err
			}
			all = append(all, f)
		}
	}
	return all, nil
}

// Flags returns the flags of `bulkonboard sandbox` that play this partner,
// quoted for a shell.
func (w wrongPartner) Flags() string {
	flags := []string{fmt.Sprintf("--seed %d", w.Seed)}
	if w.EmailsRepeat {
		flags = append(flags, "--emails-repeat")
	}
	for _, h := range w.Habits {
		for _, f := range h.Faults {
			flags = append(flags, "--fault '"+f+"'") // no switch here has a quotation mark
		}
	}
	return strings.Join(flags, " ")
}

// String says what the partner does, and how to play it again.
func (w wrongPartner) String() string {
	var says []string
	for _, h := range w.Habits {
		says = append(says, h.Says)
	}
	return fmt.Sprintf("wrong partner %d (%s): bulkonboard sandbox %s", w.Seed, strings.Join(says, "; "), w.Flags())
}

// TestDrawWrongPartner draws many partners. Each can be played, comes again with
// its seed, prints flags that give the same switches, and no kind of habit is
// never, or always, drawn.
func TestDrawWrongPartner(t *testing.T) {
	const partners = 2000
	drawn, doubtful, repeats := map[string]int{}, 0, 0
	for seed := range uint64(partners) {
		w := drawWrongPartner(seed)
		if w.String() != drawWrongPartner(seed).String() {
			t.Fatalf("seed %d gives two partners", seed)
		}
		faults, err := w.Faults()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if s, err := sandbox.New(sandbox.Config{Faults: faults, Seed: seed, EmailsRepeat: w.EmailsRepeat}); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		} else if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var again []sandbox.Fault
		for _, part := range strings.Split(w.Flags(), "'") {
			if f, err := sandbox.ParseFault(part); err == nil {
				again = append(again, f)
			}
		}
		for i, f := range faults {
			drawn[f.Name]++
			if i >= len(again) || again[i] != f {
				t.Fatalf("%s does not name %s", w.Flags(), f.Name)
			}
		}
		if w.MayDoubt() {
			doubtful++
		}
		if w.EmailsRepeat {
			repeats++
		}
	}
	names := sandbox.FaultNames()
	first := slices.IndexFunc(names, func(n sandbox.FaultName) bool { return n.Name == "unknown-400-free" })
	for _, s := range names[first:] { // before them are the mishaps of one request
		switch s.Name {
		case "swap-links", "one-link", "id-slug": // nothing tells a client; or it must stop
		case "503-html-before", "path-gone", "auth-form", "list-deleted", "list-ignores-skip", "retry-no-link": // stop a run, or need calls that a run does not make
		default:
			if n := drawn[s.Name]; n < partners/200 || n > partners*3/4 {
				t.Errorf("%s is drawn %d times of %d", s.Name, n, partners)
			}
		}
	}
	if doubtful < partners/5 || doubtful > partners*4/5 || repeats < partners/10 || repeats > partners/3 {
		t.Errorf("%d of %d may leave doubt, %d let e-mails repeat", doubtful, partners, repeats)
	}
}
