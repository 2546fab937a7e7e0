package sqlite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

// twins are a ledger in a file and one in memory that are told the same. Their
// ids differ; people are known by e-mail.
type twins struct {
	*rapid.T
	ctx      context.Context
	dir      string
	copies   int
	l        *Ledger
	m        *memory.Ledger
	beside   []*Ledger         // one that reads only, and one that writes beside
	now      time.Time         // a second later at every look
	people   []string          // e-mails
	attempts map[int64]int64   // of the file → of the memory
	details  map[string]string // likewise
	batches  int64
	runs     int64
	users    int
	gone     []string // forgotten
}

// Whatever is done to a ledger, in whatever order, and however often it is
// killed in between: readers in every place see what a simple ledger says that
// was told the same. It is twenty ledgers; more with -rapid.checks=5000 -rapid.steps=60.
func TestTwins(t *testing.T) {
	fewChecks(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := &twins{T: rt, ctx: context.Background(), m: memory.New("sandbox"), now: time.Unix(1_700_000_000, 0).UTC(),
			attempts: map[int64]int64{}, details: map[string]string{"": ""}}
		var err error
		w.dir, err = os.MkdirTemp(t.TempDir(), "")
		w.must(err)
		defer func() { w.must(os.RemoveAll(w.dir)) }()
		for i := range 14 {
			w.people = append(w.people, fmt.Sprintf("canary%02d@example.com", i))
		}
		w.open(filepath.Join(w.dir, "l.db"))
		defer func() { w.must(w.close()) }()
		w.register(false)
		w.Repeat(map[string]func(*rapid.T){
			"":         func(*rapid.T) { w.compare() },
			"register": func(*rapid.T) { w.register(rapid.Bool().Draw(rt, "roll back")) },
			"intend":   func(*rapid.T) { w.together(1, "intend") },
			"record":   func(*rapid.T) { w.together(1, "record") },
			"send":     func(*rapid.T) { w.together(1, "intend") },
			"answer":   func(*rapid.T) { w.together(1, "record") },
			"together": func(*rapid.T) { w.together(rapid.IntRange(2, 5).Draw(rt, "writes"), "") },
			"besides":  func(*rapid.T) { w.write(w.beside[1], "record")() },
			"forget":   func(*rapid.T) { w.forget() },
			"finish":   func(*rapid.T) { w.finish() },
			"observe":  func(*rapid.T) { w.observe() },
			"pair":     func(*rapid.T) { w.pair() },
			"kill":     func(*rapid.T) { w.kill() },
			"index":    func(*rapid.T) { w.must(w.l.write(w.ctx, w.l.index)) },
		})
	})
}

// fewChecks makes a property be tried twenty times, unless a flag says otherwise.
func fewChecks(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set("20"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
}

func (w *twins) must(err error) {
	if err != nil {
		w.Helper()
		w.Fatal(err)
	}
}

// chance is true in that many of a hundred.
func (w *twins) chance(percent int, label string) bool {
	return rapid.IntRange(1, 100).Draw(w.T, label) <= percent
}

func (w *twins) later() time.Time { w.now = w.now.Add(time.Second); return w.now }

func (w *twins) instant() ledger.Instant {
	return ledger.Instant{At: w.later(), Offset: -time.Second, Certain: true}
}

func (w *twins) open(path string) {
	o := Options{Path: path, Environment: "sandbox", Create: true, Now: w.later}
	var err error
	w.l, err = Open(w.ctx, o)
	w.must(err)
	w.l.late.enough = rapid.SampledFrom([]int{1, 5, 10, 20, lateEntries}).Draw(w.T, "entries of a round")
	w.beside = nil
	for _, how := range []Options{{ReadOnly: true}, {Beside: true}} {
		how.Path, how.Environment = path, "sandbox"
		l, err := Open(w.ctx, how)
		w.must(err)
		w.beside = append(w.beside, l)
	}
}

func (w *twins) close() error {
	err := w.l.Close()
	for _, l := range w.beside {
		err = errors.Join(err, l.Close())
	}
	return err
}

// kill goes on with what a kill, or else a clean end, would leave, or with a backup.
func (w *twins) kill() {
	w.copies++
	to := filepath.Join(w.dir, fmt.Sprintf("%d.db", w.copies))
	var kept []ledger.Change
	if w.chance(40, "answers in the emergency file") {
		for _, p := range w.pick(0) {
			of, at, ok := w.decide(p)
			if ok && len(of.Close) == 1 && of.Close[0].Class != ledger.Open { // an answer
				kept = append(kept, of)
				w.must(w.l.Emergency([]ledger.Change{at}))
			}
		}
	}
	switch how := rapid.SampledFrom([]string{"kill", "end", "backup"}).Draw(w.T, "how"); {
	case how == "kill" || len(kept) > 0:
		for _, end := range []string{"", "-wal", ".emergency"} {
			b, err := os.ReadFile(w.l.path + end)
			w.must(err)
			w.must(os.WriteFile(to+end, b, 0o600))
		}
		w.must(w.close())
	case how == "end":
		to = w.l.path
		w.must(w.close())
	default:
		w.must(w.l.Backup(w.ctx, to))
		w.must(w.close())
	}
	w.open(to)
	for _, ch := range kept { // merged, each if it fits
		_, err := w.m.Merge(w.ctx, []ledger.Change{ch})
		w.must(err)
	}
	for _, p := range w.people { // what is open still is unanswered now
		in, c := w.both(w.l, p)
		for i, a := range c.History {
			if a.Class != ledger.Open {
				continue
			}
			left, err := w.m.Record(w.ctx, 1, []ledger.Change{{Expect: expect(c), Status: ledger.InDoubt, Field: c.Field, Code: c.Code, Message: c.Message, Manual: c.Manual, At: w.now,
				Close: []ledger.Closing{{Attempt: a.ID, Class: ledger.Unknown, NotAfter: in.History[i].NotAfter}}}})
			w.must(err)
			w.same("closed", len(left), 0)
		}
	}
}

func expect(c ledger.Customer) ledger.Expect {
	return ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}
}

// both is a person in the two.
func (w *twins) both(l *Ledger, person string) (in, of ledger.Customer) {
	for _, from := range []struct {
		ledger.Reader
		to *ledger.Customer
	}{{l, &in}, {w.m, &of}} {
		for c, err := range from.Customers(w.ctx, ledger.Query{Identities: []string{person}, History: true}) {
			w.must(err)
			*from.to = c
		}
	}
	return in, of
}

// pick draws some people, at least as many.
func (w *twins) pick(least int) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(w.people), least, 8, rapid.ID[string]).Draw(w.T, "people")
}

// register adds an input in which names and numbers are shared and change.
func (w *twins) register(back bool) {
	print := fmt.Sprint("input ", w.now)
	on, err := w.l.Register(w.ctx, ledger.Batch{Fingerprint: print, Registered: w.later()})
	w.must(err)
	defer func() { w.must(on.Rollback()) }() // nothing, but after a failure
	of, err := w.m.Register(w.ctx, ledger.Batch{Fingerprint: print, Registered: w.now})
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
				NameText: name, Carry: []string{"of " + p}, Recall: p, Repeats: -1, Fields: []string{"J", name, "+1", "payroll"}, Claims: true}
			switch {
			case w.chance(25, "invalid"):
				r.Claims, r.Verdict, r.Fields, r.Repeats = false, ledger.Invalid, nil, claimed[p]-1
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
			keys = append(keys, ledger.LookupKey{Identity: p, SenderID: number, NameText: name, Fields: r.Fields})
			w.details[string(w.l.Digest(r.Fields))] = string(w.m.Digest(r.Fields))
			ordinal++
		}
		a, err := on.Lookup(w.ctx, keys)
		w.must(err)
		b, err := of.Lookup(w.ctx, keys)
		w.must(err)
		for i := range a {
			w.same("match", w.match(a[i], true), w.match(b[i], false))
		}
		w.must(on.Add(w.ctx, rows))
		w.must(of.Add(w.ctx, rows))
	}
	var notes []ledger.RowNote
	for p, at := range invalid {
		for _, ordinal := range at {
			notes = append(notes, ledger.RowNote{Ordinal: ordinal, Repeats: claimed[p] - 1, Finding: ledger.Finding{Field: "email", Code: "shared", Warning: true}})
		}
	}
	slices.SortFunc(notes, func(a, b ledger.RowNote) int { return a.Ordinal - b.Ordinal })
	w.must(on.Annotate(w.ctx, notes))
	w.must(of.Annotate(w.ctx, notes))
	if len(all(w, w.l, ledger.Query{ServiceIDs: []string{"nobody's"}})) > 0 { // while it is under way
		w.Error("somebody is nobody")
	}
	if back {
		w.must(errors.Join(on.Rollback(), of.Rollback()))
		return
	}
	a, err := on.Commit(w.ctx)
	w.must(err)
	b, err := of.Commit(w.ctx)
	w.must(err)
	w.batches = b.ID
	w.same("batch", a, b)
}

// together makes several writes that share a commit.
func (w *twins) together(n int, kind string) {
	w.l.turn <- struct{}{}
	leave := sync.OnceFunc(w.l.leave)
	defer leave()
	var ends []func()
	for range n {
		k := kind
		if k == "" {
			k = rapid.SampledFrom([]string{"intend", "record", "learn"}).Draw(w.T, "kind")
		}
		ends = append(ends, w.write(w.l, k))
	}
	leave()
	for _, end := range ends {
		end()
	}
}

// pairs are what each gives of some people, for either ledger.
func pairs[T any](people []string, of func(person string) (a, b T, ok bool)) (as, bs []T) {
	for _, p := range people {
		if a, b, ok := of(p); ok {
			as, bs = append(as, a), append(bs, b)
		}
	}
	return as, bs
}

// write begins a write of either ledger; the function returned compares how it ended.
func (w *twins) write(l *Ledger, kind string) (end func()) {
	// left are the places of what was left, for their customers differ.
	type result struct {
		ids, left []int64
		err       error
	}
	var do func() result
	var want result
	switch kind {
	case "learn":
		do = func() result { return result{err: l.Learn(w.ctx, "pace", "7", w.now)} }
	case "intend":
		on, of := pairs(w.pick(1), w.intent)
		want.ids, want.err = w.m.Intend(w.ctx, 1, of)
		do = func() (r result) { r.ids, r.err = l.Intend(w.ctx, 1, on); return r }
	case "record":
		of, on := pairs(w.pick(1), w.decide)
		left, err := w.m.Record(w.ctx, 1, of)
		want.left, want.err = places(of, left), err
		do = func() (r result) {
			left, err := l.Record(w.ctx, 1, on)
			return result{left: places(on, left), err: err}
		}
	}
	done, waiting := make(chan result, 1), queued(l)
	go func() { done <- do() }()
	for len(done) == 0 && queued(l) == waiting {
		runtime.Gosched()
	}
	return func() {
		got := <-done
		if got.err != nil || want.err != nil || !slices.Equal(got.left, want.left) || len(got.ids) != len(want.ids) {
			w.Fatalf("%s: %v, want %v", kind, got, want)
		}
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

// places are where in a list the changes are that were left of it.
func places(of, left []ledger.Change) (at []int64) {
	for i, ch := range of {
		if slices.ContainsFunc(left, func(l ledger.Change) bool { return l.Customer == ch.Customer }) {
			at = append(at, int64(i))
		}
	}
	return at
}

// intent is one for a person in both ledgers, if anything of the kind is possible.
func (w *twins) intent(person string) (on, of ledger.Intent, ok bool) {
	in, c := w.both(w.l, person)
	final := c.Status == ledger.Created || c.Status == ledger.Forgotten
	if c.ID == 0 || in.ID == 0 || final && !w.chance(4, "once more") || slices.ContainsFunc(c.History, func(a ledger.Attempt) bool { return a.Class == ledger.Open }) && !w.chance(4, "a second request") {
		return on, of, false
	}
	generation := c.Generation
	for _, a := range c.History {
		generation = max(generation, a.Generation)
	}
	of = ledger.Intent{Expect: expect(c), Generation: generation + rapid.IntRange(0, 1).Draw(w.T, "generation"), Key: fmt.Sprint("key ", person, w.now), Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: w.instant()}
	of.Details = c.Details
	for here, there := range w.details { // those of in may be older: a write may wait
		if there == string(c.Details) {
			on.Details = ledger.Details(here)
		}
	}
	// What is sent need not be what the ledger has of the person.
	switch rapid.IntRange(0, 15).Draw(w.T, "corrected") {
	case 0:
		of.Email = "Canary" + strings.TrimPrefix(of.Email, "canary")
	case 1:
		of.FirstName += "j"
	case 2:
		of.LastName = "Dunn"
	case 3:
		fields := []string{"J", "Dunn", "+2", "payroll"}
		of.Details, on.Details = w.m.Digest(fields), w.l.Digest(fields)
		w.details[string(on.Details)] = string(of.Details)
	}
	if c.Status == ledger.LinkMissing {
		of = ledger.Intent{Expect: of.Expect, Generation: generation + 1, Details: of.Details, Removes: c.ServiceID, At: of.At}
	}
	if w.chance(3, "wrong") {
		of.Intents++
	}
	details := on.Details
	on = of
	on.Customer, on.Details = in.ID, details
	return on, of, true
}
