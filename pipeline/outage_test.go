package pipeline

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/validate"
)

// short is a partner to whom this machine has no port or file left for a while.
type short struct {
	*fakePartner
	until time.Time
	tries int
}

func (s *short) Create(ctx context.Context, key string, u validate.User) partner.Answer {
	s.mu.Lock()
	now := time.Now()
	if now.Before(s.until) {
		s.tries++
		s.mu.Unlock()
		return partner.Answer{Class: ledger.NotSent, Cause: partner.CauseLocal, Began: now, Ended: now}
	}
	s.mu.Unlock()
	return s.fakePartner.Create(ctx, key, u)
}

// TestShortOfPorts: a machine without a free port sends less, and no outage of
// the partner is made of it: no attempt is spent, every user is created.
func TestNoPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3000)
		b.cfg.Pace = Pace{Rate: 500, MaxAttempts: 1, Patience: 10 * time.Minute}
		s := &short{fakePartner: b.partner, until: time.Now().Add(time.Minute)}
		b.cfg.Partner = s
		paused, lowest := false, b.cfg.Pace.Rate
		b.cfg.OnProgress = func(p Progress) {
			lowest = min(lowest, p.Rate)
			paused = paused || strings.Contains(p.Pause, "no free port or file")
			if strings.Contains(p.Pause, "partner cannot") || strings.Contains(p.Pause, "partner's answers") {
				t.Errorf("the partner is blamed: %s", p.Pause)
			}
		}
		sum, err := b.run()
		if err != nil {
			t.Fatal(err)
		}
		want(t, sum, map[ledger.Status]int{ledger.Created: 3000})
		if !paused || s.tries == 0 || s.tries > 100 {
			t.Errorf("%d tries within a minute without ports; shown: %t", s.tries, paused)
		}
		if lowest > 250 {
			t.Errorf("the pace did not go below %.0f/s", lowest)
		}
	})
}

// TestNoPortsUntilPatienceEnds ends, and says what is short.
func TestNoPortsUntilPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 20)
		b.cfg.Pace.Patience = 5 * time.Minute
		b.cfg.Partner = &short{fakePartner: b.partner, until: time.Now().Add(24 * time.Hour)}
		sum, err := b.run()
		if reasonOf(err) != PartnerDown || !strings.Contains(err.Error(), "no free port or file") {
			t.Errorf("ended with %v", err)
		}
		want(t, sum, map[ledger.Status]int{ledger.Pending: 20})
	})
}

// TestProxyRefusesEverything: the run ends with the first answer, and says whose
// it was.
func TestProxyRefusesEverything(t *testing.T) {
	for _, class := range []ledger.Class{ledger.NotSent, ledger.Unknown, ledger.Auth} {
		for _, status := range []int{403, 407} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 20)
				b.cfg.Partner = refusedByProxy{b.partner, class, status}
				_, err := Run(t.Context(), b.cfg)
				if reasonOf(err) != PartnerDown || !strings.Contains(err.Error(), "proxy") || !strings.Contains(err.Error(), strconv.Itoa(status)) {
					t.Errorf("ended with %v", err)
				}
			})
		}
	}
}

type refusedByProxy struct {
	*fakePartner
	class  ledger.Class
	status int
}

func (p refusedByProxy) Create(context.Context, string, validate.User) partner.Answer {
	now := time.Now()
	return partner.Answer{Class: p.class, Cause: partner.CauseProxy, ProxyStatus: p.status, StopCause: partner.ProxyRefused, Began: now, Ended: now}
}

// TestWalletRefusedByProxy: nothing is sent to find out again.
func TestWalletRefusedByProxy(t *testing.T) {
	err := refusalStop(&partner.Error{Class: ledger.NotSent, StopCause: partner.ProxyRefused, ProxyStatus: 407})
	if err == nil || err.Reason != PartnerDown || !strings.Contains(err.Detail, "407") || !strings.Contains(err.Detail, "--proxy") {
		t.Errorf("got %v", err)
	}
}

// TestStopNamesTheCause: the error says why no connection could be made.
func TestStopNamesTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, 3)
		b.cfg.Pace.Patience = time.Minute
		b.partner.down = func(time.Time) bool { return true }
		_, err := b.run()
		var u *Unreachable
		if reasonOf(err) != PartnerDown || !errors.As(err, &u) || u.Cause != "refused" {
			t.Errorf("ended with %v", err)
		}
	})
	var l lastFailure
	l.keepAnswer(partner.Answer{Class: ledger.NotSent, Cause: partner.CauseProxy, ProxyStatus: 502})
	if got := l.outageStop(time.Minute).Error(); !strings.Contains(got, "the proxy answered HTTP 502") {
		t.Errorf("got %q", got)
	}
	l.keepAnswer(partner.Answer{Class: ledger.Unknown, Cause: partner.CauseServer})
	if l.unreachable() != nil {
		t.Error("an answer of the partner's is mistaken for no connection")
	}
}
