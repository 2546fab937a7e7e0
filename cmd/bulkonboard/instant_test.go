package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
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
//	-tls FILE    speaks TLS, and writes the certificate to be trusted to FILE
func instant() {
	latency := flag.Duration("latency", 0, "")
	allow := flag.Float64("allow", 0, "")
	trust := flag.String("tls", "", "")
	flag.CommandLine.Parse(os.Args[1:])
	s := &instantPartner{latency: *latency, allow: *allow, tokens: max(1, *allow/20), at: time.Now()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scheme := "http://"
	if *trust != "" {
		cert, err := ownCertificate(*trust)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}}), "https://"
	}
	fmt.Fprintln(os.Stdout, scheme+l.Addr().String())
	server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
	fmt.Fprintln(os.Stderr, server.Serve(l))
}

// ownCertificate makes a certificate for 127.0.0.1 and writes it to a file, as PEM.
func ownCertificate(file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	own := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, own, own, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
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
		time.Sleep(s.latency) //nolint:forbidigo // the latency of a partner is what is played
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
