package partner

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Config is which partner API to use and how. BaseURL and Key are
// required; the zero value of every other field means its default.
type Config struct {
	BaseURL   string        // https, with the path that all calls share; http only for loopback and private addresses with a key that is not live
	Key       string        // API key, sent as bearer token to BaseURL's host and nowhere else
	UserAgent string        // printable ASCII; default "bulkonboard"
	Timeout   time.Duration // one request from dialling to the last byte of the answer; default 30s
	CAFile    string        // PEM file of certificate authorities that replace the system's; default: the system's
	Proxy     string        // "" none, "env" the proxy environment variables, else an http, https or socks5 URL

	// BeforeFirstByte is asked right before the first byte of a request that changes something
	// is written to its connection. If it returns an error nothing is sent, and the request is
	// known to be unsent. nil asks nobody. It may be called by many goroutines.
	BeforeFirstByte func() error
}

const (
	defaultUserAgent = "bulkonboard"
	defaultTimeout   = 30 * time.Second
	maxBase          = 1000       // of the base URL, in bytes: escaped, with a path, it fits into the buffer of net/http (see isUnsent)
	livePrefix       = "sk_live_" // of keys that spend real money (vendor's public docs)
)

// settings is a Config that was checked, with defaults filled in.
type settings struct {
	Config
	base  *url.URL
	roots *x509.CertPool // nil: the system's
	proxy *url.URL       // nil: none
}

// ConfigError says which field of a Config is unusable, and why. It repeats no
// value.
type ConfigError struct {
	Field string // as Config has it
	Err   error
}

func (e *ConfigError) Error() string { return "partner: " + e.Field + " " + e.Err.Error() }

func (e *ConfigError) Unwrap() error { return e.Err }

func (c Config) validate() (settings, error) {
	s := settings{Config: c}
	s.UserAgent, s.Timeout = cmp.Or(c.UserAgent, defaultUserAgent), cmp.Or(c.Timeout, defaultTimeout)
	switch {
	case c.Key == "":
		return s, &ConfigError{"Key", errors.New("is missing")}
	case !isToken(c.Key, 4096):
		return s, &ConfigError{"Key", errors.New("holds a space, a line end or another character that no key has")}
	case !isPrintable(s.UserAgent):
		return s, &ConfigError{"UserAgent", errors.New("holds a character that is not printable ASCII")}
	case s.Timeout < 0:
		return s, &ConfigError{"Timeout", errors.New("is negative")}
	}
	var err error
	if s.base, err = parseBase(c.BaseURL, strings.HasPrefix(c.Key, livePrefix)); err != nil {
		return s, &ConfigError{"BaseURL", err}
	}
	if s.roots, err = readRoots(c.CAFile); err != nil {
		return s, &ConfigError{"CAFile", err}
	}
	if s.proxy, err = parseProxy(c.Proxy, s.base); err != nil {
		return s, &ConfigError{"Proxy", err}
	}
	return s, nil
}

// parseBase refuses every URL to which the key or customers' data must not be
// sent. Its errors never repeat the URL, which may hold a password.
func parseBase(raw string, live bool) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("is missing")
	}
	if len(raw) > maxBase {
		return nil, fmt.Errorf("is longer than %d characters", maxBase)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("is not an absolute URL such as https://host/api")
	case u.User != nil:
		return nil, errors.New("has a user name or password: pass the key separately")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("has a query or fragment: remove it")
	case u.Scheme == "https":
	case u.Scheme != "http":
		return nil, errors.New("must begin with https://")
	case !isLocal(u.Hostname()):
		return nil, errors.New("must begin with https://: http is accepted for loopback and private addresses only")
	case live:
		return nil, errors.New("must begin with https:// for a live key")
	}
	u.Host = strings.ToLower(u.Host)
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// isLocal reports whether a host is a loopback or private address, or localhost: any other name can be
// made to point elsewhere.
func isLocal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.IsLoopback() || a.Unmap().IsPrivate() || a.Unmap().IsLoopback())
}

func readRoots(name string) (*x509.CertPool, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer file.Close()
	pem, err := limits.ReadAll(file, limits.Roots)
	if errors.Is(err, limits.ErrTooLarge) {
		return nil, fmt.Errorf("%w: it must hold certificates only", err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("holds no PEM certificate")
	}
	return pool, nil
}

// parseProxy chooses the proxy on the way to base. It reads the environment when
// it is called and not, as net/http does, once in the life of the process.
func parseProxy(raw string, base *url.URL) (*url.URL, error) {
	var u *url.URL
	var err error
	switch raw {
	case "":
		return nil, nil
	case "env":
		if u, err = httpproxy.FromEnvironment().ProxyFunc()(base); err == nil && u == nil {
			return nil, nil
		}
	default:
		u, err = url.Parse(raw)
	}
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("is not a URL such as http://host:3128")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("has a port that does not exist: 1 to 65535")
		}
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return u, nil
	default:
		return nil, errors.New("must begin with http://, https:// or socks5://")
	}
}
