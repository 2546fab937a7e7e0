package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// This file plays the identity check: with Config.KYCAfter the status of a user
// changes from pending_kyc to pending and then to the one of its tag. A webhook
// reports each change (webhook.go).

// due is a change of status that is to come, in real time.
type due struct {
	at     time.Time
	id     string
	status string
}

// schedule holds the changes and webhooks to come. It is safe for concurrent use.
type schedule struct {
	mu      sync.Mutex
	due     []due // soonest first
	queue   []notice
	notify  chan struct{} // something was added
	drained chan struct{} // closed when the queue is empty; nil unless WaitForWebhooks waits
	sent    int
	lost    int

	probed bool // the endpoint has answered; used by the goroutine that delivers only
}

func newSchedule() *schedule { return &schedule{notify: make(chan struct{}, 1)} }

func (f *schedule) wakeUp() {
	select {
	case f.notify <- struct{}{}:
	default:
	}
}

// addDue puts off a change.
func (f *schedule) addDue(all ...due) {
	f.mu.Lock()
	f.due = append(f.due, all...)
	slices.SortStableFunc(f.due, func(a, b due) int { return a.at.Compare(b.at) })
	f.mu.Unlock()
	f.wakeUp()
}

// statusFromTag returns the status that the tag of an e-mail asks for, and whether
// it has such a tag.
func statusFromTag(email string) (status string, asked bool) {
	local, _, _ := strings.Cut(email, "@")
	switch _, tag, _ := strings.Cut(local, "+"); tag {
	case approved, denied, pending:
		return tag, true
	case "needs":
		return needs, true
	case "review":
		return manualReview, true
	}
	return approved, false
}

// startCheck starts the identity check of a user at a moment.
func (s *Server) startCheck(id, email string, at time.Time) {
	if s.cfg.KYCAfter == 0 {
		return
	}
	fate, _ := statusFromTag(email)
	steps := []due{{at.Add(s.cfg.KYCAfter / 2), id, pending}}
	if fate != pending {
		steps = append(steps, due{at.Add(s.cfg.KYCAfter), id, fate})
	}
	s.schedule.addDue(steps...)
}

// startSchedule starts what happens by itself, if anything does.
func (s *Server) startSchedule(ctx context.Context) {
	if s.cfg.KYCAfter == 0 && s.cfg.Webhook.URL == "" {
		return
	}
	if s.cfg.KYCAfter > 0 {
		s.resumeChecks()
	}
	s.serving.Go(func() error { return s.runSchedule(ctx) })
}

// resumeChecks continues the identity checks of the users of a state file.
func (s *Server) resumeChecks() {
	for _, u := range s.Users() {
		if u.Status == pendingKYC || u.Status == pending {
			s.startCheck(u.ServiceID, u.Email, u.CreatedAt)
		}
	}
}

// SetStatus changes a user's KYC status, as the identity check would, and sends the
// webhook, if there is one.
func (s *Server) SetStatus(serviceID, status string) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	p, _ := s.store.findUser(serviceID)
	if p == nil {
		return fmt.Errorf("sandbox: there is no user with this serviceId")
	}
	if err := s.store.addEntry(entry{Op: opStatus, ID: serviceID, Status: status}); err != nil {
		return err
	}
	s.queueNotices(p)
	return nil
}

// runSchedule lets due changes happen and delivers notices until Close.
func (s *Server) runSchedule(ctx context.Context) error {
	f := s.schedule
	for {
		f.mu.Lock()
		now := time.Now()
		var happen []due
		for len(f.due) > 0 && !f.due[0].at.After(now) {
			happen, f.due = append(happen, f.due[0]), f.due[1:]
		}
		wait := time.Hour
		if len(f.due) > 0 {
			wait = f.due[0].at.Sub(now)
		}
		var next *notice
		if len(happen) == 0 && len(f.queue) > 0 {
			next = &f.queue[0]
			f.queue = f.queue[1:]
		}
		if f.drained != nil && next == nil && len(happen) == 0 && len(f.due) == 0 {
			close(f.drained)
			f.drained = nil
		}
		f.mu.Unlock()
		for _, d := range happen {
			// Whoever was deleted meanwhile has no status; a state file that
			// cannot be written shows with the next request.
			_ = s.SetStatus(d.id, d.status)
		}
		if next != nil {
			s.deliverNotice(ctx, *next)
			continue
		}
		if len(happen) > 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-f.notify:
		case <-timer.C:
		case <-s.done:
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}
