package partner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func asError(err error, e **Error) bool { return errors.As(err, e) }

func TestConfig(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const live = "sk_live_CANARYKEY"
	for _, tt := range []struct {
		name  string
		conf  Config
		field string // that the error names; "" = accepted
	}{
		{"https", Config{BaseURL: "https://h.example/api", Key: testKey}, ""},
		{"https live", Config{BaseURL: "https://h.example/api", Key: live}, ""},
		{"loopback", Config{BaseURL: "http://127.0.0.1:8080", Key: testKey}, ""},
		{"loopback v6", Config{BaseURL: "http://[::1]:8080", Key: testKey}, ""},
		{"localhost", Config{BaseURL: "http://localhost:8080", Key: testKey}, ""},
		{"private", Config{BaseURL: "http://10.1.2.3", Key: testKey}, ""},
		{"private v6", Config{BaseURL: "http://[fd00::1]", Key: testKey}, ""},
		{"loopback live", Config{BaseURL: "http://127.0.0.1:8080", Key: live}, "BaseURL"},
		{"public address", Config{BaseURL: "http://8.8.8.8", Key: testKey}, "BaseURL"},
		{"name", Config{BaseURL: "http://h.example", Key: testKey}, "BaseURL"},
		{"name like localhost", Config{BaseURL: "http://localhost.example", Key: testKey}, "BaseURL"},
		{"unspecified address", Config{BaseURL: "http://0.0.0.0", Key: testKey}, "BaseURL"},
		{"none", Config{Key: testKey}, "BaseURL"},
		{"no scheme", Config{BaseURL: "h.example/api", Key: testKey}, "BaseURL"},
		{"ftp", Config{BaseURL: "ftp://127.0.0.1", Key: testKey}, "BaseURL"},
		{"no host", Config{BaseURL: "https://:443/api", Key: testKey}, "BaseURL"},
		{"password", Config{BaseURL: "https://u:CANARYKEY@h.example", Key: testKey}, "BaseURL"},
		{"query", Config{BaseURL: "https://h.example/api?key=CANARYKEY", Key: testKey}, "BaseURL"},
		{"unreadable", Config{BaseURL: "https://h.example/%zzCANARYKEY", Key: testKey}, "BaseURL"},
		{"no key", Config{BaseURL: "https://h.example"}, "Key"},
		{"line end in key", Config{BaseURL: "https://h.example", Key: "CANARYKEY\n"}, "Key"},
		{"user agent", Config{BaseURL: "https://h.example", Key: testKey, UserAgent: "a\r\nb"}, "UserAgent"},
		{"timeout", Config{BaseURL: "https://h.example", Key: testKey, Timeout: -1}, "Timeout"},
		{"long", Config{BaseURL: "https://h.example/" + strings.Repeat("x", maxBase), Key: testKey}, "BaseURL"},
		{"no CA file", Config{BaseURL: "https://h.example", Key: testKey, CAFile: empty + "x"}, "CAFile"},
		{"empty CA file", Config{BaseURL: "https://h.example", Key: testKey, CAFile: empty}, "CAFile"},
		{"proxy", Config{BaseURL: "https://h.example", Key: testKey, Proxy: "http://u:CANARYKEY@p:1"}, ""},
		{"socks", Config{BaseURL: "https://h.example", Key: testKey, Proxy: "socks5://p:1"}, ""},
		{"proxy scheme", Config{BaseURL: "https://h.example", Key: testKey, Proxy: "ftp://u:CANARYKEY@p:1"}, "Proxy"},
		{"proxy without scheme", Config{BaseURL: "https://h.example", Key: testKey, Proxy: "p:3128"}, "Proxy"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.conf)
			var wrong *ConfigError
			switch {
			case err == nil && tt.field != "":
				t.Errorf("accepted, want an error about %s", tt.field)
			case err != nil && tt.field == "":
				t.Errorf("refused: %v", err)
			case err != nil && !strings.HasPrefix(err.Error(), "partner: "+tt.field+" "):
				t.Errorf("error %q does not name %s", err, tt.field)
			case err != nil && (!errors.As(err, &wrong) || wrong.Field != tt.field):
				t.Errorf("error %#v is not one of %s", err, tt.field)
			case err != nil && strings.Contains(err.Error(), "CANARY"):
				t.Error("the error holds a secret")
			}
		})
	}
}

func TestHost(t *testing.T) {
	for base, want := range map[string]string{
		"https://Services-Staging.example/api/":   "services-staging.example",
		"https://services-staging.example:443/":   "services-staging.example",
		"https://services-staging.example:8443":   "services-staging.example:8443",
		"http://127.0.0.1:80/api":                 "127.0.0.1",
		"http://127.0.0.1:443/api":                "127.0.0.1:443",
		"http://[::1]:8080":                       "[::1]:8080",
		"https://[2001:db8::1]:443/with%2Fescape": "[2001:db8::1]",
	} {
		if got := newClient(t, Config{BaseURL: base}).Host(); got != want {
			t.Errorf("host of %s is %q, want %q", base, got, want)
		}
	}
}
