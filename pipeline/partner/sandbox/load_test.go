package sandbox

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// BenchmarkCreate is a creation through the handler, on top of many users,
// with the state file on.
func BenchmarkCreate(b *testing.B) {
	for _, existing := range []int{0, 1_000_000} {
		b.Run(fmt.Sprint(existing), func(b *testing.B) {
			users := make([]User, existing)
			for i := range users {
				users[i] = User{Email: fmt.Sprint("customer", i, "@b.example"), FirstName: "Jane", LastName: "Doe", CreatedAt: time.Unix(int64(i), 0)}
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			cfg := Config{Preexisting: users, Balance: "1000000000"}
			if existing == 0 {
				cfg.StateFile = filepath.Join(b.TempDir(), "state")
			}
			s, err := New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			n := 0
			for b.Loop() {
				n++
				r := httptest.NewRequest("POST", BasePath+createPath, strings.NewReader(person1(fmt.Sprint(n, "@new.example"))))
				r.Header.Set("Authorization", "Bearer sk_test")
				r.Header.Set("Idempotency-Key", fmt.Sprint(n))
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusCreated {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			if existing > 0 {
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(existing), "bytes/user")
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkHTTP is the same over kept connections on loopback, client included.
func BenchmarkHTTP(b *testing.B) {
	s, err := New(Config{Balance: "1000000000"})
	if err != nil {
		b.Fatal(err)
	}
	base, err := s.Listen("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{}
	n := 0
	for b.Loop() {
		n++
		r, err := http.NewRequest("POST", base+createPath, strings.NewReader(person1(fmt.Sprint(n, "@new.example"))))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test")
		r.Header.Set("Idempotency-Key", fmt.Sprint(n))
		resp, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			b.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusCreated {
			b.Fatal(resp.Status, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	client.CloseIdleConnections()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
