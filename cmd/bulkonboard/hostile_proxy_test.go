package main

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

const (
	proxyUser     = "proxyuser"
	proxyPassword = "pr0xy-pass+wd"
)

// startProxy serves a simulated partner behind a proxy that wants a password. It
// returns the partner's base URL and the proxy's, with the password.
func startProxy(t *testing.T) (base, proxy string) {
	t.Helper()
	partner, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = partner.Close() })
	if base, err = partner.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(proxyUser+":"+proxyPassword))
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.Header.Del("Proxy-Authorization") }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != want {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(proxyUser, proxyPassword)
	return base, u.String()
}

// secretForms are the forms in which a text could show the proxy's password.
func secretForms() []string {
	return []string{proxyPassword, url.QueryEscape(proxyPassword), proxyUser, base64.StdEncoding.EncodeToString([]byte(proxyUser + ":" + proxyPassword))}
}

// The password of a proxy that the environment or a named file says is in
// nothing that the program writes or prints.
func TestHostileProxyPassword(t *testing.T) {
	for from, setting := range map[string]struct {
		env  []string
		args []string
	}{
		"environment":     {env: []string{"BULKONBOARD_PROXY=PROXY"}},
		"settings file":   {args: []string{"--config", "settings.yaml"}},
		"named by envvar": {env: []string{"BULKONBOARD_CONFIG=settings.yaml"}},
	} {
		t.Run(from, func(t *testing.T) {
			base, proxy := startProxy(t)
			outside := writeFiles(t, map[string]string{"settings.yaml": "proxy: " + proxy + "\n"})
			dir := writeFiles(t, map[string]string{"in.csv": customersCSV(3)})
			named := filepath.Join(outside, "settings.yaml")
			for i, a := range setting.args {
				setting.args[i] = strings.ReplaceAll(a, "settings.yaml", named)
			}
			for i, e := range setting.env {
				setting.env[i] = strings.NewReplacer("settings.yaml", named, "PROXY=PROXY", "PROXY="+proxy).Replace(e)
			}
			env := append([]string{"BULKONBOARD_API_KEY=sk_test_x"}, setting.env...)
			place := []string{"--base-url", base, "--ledger", "l.db"}
			say := func(want exit.Code, args ...string) string {
				t.Helper()
				code, said := inDirectory(t, dir, env, args...)
				if code != int(want) {
					t.Errorf("%v: exit %d: %s", args, code, said)
				}
				for _, secret := range secretForms() {
					if strings.Contains(said, secret) {
						t.Errorf("%v shows %s: %s", args, secret, said)
					}
				}
				return said
			}
			sending := append(append([]string{"run", "in.csv", "--limit", "1", "--timeout", "2s", "--settle", "2s", "--key-ttl", "1s", "--json", "--log-file", "run.log", "--metrics-file", "m.prom"}, place...), setting.args...)
			if said := say(exit.Limit, sending...); !strings.Contains(said, "To continue:") {
				t.Errorf("says no command: %s", said)
			}
			say(exit.OK, append(append([]string{"plan", "in.csv"}, place...), setting.args...)...)
			if said := say(exit.OK, append([]string{"status"}, place[2:]...)...); !strings.Contains(said, "Set BULKONBOARD_PROXY before you run it") {
				t.Errorf("status does not say that the password is missing: %s", said)
			}
			if said := say(exit.OK, append([]string{"ledger", "log", "--json"}, place[2:]...)...); !strings.Contains(said, "--proxy=http://"+settings.HiddenText+"@127.0.0.1:") {
				t.Errorf("the log has no proxy: %s", said)
			}
			say(exit.OK, append([]string{"ledger", "export", "all.jsonl"}, place...)...)
			say(exit.OK, append([]string{"report", "--all", "--report", "all.html"}, place...)...)
			say(exit.OK, "config", "check")
			requireNowhere(t, dir, secretForms())
		})
	}
}

// requireNowhere fails if a file below dir holds one of the secrets.
func requireNowhere(t *testing.T, dir string, secrets []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %s", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
}

// On the command line, which every user of the machine can read, a password is
// refused, on every command that takes such a URL and before anything is made.
func TestHostileProxyPasswordInArguments(t *testing.T) {
	_, proxy := startProxy(t)
	for _, flag := range []string{"--proxy=" + proxy, "--proxy=" + proxyUser + ":" + proxyPassword + "@host:1", "--proxy=http://" + proxyPassword + "@host:1",
		"--proxy=socks5://a:" + proxyPassword + "@host", "--proxy=http://host:1?" + proxyPassword, "--proxy=http://host:1#" + proxyPassword,
		"--proxy=@" + proxyPassword, "--base-url=https://u:" + proxyPassword + "@h.example/api", "--base-url=https://h.example/api?key=" + proxyPassword} {
		for _, command := range [][]string{{"run", "in.csv", "--ledger", "l.db"}, {"plan", "in.csv", "--ledger", "l.db"}, {"kyc", "sync", "--ledger", "l.db"}, {"links", "recover", "in.csv"},
			{"status"}, {"ledger", "verify"}} {
			if strings.HasPrefix(flag, "--proxy") && (command[0] == "status" || command[0] == "ledger") {
				continue // they take no such flag
			}
			dir := writeFiles(t, map[string]string{"in.csv": customersCSV(1)})
			code, said := inDirectory(t, dir, []string{"BULKONBOARD_API_KEY=sk_test_x"}, append(command, flag)...)
			if code != int(exit.Usage) || strings.Contains(said, proxyPassword) || !strings.Contains(said, "can read command lines") {
				t.Errorf("%v: exit %d: %s", append(command, flag), code, said)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%v left %v, %v", append(command, flag), left, err)
			}
		}
	}
}
