package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// startRedirector serves a simulated partner whose links of some e-mails lead to
// another host.
func startRedirector(t *testing.T, others map[string]string) (base string) {
	t.Helper()
	partner, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = partner.Close() })
	behind, err := partner.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(strings.TrimSuffix(behind, sandbox.BasePath))
	if err != nil {
		t.Fatal(err)
	}
	host := regexp.MustCompile(`("verificationUrl":"https://)[^/"]+`)
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Header.Del("Accept-Encoding")
			text, err := io.ReadAll(r.In.Body)
			if err != nil {
				t.Error(err)
			}
			for email, other := range others {
				if bytes.Contains(text, []byte(email)) {
					r.Out.Header.Set("X-Other-Host", other)
				}
			}
			r.Out.Body = io.NopCloser(bytes.NewReader(text))
		},
		ModifyResponse: func(r *http.Response) error {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			if other := r.Request.Header.Get("X-Other-Host"); other != "" {
				text = host.ReplaceAll(text, []byte("${1}"+other))
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
			r.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return nil
		},
	})
	t.Cleanup(front.Close)
	return front.URL + sandbox.BasePath
}

// A link that leads elsewhere than all others is told with its row, and changes
// neither status nor exit code; the link itself is not shown.
func TestHostileLinkHost(t *testing.T) {
	base := startRedirector(t, map[string]string{"ann3@example.com": "verify.examp1e.net"})
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(6), "one.csv": strings.NewReplacer("ann0@", "single@", "Roe", "Doe").Replace(customersCSV(1))})
	env := []string{"BULKONBOARD_API_KEY=sk_test_x"}
	args := []string{"run", "--base-url", base, "--ledger", "l.db", "--rate", "unlimited", "--log-file", "run.log"}
	code, said := inDirectory(t, dir, env, append(args, "in.csv")...)
	if code != int(exit.OK) || !strings.Contains(said, `Warning: 1 link leads to verify.examp1e.net instead of `) || !strings.Contains(said, "in.csv, row 5") {
		t.Errorf("exit %d: %s", code, said)
	}
	log, err := os.ReadFile(filepath.Join(dir, "run.log"))
	if err != nil || !strings.Contains(string(log), "link leads to") {
		t.Errorf("the log does not say it: %s, %v", log, err)
	}
	if strings.Contains(said+string(log), "https://verify") {
		t.Errorf("a link is shown: %s", said)
	}
	if code, said := inDirectory(t, dir, env, append(args, "one.csv")...); code != int(exit.OK) || strings.Contains(said, "leads to") {
		t.Errorf("an ordinary link is warned of: exit %d: %s", code, said)
	}
}

// What is erased from the ledger can still be in files beside it and in logs:
// forget names each.
func TestHostileForgetNamesWhatIsLeft(t *testing.T) {
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(2), "who.txt": "ann1@example.com\n", "l.db.emergency-20260101T000000.kept": "x", "other.db.kept": "x"})
	for _, args := range [][]string{{"--log-file", "a.log"}, {"--log-file", filepath.Join(dir, "gone.log")}, {"--log-file", "gone-too.log"}} {
		if code, said := inDirectory(t, dir, nil, append([]string{"run", "--sandbox", "--ledger", "l.db", "--rate", "unlimited", "in.csv"}, args...)...); code != int(exit.OK) {
			t.Fatalf("exit %d: %s", code, said)
		}
	}
	for _, gone := range []string{"gone.log", "gone-too.log"} {
		if err := os.Remove(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
	}
	code, said := inDirectory(t, dir, nil, "ledger", "forget", "--sandbox", "--ledger", "l.db", "who.txt")
	if code != int(exit.OK) {
		t.Fatalf("exit %d: %s", code, said)
	}
	for _, want := range []string{"l.db.sandbox.jsonl", "l.db.emergency-20260101T000000.kept", "a.log", "gone-too.log"} {
		if !strings.Contains(said, " "+want+"\n") && !strings.Contains(said, "/"+want+"\n") {
			t.Errorf("%s is not named: %s", want, said)
		}
	}
	for _, unwanted := range []string{"gone.log\n", "other.db", "l.db.lock", "ann1"} {
		if strings.Contains(said, unwanted) {
			t.Errorf("%s is named: %s", unwanted, said)
		}
	}
}

// A link is taken from a file or standard input; on the command line, where
// every user of the machine can read it, it is warned of, and never repeated.
func TestHostileLinkInArguments(t *testing.T) {
	const link = "https://verify.example/?token=s3cr3t"
	dir := writeFiles(t, map[string]string{"in.csv": customersCSV(1), "link.txt": link + "\n", "empty.txt": "\n"})
	if code, said := inDirectory(t, dir, nil, "run", "--sandbox", "--rate", "unlimited", "in.csv"); code != int(exit.OK) {
		t.Fatalf("exit %d: %s", code, said)
	}
	resolve := []string{"ledger", "resolve", "--sandbox", "in.csv:2", "--as", "created", "--service-id", "s-1", "--because", "x"}
	for _, tt := range []struct {
		env  []string
		args []string
		warn bool
		code exit.Code
	}{
		{args: []string{"--link-file", "link.txt"}},
		{env: []string{"BULKONBOARD_LINK=" + link}},
		{args: []string{"--link", link}, warn: true},
		{args: []string{"--link-file", "empty.txt"}, code: exit.Usage},
		{args: []string{"--link-file", "none.txt"}, code: exit.Usage},
		{args: []string{"--link-file", "link.txt", "--link", link}, warn: true, code: exit.Usage},
	} {
		code, said := inDirectory(t, dir, tt.env, append(resolve, tt.args...)...)
		if strings.Contains(said, "s3cr3t") || strings.Contains(said, "other users can read the link") != tt.warn {
			t.Errorf("%v: %s", tt.args, said)
		}
		if tt.code == exit.Usage && code != int(exit.Usage) {
			t.Errorf("%v: exit %d: %s", tt.args, code, said)
		}
	}
	if code, said := inDirectory(t, dir, nil, "ledger", "log", "--sandbox", "--json"); code != int(exit.OK) || strings.Contains(said, "s3cr3t") {
		t.Errorf("exit %d: %s", code, said)
	}
}

// A named file that other users can change is read, and warned of.
func TestHostileNamedFilesOfOthers(t *testing.T) {
	if !canLink() {
		t.Skip("this system has no modes")
	}
	for flag, text := range map[string]string{"config": "rate: 5/s\n", "map-file": "email: email\n"} {
		dir := writeFiles(t, map[string]string{"in.csv": customersCSV(1), "f": text})
		for _, mode := range []os.FileMode{0o600, 0o644, 0o620, 0o602} {
			if err := os.Chmod(filepath.Join(dir, "f"), mode); err != nil {
				t.Fatal(err)
			}
			code, said := inDirectory(t, dir, nil, "plan", "--sandbox", "--"+flag, "f", "in.csv")
			if warned := strings.Contains(said, "warning: other users can change f:"); code != int(exit.OK) || warned != (mode&0o022 != 0) {
				t.Errorf("--%s, mode %o: exit %d: %s", flag, mode, code, said)
			}
		}
	}
}
