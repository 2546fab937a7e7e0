package partner

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// secured is a TLS server on 127.0.0.1 with a certificate of its own making,
// and the file that makes it trusted.
func secured(t testing.TB, name string, until time.Time, h http.Handler) (*httptest.Server, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(name); ip != nil {
		cert.IPAddresses = []net.IP{ip}
	} else {
		cert.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

func good(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, goodBody)
}

// TestHTTP1Only is fault 29: a server that could speak HTTP/2 is spoken to in
// HTTP/1.1, one connection for each create.
func TestHTTP1Only(t *testing.T) {
	protos, remotes := make(chan string, 2), make(chan string, 2)
	s, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protos <- r.Proto
		remotes <- r.RemoteAddr
		good(w, r)
	}))
	c := newClient(t, Config{BaseURL: s.URL, CAFile: ca})
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	if t.Failed() {
		return
	}
	if a, b := <-protos, <-protos; a != "HTTP/1.1" || b != "HTTP/1.1" {
		t.Errorf("spoke %s, %s", a, b)
	}
	if a, b := <-remotes, <-remotes; a == b {
		t.Error("the connection was used again")
	}

	// The same server speaks HTTP/2 to clients that ask.
	tr := s.Client().Transport.(*http.Transport).Clone()
	defer tr.CloseIdleConnections()
	tr.TLSClientConfig.InsecureSkipVerify = true // the test's own server
	req, err := http.NewRequest(http.MethodPost, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.ProtoMajor != 2 {
		t.Errorf("the server speaks %s only: this test shows nothing", resp.Proto)
	}
}

// TestCertificates is fault 26: nothing is sent, and sending must stop.
func TestCertificates(t *testing.T) {
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name, host string
		until      time.Time
		trusted    bool
	}{
		{"untrusted", "127.0.0.1", later, false},
		{"wrong name", "partner.example", later, true},
		{"expired", "127.0.0.1", before, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := false
			s, ca := secured(t, tt.host, tt.until, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
			conf := Config{BaseURL: s.URL}
			if tt.trusted {
				conf.CAFile = ca
			}
			c := newClient(t, conf)
			a := c.Create(t.Context(), testIdem, jane())
			if a.Class != ledger.NotSent || a.StopCause != Certificate || a.Cause != CauseCertificate {
				t.Errorf("got %v, stop cause %d", a, a.StopCause)
			}
			var e *Error
			if _, err := c.Wallet(t.Context()); !asError(err, &e) || e.StopCause != Certificate || e.Class != ledger.NotSent {
				t.Errorf("wallet: %v", err)
			}
			if asked {
				t.Error("the server was asked")
			}
		})
	}
}

// TestNoTLS: a server that speaks no TLS, or nothing, gets nothing.
func TestNoTLS(t *testing.T) {
	for _, tt := range []struct {
		name, says, cause string
	}{
		{"plain HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", CauseTLS},
		{"closes", "", CauseTLS},
		{"hangs", "wait", CauseTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
				if tt.says == "wait" {
					io.Copy(io.Discard, c) // until the client gives up
					return
				}
				c.Read(make([]byte, 4<<10))
				io.WriteString(c, tt.says)
			})
			c := newClient(t, Config{BaseURL: "https" + strings.TrimPrefix(w.URL, "http"), Timeout: 200 * time.Millisecond})
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != tt.cause || a.StopCause != NoStopCause {
				t.Errorf("got %v, want NOT_SENT (%s)", a, tt.cause)
			}
		})
	}
}

// TestRedirects is fault 25: not followed, and the other host gets no byte.
func TestRedirects(t *testing.T) {
	other := startWire(t, func(*wire, net.Conn, func() *http.Request) {})
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		for _, tt := range []struct{ location, target string }{
			{other.URL + "/x", strings.TrimPrefix(other.URL, "http://")},
			{"https://evil.example/?a=b", "evil.example"},
			{"//evil.example:8443/", "evil.example:8443"},
			{"/elsewhere", "itself"},
			{"", ""},
			{"https://[::1", ""},
		} {
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				if tt.location != "" {
					w.Header()["Location"] = []string{tt.location}
				}
				w.WriteHeader(status)
			}))
			c := newClient(t, Config{BaseURL: s.URL})
			want := tt.target
			if want == "itself" {
				want = c.Host()
			}
			a := c.Create(t.Context(), testIdem, jane())
			if a.Class != ledger.Unknown || a.StopCause != Redirected || a.Target != want || asked != 1 {
				t.Errorf("%d to %q: %v, stop cause %d, target %q, %d requests", status, tt.location, a, a.StopCause, a.Target, asked)
			}
			c.CloseIdle()
			s.Close()
		}
	}
	if n := other.conns.Load(); n != 0 {
		t.Errorf("the other host saw %d connections", n)
	}
}

// TestProxy is fault 31.
func TestProxy(t *testing.T) {
	refusing := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
		if r := next(); r != nil && r.Method == http.MethodConnect {
			io.WriteString(c, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
		}
	})
	t.Run("CONNECT refused", func(t *testing.T) {
		c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: refusing.URL})
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseProxy || a.StopCause != ProxyRefused || a.ProxyStatus != 403 {
			t.Errorf("got %v", a)
		}
		if want := strings.TrimPrefix(refusing.URL, "http://"); c.Proxy() != want {
			t.Errorf("Proxy() = %q, want %q", c.Proxy(), want)
		}
	})
	t.Run("no server", func(t *testing.T) {
		c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: "http://127.0.0.1:1"})
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseProxy {
			t.Errorf("got %v", a)
		}
	})
	t.Run("environment not used unless allowed", func(t *testing.T) {
		t.Setenv("HTTPS_PROXY", refusing.URL)
		t.Setenv("HTTP_PROXY", refusing.URL)
		t.Setenv("NO_PROXY", "")
		before := refusing.conns.Load()
		c := newClient(t, Config{BaseURL: "https://partner.invalid/api"})
		c.once.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }
		c.Create(t.Context(), testIdem, jane())
		if c.Proxy() != "" || refusing.conns.Load() != before {
			t.Error("the proxy of the environment was used")
		}
		c = newClient(t, Config{BaseURL: "https://partner.invalid/api", Proxy: "env"})
		a := c.Create(t.Context(), testIdem, jane())
		if c.Proxy() == "" || refusing.conns.Load() != before+1 || a.Cause != CauseProxy {
			t.Errorf("the proxy of the environment was not used: %v", a)
		}
	})
	t.Run("tunnel", func(t *testing.T) {
		s, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(good))
		for name, proxy := range map[string]*wire{
			"CONNECT": startWire(t, tunnelling), "CONNECT, 204": startWire(t, tunnelling204), "SOCKS5": startWire(t, socks5),
		} {
			u := proxy.URL
			if name == "SOCKS5" {
				u = strings.Replace(u, "http://", "socks5://us:secret@", 1)
			} else {
				u = strings.Replace(u, "http://", "http://us:secret@", 1)
			}
			c := newClient(t, Config{BaseURL: s.URL, CAFile: ca, Proxy: u})
			mustOK(t, c.Create(t.Context(), testIdem, jane()))
			mustOK(t, c.Create(t.Context(), testIdem, jane()))
			if n := proxy.conns.Load(); n != 2 {
				t.Errorf("%s: %d tunnels, want 2", name, n)
			}
			c.CloseIdle()
		}
	})
	t.Run("SOCKS5 refused", func(t *testing.T) {
		for _, answer := range []string{"\x05\xff", "\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", "\x04\x00", ""} {
			p := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
				io.ReadFull(c, make([]byte, 2))
				io.WriteString(c, answer)
			})
			c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: strings.Replace(p.URL, "http", "socks5", 1)})
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseProxy || a.StopCause != NoStopCause {
				t.Errorf("%q: %v", answer, a)
			}
		}
	})
	t.Run("proxy that says nothing", func(t *testing.T) {
		silent := startWire(t, func(_ *wire, _ net.Conn, next func() *http.Request) { next(); next() })
		for _, scheme := range []string{"http", "socks5", "https"} {
			c := newClient(t, Config{BaseURL: "https://partner.example/api", Proxy: strings.Replace(silent.URL, "http", scheme, 1), Timeout: 200 * time.Millisecond})
			if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseProxy {
				t.Errorf("%s: %v", scheme, a)
			}
		}
	})
	t.Run("passed on", func(t *testing.T) {
		proxy := startWire(t, func(_ *wire, c net.Conn, next func() *http.Request) {
			for r := next(); r != nil; r = next() {
				if r.RequestURI != "http://10.9.8.7:81/api"+createPath || r.Host != "10.9.8.7:81" || r.Header.Get("Proxy-Authorization") != "Basic dXM6c2VjcmV0" {
					t.Errorf("the proxy was asked for %s of %s", r.RequestURI, r.Host)
				}
				io.WriteString(c, whole201)
			}
		})
		c := newClient(t, Config{BaseURL: "http://10.9.8.7:81/api", Proxy: strings.Replace(proxy.URL, "http://", "http://us:secret@", 1)})
		mustOK(t, c.Create(t.Context(), testIdem, jane()))
		mustOK(t, c.Create(t.Context(), testIdem, jane()))
		if n := proxy.conns.Load(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
	t.Run("over TLS", func(t *testing.T) {
		proxy, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(good))
		c := newClient(t, Config{BaseURL: "http://10.9.8.7/api", CAFile: ca, Proxy: proxy.URL})
		mustOK(t, c.Create(t.Context(), testIdem, jane()))
		c = newClient(t, Config{BaseURL: "http://10.9.8.7/api", Proxy: proxy.URL})
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.NotSent || a.Cause != CauseCertificate || a.StopCause != Certificate {
			t.Errorf("a proxy whose certificate is not trusted: %v", a)
		}
	})
}

// tunnelling is a proxy that answers CONNECT.
func tunnelling(_ *wire, c net.Conn, next func() *http.Request) {
	connectTo(c, next, "HTTP/1.1 200 OK\r\n\r\n")
}

func tunnelling204(_ *wire, c net.Conn, next func() *http.Request) {
	connectTo(c, next, "HTTP/1.1 204 Fine\r\n\r\n")
}

func connectTo(c net.Conn, next func() *http.Request, answer string) {
	if r := next(); r != nil && r.Method == http.MethodConnect && r.Header.Get("Authorization") == "" && r.Header.Get("Proxy-Authorization") == "Basic dXM6c2VjcmV0" {
		pass(c, r.Host, answer)
	}
}

// socks5 is a proxy that asks for a name and a password (RFC 1928, RFC 1929).
func socks5(_ *wire, c net.Conn, _ func() *http.Request) {
	read := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(c, b)
		return b
	}
	read(int(read(2)[1]))
	io.WriteString(c, "\x05\x02")
	if string(read(11)) != "\x01\x02us\x06secret" {
		return
	}
	io.WriteString(c, "\x01\x00")
	head := read(4)
	if head[3] != 1 {
		return // the test gives an address
	}
	ip := net.IP(read(4))
	port := read(2)
	pass(c, net.JoinHostPort(ip.String(), strconv.Itoa(int(port[0])<<8|int(port[1]))), "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
}

// pass connects c with a host, once that host has been reached.
func pass(c net.Conn, host, answer string) {
	far, err := net.Dial("tcp", host)
	if err != nil {
		return
	}
	defer far.Close()
	io.WriteString(c, answer)
	go func() { io.Copy(far, c); far.Close() }()
	io.Copy(c, far)
}
