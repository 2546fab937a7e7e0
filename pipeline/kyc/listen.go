package kyc

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	defaultMaxAge  = 24 * time.Hour
	defaultMaxBody = 64 << 10 // an event is less than 1 KiB
	aheadAtMost    = 5 * time.Minute
	atOnce         = 64
)

// Endpoint is where webhooks come in.
type Endpoint struct {
	Ledger    Ledger
	Secret    []byte // the whsec_... of the partner's dashboard; required
	Signature Signature
	MaxAge    time.Duration                      // older events are refused, newer than now by 5 minutes too; default 24h, as long as a sender may repeat
	MaxBody   int64                              // bytes; default 64 KiB
	Busy      func(error) bool                   // whether an error of the ledger passes by itself; nil = none does
	Failed    func(error)                        // told of every other one, several times perhaps; nil = nobody
	Told      func(e ledger.KYCEvent, news bool) // told of each event that was recorded; must not log the link. nil = nobody
	Now       func() time.Time                   // default time.Now
}

// Handler receives webhooks. It answers 2xx only when the ledger has the event,
// so that whoever sends repeats all others. It may be called by any number of
// goroutines.
func Handler(e Endpoint) (http.Handler, error) {
	if len(e.Secret) == 0 {
		return nil, errors.New("kyc: Secret is empty: anybody could send events")
	}
	if e.MaxAge == 0 {
		e.MaxAge = defaultMaxAge
	}
	if e.MaxBody == 0 {
		e.MaxBody = defaultMaxBody
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	return &handler{e, make(chan struct{}, atOnce)}, nil
}

type handler struct {
	Endpoint
	slots chan struct{}
}

var _ http.Handler = (*handler)(nil)

// ServeHTTP implements http.Handler. What it answers repeats nothing of the request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := h.serve(w, r)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) int {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return http.StatusServiceUnavailable
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge
	case err != nil:
		return http.StatusBadRequest
	}
	values := r.Header.Values(h.Signature.Name())
	if len(values) != 1 || h.Signature.Verify(h.Secret, body, values[0]) != nil {
		return http.StatusUnauthorized
	}
	e, err := ParseEvent(body)
	switch {
	case errors.Is(err, ErrOther):
		return http.StatusNoContent // theirs, signed, and none of our business
	case err != nil:
		return http.StatusBadRequest
	}
	if age := h.Now().Sub(e.At); age > h.MaxAge || age < -aheadAtMost {
		return http.StatusConflict
	}
	return h.record(r.Context(), e)
}

func (h *handler) record(ctx context.Context, e ledger.KYCEvent) int {
	news, err := h.Ledger.ObserveKYC(context.WithoutCancel(ctx), []ledger.KYCEvent{e})
	switch {
	case err == nil:
		if h.Told != nil {
			h.Told(e, news > 0)
		}
		return http.StatusNoContent
	case h.Busy != nil && h.Busy(err):
		return http.StatusServiceUnavailable
	}
	if h.Failed != nil {
		h.Failed(err)
	}
	return http.StatusInternalServerError
}

// NewServer is an HTTP server for a Handler that strangers can reach: short
// time limits, small headers, and nothing of theirs in a log.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 90 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0)}
}
