// Package notify delivers a message to operators who do not watch the terminal: on
// the standard input of a command of theirs, and as a POST to a URL. Start at
// [New] and [Notifier.Send].
//
// Each delivery is tried three times, with a pause between, and no try lasts longer
// than ten seconds. An error says what went wrong and never shows the URL, which is a
// secret, nor what the command printed.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	maxTries   = 3
	tryTime    = 10 * time.Second // of one try
	firstPause = time.Second      // between two tries; the next one is three times as long
)

// Config says where messages go. The zero value is nowhere.
type Config struct {
	Command   string   // for the shell; "" = none
	Env       []string // of the command, as os.Environ has it
	URL       string   // https, or http to loopback; "" = none
	Proxy     string   // URL of the proxy on the way to URL, or env for that of the environment; "" = none
	UserAgent string
}

// Notifier delivers messages. It is safe for concurrent use.
type Notifier struct {
	cfg    Config
	client *http.Client // nil without a URL
}

// New returns a notifier, or an error if the URL cannot be used, which it does not
// quote.
func New(cfg Config) (*Notifier, error) {
	n := &Notifier{cfg: cfg}
	if cfg.URL == "" {
		return n, nil
	}
	to, err := url.Parse(cfg.URL)
	switch {
	case err != nil || to.Hostname() == "" || to.Scheme != "https" && to.Scheme != "http":
		return nil, errors.New("the file does not hold an absolute URL such as https://host/path")
	case to.Scheme == "http" && !isLoopback(to.Hostname()):
		return nil, errors.New("the URL begins with http: use https, or http only for this machine")
	}
	transport := &http.Transport{TLSHandshakeTimeout: tryTime, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	if transport.Proxy, err = proxyFor(cfg.Proxy, to); err != nil {
		return nil, err
	}
	n.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return n, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proxyFor returns how a transport chooses its proxy; nil for none.
func proxyFor(text string, to *url.URL) (func(*http.Request) (*url.URL, error), error) {
	switch {
	case text == "" || isLoopback(to.Hostname()):
		return nil, nil
	case text == "env":
		return http.ProxyFromEnvironment, nil
	}
	proxy, err := url.Parse(text)
	if err != nil || proxy.Host == "" {
		return nil, errors.New("the proxy is not an absolute URL")
	}
	return http.ProxyURL(proxy), nil
}

// Send delivers a message, which is encoded as JSON, to the command and to the URL, both
// at the same time. It returns when both have it, or have failed for good, or ctx
// has ended. The error names each target that failed, by its flag.
func (n *Notifier) Send(ctx context.Context, message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	var both errgroup.Group
	var failed [2]error
	if n.cfg.Command != "" {
		both.Go(func() error { failed[0] = nameFlag("on-end", tryOften(ctx, body, n.runCommand)); return nil })
	}
	if n.client != nil {
		both.Go(func() error { failed[1] = nameFlag("notify-url-file", tryOften(ctx, body, n.post)); return nil })
	}
	return errors.Join(both.Wait(), failed[0], failed[1])
}

func nameFlag(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%s: %w", flag, err)
}

// finalError is a failure that another try would meet again.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// tryOften delivers until it succeeds, three times at most.
func tryOften(ctx context.Context, body []byte, deliver func(context.Context, []byte) error) error {
	pause := firstPause
	for try := 1; ; try++ {
		soon, cancel := context.WithTimeoutCause(ctx, tryTime, errTooSlow)
		err := deliver(soon, body)
		cancel()
		if err == nil || try == maxTries || errors.As(err, new(finalError)) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
		pause *= 3
	}
}

var errTooSlow = fmt.Errorf("it took longer than %s", tryTime)
