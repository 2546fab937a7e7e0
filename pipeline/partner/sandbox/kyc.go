package sandbox

import (
	"cmp"
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

// identityChecks holds the changes and webhooks to come. It is safe for
// concurrent use.
type identityChecks struct {
	cfg     settings
	store   *store
	stopped stopSignal

	mu      sync.Mutex
	due     []due // soonest first
	queue   []notice
	notify  chan struct{} // something was added
	drained chan struct{} // closed when the queue is empty; nil unless WaitForWebhooks waits
	sent    int
	lost    int

	probed bool // the endpoint has answered; used by the goroutine that delivers only
}

func (k *identityChecks) wakeUp() {
	select {
	case k.notify <- struct{}{}:
	default:
	}
}

// statusFromTag returns the status that the tag of an e-mail asks for, and whether
// it has such a tag.
func statusFromTag(email string) (status string, asked bool) {
	status, asked = map[string]string{approved: approved, denied: denied, pending: pending, "needs": needs, "review": manualReview}[tagOf(email)]
	return cmp.Or(status, approved), asked
}

// tagOf returns what follows the plus sign in the local part of an e-mail.
func tagOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	_, tag, _ := strings.Cut(local, "+")
	return tag
}

// startCheck starts the identity check of a user at a moment.
func (k *identityChecks) startCheck(id, email string, at time.Time) {
	if k.cfg.KYCAfter == 0 {
		return
	}
	k.mu.Lock()
	k.due = append(k.due, due{at.Add(k.cfg.KYCAfter / 2), id, pending})
	if fate, _ := statusFromTag(email); fate != pending {
		k.due = append(k.due, due{at.Add(k.cfg.KYCAfter), id, fate})
	}
	slices.SortStableFunc(k.due, func(a, b due) int { return a.at.Compare(b.at) })
	k.mu.Unlock()
	k.wakeUp()
}

// isUsed reports whether anything happens by itself.
func (k *identityChecks) isUsed() bool { return k.cfg.KYCAfter > 0 || k.cfg.Webhook.URL != "" }

// resumeChecks continues the identity checks of the users of a state file.
func (k *identityChecks) resumeChecks(users []User) {
	for _, u := range users {
		if u.Status == pendingKYC || u.Status == pending {
			k.startCheck(u.ServiceID, u.Email, u.CreatedAt)
		}
	}
}

// SetStatus changes a user's KYC status, as the identity check would, and sends the
// webhook, if there is one.
func (s *Server) SetStatus(serviceID, status string) error {
	return s.checks.setStatus(serviceID, status)
}

func (k *identityChecks) setStatus(serviceID, status string) error {
	st := k.store
	st.mu.Lock()
	defer st.mu.Unlock()
	m := st.members.findMember(serviceID)
	if m == nil {
		return fmt.Errorf("sandbox: there is no user with this serviceId")
	}
	if err := st.addEntry(entry{Op: opStatus, ID: serviceID, Status: status}); err != nil {
		return err
	}
	k.queueNotices(m)
	return nil
}

// runChecks lets due changes happen and delivers notices until Close.
func (k *identityChecks) runChecks(ctx context.Context) {
	for !k.stopped.isSet() {
		happen, next, wait := k.removeDue(time.Now())
		for _, d := range happen {
			// A user that was deleted meanwhile has no status. An error of the state
			// file shows with the next request.
			_ = k.setStatus(d.id, d.status)
		}
		switch {
		case next != nil:
			k.deliverNotice(ctx, *next)
		case len(happen) == 0:
			k.stopped.waitFor(wait, k.notify)
		}
	}
}

// removeDue returns the changes that are due or, if there are none, the next notice;
// if there is neither, how long to wait for a change.
func (k *identityChecks) removeDue(now time.Time) (happen []due, next *notice, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 0
	for n < len(k.due) && !k.due[n].at.After(now) {
		n++
	}
	happen, k.due = k.due[:n], k.due[n:]
	wait = time.Hour
	if len(k.due) > 0 {
		wait = k.due[0].at.Sub(now)
	}
	switch {
	case n > 0:
	case len(k.queue) > 0:
		next, k.queue = &k.queue[0], k.queue[1:]
	case len(k.due) == 0 && k.drained != nil:
		close(k.drained)
		k.drained = nil
	}
	return happen, next, wait
}
