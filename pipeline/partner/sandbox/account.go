package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

type walletData struct {
	Balance  any    `json:"balance"`
	Currency string `json:"currency"`
	Active   bool   `json:"active"`
}

func (s *Server) wallet(_ *http.Request, picked chosen) (reply, error) {
	s.store.mu.Lock()
	text := s.store.balance().String()
	s.store.mu.Unlock()
	data := walletData{Balance: json.Number(text), Currency: s.cfg.Currency, Active: !picked.has("wallet-inactive")}
	if s.cfg.BalanceText {
		data.Balance = text
	}
	return success(http.StatusOK, "Wallet retrieved successfully", data), nil
}

// mutate runs a change of one user under its idempotency key. The change says
// what it does as an entry, and what is answered once that is written.
func (s *Server) mutate(r *http.Request, picked chosen, change func(*person) (entry, reply)) (reply, error) {
	key := r.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		return refusal(http.StatusBadRequest, ClassReject, "IDEMPOTENCY_KEY_REQUIRED", "The idempotency-key header is missing, or above 255 characters; use a UUID"), nil
	}
	if taken, err := s.store.takeKey(key); err != nil {
		return reply{}, err
	} else if !taken {
		return keyUsed(picked), nil
	}
	st := s.store
	st.mu.Lock()
	defer st.mu.Unlock()
	p, _ := st.find(r.PathValue("serviceId"))
	if p == nil {
		return notFound("There is no user with this serviceId"), nil
	}
	e, rep := change(p)
	if e.Op == "" {
		return rep, nil
	}
	return rep, st.add(e)
}

// deleteUser: creating the same e-mail again costs no second fee unless the
// user had been approved (the vendor's public docs).
func (s *Server) deleteUser(r *http.Request, picked chosen) (reply, error) {
	return s.mutate(r, picked, func(p *person) (entry, reply) {
		return entry{Op: opGone, ID: p.id}, success(http.StatusOK, "User deleted successfully", struct{}{})
	})
}

// maxRetries is how often KYC can be begun again (the vendor's public docs).
const maxRetries = 3

func (s *Server) retryKYC(r *http.Request, picked chosen) (reply, error) {
	return s.mutate(r, picked, func(p *person) (entry, reply) {
		switch {
		case p.status != denied:
			return entry{}, refusal(http.StatusBadRequest, ClassReject, "USER_NOT_DENIED", "KYC can be retried for denied users only")
		case p.retries >= maxRetries:
			return entry{}, refusal(http.StatusBadRequest, ClassReject, "KYC_RETRY_LIMIT", "KYC can be retried 3 times only")
		}
		next := *p
		next.retries++
		s.begin(p.id, "", time.Now())
		return entry{Op: opRetry, ID: p.id}, success(http.StatusOK, "KYC retry initiated", createdData{p.id, s.store.link(&next)})
	})
}

// TopUp pays into the wallet.
func (s *Server) TopUp(amount string) error {
	m, err := parseMoney(amount)
	if err != nil {
		return fmt.Errorf("sandbox: top-up: %w", err)
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return s.store.add(entry{Op: opTop, Fee: m})
}
