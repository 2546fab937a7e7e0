package settings

import (
	"strings"
	"testing"
)

func TestEnvironmentOf(t *testing.T) {
	for base, want := range map[string]string{
		"https://Api.Example.com/api": "api.example.com", "https://api.example.com:443/": "api.example.com",
		"https://api.example.com:8443": "api.example.com:8443", "http://127.0.0.1:80/api": "127.0.0.1", "http://[::1]:8080/api": "[::1]:8080",
	} {
		if got, err := environmentOf(base); err != nil || got != want {
			t.Errorf("%s: %s, %v", base, got, err)
		}
	}
	for _, base := range []string{"", "api.example.com", "ftp://x/", ProductionURL} {
		if got, err := environmentOf(base); err == nil {
			t.Errorf("%s: %s", base, got)
		}
	}
	if got := FileWord("[::1]:8080"); strings.ContainsAny(got, ":[]/") {
		t.Errorf("%s in a file name", got)
	}
}
