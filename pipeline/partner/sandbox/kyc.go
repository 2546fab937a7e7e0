package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// This file plays the identity check: with Config.KYCAfter users go from
// pending_kyc over pending to their fate, and whatever changes is told by
// webhook (webhook.go).

// due is a change of status that is to come, in real time.
type due struct {
	at     time.Time
	id     string
	status string
}

// follower is what is still to happen to users, and to be told.
type follower struct {
	mu    sync.Mutex
	due   []due // soonest first
	queue []notice
	bell  chan struct{} // something was added
	quiet chan struct{} // closed when the queue is empty; nil while nobody waits
	sent  int
	lost  int

	probed bool // the endpoint has answered; used by the goroutine that delivers only
}

func newFollower() *follower { return &follower{bell: make(chan struct{}, 1)} }

func (f *follower) ring() {
	select {
	case f.bell <- struct{}{}:
	default:
	}
}

// plan puts off a change.
func (f *follower) plan(all ...due) {
	f.mu.Lock()
	f.due = append(f.due, all...)
	slices.SortStableFunc(f.due, func(a, b due) int { return a.at.Compare(b.at) })
	f.mu.Unlock()
	f.ring()
}

// fateOf is the status that a user's e-mail asks for.
func fateOf(email string) (status string, asked bool) {
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

// begin starts the identity check of a user at a moment.
func (s *Server) begin(id, email string, at time.Time) {
	if s.cfg.KYCAfter == 0 {
		return
	}
	fate, _ := fateOf(email)
	steps := []due{{at.Add(s.cfg.KYCAfter / 2), id, pending}}
	if fate != pending {
		steps = append(steps, due{at.Add(s.cfg.KYCAfter), id, fate})
	}
	s.follow.plan(steps...)
}

// startFollowing starts what happens by itself, if anything does.
func (s *Server) startFollowing() {
	if s.cfg.KYCAfter == 0 && s.cfg.Webhook.URL == "" {
		return
	}
	if s.cfg.KYCAfter > 0 {
		s.resume()
	}
	s.serving.Go(s.following)
}

// resume goes on with the users of a state file.
func (s *Server) resume() {
	for _, u := range s.Users() {
		if u.Status == pendingKYC || u.Status == pending {
			s.begin(u.ServiceID, u.Email, u.CreatedAt)
		}
	}
}

// SetStatus changes a user's KYC status, as the identity check would, and tells
// it by webhook, if there is one.
func (s *Server) SetStatus(serviceID, status string) error {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	p, _ := s.store.find(serviceID)
	if p == nil {
		return fmt.Errorf("sandbox: there is no user with this serviceId")
	}
	if err := s.store.add(entry{Op: opStatus, ID: serviceID, Status: status}); err != nil {
		return err
	}
	s.tell(p)
	return nil
}

// following lets due changes happen and delivers notices until Close.
func (s *Server) following() error {
	f := s.follow
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
		if f.quiet != nil && next == nil && len(happen) == 0 && len(f.due) == 0 {
			close(f.quiet)
			f.quiet = nil
		}
		f.mu.Unlock()
		for _, d := range happen {
			// Whoever was deleted meanwhile has no status; a state file that
			// cannot be written shows with the next request.
			_ = s.SetStatus(d.id, d.status)
		}
		if next != nil {
			s.deliverNotice(*next)
			continue
		}
		if len(happen) > 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-f.bell:
		case <-timer.C:
		case <-s.done:
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}
