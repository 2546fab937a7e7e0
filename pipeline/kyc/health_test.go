package kyc

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failure error
		checks := 0
		health := NewHealth(func(ctx context.Context) error {
			checks++
			return errors.Join(failure, ctx.Err())
		})
		passed := 0
		h := WithHealth(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { passed++ }), health)
		hungUp, cancel := context.WithCancel(t.Context())
		cancel()
		for _, test := range []struct {
			name, method, path string
			after              time.Duration
			err                error
			status             int
			checks, passed     int // so far
		}{
			{"healthy, asked by a caller who has hung up", "GET", "/healthz", 0, nil, 200, 1, 0},
			{"broken, asked too soon", "GET", "/healthz", 4 * time.Second, errors.New("disk full"), 200, 1, 0},
			{"broken", "HEAD", "/healthz", time.Second, errors.New("disk full"), 503, 2, 0},
			{"still broken", "GET", "/healthz", 0, nil, 503, 2, 0},
			{"repaired", "GET", "/healthz", 5 * time.Second, nil, 200, 3, 0},
			{"a webhook", "POST", "/healthz", time.Hour, nil, 200, 3, 1},
			{"another path", "GET", "/", time.Hour, nil, 200, 3, 2},
		} {
			<-time.After(test.after)
			failure = test.err
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(hungUp, test.method, test.path, nil))
			if w.Code != test.status || checks != test.checks || passed != test.passed || w.Body.Len() != 0 || passed == 0 && w.Header().Get("Connection") != "close" {
				t.Errorf("%s: status %d, %d checks, %d passed on, body %q", test.name, w.Code, checks, passed, w.Body)
			}
		}
	})
}
