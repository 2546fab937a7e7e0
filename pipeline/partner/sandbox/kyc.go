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

// This file plays the identity check: with Config.KYCAfter the user opens the link
// (visits.go), and the status changes from pending_kyc to pending and then to the one
// of its tag. A webhook reports each change (webhook.go).

// due is something that is to come, in real time.
type due struct {
	at     time.Time
	id     string
	opens  bool   // the user opens the link; if it is dead, nothing else follows
	status string // that the user gets; "" = it stays
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
	status, asked = map[string]string{approved: approved, denied: denied, pending: pending, "needs": needs, "review": manualReview,
		visitUnopened: pendingKYC, visitReturn: pendingKYC}[tagOf(email)]
	return cmp.Or(status, approved), asked
}

// visitFromTag returns what the user of an e-mail does, or how the check ends, if the
// tag asks for it.
func visitFromTag(email string) (visit string, asked bool) {
	if tag := tagOf(email); tag == visitUnopened || tag == visitReturn {
		return tag, true
	}
	return statusFromTag(email)
}

// tagOf returns what follows the plus sign in the local part of an e-mail.
func tagOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	_, tag, _ := strings.Cut(local, "+")
	return tag
}

// startCheck starts the identity check of a user whose link was issued at a moment. nth
// counts the users of the e-mail, from 1. Without an e-mail the check is completed.
func (k *identityChecks) startCheck(id, email string, nth int, at time.Time) {
	if k.cfg.KYCAfter == 0 {
		return
	}
	visit, asked := visitFromTag(email)
	switch {
	case asked:
	case email == "":
		visit = visitFinish
	default:
		visit = k.cfg.Visits.visitOf(k.cfg.Seed, email, nth)
	}
	k.mu.Lock()
	k.due = append(k.due, planVisit(id, visit, k.cfg.KYCAfter, at)...)
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
			k.startCheck(u.ServiceID, u.Email, k.store.countUsers(u.Email), u.CreatedAt)
		}
	}
}

// happen lets something happen to a user: a change of status, or a visit to the link. If
// the link is dead, what was to follow is dropped.
func (k *identityChecks) happen(d due) error {
	if d.opens {
		k.store.mu.Lock()
		works, err := k.store.openLink(k.store.members.findMember(d.id))
		k.store.mu.Unlock()
		if err != nil || !works {
			k.mu.Lock()
			k.due = slices.DeleteFunc(k.due, func(other due) bool { return other.id == d.id })
			k.mu.Unlock()
			return err
		}
	}
	if d.status == "" {
		return nil
	}
	return k.setStatus(d.id, d.status)
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
			_ = k.happen(d)
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
