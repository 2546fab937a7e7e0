package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
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

// guesses are keys that a neighbour tries.
func guesses(other string) []string {
	return []string{"", "sk_test_x", "sk_sandbox_", settings.SandboxKeyName, "sk_live_x", other, strings.ToLower(other)}
}

// `bulkonboard sandbox` accepts the key that it prints, and one that it was
// given; neither a guess nor the key of another such process.
func TestHostileSandboxCommandIsClosedToOthers(t *testing.T) {
	dir := t.TempDir()
	serve := func(env ...string) (base, key string) {
		c := command(t, dir, "sandbox")
		c.Env = append(slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, settings.KeyVariable+"=") }), env...)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		said, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
		url, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		for in := bufio.NewReader(said); key == ""; {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if _, after, ok := strings.Cut(line, settings.KeyVariable+"="); ok {
				key, _, _ = strings.Cut(strings.ReplaceAll(after, "&&", " "), " ")
			}
		}
		return strings.TrimSpace(url), key
	}
	base, key := serve()
	_, other := serve()
	for _, guess := range guesses(other) {
		if got := askEverything(t, base, guess); got != "" {
			t.Errorf("key %q: %s", guess, got)
		}
	}
	if askEverything(t, base, key) == "" {
		t.Errorf("the printed key %q is refused", key)
	}
	given, printed := serve(settings.KeyVariable + "=sk_test_given")
	for _, good := range []string{"sk_test_given", printed} {
		if askEverything(t, given, good) == "" {
			t.Errorf("%q is refused", good)
		}
	}
	live, _ := serve(settings.KeyVariable + "=sk_live_given")
	if got := askEverything(t, live, "sk_live_given"); got != "" {
		t.Errorf("a live key is accepted: %s", got)
	}
}
