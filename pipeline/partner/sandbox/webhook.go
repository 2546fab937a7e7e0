package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Webhook says where changes of KYC status are told, and in which form: what
// the vendor's pages leave open is a setting. The zero value tells nobody.
type Webhook struct {
	URL      string // on loopback; "" = no webhooks
	Secret   string // the signature is HMAC-SHA256 of the raw body under it; "" = unsigned
	Header   string // of the signature; default X-Webhook-Signature
	Prefix   string // before it, such as sha256=
	Base64   bool   // default: hexadecimal
	SeedName bool   // an approval is called user.kyc.approved, as on the vendor's create-user page; default user.kyc-event
	Repeat   int    // how often each is told again; default 0
}

// notice is one webhook on its way.
type notice struct {
	body  []byte
	tries int
}

const (
	noticeTries = 12
	noticePause = 50 * time.Millisecond // and twice as long after each refusal
)

type kycEvent struct {
	Event     string  `json:"event"`
	Timestamp string  `json:"timestamp"`
	Data      kycData `json:"data"`
}

type kycData struct {
	ServiceID        string `json:"serviceId"`
	Status           string `json:"status"`
	Email            string `json:"email"`
	FirstName        string `json:"firstName"`
	LastName         string `json:"lastName"`
	Reason           string `json:"reason,omitempty"`
	VerificationLink string `json:"verificationLink,omitempty"`
}

func (w Webhook) check() error {
	if w.URL == "" {
		return nil
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "http" {
		return errors.New("must be an http URL on loopback")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("must be on loopback: what is rehearsed leaves this machine for nowhere")
	}
	return nil
}

// tell queues the news of a user's status. The store is locked.
func (s *Server) tell(p *person) {
	if s.cfg.Webhook.URL == "" {
		return
	}
	e := kycEvent{Event: "user.kyc-event", Timestamp: s.store.now().UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Data: kycData{ServiceID: p.id, Status: p.status, Email: p.email, FirstName: p.first, LastName: p.last}}
	switch p.status {
	case approved:
		if s.cfg.Webhook.SeedName {
			e.Event = "user.kyc.approved"
		}
	case denied:
		e.Data.Reason = "document could not be read"
	case needs:
		e.Data.VerificationLink = s.store.link(p)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return // text always encodes
	}
	f := s.follow
	f.mu.Lock()
	for range 1 + s.cfg.Webhook.Repeat {
		f.queue = append(f.queue, notice{body: body})
	}
	f.mu.Unlock()
	f.ring()
}

// deliverNotice posts one notice until it is taken.
func (s *Server) deliverNotice(n notice) {
	taken := s.post(n.body)
	n.tries++
	f := s.follow
	if !taken && n.tries < noticeTries && s.wait(noticePause<<min(n.tries, 6), nil) {
		f.mu.Lock()
		f.queue = append(f.queue, n) // behind the others: deliveries come out of order
		f.mu.Unlock()
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if taken {
		f.sent++
	} else {
		f.lost++
	}
}

func (s *Server) post(body []byte) bool {
	w := s.cfg.Webhook
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-s.done:
			cancel()
		case <-ended:
		}
	})
	defer watch.Wait()
	defer close(ended)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	if w.Secret != "" {
		req.Header.Set(or(w.Header, "X-Webhook-Signature"), w.Sign(body))
	}
	req.Close = true
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode >= 200 && resp.StatusCode <= 299
}

// Sign is the signature header's value for a body.
func (w Webhook) Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(w.Secret))
	mac.Write(body)
	if w.Base64 {
		return w.Prefix + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return w.Prefix + hex.EncodeToString(mac.Sum(nil))
}

// Told waits until every change that is under way has happened and been told,
// and returns how many webhooks were taken and how many were given up.
func (s *Server) Told(ctx context.Context) (taken, lost int, err error) {
	f := s.follow
	if s.cfg.KYCAfter == 0 && s.cfg.Webhook.URL == "" {
		return 0, 0, nil
	}
	f.mu.Lock()
	if f.quiet == nil {
		f.quiet = make(chan struct{})
	}
	quiet := f.quiet
	f.mu.Unlock()
	f.ring()
	select {
	case <-quiet:
	case <-s.done:
		err = errors.New("sandbox: closed")
	case <-ctx.Done():
		err = ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent, f.lost, err
}
