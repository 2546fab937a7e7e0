package pipeline

import (
	"strconv"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Unreachable is the Err of a Stop whose Reason is PartnerDown when no
// connection to the partner could be made.
type Unreachable struct {
	Cause       string // one of the partner package's Cause words
	ProxyStatus int    // of a proxy that refused to pass anything on; 0 if none did
}

func (u *Unreachable) Error() string {
	if u.ProxyStatus != 0 {
		return "the proxy answered HTTP " + strconv.Itoa(u.ProxyStatus)
	}
	return "no connection to it could be made (" + u.Cause + ")"
}

// lastFailure keeps what became of the last request that got no useful answer.
// It is safe for concurrent use.
type lastFailure struct {
	mu     sync.Mutex
	answer partner.Answer
}

func (l *lastFailure) keepAnswer(a partner.Answer) {
	switch a.Class {
	case partner.NotSent, partner.Unknown, partner.OKBroken:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answer = partner.Answer{Class: a.Class, Cause: a.Cause, ProxyStatus: a.ProxyStatus}
	}
}

// unreachable is nil if the last failure was another one.
func (l *lastFailure) unreachable() *Unreachable {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answer.Class != partner.NotSent || l.answer.Cause == "" {
		return nil
	}
	return &Unreachable{l.answer.Cause, l.answer.ProxyStatus}
}

// bracketedCause says why the partner cannot be reached, "" if that is not known.
func (l *lastFailure) bracketedCause() string {
	switch u := l.unreachable(); {
	case u == nil:
		return ""
	case u.ProxyStatus != 0:
		return " (" + u.Error() + ")"
	default:
		return " (" + u.Cause + ")"
	}
}

// silenceStop is the end of a run whose patience is over.
func (l *lastFailure) silenceStop(patience time.Duration) *Stop {
	s := stopf(PartnerDown, "the partner API has not answered as it should for %s", patience)
	if u := l.unreachable(); u != nil {
		s.Err = u
	}
	return s
}

// proxyRefusal is the end of a run whose proxy passes nothing on.
func proxyRefusal(status int) *Stop {
	do := "Ask whoever runs it to allow the partner's host, or choose another one with --proxy"
	if status == 407 {
		do = "It wants a name and a password: --proxy http://NAME:PASSWORD@HOST:PORT, or the same in HTTPS_PROXY with --proxy env"
	}
	return &Stop{Reason: PartnerDown, Detail: "the proxy refuses to pass requests on to the partner (HTTP " + strconv.Itoa(status) + "). " + do}
}

var _ error = (*Unreachable)(nil)
