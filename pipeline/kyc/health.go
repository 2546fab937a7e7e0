package kyc

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// HealthPath is where an endpoint is asked for its health.
const HealthPath = "/healthz"

// healthAge is how long a verdict holds: anyone may ask, and each check is a write.
const healthAge = 5 * time.Second

// Health is an http.Handler that answers 200 while a ledger can be written and 503
// while it cannot, without a body. Make it with NewHealth. It is safe for
// concurrent use.
type Health struct {
	check func(context.Context) error

	mu        sync.Mutex
	checkedAt time.Time // zero: never
	err       error
}

// NewHealth returns a Health that calls check, at most every five seconds and never
// twice at a time.
func NewHealth(check func(context.Context) error) *Health { return &Health{check: check} }

// Check returns nil while the ledger can be written, else the error of the last check.
func (h *Health) Check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.checkedAt.IsZero() || time.Since(h.checkedAt) >= healthAge {
		// The verdict is for later callers too, so a caller who hangs up must not decide it.
		h.err = h.check(context.WithoutCancel(ctx))
		h.checkedAt = time.Now()
	}
	return h.err
}

// ServeHTTP implements http.Handler.
func (h *Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Connection", "close") // as for every request that is not signed
	w.Header().Set("Content-Length", "0")
	if h.Check(r.Context()) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// WithHealth returns a Handler that answers GET and HEAD at HealthPath from health,
// and passes every other request to webhooks.
func WithHealth(webhooks http.Handler, health *Health) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == HealthPath && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			health.ServeHTTP(w, r)
			return
		}
		webhooks.ServeHTTP(w, r)
	})
}
