package ledger_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// hostileLinks are links that must never be shown.
func hostileLinks() map[string]string {
	return map[string]string{
		"user name":         "https://withpersona.com@evil.test/verify",
		"password":          "https://user:pw@h.test/",
		"empty user name":   "https://@h.test/",
		"right-to-left":     "https://h.test/\u202egnp.exe",
		"zero width":        "https://h.\u200btest/",
		"not ASCII":         "https://h\u00e9.test/",
		"escaped host":      "https://h%c3%a9.test/",
		"escaped at sign":   "https://h.test%40evil.test/",
		"ESC":               "https://h.test/\x1b[2J",
		"line end":          "https://h.test/\r\nX: y",
		"blank":             "https://h.test/ x",
		"leading blank":     " https://h.test/",
		"tab":               "https://h.test/\t",
		"NUL":               "https://h.test/\x00",
		"not UTF-8":         "https://h.test/\xff",
		"backslash":         `https://h.test\@evil.test/`,
		"quote":             `https://h.test/"onclick=`,
		"angle bracket":     "https://h.test/<script>",
		"backquote":         "https://h.test/`id`",
		"http":              "http://h.test/",
		"javascript":        "javascript://h.test/%0aalert(1)",
		"data":              "data:text/html,https://h.test/",
		"formula":           "=HYPERLINK(\"https://h.test/\")",
		"no host":           "https://",
		"no host but path":  "https:///path",
		"no host but port":  "https://:443/",
		"opaque":            "https:h.test/path",
		"dots for a host":   "https://../x",
		"relative":          "//h.test/x",
		"port is no number": "https://h.test:x/",
		"too long":          "https://h.test/" + strings.Repeat("a", ledger.MaxLink-14),
		"200 KB":            "https://h.test/" + strings.Repeat("a", 200_000),
		"empty":             "",
	}
}

func hostileTokens() map[string]string {
	return map[string]string{
		"empty": "", "dot": ".", "dots": "..", "dots inside": "a..b", "path": "../users", "slash": "a/b", "backslash": `a\b`, "blank": "a b",
		"no-break space": "a\u00a0b", "tab": "a\tb", "line end": "a\n", "ESC": "a\x1b[31m", "NUL": "a\x00", "DEL": "a\x7f", "not ASCII": "ä",
		"right-to-left": "a\u202eb", "not UTF-8": "a\xff", "quote": `a"b`, "apostrophe": "'a", "angle bracket": "<a>", "backquote": "`a`",
		"too long": strings.Repeat("a", ledger.MaxServiceID+1), "500 KB": strings.Repeat("a", 500_000),
	}
}

func TestHostileLinkRule(t *testing.T) {
	for name, link := range hostileLinks() {
		if ledger.ValidLink(link) {
			t.Errorf("%s: %.60q is accepted", name, link)
		}
	}
	for _, link := range []string{
		"https://withpersona.com/verify?inquiry-id=inq_abc&session-token=eyJ.x~y#z", "HTTPS://h.test/", "https://h.test", "https://h.test:8443/x",
		"https://[::1]:8443/x", "https://127.0.0.1/x?redirect=https%3A%2F%2Fa.test%2F", "https://xn--h-bga.test/", "https://h.test/@user", "https://h.test/a|b{c}^d",
		"https://h.test/" + strings.Repeat("a", ledger.MaxLink-15),
	} {
		if !ledger.ValidLink(link) {
			t.Errorf("%.60q is refused", link)
		}
	}
}

func TestHostileTokenRule(t *testing.T) {
	for name, token := range hostileTokens() {
		if ledger.ValidToken(token) {
			t.Errorf("%s: %.60q is accepted", name, token)
		}
	}
	for _, token := range []string{"1", "acme-rain-user-0f8fad5b-d9cb-469f-a165-70867728950e", "a.b", "a:b@c+d=e%f?g#h|i", strings.Repeat("a", ledger.MaxServiceID)} {
		if !ledger.ValidToken(token) {
			t.Errorf("%.60q is refused", token)
		}
	}
}

// TestHostileChange: no change brings a link or a service id into a ledger that
// breaks the rules, whatever kind of change it is, and a refusal changes nothing.
func TestHostileChange(t *testing.T) {
	const id, link = "acme-user-1", "https://h.test/1"
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	customers := map[string]ledger.Customer{
		"pending":      {ID: 1, Status: ledger.Pending},
		"link missing": {ID: 1, Status: ledger.LinkMissing, ServiceID: "acme-user-0"},
		"created":      {ID: 1, Status: ledger.Created, ServiceID: "acme-user-0", URL: "https://h.test/0"},
	}
	for from, c := range customers {
		for _, repair := range []bool{false, true} {
			try := func(name, serviceID, url string) {
				ch := ledger.Change{Expect: ledger.Expect{Customer: 1, Status: c.Status}, Status: ledger.Created, ServiceID: serviceID, URL: url, At: at, Repair: repair}
				after, err := ledger.ApplyChange(c, ch)
				if !errors.Is(err, ledger.ErrForm) || !errors.Is(err, ledger.ErrConflict) || after.ServiceID != c.ServiceID || after.URL != c.URL || after.Status != c.Status {
					t.Errorf("%s, repair %t, %s: %v", from, repair, name, err)
				}
				if err != nil && len(err.Error()) > 400 {
					t.Errorf("%s: the error repeats what was refused", name)
				}
			}
			for name, bad := range hostileLinks() {
				if bad != "" {
					try(name, id, bad)
				}
			}
			for name, bad := range hostileTokens() {
				if bad != "" {
					try(name, bad, link)
				}
			}
		}
	}
	for name, bad := range hostileTokens() {
		c := ledger.Customer{ID: 1, Status: ledger.LinkMissing, ServiceID: bad}
		if _, err := ledger.ApplyIntent(c, ledger.Intent{Expect: ledger.Expect{Customer: 1, Status: c.Status}, Removes: bad, Generation: 1, At: ledger.Instant{At: time.Unix(1, 0)}}); err == nil {
			t.Errorf("%s is to be deleted", name)
		}
	}
}

// TestHostileEvent: the news of an event counts, its link does not.
func TestHostileEvent(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	c := ledger.Customer{ID: 1, Status: ledger.LinkMissing, ServiceID: "acme-user-1"}
	for name, bad := range hostileLinks() {
		e := ledger.KYCEvent{ServiceID: "acme-user-1", Status: ledger.KYCMore, At: at, URL: bad}
		if _, after, linked := (ledger.KYC{}).WithLink(c, e); linked || after.URL != "" {
			t.Errorf("%s is accepted", name)
		}
		open := ledger.KYC{Retries: 1, RetryOpen: true}
		if k, changed := open.After(e); !changed || k.Status != ledger.KYCMore || !k.RetryOpen {
			t.Errorf("%s: %+v", name, k)
		}
	}
	for name, bad := range hostileTokens() {
		e := ledger.KYCEvent{ServiceID: bad, Status: ledger.KYCApproved, At: at}
		if _, changed := (ledger.KYC{}).After(e); changed {
			t.Errorf("an event for %s is kept", name)
		}
	}
}

// FuzzLinkAndToken: what the rules let through is what it looks like, for
// any reader.
func FuzzLinkAndToken(f *testing.F) {
	for _, s := range hostileLinks() {
		if len(s) < 100 {
			f.Add(s)
		}
	}
	for _, s := range hostileTokens() {
		if len(s) < 100 {
			f.Add(s)
		}
	}
	f.Add("https://withpersona.com/verify?inquiry-id=inq_abc")
	f.Add("acme-rain-user-1")
	f.Fuzz(func(t *testing.T, s string) {
		plain := func() {
			for i := range len(s) {
				if s[i] <= ' ' || s[i] > '~' || strings.ContainsRune(`\"<>`, rune(s[i])) {
					t.Errorf("%q has %q", s, s[i])
				}
			}
		}
		if ledger.ValidToken(s) {
			plain()
			u, err := url.Parse("https://h.test/users/" + url.PathEscape(s))
			if err != nil || len(s) > ledger.MaxServiceID || u.JoinPath().Path != "/users/"+s {
				t.Errorf("%q is no segment of a path", s)
			}
		}
		if ledger.ValidLink(s) {
			plain()
			u, err := url.Parse(s)
			if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" || len(s) > ledger.MaxLink {
				t.Fatalf("%q", s)
			}
			// The host ends at the first of these, by every reader's rules.
			written, _, _ := strings.Cut(s[len("https://"):]+"/", "/")
			written = written[:min(len(written), (strings.IndexAny(written+"?", "?#")))]
			if written != u.Host || strings.ContainsAny(written, "@%") {
				t.Errorf("%q leads to %q", s, u.Host)
			}
		}
	})
}
