package postgres

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestShared(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, test := range map[string]func(*testing.T, Options){
		"three senders share one input":                    testThreeSenders,
		"all race for the same rows":                       testRace,
		"one that dies is succeeded":                       testDeadSender,
		"one that is frozen sends nothing late":            testFrozenSender,
		"late answers replace rulings":                     testLateAnswers,
		"an attempt that nobody remembers is swept":        testForgottenAttempt,
		"an attempt whose change is refused is remembered": testRefusedChange,
		"one that holds the ledger alone keeps others out": testAlone,
		"slices":                        testSlices,
		"roles":                         testRoles,
		"pace":                          testPace,
		"clearances":                    testClearances,
		"senders":                       testSenders,
		"leaving":                       testLeave,
		"emergency files of one folder": testEmergencyFiles,
	} {
		t.Run(name, func(t *testing.T) { test(t, sharedOptions(cluster.URL())) })
	}
}

// newParties opens a ledger as several senders that have entered one input.
func newParties(t *testing.T, o Options, n, rows int) (all []*party) {
	t.Helper()
	p := newPartner()
	var b ledger.Batch
	for i := range n {
		x := newParty(t, o, p)
		if i == 0 {
			b = registerRows(t, x.Ledger, "one", rows, func(i int) ledger.Row { return rowOf(i, "a") })
		}
		x.enter(t, b.ID)
		all = append(all, x)
	}
	return all
}

func testThreeSenders(t *testing.T, o Options) {
	all := newParties(t, o, 3, 1500)
	var done sync.WaitGroup
	for _, x := range all {
		done.Go(func() {
			if err := x.sendAll(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	all[0].checkClean(t, 1500)
	if p, err := all[1].CountProgress(t.Context(), all[1].batch); err != nil || p != (ledger.Progress{Rows: 1500, Senders: 3, Working: 3}) {
		t.Errorf("progress: %+v %v", p, err)
	}
}

// testRace: without claims, conditional intents alone keep everyone from being sent twice.
func testRace(t *testing.T, o Options) {
	all := newParties(t, o, 3, 320)
	var done sync.WaitGroup
	for _, x := range all {
		done.Go(func() {
			for at := 0; at < 320; at += 16 {
				if err := x.sendGroup(t.Context(), at, 16); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	all[0].checkClean(t, 320)
}

func testDeadSender(t *testing.T, o Options) {
	all := newParties(t, o, 3, 700)
	dead := all[2]
	if _, err := dead.ClaimSlice(t.Context(), dead.batch); err != nil {
		t.Fatal(err)
	}
	intents, ids, err := dead.intend(t.Context(), 0, 20)
	if err != nil {
		t.Fatal(err)
	}
	dead.send(intents[:12], ids[:12]) // their answers die with the process
	if err := dead.abandon(); err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for _, x := range all[:2] {
		done.Go(func() {
			if err := x.sendAll(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	all[0].finish(t)
	all[0].checkClean(t, 700)
	if n := countWith(t, all[0].Ledger, ledger.LinkMissing); n != 12 {
		t.Errorf("%d links are missing, want those of the 12 answers that were lost", n)
	}
	// Its slice is free for the others, or one of them has it already.
	for _, x := range all[:2] {
		if err := x.UnclaimAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if slice, err := all[0].ClaimSlice(t.Context(), all[0].batch); err != nil || slice.From != 0 {
		t.Errorf("the slice of the dead: %+v %v", slice, err)
	}
}

// freeze stops the beat of a sender, as a process that is stopped does.
func (x *party) freeze() { x.sender.stop() }

// thaw lets the beat go on.
func (x *party) thaw(t *testing.T) {
	if err := x.startBeating(t.Context()); err != nil {
		t.Error(err)
	}
}

// testFrozenSender: a sender that was frozen past its lease begins no request, because
// others may have sent its customers meanwhile. Without the look at the lease they are
// created twice.
func testFrozenSender(t *testing.T, o Options) {
	for _, ignoresLease := range []bool{false, true} {
		o.Address += "x" // another schema
		all := newParties(t, o, 2, 40)
		frozen, other := all[0], all[1]
		frozen.ignoresLease = ignoresLease
		intents, ids, err := frozen.intend(t.Context(), 0, 40)
		if err != nil {
			t.Fatal(err)
		}
		was := frozen.ID()
		frozen.freeze()
		other.finish(t) // declares it ended, sweeps, and sends its customers
		outcomes := frozen.send(intents, ids)
		frozen.thaw(t)
		if left, err := frozen.record(t.Context(), outcomes); err != nil || len(left) != 40 { // they were settled without it
			t.Errorf("outcomes that came too late: %d left, %v", len(left), err)
		}
		if doubles := other.partner.doubles(); ignoresLease != (doubles > 0) {
			t.Errorf("with the look at the lease %t: %d customers were created twice", !ignoresLease, doubles)
		}
		other.checkKnown(t, 40)
		if frozen.ID() == was || !strings.Contains(strings.Join(frozen.Notices(), "\n"), "this process continues as sender") {
			t.Errorf("it is still sender %d; notices %q", was, frozen.Notices())
		}
	}
}

func testLateAnswers(t *testing.T, o Options) {
	all := newParties(t, o, 2, 30)
	frozen, other := all[0], all[1]
	intents, ids, err := frozen.intend(t.Context(), 0, 30)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := frozen.send(intents[:20], ids[:20]) // ten more were never sent
	for i := 20; i < 30; i++ {
		outcomes = append(outcomes, frozen.outcomeOf(intents[i], ids[i], false))
	}
	frozen.freeze()
	await(t, "rulings on 30 requests", func() bool {
		_, err := other.settle(t.Context())
		return err == nil && countWith(t, other.Ledger, ledger.LinkMissing) == 20 && countWith(t, other.Ledger, ledger.Pending) == 10
	})
	frozen.thaw(t)
	// Those that were never sent were found absent already.
	if left, err := frozen.record(t.Context(), outcomes); err != nil || len(left) != 10 {
		t.Errorf("late answers: %d left, %v", len(left), err)
	}
	if created, missing := countWith(t, other.Ledger, ledger.Created), countWith(t, other.Ledger, ledger.LinkMissing); created != 20 || missing != 0 {
		t.Errorf("%d created, %d links missing", created, missing)
	}
	other.finish(t)
	other.checkClean(t, 30)
}

// testForgottenAttempt: the answer to a commit was lost, and the process never called again.
func testForgottenAttempt(t *testing.T, o Options) {
	x := newParties(t, o, 1, 5)[0]
	_, ids, err := x.intend(t.Context(), 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	x.sender.lease.RemoveAttempt(ids[3])
	await(t, "its sweep", func() bool { return countOpen(t, x.Ledger) == 4 })
}

func testAlone(t *testing.T, o Options) {
	x := newParty(t, o, newPartner())
	alone := o
	alone.Shared = false
	if _, err := Open(t.Context(), alone); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("alone beside a living sender: %v", err)
	}
	if err := x.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := openWith(t, alone)
	if _, err := Open(t.Context(), o); !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("beside one that is alone: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	newParty(t, o, newPartner())
}

func testSlices(t *testing.T, o Options) {
	all := newParties(t, o, 2, 600)
	claim := func(x *party, want int) {
		t.Helper()
		slice, err := x.ClaimSlice(t.Context(), x.batch)
		if want < 0 && !errors.Is(err, ledger.ErrNotFound) || want >= 0 && (err != nil || slice != ledger.Slice{Batch: x.batch, From: want}) {
			t.Errorf("%+v %v, want %d", slice, err, want)
		}
	}
	claim(all[0], 0)
	claim(all[1], 256)
	claim(all[0], 512)
	claim(all[1], -1)
	if err := all[0].UnclaimAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	claim(all[1], 0)
	// One that rests has sent its rows; of one that leaves before, others send them.
	if err := errors.Join(all[1].SetResting(t.Context(), true), all[1].Leave(t.Context())); err != nil {
		t.Fatal(err)
	}
	claim(all[0], 512)
	claim(all[0], -1)
	late := newParty(t, o, all[0].partner)
	late.enter(t, all[0].batch)
	claim(late, -1)
	if err := all[0].Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	claim(late, 512)
	if err := late.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Nobody sends it: whoever comes next looks at all rows.
	next := newParty(t, o, all[0].partner)
	next.enter(t, all[0].batch)
	claim(next, 0)
}

func testRoles(t *testing.T, o Options) {
	all := newParties(t, o, 2, 1)
	take := func(x *party, want bool) {
		t.Helper()
		if has, err := x.TakeRole(t.Context(), ledger.RoleResolver); err != nil || has != want {
			t.Errorf("has the role: %t %v", has, err)
		}
	}
	take(all[0], true)
	take(all[0], true)
	take(all[1], false)
	if err := all[0].abandon(); err != nil {
		t.Fatal(err)
	}
	await(t, "the role of one that died", func() bool {
		has, err := all[1].TakeRole(t.Context(), ledger.RoleResolver)
		return has && err == nil
	})
}

func testPace(t *testing.T, o Options) {
	all := newParties(t, o, 2, 1)
	a, b := all[0], all[1]
	draw := func(x *party, d ledger.Draw) ledger.Slots {
		t.Helper()
		s, err := x.DrawSlots(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if p, err := a.Pace(t.Context()); err != nil || p.PerSecond != 5 {
		t.Errorf("a new ledger: %+v %v", p, err)
	}
	if err := a.SetRate(t.Context(), 200); err != nil {
		t.Fatal(err)
	}
	// No turn is given twice, however many ask at once.
	var mu sync.Mutex
	var turns []time.Time
	var done sync.WaitGroup
	for _, x := range all {
		for range 2 {
			done.Go(func() {
				for range 20 {
					s, err := x.DrawSlots(t.Context(), ledger.Draw{Turns: 5})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for i := range s.Count {
						turns = append(turns, s.First.Add(time.Duration(i)*s.Gap))
					}
					mu.Unlock()
				}
			})
		}
	}
	done.Wait()
	slices.SortFunc(turns, time.Time.Compare)
	for i := 1; i < len(turns); i++ {
		if gap := turns[i].Sub(turns[i-1]); gap < 4990*time.Microsecond {
			t.Errorf("turns %d and %d are %s apart", i-1, i, gap)
		}
	}
	if len(turns) != 400 {
		t.Errorf("%d turns", len(turns))
	}
	until := b.Now().Add(time.Hour)
	if err := b.PauseAll(t.Context(), until, 100, b.Now()); err != nil {
		t.Fatal(err)
	}
	if s := draw(a, ledger.Draw{Turns: 1}); s.Count != 0 || s.Reason != ledger.SlotsWait || !s.First.Equal(until) {
		t.Errorf("while all wait until %s: %+v", until, s)
	}
	execute(t, a.Ledger, "UPDATE pace SET wait_until_us = 0")
	if err := b.SetWalletEmpty(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if s := draw(a, ledger.Draw{Turns: 1}); s.Reason != ledger.SlotsEmpty {
		t.Errorf("with an empty wallet: %+v", s)
	}
	if s := draw(b, ledger.Draw{Turns: 1, IsTrial: true}); s.Count != 1 || !s.IsTrial {
		t.Errorf("a trial: %+v", s)
	}
	if s := draw(a, ledger.Draw{Turns: 1, IsTrial: true}); s.Count != 0 {
		t.Errorf("a second trial: %+v", s)
	}
	if err := errors.Join(b.SetWalletEmpty(t.Context(), false), b.Hold(t.Context(), "ops", "invoice")); err != nil {
		t.Fatal(err)
	}
	if s := draw(a, ledger.Draw{Turns: 1}); s.Reason != ledger.SlotsHeld || s.Because != "ops: invoice" {
		t.Errorf("held: %+v", s)
	}
	if p, err := a.Pace(t.Context()); err != nil || p.HeldBy != "ops" || p.PerSecond != 200 || !p.EmptySince.IsZero() {
		t.Errorf("pace: %+v %v", p, err)
	}
	if err := errors.Join(a.Release(t.Context()), a.SetRate(t.Context(), 0)); err != nil {
		t.Fatal(err)
	}
	if s := draw(a, ledger.Draw{Turns: 1}); s.Count != 1 {
		t.Errorf("released: %+v", s)
	}
}

func testClearances(t *testing.T, o Options) {
	all := newParties(t, o, 2, 4)
	x := all[0]
	planned, err := x.Plan(t.Context(), x.batch, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	of := func(i int, intents int, valid time.Duration) ledger.Clearance {
		return ledger.Clearance{Customer: planned[i].Customer.ID, Intents: intents, FreshUntil: x.Now().Add(valid)}
	}
	want := of(0, 0, time.Hour)
	if err := x.AddClearances(t.Context(), []ledger.Clearance{of(0, 7, time.Hour), of(1, 1, time.Hour), of(2, 0, -time.Second)}); err != nil {
		t.Fatal(err)
	}
	if err := x.AddClearances(t.Context(), []ledger.Clearance{want}); err != nil {
		t.Fatal(err)
	}
	got, err := all[1].FreshClearances(t.Context(), x.batch)
	if err != nil || !slices.Equal(got, []ledger.Clearance{want}) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	// The input is not the customer's last one.
	later := registerRows(t, x.Ledger, "two", 1, func(int) ledger.Row { return rowOf(0, "a") })
	for batch, n := range map[int64]int{x.batch: 1, later.ID: 1, 99: 0} {
		if got, err := x.FreshClearances(t.Context(), batch); err != nil || len(got) != n {
			t.Errorf("input %d: %+v %v", batch, got, err)
		}
	}
}

func testSenders(t *testing.T, o Options) {
	all := newParties(t, o, 2, 10)
	if _, _, err := all[0].intend(t.Context(), 0, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := all[0].TakeRole(t.Context(), ledger.RoleWallet); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(all[1].SetResting(t.Context(), true), all[1].Leave(t.Context())); err != nil {
		t.Fatal(err)
	}
	senders, err := all[0].Senders(t.Context())
	if err != nil || len(senders) != 2 {
		t.Fatal(senders, err)
	}
	first, second := senders[0], senders[1]
	if first.ID != all[0].ID() || !first.Ended.IsZero() || first.InFlight != 3 || first.Sent != 3 || first.Batch != all[0].batch || first.IsResting ||
		!slices.Equal(first.Roles, []string{ledger.RoleWallet}) || first.Version != "1.0" || first.Lease != o.Lease || first.SilentFor > o.Lease {
		t.Errorf("the living one: %+v", first)
	}
	if second.Ended.IsZero() || second.EndReason != "finished" || !second.IsResting || second.Sent != 0 {
		t.Errorf("the one that left: %+v", second)
	}
}

func testLeave(t *testing.T, o Options) {
	x := newParties(t, o, 1, 5)[0]
	if err := x.sendGroup(t.Context(), 0, 3); err != nil {
		t.Fatal(err)
	}
	was := x.ID()
	if err := x.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := x.intend(t.Context(), 3, 2); !errors.Is(err, ledger.ErrWrite) {
		t.Errorf("an intent of one that left: %v", err)
	}
	if err := x.Finish(t.Context(), x.run, ledger.RunEnd{}); err != nil {
		t.Errorf("the end of its run: %v", err)
	}
	var err error
	if x.Membership, err = x.Join(t.Context(), ledger.Sender{}); err != nil || x.ID() == was {
		t.Fatalf("joined again as %d: %v", x.ID(), err)
	}
	if err := x.sendGroup(t.Context(), 3, 2); err != nil {
		t.Fatal(err)
	}
	x.checkClean(t, 5)
}

// testEmergencyFiles: each process of a folder has a file of its own. The next process
// merges those of all that have ended.
func testEmergencyFiles(t *testing.T, o Options) {
	o.Emergency = t.TempDir() + "/answers.emergency"
	all := newParties(t, o, 2, 2)
	if all[0].emergencyPath != o.Emergency || all[1].emergencyPath != o.Emergency+"-2" {
		t.Errorf("%s and %s", all[0].emergencyPath, all[1].emergencyPath)
	}
	for i, x := range all {
		intents, ids, err := x.intend(t.Context(), i, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Emergency(x.send(intents, ids)); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range all {
		if err := x.abandon(); err != nil {
			t.Fatal(err)
		}
	}
	next := newParty(t, o, all[0].partner)
	if next.emergencyPath != o.Emergency {
		t.Errorf("the next process uses %s", next.emergencyPath)
	}
	next.checkClean(t, 2)
	if n := countWith(t, next.Ledger, ledger.Created); n != 2 {
		t.Errorf("%d links were saved", n)
	}
}

// testRefusedChange: a change that does not fit leaves its attempt open, and the process
// goes on remembering it. It is not swept as one that was forgotten.
func testRefusedChange(t *testing.T, o Options) {
	l := openWith(t, o)
	b := registerRows(t, l, "refused", 2, func(i int) ledger.Row { return rowOf(i, "refused") })
	intents := intentsFor(t, l, b.ID, 0, 2)
	ids, err := l.Intend(t.Context(), 1, intents)
	if err != nil {
		t.Fatal(err)
	}
	answers := answersTo(intents, ids)
	answers[0].Intents = 4
	refused, err := l.Record(t.Context(), 1, answers)
	if err != nil || len(refused) != 1 {
		t.Fatalf("%v, %v", refused, err)
	}
	if !l.sender.lease.HasAttempt(ids[0]) || l.sender.lease.HasAttempt(ids[1]) {
		t.Error("the open attempt is forgotten, or the closed one is not")
	}
}
