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
		if err := test.s.Verify([]byte("whsec_1"), []byte(body), test.value); (err == nil) != test.good || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%+v %q: %v", test.s, test.value, err)
		}
	}
	if (Signature{}).Verify(nil, []byte(body), hex.EncodeToString(sum("", body))) == nil {
		t.Error("an empty secret verifies")
	}
	if (Signature{}).Verify([]byte("whsec_1"), []byte(body+" "), hexed) == nil {
		t.Error("another body verifies")
	}
}

// moody is a ledger that can be busy or broken.
type moody struct {
	*ledger.Memory
	err error
}

func (m *moody) ObserveKYC(ctx context.Context, e []ledger.KYCEvent) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	return m.Memory.ObserveKYC(ctx, e)
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
	}{
		{name: "good", body: good, status: 204, recorded: true},
		{name: "unsigned", body: good, sign: "-", status: 401},
		{name: "signed by another", body: good, sign: "whsec_2", status: 401},
		{name: "old", body: good, now: 2 * time.Hour, status: 409},
		{name: "from the future", body: good, now: -10 * time.Minute, status: 409},
		{name: "of another kind", body: event("card.created", `{}`), status: 204},
		{name: "malformed", body: "{}", status: 400},
		{name: "too long", body: good + strings.Repeat(" ", 1000), status: 413},
		{name: "asked for", method: "GET", body: "", status: 405},
		{name: "ledger busy", body: good, err: busy, status: 503},
		{name: "ledger broken", body: good, err: broken, status: 500, failed: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := &moody{ledger.NewMemory("sandbox"), test.err}
			failed, told := false, false
			h, err := Handler(Endpoint{Ledger: l, Secret: []byte("whsec_1"), MaxAge: time.Hour, MaxBody: 500,
				Busy: func(err error) bool { return errors.Is(err, busy) }, Failed: func(error) { failed = true },
				Told: func(ledger.KYCEvent, bool) { told = true }, Now: func() time.Time { return moment().Add(test.now) }})
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
				r.Header.Set("X-Webhook-Signature", hex.EncodeToString(sum(test.sign, test.body)))
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.status || told != test.recorded || failed != test.failed || w.Body.Len() > 0 {
				t.Errorf("%d, recorded %v, failed %v, %q", w.Code, told, failed, w.Body)
			}
		})
	}
	if _, err := Handler(Endpoint{}); err == nil {
		t.Error("no secret, and it listens")
	}
}
