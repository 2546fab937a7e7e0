package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Webhook says where changes of KYC status are sent, and in which form: what the
// vendor's pages leave open is a setting. The zero value sends nothing.
type Webhook struct {
	URL      string // on loopback; "" = no webhooks
	Secret   string // the signature is HMAC-SHA256 of the raw body under it; "" = unsigned
	Header   string // of the signature; default X-Webhook-Signature
	Prefix   string // before it, such as sha256=
	Base64   bool   // default: hexadecimal
	SeedName bool   // an approval is called user.kyc.approved, as on the vendor's create-user page; default user.kyc-event
	Repeat   int    // how often each is sent again; default 0

	Generations []int         // 1, 2 or 3: each change is sent once in each of these forms; default 3
	Reason      string        // of a denial; codes separated by commas are written as a list. Default a sentence
	Age         time.Duration // each event says that it happened that long ago, like one that was refused for days; default 0
	Unknown     bool          // with each change comes an event whose name is documented nowhere
	Probe       bool          // the endpoint is first asked by HEAD and GET, and sent nothing until both are answered with a 2xx

	// Rotation: while OldSecret is set, each webhook is signed with both secrets.
	OldSecret  string
	TwoHeaders bool // the two signatures are two headers; default: one header, separated by a comma
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
	PartnerID        string `json:"partnerId,omitempty"`
	Status           string `json:"status"`
	Email            string `json:"email,omitempty"`
	FirstName        string `json:"firstName,omitempty"`
	LastName         string `json:"lastName,omitempty"`
	Reason           any    `json:"reason,omitempty"`
	VerificationLink string `json:"verificationLink,omitempty"`
	Details          any    `json:"details,omitempty"`
}

func (w Webhook) checkSettings() error {
	if w.URL == "" {
		return nil
	}
	for _, g := range w.Generations {
		if g < 1 || g > 3 {
			return fmt.Errorf("there is no generation %d of events; use 1, 2 or 3", g)
		}
	}
	if w.OldSecret != "" && w.Secret == "" {
		return errors.New("an old secret needs a new one too")
	}
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme != "http" {
		return errors.New("must be an http URL on loopback")
	}
	if !isLoopback(u.Hostname()) {
		return errors.New("must be on loopback: nothing of a rehearsal may leave this machine")
	}
	return nil
}

// queueNotices queues the news of a user's status. The store is locked.
func (k *identityChecks) queueNotices(m *member) {
	if k.cfg.Webhook.URL == "" {
		return
	}
	generations := k.cfg.Webhook.Generations
	if len(generations) == 0 {
		generations = []int{3}
	}
	var events []kycEvent
	for _, g := range generations {
		events = append(events, k.newEvent(m, g))
	}
	if k.cfg.Webhook.Unknown {
		e := k.newEvent(m, 3)
		e.Event = "user.risk-event"
		events = append(events, e)
	}
	k.mu.Lock()
	for _, e := range events {
		body, err := json.Marshal(e)
		if err != nil {
			continue // text always encodes
		}
		for range 1 + k.cfg.Webhook.Repeat {
			k.queue = append(k.queue, notice{body: body})
		}
	}
	k.mu.Unlock()
	k.wakeUp()
}

// newEvent returns the news of a user's status in the form of a generation (the
// vendor's public docs). The form of the second is not published.
func (k *identityChecks) newEvent(m *member, generation int) kycEvent {
	e := kycEvent{Event: "user.kyc-event", Timestamp: k.cfg.now().Add(-k.cfg.Webhook.Age).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Data: kycData{ServiceID: m.ServiceID, Status: m.Status, Email: m.Email, FirstName: m.FirstName, LastName: m.LastName}}
	switch m.Status {
	case approved:
		if k.cfg.Webhook.SeedName {
			e.Event = "user.kyc.approved"
		}
	case denied:
		e.Data.Reason = k.cfg.Webhook.denialReason()
	case needs:
		e.Data.VerificationLink = k.store.members.linkOf(m.ServiceID, m.links)
	}
	switch generation {
	case 1:
		data := kycData{ServiceID: m.ServiceID, PartnerID: k.cfg.Account, Status: m.Status, Details: map[string]any{}}
		if m.Status == denied {
			data.Details = map[string]any{"reason": e.Data.Reason}
		}
		e.Event, e.Data = "user.kyc."+m.Status, data
	case 2:
		e.Event = "rain.user-event"
	}
	return e
}

// denialReason returns the reason of a denial: a text, or a list of codes.
func (w Webhook) denialReason() any {
	if strings.Contains(w.Reason, ",") {
		return strings.Split(w.Reason, ",")
	}
	return cmp.Or(w.Reason, "document could not be read")
}

// deliverNotice posts one notice until it is accepted.
func (k *identityChecks) deliverNotice(ctx context.Context, n notice) {
	taken := k.probeEndpoint(ctx) && k.callEndpoint(ctx, http.MethodPost, n.body)
	n.tries++
	if !taken && n.tries < noticeTries && k.stopped.waitFor(noticePause<<min(n.tries, 6), nil) {
		k.mu.Lock()
		k.queue = append(k.queue, n) // behind the others: deliveries come out of order
		k.mu.Unlock()
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if taken {
		k.sent++
	} else {
		k.lost++
	}
}

// probeEndpoint asks the endpoint whether it is there, until it says so. It is called by
// the goroutine that delivers, and by no other.
func (k *identityChecks) probeEndpoint(ctx context.Context) bool {
	if !k.cfg.Webhook.Probe || k.probed {
		return true
	}
	k.probed = k.callEndpoint(ctx, http.MethodHead, nil) && k.callEndpoint(ctx, http.MethodGet, nil)
	return k.probed
}

// callEndpoint reports whether the endpoint answers with a 2xx.
func (k *identityChecks) callEndpoint(ctx context.Context, method string, body []byte) bool {
	w := k.cfg.Webhook
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, w.URL, bytes.NewReader(body))
	if err != nil {
		return false
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		w.signInto(req.Header, body)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return errors.Join(err, resp.Body.Close()) == nil && resp.StatusCode >= 200 && resp.StatusCode <= 299
}

// signInto writes the signature, or both while the secret is being rotated.
func (w Webhook) signInto(header http.Header, body []byte) {
	name := cmp.Or(w.Header, "X-Webhook-Signature")
	switch {
	case w.Secret == "":
	case w.OldSecret == "":
		header.Set(name, w.Sign(body))
	case w.TwoHeaders:
		header.Set(name, w.signWith(w.OldSecret, body))
		header.Add(name, w.Sign(body))
	default:
		header.Set(name, w.signWith(w.OldSecret, body)+","+w.Sign(body))
	}
}

// Sign returns the signature header's value for a body.
func (w Webhook) Sign(body []byte) string { return w.signWith(w.Secret, body) }

func (w Webhook) signWith(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if w.Base64 {
		return w.Prefix + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return w.Prefix + hex.EncodeToString(mac.Sum(nil))
}

// WaitForWebhooks waits until every change that is to come has happened and been
// sent. It returns how many webhooks were accepted and how many were given up. The
// error is that of ctx, or says that the server was closed.
func (s *Server) WaitForWebhooks(ctx context.Context) (taken, lost int, err error) {
	k := s.checks
	if !k.isUsed() {
		return 0, 0, nil
	}
	k.mu.Lock()
	if k.drained == nil {
		k.drained = make(chan struct{})
	}
	quiet := k.drained
	k.mu.Unlock()
	k.wakeUp()
	select {
	case <-quiet:
	case <-k.stopped:
		err = errors.New("sandbox: closed")
	case <-ctx.Done():
		err = ctx.Err()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sent, k.lost, err
}
