package partner

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestRetryKYC(t *testing.T) {
	const good = `{"status":"success","message":"KYC retry initiated","data":{"serviceId":"acme-rain-user-1","verificationUrl":"https://withpersona.com/verify?inquiry-id=2"}}`
	const link = "https://withpersona.com/verify?inquiry-id=2"
	inData := func(data string) string { return `{"status":"success","message":"ok","data":` + data + `}` }
	for _, test := range []struct {
		name, body string
		status     int
		want       Retried
		class      ledger.Class // of the error
		harmless   bool
		fails      bool
	}{
		{"a new link", good, 200, Retried{VerificationURL: link}, "", false, false},
		{"a new link and its count", inData(`{"serviceId":"acme-rain-user-1","verificationUrl":"` + link + `","retryCount":2}`), 200, Retried{VerificationURL: link, RetryCount: 2}, "", false, false},
		{"as webhooks call it", inData(`{"verificationLink":"` + link + `","verificationUrl":null}`), 200, Retried{VerificationURL: link}, "", false, false},
		{"submitted again", inData(`{"serviceId":"acme-rain-user-1","applicationStatus":"pending","retryCount":1}`), 200, Retried{ApplicationStatus: "pending", RetryCount: 1}, "", false, false},
		{"submitted again, without an envelope", `{"serviceId":"acme-rain-user-1","applicationStatus":"pending","retryCount":1}`, 202, Retried{ApplicationStatus: "pending", RetryCount: 1}, "", false, false},
		{"submitted again, the count as text", inData(`{"applicationStatus":"pending","retryCount":"3","verificationUrl":""}`), 200, Retried{ApplicationStatus: "pending", RetryCount: 3}, "", false, false},
		{"submitted again, with odd members", inData(`{"serviceId":"acme-rain-user-1","verificationUrl":null,"applicationStatus":7,"retryCount":-1}`), 200, Retried{}, "", false, false},
		{"neither path", inData(`{"serviceId":"acme-rain-user-1"}`), 201, Retried{}, ledger.Unknown, false, true},
		{"nothing", inData(`{}`), 201, Retried{}, ledger.Unknown, false, true},
		{"without an envelope nor a serviceId", `{"applicationStatus":"pending"}`, 200, Retried{}, ledger.Unknown, false, true},
		{"a bad link", inData(`{"verificationUrl":"http://withpersona.com/","applicationStatus":"pending"}`), 200, Retried{}, ledger.Unknown, false, true},
		{"a link that is no text", inData(`{"verificationUrl":{"href":"` + link + `"},"retryCount":1}`), 200, Retried{}, ledger.Unknown, false, true},
		{"two links", inData(`{"verificationUrl":"` + link + `","verificationLink":"https://withpersona.com/other"}`), 200, Retried{}, ledger.Unknown, false, true},
		{"another user", inData(`{"serviceId":"other","verificationUrl":"` + link + `"}`), 200, Retried{}, ledger.Unknown, false, true},
		{"another user, submitted again", `{"serviceId":"other","applicationStatus":"pending","retryCount":1}`, 200, Retried{}, ledger.Unknown, false, true},
		{"an error with 200", `{"status":"error","message":"NOT_FOUND","data":{"applicationStatus":"pending"}}`, 200, Retried{}, ledger.Unknown, false, true},
		{"cut", good[:60], 200, Retried{}, ledger.Unknown, false, true},
		{"refused", `{"status":"error","message":"KYC_RETRY_LIMIT","data":{"error":"3 times only"}}`, 400, Retried{}, ledger.Unclear, true, true},
		{"busy", `{"status":"error","message":"RATE","data":{}}`, 429, Retried{}, ledger.Busy, true, true},
		{"broken", `<html>`, 502, Retried{}, ledger.Unknown, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != http.MethodPost || r.URL.Path != "/api/v2/partner/card/users/acme-rain-user-1/retry-kyc" || string(body) != "{}" ||
					r.Header.Get("Idempotency-Key") == "" || r.Header.Get("Authorization") != "Bearer sk_test_1" {
					t.Errorf("%s %s %q", r.Method, r.URL.Path, body)
				}
				w.WriteHeader(test.status)
				io.WriteString(w, test.body)
			}))
			defer s.Close()
			c, err := New(Config{BaseURL: s.URL + "/api", Key: "sk_test_1"})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseIdle()
			got, err := c.RetryKYC(t.Context(), "acme-rain-user-1")
			var e *Error
			if errors.As(err, &e) != test.fails || got.VerificationURL != test.want.VerificationURL ||
				got.ApplicationStatus != test.want.ApplicationStatus || got.RetryCount != test.want.RetryCount {
				t.Errorf("%+v, %v", got, err)
			}
			if e != nil && (e.Class != test.class || e.Harmless() != test.harmless) {
				t.Errorf("%s, harmless %v", e.Class, e.Harmless())
			}
		})
	}
}
