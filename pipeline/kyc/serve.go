package kyc

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Serve serves a Handler on the listener, which it closes, until ctx ends; requests
// in flight then have grace to end. Callers who stall take no place of a signed
// event: headers, bodies and the number of connections have limits,
// and the oldest connection without a signed event makes room for a new one. It
// returns nil when ctx was canceled, else the cause of its end, or why serving failed.
func Serve(ctx context.Context, listener net.Listener, h http.Handler, grace time.Duration) error {
	return serveLimited(ctx, newLimitListener(listener, limits.WebhookConns), h, grace)
}

func serveLimited(ctx context.Context, listener *limitListener, h http.Handler, grace time.Duration) error {
	server := newServer(h)
	served := make(chan struct{})
	var both errgroup.Group
	both.Go(func() error {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	both.Go(func() error {
		select {
		case <-ctx.Done():
		case <-served:
			return nil
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		err := server.Shutdown(last)
		if errors.Is(err, context.DeadlineExceeded) {
			return server.Close() // a caller stalls, which is no failure
		}
		return err
	})
	err := both.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// newServer returns an HTTP server for a Handler that strangers can reach: short
// time limits, small headers, and nothing of theirs in a log. The time limit of
// a body is set by the Handler.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ConnContext: withConnection, ReadHeaderTimeout: limits.WebhookHead, ReadTimeout: limits.WebhookHead + limits.WebhookRead,
		WriteTimeout: limits.WebhookWrite, IdleTimeout: limits.WebhookIdle, MaxHeaderBytes: limits.WebhookHeaders, ErrorLog: log.New(io.Discard, "", 0)}
}
