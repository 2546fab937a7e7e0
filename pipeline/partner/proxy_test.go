package partner

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestProxyRefusesTunnel: its status is named, 403 and 407 end everything, and
// nothing was sent.
func TestProxyRefusesTunnel(t *testing.T) {
	for status, cause := range map[int]StopCause{403: ProxyRefused, 407: ProxyRefused, 302: NoStopCause, 400: NoStopCause, 404: NoStopCause, 502: NoStopCause, 503: NoStopCause, 504: NoStopCause} {
		proxy := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
			if next() != nil {
				fmt.Fprintf(c, "HTTP/1.1 %d No\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>", status)
			}
		})
		c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: proxy.URL})
		a := c.Create(t.Context(), testIdem, jane())
		if a.Class != ledger.NotSent || a.Cause != CauseProxy || a.StopCause != cause || a.ProxyStatus != status || a.HTTPStatus != 0 || !strings.Contains(a.String(), fmt.Sprint(status)) {
			t.Errorf("%d: %v, stop cause %d", status, a, a.StopCause)
		}
		var e *Error
		if _, err := c.Wallet(t.Context()); !asError(err, &e) || e.Class != ledger.NotSent || e.StopCause != cause || e.ProxyStatus != status || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("wallet, %d: %v", status, err)
		}
	}
}

// TestProxyRefusesToPassOn: an answer that is plainly the proxy's own ends
// everything, and is never called unsent; one that may be the partner's does not.
func TestProxyRefusesToPassOn(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		status       int // of the proxy; 0 = not its own
	}{
		{"407", "407 No\r\nProxy-Authenticate: Basic realm=\"x\"\r\n", 407},
		{"407 without a challenge", "407 No\r\n", 407},
		{"403 of squid", "403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n", 403},
		{"403 with Proxy-Status", "403 Forbidden\r\nProxy-Status: proxy; error=http_request_denied\r\n", 403},
		{"403, whose is not known", "403 Forbidden\r\n", 0},
		{"502", "502 Bad\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n", 0},
	} {
		for _, proxied := range []bool{true, false} {
			w := startWire(t, always("HTTP/1.1 "+tt.answer+"Content-Length: 0\r\n\r\n"))
			cfg := Config{BaseURL: w.URL}
			want := 0
			if proxied {
				cfg, want = Config{BaseURL: "http://10.9.8.7/api", Proxy: w.URL}, tt.status
			}
			a := newClient(t, cfg).Create(t.Context(), testIdem, jane())
			if a.Class == ledger.NotSent || a.ProxyStatus != want || (a.StopCause == ProxyRefused) != (want != 0) {
				t.Errorf("%s, through a proxy: %t: %v, stop cause %d", tt.name, proxied, a, a.StopCause)
			}
		}
	}
}

// TestProxySaysTooMuch: what a proxy sends beyond its answer to CONNECT is never
// taken for the partner's.
func TestProxySaysTooMuch(t *testing.T) {
	proxy := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		if next() != nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"+whole201)
			next()
		}
	})
	c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: proxy.URL})
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent {
		t.Errorf("got %v", a)
	}
}
