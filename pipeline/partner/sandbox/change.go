package sandbox

import (
	"net/http"
	"time"
)

// changeUser runs a change of one user under its idempotency key. The change says
// what it does as an entry, and what is answered once that is written.
func (s *Server) changeUser(r *http.Request, picked chosen, change func(*member) (entry, reply)) (reply, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		return errorReply(http.StatusBadRequest, ClassReject, "IDEMPOTENCY_KEY_REQUIRED", "The idempotency-key header is missing, or above 255 characters; use a UUID"), nil
	}
	if taken, err := s.store.takeKey(key); err != nil {
		return reply{}, err
	} else if !taken {
		return keyUsed(picked), nil
	}
	st := s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	m := st.members.findMember(r.PathValue("serviceId"))
	if m == nil {
		return notFound("There is no user with this serviceId"), nil
	}
	e, rep := change(m)
	if e.Op == "" {
		return rep, nil
	}
	return rep, st.addEntry(e)
}

// deleteUser deletes a user. Creating the same e-mail again costs no second fee
// unless the user had been approved (the vendor's public docs).
func (s *Server) deleteUser(r *http.Request, picked chosen) (reply, error) {
	return s.changeUser(r, picked, func(m *member) (entry, reply) {
		return entry{Op: opGone, ID: m.ServiceID}, successReply(http.StatusOK, "User deleted successfully", struct{}{})
	})
}

// resubmitted answers a retry-kyc after which the user has nothing to do (the
// vendor's public docs).
type resubmitted struct {
	ServiceID         string `json:"serviceId"`
	ApplicationStatus string `json:"applicationStatus"`
	RetryCount        int    `json:"retryCount"`
}

// maxRetries is how often KYC can be begun again (the vendor's public docs).
const maxRetries = 3

func (s *Server) retryKYC(r *http.Request, picked chosen) (reply, error) {
	return s.changeUser(r, picked, func(m *member) (entry, reply) {
		switch {
		case m.Status != denied:
			return entry{}, errorReply(http.StatusBadRequest, ClassReject, "USER_NOT_DENIED", "KYC can be retried for denied users only")
		case m.retries >= maxRetries:
			return entry{}, errorReply(http.StatusBadRequest, ClassReject, "KYC_RETRY_LIMIT", "KYC can be retried 3 times only")
		}
		s.checks.startCheck(m.ServiceID, "", 0, time.Now())
		if picked.hasFault(faultRetryNoLink) {
			again := resubmitted{m.ServiceID, pending, m.retries + 1}
			return entry{Op: opRetry, ID: m.ServiceID, Status: pending}, successReply(http.StatusOK, "KYC documents submitted again", again)
		}
		link := s.store.members.linkOf(m.ServiceID, m.links+1)
		return entry{Op: opRetry, ID: m.ServiceID, Status: pendingKYC, At: s.cfg.now().UnixMilli()}, successReply(http.StatusOK, "KYC retry initiated", createdData{m.ServiceID, link})
	})
}
