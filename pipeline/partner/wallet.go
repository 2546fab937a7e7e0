package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

const (
	walletCall = "wallet"
	maxBalance = 64 // of the balance's text, in bytes
)

type wireWallet struct {
	Status string `json:"status"`
	Data   *struct {
		Balance   json.RawMessage `json:"balance"`
		Currency  string          `json:"currency"`
		Active    *bool           `json:"active"`
		PartnerID string          `json:"partnerId"`
		AccountID string          `json:"accountId"`
		WalletID  string          `json:"walletId"`
	} `json:"data"`
}

// Wallet reads the partner account's wallet. Every error is an *Error. A wallet
// without a balance that can be read exactly is an error.
func (c *Client) Wallet(ctx context.Context) (Wallet, error) {
	r, e := c.read(ctx, walletCall, request{method: http.MethodGet, path: walletPath}, maxBody)
	if e != nil {
		return Wallet{}, e
	}
	var w wireWallet
	if decodeWhole(r.body, &w) != nil || w.Status != "success" || w.Data == nil {
		return Wallet{}, unreadable(walletCall, r)
	}
	balance, ok := decimal(w.Data.Balance)
	if !ok {
		return Wallet{}, unreadable(walletCall, r)
	}
	out := Wallet{Balance: balance, Currency: printable(w.Data.Currency, 16), Active: w.Data.Active == nil || *w.Data.Active,
		Date: answerDate(r.header), Began: r.began, Ended: r.ended}
	// What names the account is not documented; the widest name counts.
	for _, id := range []string{w.Data.PartnerID, w.Data.AccountID, w.Data.WalletID} {
		if out.Account == "" {
			out.Account = printable(id, maxServiceID)
		}
	}
	return out, nil
}

// decimal takes a JSON number or a text of one, as it is written: a float would
// round it. An exponent is refused, for nobody writes money so.
func decimal(raw json.RawMessage) (string, bool) {
	s := string(raw)
	if strings.HasPrefix(s, `"`) && json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	digits, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	ok := len(s) <= maxBalance && allDigits(digits) && (!point || allDigits(fraction))
	return s, ok
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
