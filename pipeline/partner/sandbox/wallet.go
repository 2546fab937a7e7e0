package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// money is an exact amount in units of 10^-8, so that a million fees of 0.35
// add up to what a bookkeeper expects. Amounts up to 90 billion fit.
type money int64

const moneyUnit = 100_000_000

func parseMoney(text string) (money, error) {
	whole, part, _ := strings.Cut(text, ".")
	digits := strings.Trim(whole+part, "0123456789") == "" && whole != ""
	if !digits || len(part) > 8 || strings.HasSuffix(text, ".") {
		return 0, fmt.Errorf("%q is not an amount such as 250.00, with at most 8 decimals", text)
	}
	units, err := strconv.ParseInt(whole+part+strings.Repeat("0", 8-len(part)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is too large an amount", text)
	}
	return money(units), nil
}

// String has at least two decimals, and no more than it needs.
func (m money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	part := fmt.Sprintf("%08d", int64(m)%moneyUnit)
	for len(part) > 2 && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	return sign + strconv.FormatInt(int64(m)/moneyUnit, 10) + "." + part
}

type walletData struct {
	Balance  any    `json:"balance"`
	Currency string `json:"currency"`
	Active   bool   `json:"active"`

	PartnerID any `json:"partnerId,omitempty"`
	WalletID  any `json:"walletId,omitempty"`
}

func (s *Server) readWallet(_ *http.Request, picked chosen) (reply, error) {
	s.store.mu.Lock()
	text := s.store.balance().String()
	s.store.mu.Unlock()
	data := walletData{Balance: json.Number(text), Currency: s.cfg.Currency, Active: !picked.hasFault("wallet-inactive"),
		PartnerID: numberOrText(picked.faultNamed("wallet-partner")), WalletID: numberOrText(picked.faultNamed("wallet-id"))}
	if s.cfg.BalanceText {
		data.Balance = text
	}
	rep := successReply(http.StatusOK, "Wallet retrieved successfully", data)
	if f := picked.faultNamed("wallet-cached"); f != nil {
		rep.age = f.wait
	}
	return rep, nil
}

// changeUser runs a change of one user under its idempotency key. The change says
// what it does as an entry, and what is answered once that is written.
func (s *Server) changeUser(r *http.Request, picked chosen, change func(*person) (entry, reply)) (reply, error) {
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
	p, _ := st.findUser(r.PathValue("serviceId"))
	if p == nil {
		return notFound("There is no user with this serviceId"), nil
	}
	e, rep := change(p)
	if e.Op == "" {
		return rep, nil
	}
	return rep, st.addEntry(e)
}

// deleteUser: creating the same e-mail again costs no second fee unless the
// user had been approved (the vendor's public docs).
func (s *Server) deleteUser(r *http.Request, picked chosen) (reply, error) {
	return s.changeUser(r, picked, func(p *person) (entry, reply) {
		return entry{Op: opGone, ID: p.id}, successReply(http.StatusOK, "User deleted successfully", struct{}{})
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
	return s.changeUser(r, picked, func(p *person) (entry, reply) {
		switch {
		case p.status != denied:
			return entry{}, errorReply(http.StatusBadRequest, ClassReject, "USER_NOT_DENIED", "KYC can be retried for denied users only")
		case p.retries >= maxRetries:
			return entry{}, errorReply(http.StatusBadRequest, ClassReject, "KYC_RETRY_LIMIT", "KYC can be retried 3 times only")
		}
		s.startCheck(p.id, "", time.Now())
		if picked.hasFault("retry-no-link") {
			again := resubmitted{p.id, pending, int(p.retries) + 1}
			return entry{Op: opRetry, ID: p.id, Status: pending}, successReply(http.StatusOK, "KYC documents submitted again", again)
		}
		next := *p
		next.retries++
		return entry{Op: opRetry, ID: p.id}, successReply(http.StatusOK, "KYC retry initiated", createdData{p.id, s.store.linkOf(&next)})
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
	return s.store.addEntry(entry{Op: opTop, Fee: m})
}
