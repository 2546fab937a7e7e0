package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
	return sign + strconv.FormatInt(int64(m)/moneyUnit, 10) + "." + part[:2] + strings.TrimRight(part[2:], "0")
}

// wallet is the partner account's money.
type wallet struct{ start, topped, charged money }

func (w *wallet) balance() money { return w.start + w.topped - w.charged }

type walletData struct {
	Balance  json.Number `json:"balance"`
	Currency string      `json:"currency"`
	Active   bool        `json:"active"`

	PartnerID any `json:"partnerId,omitempty"`
	WalletID  any `json:"walletId,omitempty"`
}

func (s *Server) readWallet(_ *http.Request, picked chosen) (reply, error) {
	data := walletData{Balance: json.Number(s.Balance()), Currency: "USD", Active: !picked.hasFault(faultWalletInactive),
		PartnerID: numberOrText(picked.faultNamed(faultWalletPartner).text), WalletID: numberOrText(picked.faultNamed(faultWalletID).text)}
	rep := successReply(http.StatusOK, "Wallet retrieved successfully", data)
	rep.age = picked.faultNamed(faultWalletCached).wait
	return rep, nil
}

// TopUp pays into the wallet.
func (s *Server) TopUp(amount string) error {
	m, err := parseMoney(amount)
	if err != nil {
		return fmt.Errorf("sandbox: top-up: %w", err)
	}
	return s.store.saveEntry(entry{Op: opTop, Amount: m})
}
