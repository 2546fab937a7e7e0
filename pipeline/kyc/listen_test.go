package kyc

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sum(secret, body string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

func TestSignature(t *testing.T) {
	const body = `{"a":1}`
	mac := sum("whsec_1", body)
	hexed, based := hex.EncodeToString(mac), base64.StdEncoding.EncodeToString(mac)
	for _, test := range []struct {
		s     Signature
		value string
		good  bool
	}{
		{Signature{}, hexed, true},
		{Signature{}, strings.ToUpper(hexed), true},
		{Signature{}, based, true},
		{Signature{}, "sha256=" + hexed, true},
		{Signature{}, "sha256=" + based, true},
		{Signature{}, base64.RawURLEncoding.EncodeToString(mac), true},
		{Signature{Prefix: "v1="}, "v1=" + hexed, true},
		{Signature{Prefix: "v1="}, hexed, false},
		{Signature{Prefix: "v1="}, "sha256=" + hexed, false},
		{Signature{Encoding: Hex}, hexed, true},
		{Signature{Encoding: Hex}, based, false},
		{Signature{Encoding: Base64}, based, true},
		{Signature{Encoding: Base64}, hexed, false},
		{Signature{}, "", false},
		{Signature{}, "sha256=", false},
		{Signature{}, hexed[:62], false},
		{Signature{}, hexed + "00", false},
		{Signature{}, hex.EncodeToString(sum("whsec_2", body)), false},
		{Signature{}, hex.EncodeToString(sum("", body)), false},
	} {
		if err := test.s.Verify([][]byte{[]byte("whsec_1")}, []byte(body), []string{test.value}); (err == nil) != test.good || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%+v %q: %v", test.s, test.value, err)
		}
	}
	if (Signature{}).Verify([][]byte{nil, {}}, []byte(body), []string{hex.EncodeToString(sum("", body))}) == nil {
		t.Error("an empty secret verifies")
	}
	if (Signature{}).Verify([][]byte{[]byte("whsec_1")}, []byte(body+" "), []string{hexed}) == nil {
		t.Error("another body verifies")
	}
}

// While a secret is replaced there are two of them, and a request has two signatures.
func TestSignaturesWhileASecretIsReplaced(t *testing.T) {
	const body = `{"a":1}`
	sign := func(secret string) string { return hex.EncodeToString(sum(secret, body)) }
	for _, test := range []struct {
		name    string
		secrets []string
		values  []string
		good    bool
	}{
		{"the old one of two", []string{"new", "old"}, []string{sign("old")}, true},
		{"the new one of two", []string{"new", "old"}, []string{sign("new")}, true},
		{"two in one value", []string{"old"}, []string{sign("new") + "," + sign("old")}, true},
		{"with blanks", []string{"new"}, []string{" sha256=" + sign("new") + ", sha256=" + sign("old")}, true},
		{"blanks only", []string{"old"}, []string{sign("new") + " " + sign("old")}, true},
		{"two header lines", []string{"old"}, []string{sign("new"), sign("old")}, true},
		{"of others", []string{"old", "new"}, []string{sign("other") + "," + sign("another")}, false},
		{"none", []string{"old"}, nil, false},
		{"no secret", nil, []string{sign("old")}, false},
		{"a great many", []string{"old"}, []string{strings.Repeat(sign("x")+",", maxSignatures) + sign("old")}, false},
	} {
		var secrets [][]byte
		for _, s := range test.secrets {
			secrets = append(secrets, []byte(s))
		}
		if err := (Signature{}).Verify(secrets, []byte(body), test.values); (err == nil) != test.good {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	two := Signature{Prefix: "hmac "}
	if err := two.Verify([][]byte{[]byte("old")}, []byte(body), []string{"hmac " + sign("old")}); err != nil {
		t.Error("a prefix with a blank:", err)
	}
}

// moody is a ledger that can be busy or broken.
type moody struct {
	*memory.Ledger
	err error
}

func (m *moody) ObserveKYC(ctx context.Context, e []ledger.KYCEvent) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	return m.Ledger.ObserveKYC(ctx, e)
}

func TestHandler(t *testing.T) {
	busy, broken := errors.New("busy"), errors.New("broken")
	good := event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`)
	for _, test := range []struct {
		name, method, body, sign string
		now                      time.Duration // after the event
		err                      error
		status                   int
		recorded, failed         bool
		skipped                  string
	}{
		{name: "good", body: good, status: 204, recorded: true},
		{name: "unsigned", body: good, sign: "-", status: 401},
		{name: "signed by another", body: good, sign: "whsec_2", status: 401},
		{name: "a week late", body: good, now: 7 * 24 * time.Hour, status: 204, recorded: true},
		{name: "older", body: good, now: 7*24*time.Hour + time.Second, status: 409, skipped: "user.kyc-event: " + ErrOutOfTime.Error()},
		{name: "from the future", body: good, now: -10 * time.Minute, status: 409, skipped: "user.kyc-event: " + ErrOutOfTime.Error()},
		{name: "of another kind", body: event("card.created", `{}`), status: 204},
		{name: "malformed", body: "{}", status: 400},
		{name: "too long", body: good + strings.Repeat(" ", limits.Webhook), status: 413},
		{name: "probed", method: "GET", status: 204},
		{name: "probed by HEAD", method: "HEAD", status: 204},
		{name: "put", method: "PUT", body: good, status: 405},
		{name: "two signatures", body: good, sign: "whsec_2,whsec_1", status: 204, recorded: true},
		{name: "under the second secret", body: good, sign: "whsec_next", status: 204, recorded: true},
		{name: "of another account", body: event("user.kyc-event", `{"serviceId":"acme-1","partnerId":"p-2","status":"pending"}`), status: 204, skipped: "user.kyc-event: " + ErrOtherAccount.Error()},
		{name: "of our account", body: event("user.kyc-event", `{"serviceId":"acme-1","partnerId":"p-1","status":"pending"}`), status: 204, recorded: true},
		{name: "not understood", body: event("rain.user-event", `{"serviceId":"s0","status":"on fire"}`), status: 204, skipped: "rain.user-event: " + ErrOther.Error()},
		{name: "not understood, of no user here", body: event("rain.user-event", `{"serviceId":"s9","status":"on fire"}`), status: 204},
		{name: "without a time", body: `{"event":"user.kyc.approved","data":{"serviceId":"s0"}}`, status: 204, skipped: "user.kyc.approved: " + ErrOther.Error()},
		{name: "ledger busy", body: good, err: busy, status: 503},
		{name: "ledger broken", body: good, err: broken, status: 500, failed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &moody{created(t, ledger.Created, 1, nil), test.err}
			failed, recorded, skipped, answered := false, false, "", 0
			h, err := Handler(Endpoint{Ledger: l, Secrets: [][]byte{[]byte("whsec_1"), []byte("whsec_next")}, PartnerID: "p-1",
				Answered: func(status int) { answered = status },
				Skipped:  func(name string, why error) { skipped += name + ": " + why.Error() },
				Busy:     func(err error) bool { return errors.Is(err, busy) }, Failed: func(error) { failed = true },
				Recorded: func(ledger.KYCEvent, bool) { recorded = true }, Now: func() time.Time { return moment().Add(test.now) }})
			if err != nil {
				t.Fatal(err)
			}
			method := test.method
			if method == "" {
				method = http.MethodPost
			}
			r := httptest.NewRequest(method, "/any/path", bytes.NewReader([]byte(test.body)))
			switch test.sign {
			case "":
				r.Header.Set("X-Webhook-Signature", hex.EncodeToString(sum("whsec_1", test.body)))
			case "-":
			default:
				for _, secret := range strings.Split(test.sign, ",") {
					r.Header.Add("X-Webhook-Signature", hex.EncodeToString(sum(secret, test.body)))
				}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || recorded != test.recorded || failed != test.failed || skipped != test.skipped || answered != test.status || w.Body.Len() > 0 {
				t.Errorf("%d (%d), recorded %v, failed %v, skipped %q, %q", w.Code, answered, recorded, failed, skipped, w.Body)
			}
		})
	}
	if _, err := Handler(Endpoint{}); err == nil {
		t.Error("no secret, and it listens")
	}
}
