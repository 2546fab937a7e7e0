package partner

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRetryKYC(t *testing.T) {
	const good = `{"status":"success","message":"KYC retry initiated","data":{"serviceId":"acme-rain-user-1","verificationUrl":"https://withpersona.com/verify?inquiry-id=2"}}`
	for _, test := range []struct {
		name, body string
		status     int
		link       string
		class      Class // of the error
		harmless   bool
		fails      bool
	}{
		{"a new link", good, 200, "https://withpersona.com/verify?inquiry-id=2", 0, false, false},
		{"no link", `{"status":"success","message":"ok","data":{}}`, 201, "", 0, false, false},
		{"a bad link", `{"status":"success","data":{"verificationUrl":"http://withpersona.com/"}}`, 200, "", 0, false, false},
		{"another user", `{"status":"success","data":{"serviceId":"other","verificationUrl":"https://withpersona.com/verify"}}`, 200, "", Unknown, false, true},
		{"cut", good[:60], 200, "", Unknown, false, true},
		{"refused", `{"status":"error","message":"KYC_RETRY_LIMIT","data":{"error":"3 times only"}}`, 400, "", Unclear, true, true},
		{"busy", `{"status":"error","message":"RATE","data":{}}`, 429, "", Busy, true, true},
		{"broken", `<html>`, 502, "", Unknown, false, true},
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
			if errors.As(err, &e) != test.fails || got.VerificationURL != test.link {
				t.Errorf("%+v, %v", got, err)
			}
			if e != nil && (e.Class != test.class || e.Harmless() != test.harmless) {
				t.Errorf("%s, harmless %v", e.Class, e.Harmless())
			}
		})
	}
}
