package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// Server is one simulated partner. It is made by New, and its methods may be
// called by any number of goroutines. It can be served by Listen or, being an
// http.Handler, by anyone else; Close ends either.
type Server struct {
	cfg     settings
	store   *store
	record  *record
	checks  *identityChecks
	faults  atomic.Pointer[faultSet]
	limiter *rate.Limiter
	mixer   mixer
	mux     *http.ServeMux
	stop    context.CancelFunc
	stopped stopSignal                          // by Close
	onStop  func(f func()) (cancel func() bool) // context.AfterFunc of Close

	mu       sync.Mutex
	closed   bool
	handlers sync.WaitGroup // requests in progress, and the identity checks; grows only under mu and before closed

	listening *http.Server // nil until Listen
	serving   errgroup.Group
	conns     sync.WaitGroup
}

var _ http.Handler = (*Server)(nil)

// New makes a server and reads its state file, if it has one. Errors name the
// setting that is wrong.
func New(cfg Config) (*Server, error) {
	set, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{cfg: set, record: &record{keep: set.KeepPosts}, stopped: ctx.Done(), stop: stop,
		onStop: func(f func()) func() bool { return context.AfterFunc(ctx, f) }, mixer: mixer{offers: make(chan offer)}}
	if err := s.SetFaults(cfg.Faults); err != nil {
		return nil, err
	}
	if s.store, err = openStore(set); err != nil {
		return nil, err
	}
	s.limiter = rate.NewLimiter(rate.Limit(cmp.Or(set.Rate, float64(rate.Inf))), max(1, int(math.Ceil(min(set.Rate, 1e6)))))
	s.checks = &identityChecks{cfg: set, store: s.store, stopped: s.stopped, notify: make(chan struct{}, 1)}
	if s.checks.isUsed() {
		s.checks.resumeChecks(s.Users())
		s.handlers.Go(func() { s.checks.runChecks(ctx) })
	}
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("POST "+BasePath+"/v2/partner/card/users", s.serveCreate)
	s.mux.HandleFunc("GET "+BasePath+"/v1/partner/card/users", s.handleCall(callList, s.listUsers))
	s.mux.HandleFunc("GET "+BasePath+"/v1/partner/wallet", s.handleCall(callWallet, s.readWallet))
	s.mux.HandleFunc("DELETE "+BasePath+"/v1/partner/card/users/{serviceId}", s.handleCall(callDelete, s.deleteUser))
	s.mux.HandleFunc("POST "+BasePath+"/v2/partner/card/users/{serviceId}/retry-kyc", s.handleCall(callRetry, s.retryKYC))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.writeReply(w, r, notFound("There is no "+r.Method+" at this path"), chosen{})
	})
	return s, nil
}

// SetFaults replaces the faults for the requests that come from now on.
func (s *Server) SetFaults(faults []Fault) error {
	set, err := newFaultSet(faults)
	if err == nil {
		s.faults.Store(&set)
	}
	return err
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Listen serves on a loopback address such as 127.0.0.1:0 until Close, and returns the
// base URL of the API. It refuses other addresses, because the sandbox accepts any key.
func (s *Server) Listen(addr string) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("sandbox: %q is not an address such as 127.0.0.1:0: %w", addr, err)
	}
	if !isLoopback(host) {
		return "", fmt.Errorf("sandbox: %q is not on loopback; use 127.0.0.1 or [::1]", addr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listening != nil {
		return "", errors.New("sandbox: listens already, or is closed")
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("sandbox: %w", err)
	}
	s.listening = &http.Server{
		Handler:           s,
		ConnContext:       ConnContext,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // it would say which clients hung up
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				s.conns.Add(1)
			case http.StateClosed, http.StateHijacked:
				s.conns.Done()
			}
		},
	}
	s.serving.Go(func() error {
		if err := s.listening.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("sandbox: %w", err)
		}
		return nil
	})
	return "http://" + listener.Addr().String() + BasePath, nil
}

// Close cuts off all requests, as the end of a process would. Requests that were to take
// effect later never do. It returns when every goroutine has ended, with the first error
// of serving or of the state file. Further calls do nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.stop()
	listening := s.listening
	s.mu.Unlock()
	var err error
	if listening != nil {
		err = listening.Close()
	}
	err = errors.Join(err, s.serving.Wait())
	s.handlers.Wait()
	s.conns.Wait()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return errors.Join(err, s.store.journal.closeFile())
}

// ServeHTTP answers one request. After Close it aborts it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	s.handlers.Add(1)
	s.mu.Unlock()
	defer s.handlers.Done()
	s.mux.ServeHTTP(w, r)
}

// handleCall serves every call but create-user: the same gate, faults and delays.
func (s *Server) handleCall(call string, act func(*http.Request, chosen) (reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l := List{Arrived: s.cfg.Now()}
		s.record.update(func() { l.Seq = s.record.nextSeq() })
		// To its end, or the server does not notice that the client hung up.
		if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			panic(http.ErrAbortHandler)
		}
		n, _, err := s.store.countCall(call, "")
		picked := s.faults.Load().chooseFaults(s.cfg.Seed, call, n, "", 0)
		s.store.countFault(picked)
		rep, refused := s.checkAccess(r, s.Counters().Posts)
		switch f := &picked.answer; {
		case refused:
		case err != nil:
			rep = orStateError(rep, err)
		case f.isRefusal():
			rep = f.reply(r)
		default:
			if !s.waitToAct(r, f, s.cfg.latencyOf(n)/2) {
				panic(http.ErrAbortHandler)
			}
			rep = orStateError(act(r, picked))
			if f.spec.acts == actsDouble {
				rep = orStateError(act(r, picked))
			}
			s.stopped.waitFor(s.cfg.latencyOf(n)/2, r.Context().Done())
		}
		if call == callList {
			l.Decided = s.cfg.Now()
			s.record.addList(l, r, rep) // before the client can see the answer
		}
		if refused {
			picked.answer = Fault{}
		}
		s.deliverReply(w, r, rep, picked)
	}
}

// checkAccess checks the bearer key and the rate limit, before every call.
func (s *Server) checkAccess(r *http.Request, posts int) (reply, bool) {
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !isBearer || key == "":
		return keyRefused("The Authorization header is missing; send Authorization: Bearer <API key>"), true
	case strings.HasPrefix(key, "sk_live_"):
		return keyRefused("This is the sandbox and does not accept live keys; use any other key that begins with sk_, and keep live keys for the real API"), true
	case len(s.cfg.Keys) > 0 && !slices.Contains(s.cfg.Keys, key), len(s.cfg.Keys) == 0 && !strings.HasPrefix(key, "sk_"),
		s.faults.Load().isKeyRevoked(posts):
		return keyRefused("The API key is not valid"), true
	}
	now := s.cfg.Now()
	turn := s.limiter.ReserveN(now, 1)
	delay := turn.DelayFrom(now)
	if delay == 0 {
		return reply{}, false
	}
	turn.CancelAt(now)
	return tooManyRequests(retryForm{kind: "seconds", wait: min(delay, math.MaxInt32*time.Second)}), true
}

// orStateError makes a failure of the state file an answer that proves nothing.
func orStateError(rep reply, err error) reply {
	if err != nil {
		return errorReply(http.StatusInternalServerError, ClassUnknown, "SANDBOX_STATE", "The sandbox cannot write its state file")
	}
	return rep
}

// waitToAct waits for the moment at which a request takes effect: after the given
// time, or when its fault says. It reports false if Close came first.
func (s *Server) waitToAct(r *http.Request, f *Fault, d time.Duration) bool {
	if f.spec.acts == actsGone {
		s.stopped.waitUntilGone(r)
	}
	return s.stopped.waitFor(d+f.actDelay(), nil)
}

// stopSignal is closed when the server is, which ends every wait.
type stopSignal <-chan struct{}

func (stopped stopSignal) isSet() bool {
	select {
	case <-stopped:
		return true
	default:
		return false
	}
}

// waitFor reports whether the time passed, before gone and before the end.
func (stopped stopSignal) waitFor(d time.Duration, gone <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-gone:
		return false
	case <-stopped:
	}
	return !stopped.isSet()
}

// waitUntilGone waits until the client hangs up, or the end.
func (stopped stopSignal) waitUntilGone(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-stopped:
	}
}
