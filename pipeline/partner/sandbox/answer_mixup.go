package sandbox

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// mixer gives creations each other's answers.
type mixer struct {
	offers chan offer // unbuffered, so that both sides of a swap are there

	mu    sync.Mutex
	last  createdData // of the newest creation that shift-answers saw
	first createdData // of the first creation that one-link saw
}

// offer is an answer that waits for another to be swapped with.
type offer struct {
	data createdData
	got  chan createdData // holds one, so that who gives need not wait
}

// mixAnswers answers a creation with the data of another, if its switches say so.
// The reply keeps the id of the user that was really created.
func (s *Server) mixAnswers(r *http.Request, rep reply, picked chosen) reply {
	own, ok := rep.data.(createdData)
	if !ok || rep.id == "" {
		return rep
	}
	said := own
	if f := picked.faultNamed(faultSwapAnswers); f.Name != "" {
		said = s.swapAnswer(r, own, f.wait)
	} else if f := picked.faultNamed(faultSwapLinks); f.Name != "" {
		said.VerificationURL = s.swapAnswer(r, own, f.wait).VerificationURL
	}
	m := &s.mixer
	m.mu.Lock()
	defer m.mu.Unlock()
	if picked.hasFault(faultShiftAnswers) {
		if m.last.ServiceID != "" {
			said = m.last
		}
		m.last = own
	}
	if picked.hasFault(faultOneLink) {
		if m.first.ServiceID == "" {
			m.first = own
		}
		said.VerificationURL = m.first.VerificationURL
	}
	rep.data = said
	return rep
}

// swapAnswer exchanges an answer for that of another creation, in progress or to
// come. It returns its own where none comes in time.
func (s *Server) swapAnswer(r *http.Request, own createdData, d time.Duration) createdData {
	mine := offer{own, make(chan createdData, 1)}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case s.mixer.offers <- mine:
		return <-mine.got
	case other := <-s.mixer.offers:
		other.got <- own
		return other.data
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.stopped:
	}
	return own
}

type connKey struct{}

// ConnContext makes a request's connection known to the switch answers-twice.
// It belongs into http.Server.ConnContext where the Server is served without
// Listen.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// repeatAnswer writes an answer to its connection a second time, some time later. A client
// that still reads from the connection mistakes it for the next answer. It must be called
// by the request's own goroutine; Close waits for it.
func (s *Server) repeatAnswer(r *http.Request, answer []byte, d time.Duration) {
	conn, ok := r.Context().Value(connKey{}).(net.Conn)
	if !ok {
		return
	}
	s.handlers.Go(func() {
		if s.stopped.waitFor(d, nil) {
			_, _ = conn.Write(answer) // fails where the client has hung up
		}
	})
}
