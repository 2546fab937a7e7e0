package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// serveProduction plays the partner's production host on loopback: a proxy leads
// every connection to a simulated partner that has a certificate for that host.
// A script has the proxy in $PROXY and the authority of the certificate in ca.pem.
func (r *registry) serveProduction(ts *testscript.TestScript, _ bool, _ []string) {
	server, err := sandbox.New(sandbox.Config{KeyTTL: time.Second})
	ts.Check(err)
	certificate, authority := certify(ts, settings.HostOf(settings.ProductionURL))
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o600))
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		q.Header.Set("Authorization", "Bearer sk_test_script") // the simulated partner takes no live key
		server.ServeHTTP(w, q)
	}))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	front.StartTLS()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { tunnel(w, q, front.Listener.Addr().String()) }))
	ts.Setenv("PROXY", proxy.URL)
	r.Store(ts.Name(), server)
	ts.Defer(func() {
		proxy.CloseClientConnections()
		proxy.Close()
		front.CloseClientConnections()
		front.Close()
		if err := server.Close(); err != nil {
			ts.Logf("closing the partner: %v", err)
		}
	})
}

// tunnel answers CONNECT, to whatever host, with a connection to another place.
func tunnel(w http.ResponseWriter, q *http.Request, to string) {
	there, err := net.Dial("tcp", to)
	if err != nil || q.Method != http.MethodConnect {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(there, buffered) // its end is the end of the tunnel
		_ = there.Close()
	})
	both.Go(func() {
		_, _ = io.Copy(here, there)
		_ = here.Close()
	})
	both.Wait()
}

// certify makes a certificate for a host, and the PEM of what signed it: itself.
func certify(ts *testscript.TestScript, host string) (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// refusingProxy is a proxy that passes nothing on.
func refusingProxy(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: refusing-proxy STATUS")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	ts.Setenv("REFUSING", proxy.URL)
	ts.Defer(proxy.Close)
}
