package ledgertest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// This file plays to both twins what was drawn.

func (w *twins) must(err error) {
	if err != nil {
		w.Helper()
		w.Fatal(err)
	}
}

// drawChance reports true in that many of a hundred draws.
func (w *twins) drawChance(percent int, label string) bool {
	return rapid.IntRange(1, 100).Draw(w.T, label) <= percent
}

func (w *twins) nextTime() time.Time { w.now = w.now.Add(time.Second); return w.now }

func (w *twins) drawInstant() ledger.Instant {
	return ledger.Instant{At: w.nextTime(), Offset: -time.Second, Certain: true}
}

func (w *twins) close() error {
	if c, ok := w.l.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// otherOpenings returns the ledger as other processes have it open.
func (w *twins) otherOpenings() []ledger.Ledger {
	if c, ok := w.l.(Concurrent); ok {
		return c.Others()
	}
	return nil
}

// playReopen ends the ledger in one of three ways and opens what that leaves.
// Answers in the emergency file are merged, and open attempts become unanswered.
func (w *twins) playReopen() {
	r, ok := w.l.(Reopener)
	if !ok {
		return
	}
	end := rapid.SampledFrom([]Ending{Killed, Closed, Restored}).Draw(w.T, "how")
	var kept []ledger.Change
	if e, ok := w.l.(ledger.Emergency); ok && w.drawChance(40, "answers in the emergency file") {
		for _, p := range w.drawPeople(0) {
			of, on, ok := w.drawChange(p)
			if ok && len(of.Close) == 1 && of.Close[0].Class != ledger.Open { // an answer
				kept, end = append(kept, of), Killed
				w.must(e.Emergency([]ledger.Change{on}))
			}
		}
	}
	var err error
	w.l, err = r.Reopen(end)
	w.must(err)
	w.mirrorGaps()
	_, err = w.m.Merge(w.Context(), kept)
	w.must(err)
	for _, p := range w.people {
		in, c := w.findTwins(p)
		for i, a := range c.History {
			if a.Class != ledger.Open {
				continue
			}
			left, err := w.m.Record(w.Context(), 1, []ledger.Change{{Expect: expect(c), Status: ledger.InDoubt, Field: c.Field, Code: c.Code, Message: c.Message, Manual: c.Manual, At: w.now,
				Close: []ledger.Closing{{Attempt: a.ID, Class: ledger.Unknown, NotAfter: in.History[i].NotAfter}}}})
			w.must(err)
			w.same("left open", len(left), 0)
		}
	}
}

// mirrorGaps gives the ledger in memory the gap that an opening has written.
func (w *twins) mirrorGaps() {
	l, ok := w.l.(ledger.Gaps)
	if !ok {
		return
	}
	all, err := l.Gaps(w.Context())
	w.must(err)
	for _, g := range all[len(w.gaps):] {
		_, err := w.m.OpenGap(w.Context(), g)
		w.must(err)
		w.gaps = append(w.gaps, g.ID)
	}
}

// findTwins returns a customer in both ledgers.
func (w *twins) findTwins(email string) (in, of ledger.Customer) {
	for _, from := range []struct {
		ledger.Reader
		to *ledger.Customer
	}{{w.l, &in}, {w.m, &of}} {
		for c, err := range from.Customers(w.Context(), ledger.Query{Identities: []string{email}, History: true}) {
			w.must(err)
			*from.to = c
		}
	}
	return in, of
}

// drawPeople draws some e-mails, no fewer than least.
func (w *twins) drawPeople(least int) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(w.people), least, 8, rapid.ID[string]).Draw(w.T, "people")
}

// playGroup makes several writes, all of them drawn before the first is made.
func (w *twins) playGroup(n int, kind string) {
	var writes, ends []func()
	for range n {
		k := kind
		if k == "" {
			k = rapid.SampledFrom([]string{"intend", "record", "learn"}).Draw(w.T, "kind")
		}
		write, end := w.playWrite(w.l, k, n == 1)
		writes, ends = append(writes, write), append(ends, end)
	}
	for _, write := range writes {
		write()
	}
	for _, end := range ends {
		end()
	}
}

// playOtherProcess records a change from another process.
func (w *twins) playOtherProcess() {
	if all := w.otherOpenings(); len(all) > 0 {
		write, end := w.playWrite(all[len(all)-1], "record", true)
		write()
		end()
	}
}

// drawBoth returns what of draws for some e-mails, for either ledger.
func drawBoth[T any](people []string, of func(person string) (a, b T, ok bool)) (as, bs []T) {
	for _, p := range people {
		if a, b, ok := of(p); ok {
			as, bs = append(as, a), append(bs, b)
		}
	}
	return as, bs
}

// result is how a write ended. left are the places of what was left, for their
// customers differ.
type result struct {
	ids, left []int64
	err       error
}

// playWrite makes a write to the ledger in memory. It returns the same write to l,
// and what compares how the two ended. A single write is sometimes repeated, as
// after a lost answer.
func (w *twins) playWrite(l ledger.Ledger, kind string, isSingle bool) (write, end func()) {
	var do func() result
	var want, got, repeated result
	switch kind {
	case "learn":
		do = func() result { return result{err: l.SaveFact(w.Context(), "pace", "7", w.now)} }
	case "intend":
		on, of := drawBoth(w.drawPeople(1), w.drawIntent)
		want.ids, want.err = w.m.Intend(w.Context(), 1, of)
		do = func() (r result) { r.ids, r.err = l.Intend(w.Context(), 1, on); return r }
	case "record":
		of, on := drawBoth(w.drawPeople(1), w.drawChange)
		left, err := w.m.Record(w.Context(), 1, of)
		want.left, want.err = leftPositions(of, left), err
		do = func() result {
			left, err := l.Record(w.Context(), 1, on)
			return result{left: leftPositions(on, left), err: err}
		}
	}
	again := isSingle && w.drawChance(15, "once more")
	write = func() {
		got = do()
		if repeated = got; again {
			repeated = do()
		}
	}
	return write, func() {
		if got.err != nil || want.err != nil || !slices.Equal(got.left, want.left) || len(got.ids) != len(want.ids) {
			w.Fatalf("%s: %v, want %v", kind, got, want)
		}
		w.same(kind+" made again", repeated, got)
		for i, id := range got.ids {
			if (id == 0) != (want.ids[i] == 0) {
				w.Fatalf("%s: %v, want %v", kind, got, want)
			}
			if id != 0 {
				w.attempts[id] = want.ids[i]
			}
		}
	}
}

// leftPositions returns where in a list the changes are that were left.
func leftPositions(of, left []ledger.Change) (at []int64) {
	for i, ch := range of {
		if slices.ContainsFunc(left, func(l ledger.Change) bool { return l.Customer == ch.Customer }) {
			at = append(at, int64(i))
		}
	}
	return at
}

// playMerge merges changes that were drawn earlier, or draws some for later.
func (w *twins) playMerge() {
	if len(w.delayed) == 0 || w.drawChance(50, "for later") {
		for _, p := range w.drawPeople(1) {
			if of, on, ok := w.drawChange(p); ok && !of.Repair {
				w.delayed = append(w.delayed, delayedChange{on, of})
			}
		}
		return
	}
	var on, of []ledger.Change
	for _, x := range w.delayed {
		on, of = append(on, x.on), append(of, x.of)
	}
	for range 1 + rapid.IntRange(0, 1).Draw(w.T, "once more") {
		left, err := w.l.Merge(w.Context(), on)
		w.must(err)
		want, err := w.m.Merge(w.Context(), of)
		w.must(err)
		w.same("left of what came late", leftIndexes(on, left), leftIndexes(of, want))
	}
	w.delayed = nil
}

// leftIndexes returns the indexes of those that were left, in the order of the list.
func leftIndexes(of, left []ledger.Change) (at []int) {
	for i, ch := range of {
		if len(left) > 0 && fmt.Sprint(left[0]) == fmt.Sprint(ch) {
			at, left = append(at, i), left[1:]
		}
	}
	if len(left) > 0 {
		at = append(at, -1)
	}
	return at
}

func (w *twins) playForget() {
	f, ok := w.l.(Forgetter)
	if !ok {
		return
	}
	people := w.drawPeople(1)
	n, err := f.Forget(w.Context(), people)
	m, want := w.m.Forget(w.Context(), people)
	if n != m && want == nil || (err == nil) != (want == nil) || err != nil && !errors.Is(err, ledger.ErrConflict) {
		w.Fatalf("forget: %d %v, want %d %v", n, err, m, want)
	}
	if err != nil {
		return
	}
	w.gone = append(w.gone, people...)
	if s, ok := w.l.(Searchable); ok {
		for _, p := range w.gone {
			file, err := s.Find(p[1:len("canary00")]) // the first letter is large in some
			w.must(err)
			if file != "" {
				w.Errorf("%s is left in %s", p, file)
			}
		}
	}
}

// anyWriter returns the ledger, or another opening of it that writes.
func (w *twins) anyWriter() ledger.Ledger {
	if all := w.otherOpenings(); len(all) > 0 && w.drawChance(50, "from another opening") {
		return all[len(all)-1]
	}
	return w.l
}

// playGap opens a gap, or adds identities to one.
func (w *twins) playGap() {
	l, ok := w.l.(ledger.Gaps)
	if !ok {
		return
	}
	people := w.drawPeople(1)
	if n := len(w.gaps); n > 0 && w.drawChance(80, "a gap that there is") {
		at := rapid.IntRange(1, n).Draw(w.T, "gap")
		w.must(l.AddToGap(w.Context(), w.gaps[at-1], people))
		w.must(w.m.AddToGap(w.Context(), int64(at), people))
	} else {
		g := ledger.Gap{Cause: ledger.GapAdopt, From: w.drawInstant(), To: w.drawInstant()}
		got, err := l.OpenGap(w.Context(), g)
		w.must(err)
		_, err = w.m.OpenGap(w.Context(), g)
		w.must(err)
		w.gaps = append(w.gaps, got.ID)
	}
	got, err := l.InGap(w.Context(), w.people)
	w.must(err)
	want, err := w.m.InGap(w.Context(), w.people)
	w.must(err)
	w.same("in a gap", got, want)
}
