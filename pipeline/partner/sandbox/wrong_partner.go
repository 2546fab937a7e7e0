package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Habit is one way in which a partner differs from the vendor's pages.
type Habit struct {
	Faults []string // its switches, as ParseFault reads them
	Says   string   // what the partner does, for people

	// MayDoubt is set where not even a right client can settle every row: those
	// that it cannot prove must end in_doubt. Without it a right client ends
	// with every row settled: created, or link_missing after a lost answer, or
	// refused. Either way it may name a row whose answer was another customer's
	// and that it cannot put right, and shows no link of it.
	MayDoubt bool
}

// WrongPartner is a partner with random habits.
type WrongPartner struct {
	Seed         uint64
	Habits       []Habit
	EmailsRepeat bool // an e-mail may be used by any number of users
}

// DrawWrongPartner returns the wrong partner of a seed. Each kind of habit is
// drawn on its own, with the share of partners that have it:
//
//	lost answers     70 %  acts, and the answer is lost or damaged, for 15 % of the first requests
//	offset           45 %  createdAt is up to 12 s ahead or behind; one in five is off by an hour
//	form             40 %  createdAt without a zone, as SQL writes it, +0000, or since 1970
//	list             40 %  odd members, an odd empty page, another order, small pages, no total
//	lag              40 %  new users appear up to 600 ms later; one in four 3 s later
//	account          40 %  the wallet names the account, as text or number
//	rename           30 %  serviceIds change their form in mid-run, or never had a slug
//	gateway          30 %  some requests meet a limiter without an envelope
//	spread           25 %  createdAt scatters by up to 4 s; one in three by 40 s
//	masks            25 %  e-mails are listed masked, rewritten or not at all
//	doubled answers  25 %  each answer comes twice on its connection
//	unknown 400      25 %  a 400 with an unknown code, before or after acting
//	framework        25 %  bad fields are refused in a framework's own form
//	mixed answers    20 %  some answers are swapped, or all shifted by one
//	rounding         20 %  createdAt in whole seconds or minutes
//	transport        20 %  gzip, or 70 KB of headers
//	Date             20 %  ends in UTC, or its clock is not that of createdAt
//	wallet           20 %  answered from a cache, or others spend from it
//	hidden           10 %  some users are never listed, or deep pages are refused
//	e-mails repeat   20 %
//
// Left out are swap-links and one-link: nothing in the API tells a client whose
// link it has. Left out, too, are other accounts, where a client must stop. And
// some kinds are not drawn together, since each is what a client needs to see
// through the other: mixed answers with lists that hide users or rewrite
// e-mails; e-mails that repeat, and an unknown 400, with lists that hide users
// or lag for longer than the client waits. Times are those of a rehearsal whose
// client has --settle 900ms.
func DrawWrongPartner(seed uint64) WrongPartner {
	r := rand.New(rand.NewPCG(seed, 14))
	w := WrongPartner{Seed: seed}
	for _, kind := range habitKinds() {
		if r.IntN(100) < kind.percent {
			if h := kind.draw(r); len(h.Faults) > 0 {
				w.Habits = append(w.Habits, h)
			}
		}
	}
	w.EmailsRepeat = r.IntN(5) == 0
	return w.withoutContradictions()
}

// withoutContradictions returns the partner without the kinds that leave a
// client no way to tell.
func (w WrongPartner) withoutContradictions() WrongPartner {
	hides := w.HasFault("list-hides") || w.HasFault("list-deep-refused")
	if w.HasFault("swap-answers") || w.HasFault("shift-answers") {
		w.Habits = slices.DeleteFunc(w.Habits, func(h Habit) bool {
			return h.MayDoubt && (h.hasFault("list-email") || h.hasFault("list-hides") || h.hasFault("list-deep-refused"))
		})
	}
	if hides || w.hasSwitch("list-lag=3s") {
		w.EmailsRepeat = false
		w.Habits = slices.DeleteFunc(w.Habits, func(h Habit) bool {
			return h.hasFault("unknown-400") || h.hasFault("unknown-400-free") || h.hasFault("unknown-400-after")
		})
	}
	return w
}

// hasFault reports whether a switch of this name is among the habit's.
func (h Habit) hasFault(name string) bool {
	return slices.ContainsFunc(h.Faults, func(f string) bool {
		head, _, _ := strings.Cut(f, "=")
		return head == name
	})
}

func (w WrongPartner) hasSwitch(text string) bool {
	return slices.ContainsFunc(w.Habits, func(h Habit) bool { return slices.Contains(h.Faults, text) })
}

type habitKind struct {
	percent int
	draw    func(*rand.Rand) Habit
}

// pickFault returns one of some switches with what to say of it.
func pickFault(r *rand.Rand, says string, mayDoubt bool, faults ...string) Habit {
	return Habit{[]string{faults[r.IntN(len(faults))]}, says, mayDoubt}
}

// oneIn reports true for one in n.
func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

// randomOffset returns a time from 1 s to most, ahead or behind.
func randomOffset(r *rand.Rand, most int) string {
	d := time.Duration(1+r.IntN(most)) * time.Second
	if oneIn(r, 2) {
		d = -d
	}
	return d.String()
}

func habitKinds() []habitKind {
	return []habitKind{
		{70, func(r *rand.Rand) Habit {
			return pickFault(r, "loses answers after acting", false, "drop-after=15%,try1", "reset-after=15%,try1", "cut-after=15%,try1",
				"500-after=15%,try1", "502-html-after=15%,try1", "empty-201=15%,try1", "no-url=15%,try1", "trunc-201=15%,try1")
		}},
		{45, drawOffset},
		{40, func(r *rand.Rand) Habit {
			return pickFault(r, "writes createdAt in another form", false, "created-form=no-zone", "created-form=sql", "created-form=+0000",
				"created-form=seconds", "created-form=millis", "created-form=text-seconds")
		}},
		{40, func(r *rand.Rand) Habit {
			return pickFault(r, "has a list of its own form", false, "list-odd=first-name,50%", "list-odd=program", "list-odd=status,30%",
				"list-empty=users-null", "list-empty=data-array", "list-empty=data-null", "list-empty=404",
				"list-newest-first", "list-unsorted", "list-no-total", "list-cap=20", "list-cap-refused=50")
		}},
		{40, func(r *rand.Rand) Habit {
			if oneIn(r, 4) {
				return pickFault(r, "lists new users later than a client waits", true, "list-lag=3s")
			}
			return pickFault(r, "lists new users a little later", false, "list-lag=100ms", "list-lag=300ms", "list-lag=600ms")
		}},
		{40, func(r *rand.Rand) Habit {
			return pickFault(r, "names the account in the wallet", false, "wallet-partner=partner-17", "wallet-partner=number:4711", "wallet-id=number:12")
		}},
		{30, func(r *rand.Rand) Habit {
			return pickFault(r, "has another form of serviceId", false, fmt.Sprintf("id-form=user,#%d-", 2+r.IntN(50)), "id-form=user",
				"id-form=bare", "id-form=user,50%")
		}},
		{30, func(r *rand.Rand) Habit {
			h := pickFault(r, "has a limiter in front, without an envelope", false, "429-form=plain", "429-form=html", "429-form=message", "429-form=status-code", "429-form=empty")
			from := 2 + r.IntN(40)
			h.Faults = append(h.Faults, fmt.Sprintf("429=1s,#%d-%d", from, from+r.IntN(3)))
			return h
		}},
		{25, func(r *rand.Rand) Habit {
			if oneIn(r, 3) {
				return pickFault(r, "has a createdAt that scatters widely", true, "created-jitter=40s")
			}
			return pickFault(r, "has a createdAt that scatters", false, "created-jitter=1s", "created-jitter=2s", "created-jitter=4s")
		}},
		{25, func(r *rand.Rand) Habit {
			if oneIn(r, 3) {
				return pickFault(r, "lists e-mails in another letter case", false, "list-email=lower", "list-email=upper")
			}
			return pickFault(r, "lists e-mails rewritten", true, "list-email=mask", "list-email=mask,60%", "list-email=untag", "list-email=none", "list-email=none,60%")
		}},
		{25, func(r *rand.Rand) Habit {
			return pickFault(r, "answers twice on each connection", false, "answers-twice=5ms", "answers-twice=50ms", "answers-twice=250ms")
		}},
		{25, func(r *rand.Rand) Habit {
			return pickFault(r, "answers some with an unknown 400", false, "unknown-400-after=10%,try1", "unknown-400=5%,try1", "unknown-400-free=5%,try1")
		}},
		{25, func(r *rand.Rand) Habit {
			h := pickFault(r, "refuses bad fields in its framework's form", false, "field-errors=nest", "field-errors=fastapi", "field-errors=rfc9457",
				"field-errors=express", "field-errors=spring", "field-errors=success-false", "field-errors=laravel")
			h.Faults = append(h.Faults, fmt.Sprintf("422=#%d", 2+r.IntN(40)))
			return h
		}},
		{20, func(r *rand.Rand) Habit {
			if oneIn(r, 3) { // no answer is left that could calibrate createdAt
				return pickFault(r, "gives each the answer of the one before", true, "shift-answers")
			}
			return pickFault(r, "gives customers each other's answers", false, "swap-answers=200ms,30%", "swap-answers=200ms,#4-9")
		}},
		{20, func(r *rand.Rand) Habit {
			if oneIn(r, 2) {
				return pickFault(r, "has a createdAt of whole minutes", true, "created-round=1m")
			}
			return pickFault(r, "has a createdAt of whole seconds", false, "created-round=1s")
		}},
		{20, func(r *rand.Rand) Habit {
			return pickFault(r, "has answers of another build", false, "compressed", "compressed=always", "big-headers=70000", "keep-alive=5s")
		}},
		{20, func(r *rand.Rand) Habit {
			return pickFault(r, "has another Date", false, "date-utc", "date-offset=30s", "date-offset=-30s")
		}},
		{20, func(r *rand.Rand) Habit {
			return pickFault(r, "has a wallet that others touch", false, "wallet-cached=50m", "others-spend=0.37")
		}},
		{10, func(r *rand.Rand) Habit {
			return pickFault(r, "does not list everybody", true, "list-hides=30%", "list-hides=60%", "list-deep-refused=20")
		}},
	}
}

func drawOffset(r *rand.Rand) Habit {
	if oneIn(r, 5) {
		return pickFault(r, "has a createdAt in its own time zone", false, "created-offset=1h", "created-offset=-1h")
	}
	return Habit{[]string{"created-offset=" + randomOffset(r, 12)}, "has another clock for createdAt", false}
}

// MayDoubt reports whether not even a right client can settle every row.
func (w WrongPartner) MayDoubt() bool {
	for _, h := range w.Habits {
		if h.MayDoubt {
			return true
		}
	}
	return false
}

// HasFault reports whether a switch of this name is among the habits.
func (w WrongPartner) HasFault(name string) bool {
	return slices.ContainsFunc(w.Habits, func(h Habit) bool { return h.hasFault(name) })
}

// Faults returns the switches of all habits. The error wraps ErrFault.
func (w WrongPartner) Faults() ([]Fault, error) {
	var all []Fault
	for _, h := range w.Habits {
		for _, text := range h.Faults {
			f, err := ParseFault(text)
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
func (w WrongPartner) Flags() string {
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
func (w WrongPartner) String() string {
	var says []string
	for _, h := range w.Habits {
		says = append(says, h.Says)
	}
	return fmt.Sprintf("wrong partner %d (%s): bulkonboard sandbox %s", w.Seed, strings.Join(says, "; "), w.Flags())
}
