package notify

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "T000-SECRET"

// transport plays the other end of the URL.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int) (*http.Response, error) {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("no_service"))}, nil
}

func open(t *testing.T, cfg Config) *Notifier {
	t.Helper()
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPostIsRetried: three tries, with pauses, each of at most ten seconds; what another
// try would meet again is not tried again. The URL is in no error.
func TestPostIsRetried(t *testing.T) {
	hang := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status := func(n int) transport { return func(*http.Request) (*http.Response, error) { return answer(n) } }
	for _, c := range []struct {
		name  string
		acts  []transport
		tries int
		took  time.Duration
		want  string
	}{
		{"at once", []transport{status(200)}, 1, 0, ""},
		{"the second time", []transport{status(503), status(204)}, 2, time.Second, ""},
		{"never", []transport{status(500), status(429), status(502), status(200)}, 3, 4 * time.Second, "it answered HTTP 502"},
		{"for good", []transport{status(404), status(200)}, 1, 0, "it answered HTTP 404"},
		{"somewhere else", []transport{status(307), status(200)}, 1, 0, "it answered HTTP 307"},
		{"too slow, then not", []transport{hang, status(200)}, 2, 11 * time.Second, ""},
		{"too slow", []transport{hang, hang, hang}, 3, 34 * time.Second, "it took longer than 10s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := open(t, Config{URL: "https://hooks.example.com/" + secret})
			tries := 0
			n.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
				tries++
				return c.acts[tries-1](r)
			})
			began := time.Now()
			err := n.Send(t.Context(), map[string]string{"text": "ended"})
			if took := time.Since(began); tries != c.tries || took != c.took {
				t.Errorf("%s: %d tries in %s, want %d in %s", c.name, tries, took, c.tries, c.took)
			}
			if (err == nil) != (c.want == "") || err != nil && err.Error() != "--notify-url-file: "+c.want {
				t.Errorf("%s: %v, want %q", c.name, err, c.want)
			}
		})
	}
}

// TestSendEndsWithItsContext: after a signal there is no time for more tries.
func TestSendEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := open(t, Config{URL: "https://hooks.example.com/x"})
		n.client.Transport = transport(func(*http.Request) (*http.Response, error) { return answer(500) })
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		if err := n.Send(ctx, "x"); err == nil || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

func TestPostOverHTTP(t *testing.T) {
	var got []byte
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		header = r.Header
		if r.URL.Path != "/"+secret || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	n := open(t, Config{URL: server.URL + "/" + secret, UserAgent: "bulkonboard/test", Proxy: "http://127.0.0.1:1"}) // no proxy on the way to this machine
	if err := n.Send(t.Context(), map[string]string{"text": "a & b"}); err != nil {
		t.Fatal(err)
	}
	if string(got) != `{"text":"a \u0026 b"}` || header.Get("Content-Type") != "application/json" || header.Get("User-Agent") != "bulkonboard/test" {
		t.Errorf("%s with %v", got, header)
	}
}

// TestErrorsHideTheURL: neither a URL that cannot be used nor one that cannot be reached
// is repeated.
func TestErrorsHideTheURL(t *testing.T) {
	for _, url := range []string{"hooks.example.com/" + secret, "http://hooks.example.com/" + secret, "ftp://localhost/" + secret, "https://[" + secret, "https:///" + secret} {
		if _, err := New(Config{URL: url}); err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hooks") {
			t.Errorf("%s: %v", url, err)
		}
	}
	n := open(t, Config{URL: "https://hooks.example.com/" + secret})
	for _, cause := range []error{errors.New("dial " + secret), io.EOF} {
		n.client.Transport = transport(func(*http.Request) (*http.Response, error) { return nil, cause })
		if err := n.post(t.Context(), nil); err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "hooks") {
			t.Error(err)
		}
	}
}

func TestCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "told")
	n := open(t, Config{Command: `echo "$WHO $BULKONBOARD_API_KEY" > ` + file + `; cat >> ` + file + `; echo ` + secret + ` >&2`, Env: []string{"WHO=ops", "PATH=" + os.Getenv("PATH")}})
	if err := n.Send(t.Context(), map[string]string{"text": "ended"}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "ops \n{\"text\":\"ended\"}" {
		t.Errorf("%q, %v", text, err)
	}
	for command, want := range map[string]string{
		"exit 0":                  "",
		"exec /nowhere/" + secret: "the shell could not run the command (exit 127)",
		"echo " + secret + "; echo x >> " + dir + "/tries; test $(wc -l < " + dir + "/tries) = 2": "", // fails once
	} {
		err := open(t, Config{Command: command, Env: []string{"PATH=" + os.Getenv("PATH")}}).Send(t.Context(), strings.Repeat("x", 1<<20)) // more than a pipe holds
		if (err == nil) != (want == "") || err != nil && err.Error() != "--on-end: "+want {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestCommandEndsWithWhatItBegan: a command that does not end is killed, and so is what
// it began.
func TestCommandEndsWithWhatItBegan(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "pid")
	n := open(t, Config{Command: "sleep 1000 & echo $! > " + file + ".new; mv " + file + ".new " + file + "; wait", Env: []string{"PATH=" + os.Getenv("PATH")}})
	done := make(chan error, 1)
	go func() { done <- n.runCommand(ctx, nil) }()
	for {
		if _, err := os.Stat(file); err == nil {
			break
		}
		runtime.Gosched()
	}
	cancel()
	if err := <-done; err == nil || err.Error() != "there was no time left for it" {
		t.Error(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	proc := filepath.Join("/proc", strings.TrimSpace(string(text)), "status")
	for runtime.GOOS == "linux" {
		status, err := os.ReadFile(proc)
		if err != nil || strings.Contains(string(status), "State:\tZ") {
			break
		}
		runtime.Gosched()
	}
}
