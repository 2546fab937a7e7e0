package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// inbox is an endpoint that refuses the first deliveries.
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
	accepted, lost, err := p.WaitForWebhooks(t.Context())
	if err != nil || lost != 0 || accepted != 2*(4+3) {
		t.Errorf("%d accepted, %d lost: %v", accepted, lost, err)
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
	wantEvent := func(want string) {
		t.Helper()
		if _, _, err := p.WaitForWebhooks(t.Context()); err != nil || p.Users()[0].Status != want {
			t.Errorf("%s, want %s: %v", p.Users()[0].Status, want, err)
		}
	}
	wantEvent("denied")
	p.want("retry", p.do("POST", createPath+"/"+a.id+"/retry-kyc", "r", "").status, 200)
	wantEvent("approved")
}

func TestWebhookStaysHere(t *testing.T) {
	for _, url := range []string{"http://example.com/hook", "https://127.0.0.1/", "http://10.0.0.1/"} {
		if _, err := New(Config{Webhook: Webhook{URL: url}}); err == nil {
			t.Errorf("%s was accepted", url)
		}
	}
}

// webhooksOf creates a user whose e-mail decides its fate, and returns the webhooks as they
// came: their bodies and their signature headers.
func webhooksOf(t *testing.T, hook Webhook, email string, refuseProbe int) (got []map[string]any, signatures [][]string, methods []string) {
	t.Helper()
	var mu sync.Mutex
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		methods = append(methods, r.Method)
		if err != nil || len(methods) <= refuseProbe {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		var e map[string]any
		if err := json.Unmarshal(body, &e); err != nil {
			t.Error(err)
		}
		e["body"] = body
		got, signatures = append(got, e), append(signatures, r.Header.Values("X-Webhook-Signature"))
	}))
	defer endpoint.Close()
	hook.URL = endpoint.URL
	p := start(t, Config{KYCAfter: time.Millisecond, Webhook: hook})
	p.create("k", email)
	if _, lost, err := p.WaitForWebhooks(t.Context()); err != nil || lost > 0 {
		t.Errorf("%d lost: %v", lost, err)
	}
	mu.Lock()
	defer mu.Unlock()
	return got, signatures, methods
}

func TestGenerationsOfEvents(t *testing.T) {
	got, _, _ := webhooksOf(t, Webhook{Generations: []int{1, 2, 3}, Unknown: true, Reason: "ID_EXPIRED,SELFIE_MISMATCH", Age: 6 * 24 * time.Hour}, "a+denied@b.example", 0)
	denials := map[string]map[string]any{}
	for _, e := range got {
		data := e["data"].(map[string]any)
		if data["status"] == denied {
			denials[e["event"].(string)] = data
		}
		at, err := time.Parse(time.RFC3339, e["timestamp"].(string))
		if ago := time.Since(at); err != nil || ago < 5*24*time.Hour {
			t.Errorf("happened %s ago: %v", ago, err)
		}
	}
	if len(denials) != 4 || len(got) != 8 {
		t.Fatalf("%d events, denials %v", len(got), denials)
	}
	first := denials["user.kyc.denied"]
	if _, has := first["email"]; has || first["partnerId"] != "acme" || first["details"] == nil {
		t.Errorf("first generation: %v", first)
	}
	for _, name := range []string{"rain.user-event", "user.kyc-event", "user.risk-event"} {
		if data := denials[name]; data == nil || data["serviceId"] != first["serviceId"] || len(data["reason"].([]any)) != 2 {
			t.Errorf("%s: %v", name, data)
		}
	}
	if _, err := New(Config{Webhook: Webhook{URL: "http://127.0.0.1:1", Generations: []int{4}}}); err == nil {
		t.Error("a fourth generation was accepted")
	}
}

func TestManualReview(t *testing.T) {
	got, _, _ := webhooksOf(t, Webhook{Generations: []int{1}}, "a+review@b.example", 0)
	if last := got[len(got)-1]; last["event"] != "user.kyc.manualReview" {
		t.Errorf("%v", last)
	}
}

func TestTwoSecrets(t *testing.T) {
	for _, two := range []bool{false, true} {
		hook := Webhook{Secret: "new", OldSecret: "old", TwoHeaders: two}
		got, signatures, _ := webhooksOf(t, hook, "a@b.example", 0)
		for i, e := range got {
			body := e["body"].([]byte)
			want := []string{Webhook{Secret: "old"}.Sign(body), hook.Sign(body)}
			if !two {
				want = []string{want[0] + "," + want[1]}
			}
			if !slices.Equal(signatures[i], want) {
				t.Errorf("signed %v, want %v", signatures[i], want)
			}
		}
		if len(got) == 0 {
			t.Error("no event was sent")
		}
	}
}

func TestProbe(t *testing.T) {
	got, _, methods := webhooksOf(t, Webhook{Probe: true}, "a@b.example", 1)
	first := slices.Index(methods, http.MethodPost)
	if want := []string{"HEAD", "HEAD", "GET"}; len(got) != 2 || !slices.Equal(methods[:first], want) || slices.Contains(methods[first:], "GET") {
		t.Errorf("%d events, methods %v", len(got), methods)
	}
}
