package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// partner is a server under test with a plain client: no retries, no reuse of
// connections, no redirects followed.
type partner struct {
	*Server
	t      *testing.T
	base   string
	client *http.Client
}

func start(t *testing.T, cfg Config, faults ...string) *partner {
	t.Helper()
	for _, text := range faults {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Faults = append(cfg.Faults, f)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	base, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{
		Timeout:       5 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &partner{s, t, base, client}
}

// answer is what a client saw.
type answer struct {
	err     error // of the request or of reading its body
	status  int
	header  http.Header
	raw     []byte
	message string
	text    string
	id      string
	link    string
	fields  []fieldError
	data    map[string]any
}

func (p *partner) do(method, path, key, body string) answer {
	p.t.Helper()
	req, err := http.NewRequest(method, p.base+path, bytes.NewBufferString(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer sk_sandbox_test")
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("idempotency-key", key)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	a.raw, a.err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	var parsed struct {
		Message string
		Data    struct {
			ServiceID       string
			VerificationURL string
			Error           string
			Errors          []fieldError
		}
	}
	var plain struct{ Data map[string]any }
	if json.Unmarshal(a.raw, &parsed) == nil && json.Unmarshal(a.raw, &plain) == nil {
		a.message, a.text, a.fields, a.data = parsed.Message, parsed.Data.Error, parsed.Data.Errors, plain.Data
		a.id, a.link = parsed.Data.ServiceID, parsed.Data.VerificationURL
	}
	return a
}

const createPath = "/v2/partner/card/users"

func person1(email string) string {
	b, _ := json.Marshal(map[string]any{"firstName": "Jane", "lastName": "Doe", "email": email, "phoneNumber": "+14155555555",
		"accountPurpose": "personal use", "ipAddress": "203.0.113.42", "isTermsOfServiceAccepted": true, "program": "custodial"})
	return string(b)
}

func (p *partner) create(key, email string) answer {
	p.t.Helper()
	return p.do("POST", createPath, key, person1(email))
}

func TestCreate(t *testing.T) {
	p := start(t, Config{})
	a := p.create("k1", "jane@example.com")
	t.Logf("%+v %s", a, a.raw)
	t.Logf("%+v %+v %+v", p.Users(), p.Posts(), p.Counters())
}
