package settings

import (
	"strings"
	"testing"
)

// Whatever form a URL has, its text shows neither name nor password nor query.
func TestHostileAddressIsHidden(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"env":                            "env",
		"http://host:3128":               "http://host:3128",
		"http://u:secret@host:3128":      "http://[hidden]@host:3128",
		"http://secret@host":             "http://[hidden]@host",
		"socks5://u:se%20cret@[::1]:1":   "socks5://[hidden]@[::1]:1",
		"http://host/p?secret":           "http://host/p",
		"http://host#secret":             "http://host",
		"u:secret@host:3128":             HiddenText,
		"secret":                         HiddenText,
		"http://u:secret@ho st":          HiddenText,
		"http:secret":                    HiddenText,
		"http://u:p@host://secret@other": "http://[hidden]@host://secret@other",
	} {
		a := Address{Text: text}
		if got := a.String(); strings.HasPrefix(text, "http://u:p@host://") {
			if strings.Contains(got, "u:p") {
				t.Errorf("%q is shown as %q", text, got)
			}
		} else if got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
