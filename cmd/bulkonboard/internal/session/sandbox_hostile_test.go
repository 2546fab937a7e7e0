package session

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// sandboxPaths are the calls of the partner's API, as a neighbour would make them.
func sandboxPaths() map[string]string {
	return map[string]string{
		"GET /v1/partner/card/users?page=1&limit=100":    "",
		"GET /v1/partner/wallet":                         "",
		"POST /v2/partner/card/users":                    `{"email":"x@example.com"}`,
		"DELETE /v1/partner/card/users/a-user-1":         "",
		"POST /v2/partner/card/users/a-user-1/retry-kyc": "",
	}
}

// askEverything makes each call with a key and returns an answer that is not a
// refusal of the key, "" if there is none.
func askEverything(t *testing.T, base, key string) string {
	t.Helper()
	for call, body := range sandboxPaths() {
		method, path, _ := strings.Cut(call, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Idempotency-Key", "neighbour")
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusUnauthorized || strings.Contains(string(text), "@example.com") {
			return call + ": " + answer.Status + " " + string(text)
		}
	}
	return ""
}

// startSession begins what `run --sandbox` begins, and leaves it listening.
func startSession(t *testing.T) (s *session, base string) {
	t.Helper()
	var f settings.RunFlags
	c := &cobra.Command{Use: "run"}
	c.SetContext(t.Context())
	f.AddFlags(c)
	if err := c.ParseFlags([]string{"--sandbox"}); err != nil {
		t.Fatal(err)
	}
	con := &term.Console{Env: map[string]string{}, In: strings.NewReader(""), Out: &term.Stream{W: io.Discard}, Err: &term.Stream{W: io.Discard}}
	s, err := newSession(con, c, &f, nil)
	if err == nil {
		err = s.openPartner()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s, "http://" + s.client.Host() + sandbox.BasePath
}

// guesses are keys that a neighbour tries.
func guesses(other string) []string {
	return []string{"", "sk_test_x", "sk_sandbox_", settings.SandboxKeyName, "sk_live_x", other, strings.ToLower(other)}
}

// While a rehearsal runs, another user of the machine can find its port. Nobody
// but the process itself has the key.
func TestHostileSandboxOfARunIsClosedToOthers(t *testing.T) {
	s, base := startSession(t)
	other, _ := startSession(t)
	for _, key := range guesses(other.key) {
		if got := askEverything(t, base, key); got != "" {
			t.Errorf("key %q: %s", key, got)
		}
	}
	if askEverything(t, base, s.key) == "" {
		t.Error("its own key is refused as well")
	}
	if a, b := s.origin().KeyPrint, other.origin().KeyPrint; a != b || a == settings.KeyFingerprint(s.key) {
		t.Errorf("the log tells the keys of rehearsals apart: %s, %s", a, b)
	}
}
