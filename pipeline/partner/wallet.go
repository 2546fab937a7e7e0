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

// Wallet reads the partner account's wallet. Every error is an *Error. A wallet
// without a balance that can be read exactly is an error that names it; no other
// member makes the wallet unreadable.
func (c *Client) Wallet(ctx context.Context) (Wallet, error) {
	r, e := c.read(ctx, walletCall, request{method: http.MethodGet, path: walletPath}, maxBody)
	if e != nil {
		return Wallet{}, e
	}
	var root map[string]json.RawMessage
	if decodeWhole(r.body, &root) != nil || root == nil {
		return Wallet{}, unreadable(walletCall, r, "")
	}
	data := objectIn(root["data"])
	switch {
	case !strings.EqualFold(textIn(root["status"]), "success"):
		return Wallet{}, unreadable(walletCall, r, "status")
	case data == nil:
		return Wallet{}, unreadable(walletCall, r, "data")
	}
	balance, ok := decimal(data["balance"])
	if !ok {
		return Wallet{}, unreadable(walletCall, r, "balance")
	}
	active, said := flagIn(data["active"])
	return Wallet{Balance: balance, Currency: printable(textIn(data["currency"]), 16), Active: active || !said,
		Account: printable(textIn(data["partnerId"]), maxServiceID),
		Date:    answerDate(r.header), Began: r.began, Ended: r.ended}, nil
}

// decimal takes a JSON number or a text of one, as it is written: a float would
// round it. An exponent is refused, for nobody writes money so.
func decimal(raw json.RawMessage) (string, bool) {
	s := textIn(raw)
	digits, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	ok := len(s) <= maxBalance && allDigits(digits) && (!point || allDigits(fraction))
	return s, ok
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
