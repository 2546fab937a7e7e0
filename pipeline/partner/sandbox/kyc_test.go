package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// inbox is somebody's endpoint. It refuses the first deliveries.
type inbox struct {
	mu      sync.Mutex
	refuse  int
	got     []kycEvent
	signed  []string
	bodies  [][]byte
	arrived int
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.arrived++
	if err != nil || in.arrived <= in.refuse {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e kycEvent
	if json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	in.got, in.bodies = append(in.got, e), append(in.bodies, body)
	in.signed = append(in.signed, r.Header.Get("X-Sig"))
}

func TestWebhooks(t *testing.T) {
	in := &inbox{refuse: 2}
	hook := httptest.NewServer(in)
	defer hook.Close()
	cfg := Config{KYCAfter: 40 * time.Millisecond, Webhook: Webhook{URL: hook.URL, Secret: "whsec_1", Header: "X-Sig", Prefix: "sha256=", SeedName: true, Repeat: 1}}
	p := start(t, cfg)
	want := map[string]string{}
	for email, status := range map[string]string{"a@b.example": "approved", "a+denied@b.example": "denied", "a+needs@b.example": "needsVerification", "a+pending@b.example": "pending"} {
		p.create("k"+email, email)
		want[email] = status
	}
	taken, lost, err := p.Told(t.Context())
	if err != nil || lost != 0 || taken != 2*(4+3) {
		t.Errorf("%d taken, %d lost: %v", taken, lost, err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	newest := map[string]kycEvent{}
	for i, e := range in.got {
		if in.signed[i] != cfg.Webhook.Sign(in.bodies[i]) {
			t.Errorf("signature %q", in.signed[i])
		}
		if e.Timestamp >= newest[e.Data.Email].Timestamp {
			newest[e.Data.Email] = e
		}
	}
	for _, u := range p.Users() {
		e := newest[u.Email]
		if u.Status != want[u.Email] || e.Data.Status != u.Status || (e.Data.VerificationLink != "") != (u.Status == needs) ||
			(e.Event == "user.kyc.approved") != (u.Status == approved) || e.Data.ServiceID != u.ServiceID {
			t.Errorf("%s: %+v", u.Status, e)
		}
	}
}

// A denied user who tries again is approved the next time.
func TestRetryGoesOn(t *testing.T) {
	p := start(t, Config{KYCAfter: 10 * time.Millisecond})
	a := p.create("k", "a+denied@b.example")
	told := func(want string) {
		t.Helper()
		if _, _, err := p.Told(t.Context()); err != nil || p.Users()[0].Status != want {
			t.Errorf("%s, want %s: %v", p.Users()[0].Status, want, err)
		}
	}
	told("denied")
	p.want("retry", p.do("POST", createPath+"/"+a.id+"/retry-kyc", "r", "").status, 200)
	told("approved")
}

func TestWebhookStaysHere(t *testing.T) {
	for _, url := range []string{"http://example.com/hook", "https://127.0.0.1/", "http://10.0.0.1/"} {
		if _, err := New(Config{Webhook: Webhook{URL: url}}); err == nil {
			t.Errorf("%s was taken", url)
		}
	}
}
