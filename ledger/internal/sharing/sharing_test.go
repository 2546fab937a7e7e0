package sharing

import (
	"math"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const lease = 15 * time.Second

func TestLease(t *testing.T) {
	var l Lease
	if l.MaySend(1, 0) {
		t.Error("a lease that never began allows a request")
	}
	l.Restart(10*time.Second, lease)
	l.AddAttempts(1, 0)
	for now, want := range map[time.Duration]bool{10 * time.Second: true, 24249 * time.Millisecond: true, 24250 * time.Millisecond: false, time.Hour: false} {
		if l.MaySend(1, now) != want {
			t.Errorf("at %s: may send is %t", now, !want)
		}
	}
	if l.MaySend(2, 10*time.Second) || l.MaySend(0, 10*time.Second) {
		t.Error("an attempt of nobody may be sent")
	}
	l.Extend(5*time.Second, lease) // an answer that comes late
	if !l.MaySend(1, 24*time.Second) {
		t.Error("a late answer to a beat shortened the lease")
	}
	l.Restart(20*time.Second, lease)
	if l.MaySend(1, 20*time.Second) || l.HasAttempt(1) {
		t.Error("an attempt of an earlier number may be sent")
	}
	l.AddAttempts(3)
	l.RemoveAttempt(3)
	if l.HasAttempt(3) {
		t.Error("a recorded attempt is remembered")
	}
	l.AddAttempts(4)
	l.End()
	if l.MaySend(4, 20*time.Second) {
		t.Error("a sender that has ended may send")
	}
}

func TestFindSilent(t *testing.T) {
	var w Watch
	look := func(now time.Duration, count int64) bool {
		return len(w.FindSilent(now, []Beat{{Sender: 1, Count: count, Lease: lease}})) == 1
	}
	for _, step := range []struct {
		at    time.Duration
		count int64
		want  bool
	}{
		{0, 1, false}, {5 * time.Second, 1, false}, {10 * time.Second, 1, false}, {15 * time.Second, 1, false}, {15*time.Second + 1, 1, true},
		{16 * time.Second, 2, false}, // it beats after all
		{22 * time.Second, 2, false}, {29 * time.Second, 2, false},
		{40 * time.Second, 2, false}, // nobody looked for more than half a lease
		{47 * time.Second, 2, false}, {54 * time.Second, 2, false}, {56 * time.Second, 2, true},
	} {
		if got := look(step.at, step.count); got != step.want {
			t.Errorf("at %s: silent is %t", step.at, got)
		}
	}
}

func TestDraw(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := Pace{Pace: ledger.Pace{PerSecond: 200}}
	a := p.Draw(now, 1, ledger.Draw{Turns: 100}, 2, false)
	b := p.Draw(now, 2, ledger.Draw{Turns: 3}, 2, false)
	if a.Count != 10 || a.Gap != 5*time.Millisecond || !a.First.Equal(now) {
		t.Errorf("first draw: %+v", a)
	}
	if b.Count != 3 || !b.First.Equal(now.Add(50*time.Millisecond)) {
		t.Errorf("second draw: %+v", b)
	}
	if s := p.Draw(now, 1, ledger.Draw{Turns: 1, IsBackground: true}, 2, false); s.Count != 0 || s.Reason != ledger.SlotsOthers || !s.First.Equal(now.Add(65*time.Millisecond)) {
		t.Errorf("in the background: %+v", s)
	}
	later := now.Add(time.Hour)
	if s := p.Draw(later, 1, ledger.Draw{Turns: 1}, 2, false); !s.First.Equal(later) {
		t.Errorf("missed turns are made up for: %+v", s)
	}
	if s := p.Draw(now, 1, ledger.Draw{Turns: 1}, 2, false); s.First.Sub(now) > maxBacklog+time.Second {
		t.Errorf("after the clock was set back: %+v", s)
	}
	if s := (&Pace{}).Draw(now, 1, ledger.Draw{Turns: 1000}, 2, false); s.Count != maxDraw || s.Gap != 0 {
		t.Errorf("unlimited: %+v", s)
	}
	slow := Pace{Pace: ledger.Pace{PerSecond: 1}}
	if s := slow.Draw(now, 1, ledger.Draw{Turns: 9}, 3, false); s.Count != 1 || s.Gap != time.Second {
		t.Errorf("slow: %+v", s)
	}
}

func TestShutPace(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := Pace{Pace: ledger.Pace{PerSecond: 100}}
	p.NoteBusy(now, now.Add(3*time.Second), 7, now.Add(-time.Second))
	if r := p.Rate(now); r != 50 {
		t.Errorf("rate after a 429: %v", r)
	}
	p.NoteBusy(now.Add(time.Second), now.Add(2*time.Second), 7, now.Add(-time.Millisecond))
	if p.Met != 100 || !p.WaitUntil.Equal(now.Add(3*time.Second)) {
		t.Errorf("a request of before lowered the rate again: %+v", p)
	}
	if s := p.Draw(now, 1, ledger.Draw{Turns: 1, IsLookUp: true}, 1, false); s.Count != 0 || s.Reason != ledger.SlotsWait || !s.First.Equal(p.WaitUntil) {
		t.Errorf("while all wait: %+v", s)
	}
	now = now.Add(time.Minute)
	p.NoteEmpty(now, true)
	draw := func(sender int64, d ledger.Draw, isLiving bool) ledger.Slots {
		d.Turns = 50
		return p.Draw(now, sender, d, 3, isLiving)
	}
	if s := draw(1, ledger.Draw{}, true); s.Count != 0 || s.Reason != ledger.SlotsEmpty {
		t.Errorf("with an empty wallet: %+v", s)
	}
	if s := draw(2, ledger.Draw{IsLookUp: true}, true); s.Count == 0 || s.IsTrial {
		t.Errorf("a look-up with an empty wallet: %+v", s)
	}
	if s := draw(1, ledger.Draw{IsTrial: true}, true); s.Count != 1 || !s.IsTrial {
		t.Errorf("trial: %+v", s)
	}
	if s := draw(2, ledger.Draw{IsTrial: true}, true); s.Count != 0 {
		t.Errorf("a second trial: %+v", s)
	}
	if s := draw(2, ledger.Draw{IsTrial: true}, false); s.Count != 1 {
		t.Errorf("the trial of a sender that has ended is not free: %+v", s)
	}
	p.NoteEmpty(now, false)
	if s := draw(1, ledger.Draw{IsTrial: true}, true); s.Count < 2 || s.IsTrial {
		t.Errorf("after the top-up: %+v", s)
	}
	p.HeldBy, p.HeldBecause = "ops", "invoice"
	if s := draw(1, ledger.Draw{IsLookUp: true}, true); s.Count != 0 || s.Reason != ledger.SlotsHeld || s.Because != "ops: invoice" {
		t.Errorf("held: %+v", s)
	}
	var free Pace
	free.NoteBusy(now, now, 0, now)
	if r := free.Rate(now); math.IsInf(r, 1) || r <= 0 {
		t.Errorf("unlimited after a 429: %v", r)
	}
}
