//go:build !windows

package main

import (
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// Who stops when the partner says stop. The partner counts.

// after counts the requests that arrived after an answer had gone out, and
// before the end of a span of time.
func after(posts []sandbox.Post, class string, span time.Duration) (n int, found bool) {
	var said time.Time
	for _, p := range posts {
		if p.Class == class && (said.IsZero() || p.Completed.Before(said)) {
			said = p.Completed
		}
	}
	for _, p := range posts {
		if p.Arrived.After(said) && p.Arrived.Before(said.Add(span)) {
			n++
		}
	}
	return n, !said.IsZero()
}

// Invariant 20, faults 21 to 23: after the first refusal of the key, the account or the wallet
// at most the other workers' requests arrive.
func TestPromiseGateShuts(t *testing.T) {
	t.Parallel()
	refusals := []string{"401=#5-", "403=#5-", "402=#5-"}
	strands(t, refusals, 3, func(i int, t strand) {
		class, code := sandbox.ClassAuth, 5
		if refusals[i] == "402=#5-" {
			class, code = sandbox.ClassFunds, 4
		}
		faults, err := parseFaults(refusals[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t, sandbox.Config{Faults: faults, Latency: 20 * time.Millisecond}, people(40))
		s.flags = append(s.flags, patient()...)
		s.run(s.runArgs()...).ends(code)
		n, found := after(s.posts(), class, time.Hour)
		if !found || n > 3 {
			t.Errorf("%d requests after the first refusal (seen: %v), at most 3 were under way", n, found)
		}
		s.setFaults()
		s.run(s.runArgs()...).ends(0)
		s.all(ledger.Created, 40)
	})
}

// Invariant 18: a Retry-After holds everybody.
func TestPromiseRetryAfter(t *testing.T) {
	long(t)
	t.Parallel()
	busy := []string{"429=1s,#5", "429=date:2s,#5"}
	strands(t, busy, 2, func(i int, t strand) {
		faults, err := parseFaults(busy[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		s := newScene(t, sandbox.Config{Faults: faults, Latency: 20 * time.Millisecond}, people(30))
		s.run(s.runArgs(patient()...)...).ends(0)
		// A date has whole seconds: it asks for at least one of the two.
		n, found := after(s.posts(), sandbox.ClassBusy, time.Second-10*time.Millisecond)
		if !found || n > 3 {
			t.Errorf("%d requests before the time was over (429 seen: %v), at most 3 were under way", n, found)
		}
		s.all(ledger.Created, 30)
	})
}

// Invariant 20, the breaker: once three answers in a row tell nothing, the wallet is asked
// before each single row that goes first.
func TestPromiseBreaker(t *testing.T) {
	long(t)
	t.Parallel()
	faults, err := parseFaults([]string{"500-before-free=#3-"})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t, sandbox.Config{Faults: faults, Latency: 20 * time.Millisecond}, people(40))
	var mu sync.Mutex
	var order []string
	s.before = func(call string, _ int) {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, call)
	}
	s.run(s.runArgs(append(patient(), "--patience", "5s", "--check-existing", "never")...)...).ends(6)
	creates, probes, asked := 0, 0, false
	mu.Lock()
	for _, call := range order {
		switch call {
		case "wallet":
			asked = true
		case "create":
			// Two good ones, three that trip the breaker, three under way.
			if creates++; creates > 8 {
				probes++
				if !asked {
					t.Errorf("request %d went out without a word from the wallet: %v", creates, order)
				}
			}
			asked = false
		}
	}
	mu.Unlock()
	if creates > 8+4 {
		t.Errorf("%d requests to a partner that answers nothing of use: %v", creates, order)
	}
	if creates < 6 {
		t.Errorf("only %d requests: nobody went first after the pause: %v", creates, order)
	}
	s.setFaults()
	s.run(s.runArgs(unhurried()...)...).ends(0)
	s.all(ledger.Created, 40)
}

// Invariant 18: the rate holds for every request, and a kill and a new start
// give no more of it. Requests that the machine held up on their way may come
// closer together: a third of a second is allowed for that.
func TestPromiseRate(t *testing.T) {
	long(t)
	t.Parallel()
	const rate, held = 25, time.Second / 3 * slowdown
	var mu sync.Mutex
	var arrived []time.Time
	var p *process
	s := newScene(t, sandbox.Config{}, people(40))
	ready := make(chan struct{})
	s.before = func(call string, n int) {
		<-ready
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, time.Now())
		if call == "create" && n == 20 {
			p.kill()
		}
	}
	args := s.runArgs("--rate", "25/s", "--in-doubt", "hold")
	p = s.start(args...)
	close(ready)
	<-p.ended
	s.run(args...).ends(0, 3)
	mu.Lock()
	defer mu.Unlock()
	if len(arrived) < 40 {
		t.Errorf("only %d requests", len(arrived))
	}
	for i, from := range arrived {
		for j, to := range arrived[i:] {
			if most := 1 + rate*(to.Sub(from)+held).Seconds(); float64(j) > most {
				t.Fatalf("%d requests within %s", j+1, to.Sub(from))
			}
		}
	}
}

// Invariant 18: no more requests are in flight than there are workers.
func TestPromiseWorkers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now, most := 0, 0
	s := newScene(t, sandbox.Config{Latency: 20 * time.Millisecond, Barrier: func(stage sandbox.Stage, _, _ string) {
		mu.Lock()
		defer mu.Unlock()
		switch stage {
		case sandbox.Arrived:
			now++
			most = max(most, now)
		case sandbox.Answering:
			now--
		}
	}}, people(40))
	s.run(s.runArgs(append(patient(), "--workers", "3")...)...).ends(0)
	if most != 3 {
		t.Errorf("%d requests were under way at once, want 3", most)
	}
}
