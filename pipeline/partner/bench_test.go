package partner

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// BenchmarkCreate is one request after another over loopback, each on a
// connection of its own, and the same by net/http with the same settings:
//
//	go test ./pipeline/partner -run '^$' -bench Create -benchtime 3000x
//
// of-bare is what one of ours costs as a multiple of a bare one; both are
// measured in turns, in the same run.
func BenchmarkCreate(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		s := httptest.NewServer(http.HandlerFunc(good))
		defer s.Close()
		compareCreate(b, s.URL, "")
	})
	b.Run("TLS", func(b *testing.B) {
		s, ca := secured(b, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(good))
		compareCreate(b, s.URL, ca)
	})
}

func compareCreate(b *testing.B, url, ca string) {
	c := newClient(b, Config{BaseURL: url, CAFile: ca})
	u := jane()
	body, err := encodeBody(&u, validate.Fields())
	if err != nil {
		b.Fatal(err)
	}
	bare := bareTransport(b, ca)
	ours := func() {
		if a := c.Create(context.Background(), testIdem, u); a.Class != ledger.OK {
			b.Fatal(a)
		}
	}
	theirs := func() {
		if err := postBare(bare, url, body); err != nil {
			b.Fatal(err)
		}
	}
	timed := func(n int, f func()) (d time.Duration) {
		began := time.Now()
		for range n {
			f()
		}
		return time.Since(began)
	}
	const round = 50 // in turns of so many, so that a machine that changes its speed changes it for both
	timed(round, ours)
	timed(round, theirs)
	var mine, others time.Duration
	b.ResetTimer()
	for done := 0; done < b.N; done += round {
		n := min(round, b.N-done)
		mine += timed(n, ours)
		others += timed(n, theirs)
	}
	b.ReportMetric(float64(mine.Microseconds())/float64(b.N), "µs/request")
	b.ReportMetric(float64(others.Microseconds())/float64(b.N), "µs/bare")
	b.ReportMetric(float64(mine)/float64(others), "of-bare")
	b.ReportMetric(0, "ns/op")
}

// bareTransport is net/http with a connection for each request and nothing else.
func bareTransport(b *testing.B, ca string) *http.Transport {
	b.Helper()
	t := &http.Transport{DisableKeepAlives: true}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			b.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		t.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return t
}

func postBare(t *http.Transport, url string, body []byte) error {
	req, err := http.NewRequest(http.MethodPost, url+createPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
