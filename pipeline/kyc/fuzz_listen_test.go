package kyc

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// signatureForms are the ways in which a sender may write a signature.
func signatureForms(mac []byte) []string {
	hexed, based := hex.EncodeToString(mac), base64.StdEncoding.EncodeToString(mac)
	return []string{hexed, strings.ToUpper(hexed), "sha256=" + hexed, based, "sha256=" + based, base64.RawURLEncoding.EncodeToString(mac)}
}

func notToken(r rune) bool { return r <= ' ' || r > '~' }

// Whatever comes in by a webhook: only what is signed is recorded, only inside its
// time, and what the ledger and the logs are given is fit for them.
func FuzzWebhook(f *testing.F) {
	const secret, next = "whsec_1", "whsec_next"
	for _, body := range []string{
		event("user.kyc-event", `{"serviceId":"s0","status":"needsVerification","verificationLink":"https://withpersona.com/v"}`),
		event("user.kyc.denied", `{"serviceId":"s0","reason":["A",{"code":"B"}]}`),
		event("rain.user-event", `{"serviceId":"s0","status":"approved"}`),
		event("rain.user-event", `{"serviceId":"s0","status":"on fire","partnerId":"p-2"}`),
		`{"type":"user.kyc.x","createdAt":1741064767,"data":{"serviceId":7,"status":"denied"}}`,
		"{}", "",
	} {
		f.Add(body, "", "", uint8(0), uint8(0), int64(60))
		f.Add(body, "sha256=00, ", "v1=", uint8(4), uint8(2), int64(-301))
		f.Add(body, "", "", uint8(255), uint8(0), int64(8*24*3600))
	}
	f.Fuzz(func(t *testing.T, body, before, other string, form, settings uint8, age int64) {
		s := []Signature{{}, {Header: "X-Other", Encoding: Hex}, {Prefix: "v1="}, {Encoding: Base64}, {Prefix: "hmac "}}[int(settings)%5]
		now := moment().Add(time.Duration(age%(400*24*3600)) * time.Second)
		l := created(t, ledger.Created, 1, nil)
		recorded := 0
		h, err := Handler(Endpoint{Ledger: l, Secrets: [][]byte{[]byte(secret), []byte(next)}, Signature: s, PartnerID: "p-1",
			Now: func() time.Time { return now }, Failed: func(err error) { t.Error(err) },
			Recorded: func(e ledger.KYCEvent, _ bool) {
				recorded++
				if late := now.Sub(e.At); late > defaultMaxAge || late < -maxAhead {
					t.Errorf("recorded at an age of %s", late)
				}
				if e.URL != "" && !ledger.ValidLink(e.URL) || !ledger.ValidToken(e.ServiceID) || strings.ContainsFunc(string(e.Status), notToken) {
					t.Errorf("recorded %+v", e)
				}
			},
			Skipped: func(name string, why error) {
				if len(name) > maxName || strings.ContainsFunc(name, notToken) || why == nil {
					t.Errorf("skipped %q, %v", name, why)
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Add(s.Name(), other)
		forms := signatureForms(sum([]string{secret, next, "whsec_other"}[int(form)%3], body))
		signed := int(form)/3 < len(forms)
		if signed {
			r.Header.Add(s.Name(), before+s.Prefix+forms[int(form)/3])
		} else if before != "" {
			r.Header.Add(s.Name(), before)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		// The second opinion on signatures, by the forms that are usual.
		good := s.Verify([][]byte{[]byte(secret), []byte(next)}, []byte(body), r.Header.Values(s.Name())) == nil
		switch {
		case w.Body.Len() > 0:
			t.Errorf("it answers %q", w.Body)
		case len(body) > limits.Webhook:
			if w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%d bytes: %d", len(body), w.Code)
			}
		case good == (w.Code == http.StatusUnauthorized):
			t.Errorf("signed %v: %d", good, w.Code)
		case good && (!signed || int(form)%3 == 2):
			t.Errorf("headers %q verify", r.Header)
		case !good && signed && int(form)%3 != 2 && before+other == "" && settings%5 == 0:
			t.Errorf("headers %q do not verify", r.Header)
		case recorded > 0 && (!good || w.Code != http.StatusNoContent):
			t.Errorf("recorded, and answered %d", w.Code)
		case w.Code >= 500:
			t.Errorf("status %d", w.Code)
		}
		if _, err := ParseEvent([]byte(body)); err != nil && recorded > 0 || errors.Is(err, ErrMalformed) && w.Code == http.StatusNoContent {
			t.Errorf("answered %d: %v", w.Code, err)
		}
		if c := customers(t, l)[0]; recorded == 0 && c.KYC.Status != ledger.KYCUnknown {
			t.Errorf("the ledger has %+v", c.KYC)
		}
	})
}
