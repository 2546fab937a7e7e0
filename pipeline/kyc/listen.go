package kyc

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const (
	defaultMaxAge = 7 * 24 * time.Hour
	maxAhead      = 5 * time.Minute
)

// Why a signed event was not recorded, apart from ErrOther.
var (
	ErrOtherAccount = errors.New("the event is of another partner account")
	ErrOutOfTime    = errors.New("the event is too old, or from the future")
	ErrOtherLink    = errors.New("its link belongs to another customer: the event is used, the link is not")
)

// Endpoint is where webhooks come in.
type Endpoint struct {
	Ledger    Ledger
	Secrets   [][]byte // the whsec_... of the partner's dashboard; at least one. Several while it is replaced
	Signature Signature
	PartnerID string                             // of our account; events of others are not recorded. "" = not known
	MaxAge    time.Duration                      // older events are refused, newer than now by 5 minutes too; default 7 days, for senders repeat and order does not matter
	Busy      func(error) bool                   // whether an error of the ledger passes by itself; nil = none does
	Failed    func(error)                        // called with every other one, several times perhaps; nil = ignored
	Recorded  func(e ledger.KYCEvent, news bool) // called with each event that was recorded; must not log the link. nil = ignored
	Answered  func(status int)                   // called with the HTTP status of each answer. nil = ignored
	Skipped   func(name string, why error)       // called with the name of each signed event that should concern us and was not recorded: ErrOther (it has a serviceId of ours), ErrOtherAccount, ErrOutOfTime, ErrOtherLink. nil = ignored
	Now       func() time.Time                   // default time.Now
}

// Handler receives webhooks. It answers 2xx only when the ledger has the event, or
// never will have, so that senders repeat all others; GET and HEAD, by which
// endpoints are probed, are answered 204. A body has 3 seconds to come in. After
// anything that is not signed the connection is closed. It may be called by any
// number of goroutines, and so are the functions of the Endpoint.
func Handler(e Endpoint) (http.Handler, error) {
	if len(e.Secrets) == 0 || slices.ContainsFunc(e.Secrets, func(s []byte) bool { return len(s) == 0 }) {
		return nil, errors.New("kyc: Secrets is empty or has an empty secret: unsigned events would be accepted")
	}
	e.MaxAge = cmp.Or(e.MaxAge, defaultMaxAge)
	if e.Busy == nil {
		e.Busy = func(error) bool { return false }
	}
	if e.Failed == nil {
		e.Failed = func(error) {}
	}
	if e.Recorded == nil {
		e.Recorded = func(ledger.KYCEvent, bool) {}
	}
	if e.Answered == nil {
		e.Answered = func(int) {}
	}
	if e.Skipped == nil {
		e.Skipped = func(string, error) {}
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	return &handler{e, make(chan struct{}, limits.WebhookSlots)}, nil
}

type handler struct {
	Endpoint
	slots chan struct{}
}

var _ http.Handler = (*handler)(nil)

// ServeHTTP implements http.Handler. What it answers repeats nothing of the request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status := h.handleRequest(w, r)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
	h.Answered(status)
}

func (h *handler) handleRequest(w http.ResponseWriter, r *http.Request) int {
	body, status := h.readSigned(w, r)
	if status != 0 {
		w.Header().Set("Connection", "close")
		return status
	}
	// Only signed requests may use the ledger and keep their connection.
	defer keepConnection(r.Context())()
	timer := time.NewTimer(limits.WebhookWait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-timer.C:
		return http.StatusServiceUnavailable
	case <-r.Context().Done(): // the sender has hung up
		return http.StatusServiceUnavailable
	}
	return h.recordEvent(context.WithoutCancel(r.Context()), body)
}

// readSigned returns the body of a signed request. The status is 0, or what to
// answer to any other request.
func (h *handler) readSigned(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet, http.MethodHead:
		return nil, http.StatusNoContent
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		return nil, http.StatusMethodNotAllowed
	}
	if r.ContentLength > limits.Webhook {
		return nil, http.StatusRequestEntityTooLarge
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(limits.WebhookRead)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, http.StatusBadRequest
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limits.Webhook))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	if h.Signature.Verify(h.Secrets, body, r.Header.Values(h.Signature.Name())) != nil {
		return nil, http.StatusUnauthorized
	}
	// The deadline was for the body. The sender is not responsible for a slow ledger.
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, http.StatusBadRequest
	}
	return body, 0
}

// recordEvent does with a signed body what is to be done, and returns the status to answer.
func (h *handler) recordEvent(ctx context.Context, body []byte) int {
	e, err := ParseEvent(body)
	age := h.Now().Sub(e.At)
	switch {
	case errors.Is(err, ErrMalformed):
		return http.StatusBadRequest
	case e.isOfOther(h.PartnerID):
		h.Skipped(e.Name, ErrOtherAccount)
		return http.StatusNoContent
	case err != nil: // it will not be understood the next time either
		ours, failed := isOurs(ctx, h.Ledger, e.ServiceID)
		if failed != nil {
			return h.errorStatus(failed)
		}
		if ours {
			h.Skipped(e.Name, err)
		}
		return http.StatusNoContent
	case age > h.MaxAge || age < -maxAhead:
		h.Skipped(e.Name, ErrOutOfTime)
		return http.StatusConflict
	}
	taken, err := isLinkOfOther(ctx, h.Ledger, e.KYCEvent)
	if err != nil {
		return h.errorStatus(err)
	}
	if taken {
		e.URL = ""
		h.Skipped(e.Name, ErrOtherLink)
	}
	news, err := h.Ledger.ObserveKYC(ctx, []ledger.KYCEvent{e.KYCEvent})
	if err != nil {
		return h.errorStatus(err)
	}
	h.Recorded(e.KYCEvent, news > 0)
	return http.StatusNoContent
}

// errorStatus returns the status for an error of the ledger.
func (h *handler) errorStatus(err error) int {
	if h.Busy(err) {
		return http.StatusServiceUnavailable
	}
	h.Failed(err)
	return http.StatusInternalServerError
}

// isOfOther reports whether the event says that it is of an account that is not ours.
func (e Event) isOfOther(ours string) bool {
	return ours != "" && e.PartnerID != "" && e.PartnerID != ours
}

// isLinkOfOther reports whether another customer has the link of an event.
func isLinkOfOther(ctx context.Context, l Ledger, e ledger.KYCEvent) (bool, error) {
	if e.URL == "" {
		return false, nil
	}
	for c, err := range l.Customers(ctx, ledger.Query{URLs: []string{e.URL}}) {
		if err != nil || c.ServiceID != e.ServiceID {
			return true, err
		}
	}
	return false, nil
}

// isOurs reports whether the ledger has a customer with that serviceId.
func isOurs(ctx context.Context, l Ledger, serviceID string) (bool, error) {
	if serviceID == "" {
		return false, nil
	}
	for _, err := range l.Customers(ctx, ledger.Query{ServiceIDs: []string{serviceID}}) {
		return err == nil, err
	}
	return false, nil
}
