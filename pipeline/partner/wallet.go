package partner

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	walletCall = "wallet"
	maxBalance = 64 // of the balance's text, in bytes
)

// Wallet reads the partner account's wallet. Every error is an *Error. A wallet
// without a balance that can be read exactly is an error that names it; no other
// member makes the wallet unreadable.
func (c *Client) Wallet(ctx context.Context) (Wallet, error) {
	r, e := c.readAnswer(ctx, walletCall, request{method: http.MethodGet, path: walletPath}, maxBody)
	if e != nil {
		return Wallet{}, e
	}
	w, field := readWallet(r.body)
	switch {
	case field == "":
		w.Date, w.Began, w.Ended = answerDate(r.header), r.began, r.ended
		return w, nil
	case r.reused:
		return Wallet{}, c.strayedError(walletCall, r)
	default:
		return Wallet{}, unreadableError(walletCall, r, field)
	}
}

// readWallet reads a wallet's body. It returns the member that cannot be read,
// "" if all can that must.
func readWallet(body []byte) (w Wallet, unread string) {
	var root map[string]json.RawMessage
	if decodeWhole(body, &root) != nil || root == nil {
		return Wallet{}, "body"
	}
	data := objectIn(root["data"])
	switch {
	case !strings.EqualFold(textIn(root["status"]), "success"):
		return Wallet{}, "status"
	case data == nil:
		return Wallet{}, "data"
	}
	balance, ok := decimalIn(data["balance"])
	if !ok {
		return Wallet{}, "balance"
	}
	active, said := flagIn(data["active"])
	return Wallet{Balance: balance, Currency: toPrintable(textIn(data["currency"]), 16), Active: active || !said,
		Account: toPrintable(textIn(data["partnerId"]), ledger.MaxServiceID)}, ""
}

// decimalIn returns a JSON number or a text of one, as it is written: a float would
// round it. An exponent is refused: money is not written so.
func decimalIn(raw json.RawMessage) (string, bool) {
	s := textIn(raw)
	digits, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	ok := len(s) <= maxBalance && allDigits(digits) && (!point || allDigits(fraction))
	return s, ok
}
