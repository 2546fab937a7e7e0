package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
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

// names are the fields that a 422 complains of.
func (a answer) names() []string {
	var names []string
	for _, f := range a.fields {
		names = append(names, f.Field)
	}
	return names
}

func (p *partner) list(query string) answer {
	p.t.Helper()
	return p.do("GET", "/v1/partner/card/users"+query, "", "")
}

// emails are those of a page of list-users.
func (a answer) emails() []string {
	var out []string
	users, _ := a.data["users"].([]any)
	for _, u := range users {
		out = append(out, u.(map[string]any)["email"].(string))
	}
	return out
}

func (a answer) pagination() map[string]any {
	p, _ := a.data["pagination"].(map[string]any)
	return p
}

func (p *partner) want(what string, got, want any) {
	p.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		p.t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestCreate(t *testing.T) {
	p := start(t, Config{Seed: 7, Account: "acme2"})
	a := p.create("k1", "Jane@Example.com")
	p.want("status", a.status, 201)
	if !regexp.MustCompile(`^acme2-rain-user-[a-z0-9]{15}$`).MatchString(a.id) {
		t.Errorf("serviceId is %q", a.id)
	}
	if !regexp.MustCompile(`^https://withpersona\.com/verify\?inquiry-id=inq_[a-z0-9]{24}$`).MatchString(a.link) {
		t.Errorf("verificationUrl is %q", a.link)
	}
	u := p.Users()[0]
	p.want("user", []string{u.ServiceID, u.Email, u.VerificationURL, u.Status, u.Origin}, []string{a.id, "Jane@Example.com", a.link, "pending_kyc", FromAPI})

	again := p.create("k1", "other@example.com")
	p.want("repeated key", []any{again.status, again.message}, []any{400, "IDEMPOTENCY_KEY_ALREADY_USED"})
	if !strings.Contains(again.text, "already used") {
		t.Errorf("repeated key says %q", again.text)
	}
	dup := p.create("k2", "jane@example.com")
	p.want("repeated e-mail", []any{dup.status, dup.message}, []any{400, "DUP_USER"})
	p.want("charged", p.Charged(), "0.50")

	var seen []string
	for i, post := range p.Posts() {
		seen = append(seen, fmt.Sprintln(post.N, post.Try, post.Key, post.Email, post.Class, post.Status, post.ServiceID == a.id))
		if post.Completed.Before(post.Arrived) || post.BodyHash == [32]byte{} || post.Seq != i+1 {
			t.Errorf("post %+v", post)
		}
	}
	p.want("posts", seen, []string{
		"1 1 k1 Jane@Example.com OK 201 true\n", "2 1 k1 other@example.com KEY_USED 400 false\n", "3 2 k2 jane@example.com DUP_USER 400 false\n"})
	c := p.Counters()
	p.want("counters", []int{c.Posts, c.Users, c.Classes[ClassOK], c.Classes[ClassKeyUsed], c.Classes[ClassDupUser]}, []int{3, 1, 1, 1, 1})
}

func TestSameSeedGivesSameIDs(t *testing.T) {
	one, two, other := start(t, Config{}), start(t, Config{}), start(t, Config{Seed: 1})
	a, b, c := one.create("k", "a@b.example"), two.create("k", "a@b.example"), other.create("k", "a@b.example")
	if a.id != b.id || a.link != b.link || a.id == c.id || a.link == c.link {
		t.Errorf("ids %q %q %q", a.id, b.id, c.id)
	}
}

func TestFieldRules(t *testing.T) {
	for _, tc := range []struct {
		field string
		value any
		ok    bool
	}{
		{"firstName", "", false}, {"firstName", strings.Repeat("\u00e9", 100), true}, {"firstName", strings.Repeat("e", 101), false},
		{"lastName", " ", false}, {"lastName", 5, false},
		{"email", "nobody", false}, {"email", "Bob <a@b.example>", false}, {"email", nil, false},
		{"phoneNumber", "4155555555", false}, {"phoneNumber", "+1415555555a", false}, {"phoneNumber", "+1234567890123456", false},
		{"accountPurpose", strings.Repeat("x", 201), false}, {"ipAddress", "999.1.1.1", false}, {"ipAddress", "2001:db8::1", true},
		{"isTermsOfServiceAccepted", false, false}, {"isTermsOfServiceAccepted", "true", false},
		{"program", "Custodial", false}, {"program", "non_custodial", false},
		{"walletAddress", "0x52908400098527886E0F7030069857D2E4169EE7", true}, {"walletAddress", "0x5290", false},
		{"redirectUrl", "http://a.example", false}, {"redirectUrl", "https://a.example/x", true}, {"city", "Paris", true},
	} {
		p := start(t, Config{})
		var body map[string]any
		if err := json.Unmarshal([]byte(person1("jane@example.com")), &body); err != nil {
			t.Fatal(err)
		}
		body[tc.field] = tc.value
		raw, _ := json.Marshal(body)
		a := p.do("POST", createPath, "k", string(raw))
		want := tc.field
		if tc.value == "non_custodial" {
			want = "walletAddress"
		}
		switch {
		case tc.ok && a.status != 201:
			t.Errorf("%s %v: %d %v", tc.field, tc.value, a.status, a.fields)
		case !tc.ok && (a.status != 422 || !slices.Contains(a.names(), want)):
			t.Errorf("%s %v: %d %v, want 422 that names %s", tc.field, tc.value, a.status, a.fields, want)
		}
		if again := p.create("k", "jane@example.com"); !tc.ok && again.status != 201 {
			t.Errorf("%s: after a 422 the key is not free: %d %s", tc.field, again.status, again.message)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	p := start(t, Config{Keys: []string{"sk_staging_a", "sk_live_b"}})
	for _, tc := range []struct {
		auth, key, body string
		status          int
		says            string
	}{
		{"", "k", "{}", 401, "Authorization"},
		{"Basic x", "k", "{}", 401, "Authorization"},
		{"Bearer sk_staging_other", "k", "{}", 401, "not valid"},
		{"Bearer sk_live_b", "k", "{}", 401, "sandbox"},
		{"Bearer sk_staging_a", "", "{}", 400, "idempotency-key"},
		{"Bearer sk_staging_a", "k", "{", 400, "JSON"},
		{"Bearer sk_staging_a", "k", strings.Repeat(" ", maxBody+1), 413, "1 MiB"},
		{"Bearer sk_staging_a", "k", person1("a@b.example"), 201, "created"},
	} {
		req, _ := http.NewRequest("POST", p.base+createPath, strings.NewReader(tc.body))
		req.Header.Set("Authorization", tc.auth)
		req.Header.Set("idempotency-key", tc.key)
		resp, err := p.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tc.status || !strings.Contains(string(raw), tc.says) {
			t.Errorf("%q %q: %d %s", tc.auth, tc.key, resp.StatusCode, raw)
		}
	}
	if a := p.do("GET", "/v3/nothing", "", ""); a.status != 404 || a.message != "NOT_FOUND" {
		t.Errorf("unknown path: %d %s", a.status, a.raw)
	}
}

func TestEmailSettings(t *testing.T) {
	for _, tc := range []struct {
		cfg                  Config
		fault                string
		same, upper, another int
	}{
		{Config{}, "", 400, 400, 400},
		{Config{EmailsCase: true}, "", 400, 201, 400},
		{Config{}, "email-case", 400, 201, 400},
		{Config{EmailsRepeat: true}, "", 201, 201, 201},
		{Config{}, "email-twice", 201, 201, 201},
	} {
		var faults []string
		if tc.fault != "" {
			faults = []string{tc.fault}
		}
		p := start(t, tc.cfg, faults...)
		p.want("first", p.create("1", "jane@example.com").status, 201)
		p.want("same", p.create("2", "jane@example.com").status, tc.same)
		p.want("upper case", p.create("3", "JANE@example.com").status, tc.upper)
		p.want("the first again", p.create("4", "jane@example.com").status, tc.another)
		ids := map[string]bool{}
		for _, u := range p.Users() {
			ids[u.ServiceID] = true
		}
		p.want("distinct ids", len(ids), len(p.Users()))
	}
}

func TestFateByEmail(t *testing.T) {
	p := start(t, Config{})
	p.want("blacklisted", p.create("1", "a+blacklisted@b.example").message, "USER_BLACKLISTED")
	for i, status := range []string{"approved", "denied", "pending"} {
		p.create(status, "a+"+status+"@b.example")
		p.want("status", p.Users()[i].Status, status)
	}
}

func TestKeyLives(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(1_700_000_000, 0).Add(time.Duration(clock.Load())) }
	p := start(t, Config{Now: now, Skew: time.Hour})
	for i, step := range []struct {
		at   time.Duration
		want string
	}{
		{0, ""}, {5*time.Minute - time.Millisecond, ClassKeyUsed}, {5 * time.Minute, ClassDupUser},
		{10*time.Minute - time.Millisecond, ClassKeyUsed}, {10 * time.Minute, ClassDupUser},
	} {
		clock.Store(int64(step.at))
		a := p.create("k", "jane@example.com")
		if got := p.Posts()[i].Class; got != cmp.Or(step.want, ClassOK) {
			t.Errorf("at %v: %s", step.at, got)
		}
		p.want("Date", a.header.Get("Date"), now().Add(time.Hour).UTC().Format(http.TimeFormat))
	}
	p.want("createdAt", p.Users()[0].CreatedAt, time.Unix(1_700_000_000, 0).Add(time.Hour).UTC())
	clock.Store(int64(15 * time.Minute))
	p.want("known without being asked for since", p.store.knowsKey("k"), false)
}

func TestWalletRunsDry(t *testing.T) {
	p := start(t, Config{Balance: "0.30", Fee: "0.1"})
	for i := range 3 {
		p.want("status", p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example")).status, 201)
	}
	p.want("balance", p.do("GET", "/v1/partner/wallet", "", "").data, map[string]any{"balance": 0.0, "currency": "USD", "active": true})
	a := p.create("k", "x@b.example")
	p.want("dry", []any{a.status, a.message}, []any{402, "INSUFFICIENT_WALLET_BALANCE"})
	if err := p.TopUp("0.1"); err != nil {
		t.Fatal(err)
	}
	p.want("after a top-up, same key", p.create("k", "x@b.example").status, 201)
	p.want("charged", p.Charged(), "0.40")
	p.want("balance", p.Balance(), "0.00")
	if p.TopUp("-1") == nil {
		t.Error("a negative top-up passed")
	}
}

func TestRateLimit(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(1_700_000_000, 500e6).Add(time.Duration(clock.Load())) }
	p := start(t, Config{Now: now, Rate: 2})
	p.want("burst", []int{p.create("1", "1@b.example").status, p.list("").status}, []int{201, 200})
	a := p.create("2", "2@b.example")
	p.want("too soon", []any{a.status, a.header.Get("Retry-After")}, []any{429, "1"})
	clock.Store(int64(500 * time.Millisecond))
	p.want("the same key later", p.create("2", "2@b.example").status, 201)
}

func TestMoney(t *testing.T) {
	for text, want := range map[string]string{"0": "0.00", "12.5": "12.50", "0.00000001": "0.00000001", "1000000.10": "1000000.10", "7.123": "7.123"} {
		m, err := parseMoney(text)
		if err != nil || m.String() != want {
			t.Errorf("%s: %s %v", text, m, err)
		}
	}
	for _, text := range []string{"", "-1", "1.", ".5", "1,5", "1e3", "0.000000001", "99999999999999999999", "+1"} {
		if m, err := parseMoney(text); err == nil {
			t.Errorf("%q is %s", text, m)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, cfg := range map[string]Config{
		"Balance": {Balance: "much"}, "Fee": {Fee: "-1"}, "Account": {Account: "Acme Ltd"}, "KeyTTL": {KeyTTL: -1},
		"Rate": {Rate: -1}, "LatencyMax": {Latency: 2, LatencyMax: 1},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := start(t, Config{})
	for _, addr := range []string{"0.0.0.0:0", "8.8.8.8:80", "example.com:80", ":0", "nonsense"} {
		s, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Listen(addr); err == nil {
			t.Errorf("listens on %s", addr)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Listen("127.0.0.1:0"); err == nil {
		t.Error("listens twice")
	}
}

func TestParseLatency(t *testing.T) {
	for text, want := range map[string][2]time.Duration{"80ms": {80e6, 0}, "50ms-200ms": {50e6, 200e6}} {
		least, most, err := ParseLatency(text)
		if err != nil || least != want[0] || most != want[1] {
			t.Errorf("%s: %v %v %v", text, least, most, err)
		}
	}
	for _, text := range []string{"", "fast", "-1s", "2s-1s", "1s-"} {
		if _, _, err := ParseLatency(text); err == nil {
			t.Errorf("%q passed", text)
		}
	}
	cfg := settings{Config: Config{Latency: 10, LatencyMax: 20}}
	seen := map[time.Duration]bool{}
	for n := range 200 {
		d := cfg.latencyOf(n)
		seen[d] = true
		if d < 10 || d >= 20 {
			t.Fatalf("latency %d", d)
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d latencies of 10", len(seen))
	}
}
