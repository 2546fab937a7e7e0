package pacing

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestPacerIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewLimiter(50, 1)
		began := time.Now()
		for range 500 {
			if err := p.WaitTurn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// The bucket starts empty, so 500 tokens take 500 intervals of 20 ms.
		if took := time.Since(began); took < 9980*time.Millisecond || took > 10020*time.Millisecond {
			t.Errorf("500 tokens at 50/s took %s", took)
		}
	})
}

// TestPacerCatchesUp wakes late again and again, as timers do on a busy machine:
// the rate is kept, and no second has more than that and the burst.
func TestPacerCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewLimiter(5000, 1)
		random := rand.New(rand.NewPCG(1, 2))
		began := time.Now()
		var released []time.Duration
		for time.Since(began) < 10*time.Second {
			if err := p.WaitTurn(t.Context()); err != nil {
				t.Fatal(err)
			}
			released = append(released, time.Since(began))
			if random.IntN(1000) == 0 {
				if err := SleepFor(t.Context(), time.Duration(random.IntN(15_000))*time.Microsecond); err != nil {
					t.Fatal(err)
				}
			}
		}
		for from, to := 0, 0; to < len(released); to++ {
			for released[to]-released[from] >= time.Second {
				from++
			}
			if n := to - from + 1; n > 5001 {
				t.Fatalf("%d tokens in the second before %s", n, released[to])
			}
		}
		if n := len(released); n < 49_800 {
			t.Errorf("%d tokens in 10 s at 5000/s", n)
		}
	})
}

// A configured burst needs no memory.
func TestPacerLargeBurst(t *testing.T) {
	if p := NewLimiter(5000, 1<<40); p.second.released != nil {
		t.Error("the bucket by itself keeps to the rate and the burst")
	}
}

// An unlimited run that meets a 429 keeps to the rate that it halves to, also
// when two tokens were given at the same moment.
func TestPacerUnlimitedAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewLimiter(math.Inf(1), 1)
		take := func(n int) time.Duration {
			began := time.Now()
			for range n {
				if err := p.WaitTurn(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(began)
		}
		if took := take(100); took != 0 {
			t.Errorf("100 tokens without a limit took %s", took)
		}
		p.ReportBusy(time.Now(), time.Now(), time.Now())
		if took := take(60); took < 700*time.Millisecond {
			t.Errorf("60 tokens at half of 100/s took %s", took)
		}
	})
}

func TestPacerAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewLimiter(100, 1)
		met := time.Now()
		p.ReportBusy(met.Add(-time.Second), met, met)
		p.ReportBusy(met.Add(-time.Millisecond), met, met) // was on its way: says nothing new
		for _, c := range []struct {
			after time.Duration
			want  float64
		}{
			{0, 50}, {5 * time.Second, 72.5}, {10 * time.Second, 95}, {19 * time.Second, 95},
			{20 * time.Second, 96}, {30 * time.Second, 97}, {60 * time.Second, 100}, {time.Hour, 100},
		} {
			if err := SleepFor(t.Context(), time.Until(met.Add(c.after))); err != nil {
				t.Fatal(err)
			}
			if got := p.CurrentRate(); math.Abs(got-c.want) > 0.01 {
				t.Errorf("%s after a 429 at 100/s: %.2f/s, want %.2f/s", c.after, got, c.want)
			}
		}
		p.ReportBusy(time.Now(), time.Now().Add(time.Nanosecond), time.Now())
		if got := p.CurrentRate(); math.Abs(got-50) > 0.01 {
			t.Errorf("a second 429 at 100/s: %.2f/s, want 50/s", got)
		}
	})
}

func TestBackoff(t *testing.T) {
	for n, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		if got := BackoffAfter(n, time.Second, time.Minute); got != want*time.Second {
			t.Errorf("wait %d is %s, want %s", n, got, want*time.Second)
		}
	}
	if got := BackoffAfter(1<<30, time.Second, time.Minute); got != time.Minute {
		t.Errorf("a wait far out is %s", got)
	}
	for range 1000 {
		if d := WithJitter(time.Second); d < time.Second/2 || d >= time.Second {
			t.Errorf("jitter made %s of a second", d)
		}
	}
}

func TestBreakerTrips(t *testing.T) {
	feed := func(classes ...ledger.Class) *breaker {
		b := &breaker{}
		for _, c := range classes {
			b.countAnswer(c)
		}
		return b
	}
	mixed := func(n, every int) (out []ledger.Class) {
		for i := range n {
			if i%every == 0 {
				out = append(out, ledger.Unknown)
			} else {
				out = append(out, ledger.OK)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		classes []ledger.Class
		want    bool
	}{
		"two in a row":                  {[]ledger.Class{ledger.Unknown, ledger.OKBroken}, false},
		"three in a row":                {[]ledger.Class{ledger.Unknown, ledger.OKBroken, ledger.Unknown}, true},
		"an answer between":             {[]ledger.Class{ledger.Unknown, ledger.Unknown, ledger.KeyUsed, ledger.Unknown}, false},
		"many, before there are 100":    {mixed(99, 10), false},
		"5 of the last 100":             {mixed(100, 20), true},
		"4 of the last 100":             {mixed(100, 25), false},
		"the old ones are forgotten":    {append(mixed(100, 10), mixed(200, 300)[1:101]...), false},
		"the partner refuses all alive": {[]ledger.Class{ledger.Reject, ledger.Reject, ledger.Reject, ledger.DupUser}, false},
	} {
		if got := feed(c.classes...).isTripped(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestGateLetsOneGoFirst walks the gate through an outage.
func TestGateLetsOneGoFirst(t *testing.T) {
	g, now := NewGate(), time.Now()
	for n := range int64(3) {
		if !g.MayPass(n) {
			t.Fatal("shut from the start")
		}
		g.ObserveAnswer(n, ledger.Unknown, 0, now, now)
	}
	if g.MayPass(4) {
		t.Fatal("open after three answers that prove nothing")
	}
	g.startProbe()
	if n, _ := g.IntentRoom(); n != 1 || !g.MayPass(5) || g.MayPass(6) {
		t.Fatal("a probe is one row")
	}
	g.ObserveAnswer(5, ledger.Unknown, 0, now, now)
	if g.MayPass(7) {
		t.Fatal("open after a probe that failed")
	}
	g.startProbe()
	if !g.MayPass(8) {
		t.Fatal("no second probe")
	}
	g.CancelProbe(8)
	if !g.MayPass(9) {
		t.Fatal("a probe that was not sent is not given back")
	}
	g.ObserveAnswer(3, ledger.OK, 0, now, now) // an answer from before says nothing
	if g.MayPass(10) {
		t.Fatal("opened by an answer that was no probe")
	}
	g.ObserveAnswer(9, ledger.DupUser, 0, now, now)
	if !g.MayPass(11) || !g.MayPass(12) {
		t.Fatal("shut after a probe that succeeded")
	}
	g.ObserveAnswer(11, ledger.Busy, time.Minute, now, now)
	if v := g.CurrentView(WallTime()); v.why != pausedBusy || !v.AskedUntil.Equal(now.Add(time.Minute)) {
		t.Errorf("%d until %s", v.why, v.AskedUntil)
	}
}

func TestStrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewLimiter(500, 1)
		for range 64 {
			p.ReportExhausted(WallTime())
		}
		if got := p.CurrentRate(); got != 250 {
			t.Errorf("64 failures at once leave %.1f/s of 500, want 250", got)
		}
		for range 1000 {
			if err := SleepFor(t.Context(), recoveryTime); err != nil {
				t.Fatal(err)
			}
			p.ReportExhausted(WallTime())
		}
		if got := p.CurrentRate(); got < minExhaustedRate/2.0 || got > minExhaustedRate {
			t.Errorf("in the end there are %.1f/s", got)
		}
		slow := NewLimiter(2, 1)
		if slow.ReportExhausted(WallTime()); slow.CurrentRate() != 2 {
			t.Errorf("2/s became %.1f/s", slow.CurrentRate())
		}
	})
}

// TestShortOfPortsOnTrial: the row that goes first after an outage finds no port.
// The gate stays shut, and another one goes first later.
func TestShortOfPortsOnTrial(t *testing.T) {
	g := NewGate()
	now := time.Now()
	g.ObserveAnswer(1, ledger.NotSent, 0, now, now)
	g.startProbe()
	if !g.MayPass(2) {
		t.Fatal("no row goes first")
	}
	g.ObserveExhaustion(2, now)
	if v := g.CurrentView(WallTime()); v.state != gateShut || v.why != unreachable {
		t.Errorf("state %d, reason %d", v.state, v.why)
	}
	g.startProbe()
	if !g.MayPass(3) {
		t.Error("no other row goes first")
	}
}

// TestLeaveRows: others may have the rows once an outage has lasted for the time given, and
// are given them once.
func TestLeaveRows(t *testing.T) {
	times, now := 0, time.Unix(1_700_000_000, 0)
	c := GateController{LeaveAfter: 40 * time.Second, LeaveRows: func(context.Context) error { times++; return nil }}
	for after, want := range map[time.Duration]int{39 * time.Second: 0, 40 * time.Second: 1} {
		times, c.hasLeft = 0, false
		for range 2 {
			if err := c.leaveRows(t.Context(), gateView{outageSince: now.Add(-after)}, now); err != nil {
				t.Fatal(err)
			}
		}
		if times != want {
			t.Errorf("after %s: left %d times, want %d", after, times, want)
		}
	}
}
