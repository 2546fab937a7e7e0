package kyccmd

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

// listenMetrics counts what an endpoint receives. It is safe for concurrent use.
type listenMetrics struct {
	health *kyc.Health

	mu  sync.Mutex
	now metrics.Webhooks
}

func newListenMetrics(info ledger.Info, health *kyc.Health) *listenMetrics {
	return &listenMetrics{health: health, now: metrics.Webhooks{
		Environment: info.Environment, Ledger: filepath.Base(info.Path), Version: session.Version(), Started: time.Now(),
		Events: map[metrics.EventResult]int{}, Responses: map[int]int{}}}
}

func (m *listenMetrics) countEvent(result metrics.EventResult) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Events[result]++
	if result != metrics.EventSkipped {
		m.now.LastRecorded = time.Now()
	}
}

func (m *listenMetrics) countResponse(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Responses[status]++
}

func (m *listenMetrics) snapshot(ctx context.Context) metrics.Webhooks {
	isWritable := m.health.Check(ctx) == nil
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now
	now.Writable, now.Events, now.Responses = isWritable, maps.Clone(now.Events), maps.Clone(now.Responses)
	return now
}

// metricsHandler serves /metrics and /healthz.
func (m *listenMetrics) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+kyc.HealthPath, m.health)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		var text bytes.Buffer
		if err := m.snapshot(r.Context()).Encode(&text); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(text.Bytes()) // a collector that has hung up asks again
	})
	return mux
}

// newLedgerHealth returns the health of a ledger. What cannot pass by itself ends the
// command through failed, as it does when an event cannot be recorded.
func newLedgerHealth(l session.Ledger, failed func(error)) *kyc.Health {
	return kyc.NewHealth(func(ctx context.Context) error {
		err := l.CheckWritable(ctx)
		if err != nil && !errors.Is(err, sqlite.ErrBusy) {
			failed(err)
		}
		return err
	})
}

// serveBoth serves webhooks, and metrics unless their listener is nil, until ctx ends
// or one of them fails. It closes the listeners.
func serveBoth(ctx context.Context, webhooks net.Listener, webhookHandler http.Handler, metricsListener net.Listener, metricsHandler http.Handler) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return kyc.Serve(ctx, webhooks, webhookHandler, session.SignalGrace) })
	if metricsListener != nil {
		both.Go(func() error { return kyc.Serve(ctx, metricsListener, metricsHandler, session.SignalGrace) })
	}
	return both.Wait()
}
