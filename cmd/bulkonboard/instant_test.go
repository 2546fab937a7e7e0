package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// instant is a partner for benchmarks, run as a process of its own: it creates
// everybody and remembers nobody, so that next to nothing of what is measured
// is the partner. GET /seen tells when requests came.
//
//	-latency D   answers after D
//	-allow N     answers 429 beyond N requests a second (with a burst of 5 %)
func instant() {
	latency := flag.Duration("latency", 0, "")
	allow := flag.Float64("allow", 0, "")
	flag.CommandLine.Parse(os.Args[1:])
	s := &instantPartner{latency: *latency, allow: *allow, tokens: max(1, *allow/20), at: time.Now()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + l.Addr().String())
	fmt.Fprintln(os.Stderr, http.Serve(l, s))
}

type instantPartner struct {
	latency time.Duration
	allow   float64

	mu      sync.Mutex
	tokens  float64
	at      time.Time
	posts   []time.Time // that were not turned away
	refused int
	made    uint64
}

func (s *instantPartner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/seen":
		s.tell(w)
	case r.Method == http.MethodPost:
		s.create(w)
	case r.URL.Path == "/v1/partner/wallet":
		io.WriteString(w, `{"status":"success","data":{"balance":900000000.00,"currency":"USD","active":true}}`)
	default:
		io.WriteString(w, `{"status":"success","data":{"users":[],"pagination":{"skip":0,"limit":50,"total":0}}}`)
	}
}

func (s *instantPartner) create(w http.ResponseWriter) {
	now := time.Now()
	s.mu.Lock()
	s.tokens, s.at = min(s.tokens+now.Sub(s.at).Seconds()*s.allow, max(1, s.allow/20)), now
	if s.allow > 0 && s.tokens < 1 {
		s.refused++
		s.mu.Unlock()
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	s.tokens--
	s.made++
	n := s.made
	s.posts = append(s.posts, now)
	s.mu.Unlock()
	if s.latency > 0 {
		time.Sleep(s.latency)
	}
	// Ids in no order, as a partner's are.
	id := strconv.FormatUint(n*0x9e3779b97f4a7c15, 36)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"status":"success","message":"User created successfully","data":{"serviceId":"acme-rain-user-%s","verificationUrl":"https://withpersona.com/verify?inquiry-id=inq_%s"}}`, id, id)
}

// tell writes: requests turned away, and the moment of each other in
// nanoseconds since 1970; and forgets them.
func (s *instantPartner) tell(w io.Writer) {
	s.mu.Lock()
	posts, refused := s.posts, s.refused
	s.posts, s.refused = make([]time.Time, 0, len(posts)), 0
	s.mu.Unlock()
	slices.SortFunc(posts, time.Time.Compare)
	fmt.Fprintln(w, refused)
	for _, t := range posts {
		fmt.Fprintln(w, t.UnixNano())
	}
}
