package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// ContentPolicy is the content security policy of every answer.
const ContentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

const (
	idleLife    = 15 * time.Minute // of a session, without a request
	longestLife = 8 * time.Hour    // of a session
	maxSessions = 200
	maxChecks   = 4 // passwords that are compared at the same time: each needs some megabytes
)

// Config configures a guard.
type Config struct {
	// Listener is the literal address that the server listens on, host and port.
	Listener string
	// Names are further host names that requests may have, those of --host. The port of
	// the listener may follow them.
	Names  []string
	Secure bool   // served under TLS
	Users  *Users // of a team; nil = Owner is the only user, and signs in with the token
	Owner  User   // of the process
}

// Guard knows who is signed in. It is safe for any number of goroutines.
type Guard struct {
	hosts    []string
	secure   bool
	cookie   string
	users    *Users
	owner    User
	attempts attempts
	checks   chan struct{} // one for each password that may be compared at the same time

	mu       sync.Mutex
	token    [sha256.Size]byte // of the one-time token
	hasToken bool
	sessions map[[sha256.Size]byte]*session
}

type session struct {
	user  User
	from  string
	begun time.Time
	last  time.Time
	ended context.Context //nolint:containedctx // it ends with the session
	end   context.CancelFunc
}

// NewGuard returns a guard. It refuses plain HTTP off loopback: names, passwords and
// lists would cross the network in clear text.
func NewGuard(cfg Config) (*Guard, error) {
	host, port, err := net.SplitHostPort(cfg.Listener)
	if err != nil {
		return nil, fmt.Errorf("listener %q: %w", cfg.Listener, err)
	}
	ip := net.ParseIP(host)
	switch {
	case !cfg.Secure && (ip == nil || !ip.IsLoopback()):
		return nil, fmt.Errorf("%s is reachable from other machines, so the page needs TLS", cfg.Listener)
	case cfg.Users == nil && (ip == nil || !ip.IsLoopback()):
		return nil, fmt.Errorf("%s is reachable from other machines, so the page needs a users file", cfg.Listener)
	}
	g := &Guard{secure: cfg.Secure, users: cfg.Users, owner: cfg.Owner, checks: make(chan struct{}, maxChecks), sessions: map[[sha256.Size]byte]*session{}}
	g.cookie = "bulkonboard-" + port + "-" + strings.ToLower(rand.Text()[:8])
	if cfg.Secure {
		g.cookie = "__Host-" + g.cookie
	}
	defaultPort := "80"
	if cfg.Secure {
		defaultPort = "443"
	}
	if ip != nil && !ip.IsUnspecified() {
		g.hosts = append(g.hosts, cfg.Listener)
		if port == defaultPort {
			g.hosts = append(g.hosts, strings.TrimSuffix(cfg.Listener, ":"+port))
		}
	}
	for _, name := range cfg.Names {
		name = strings.ToLower(name)
		g.hosts = append(g.hosts, name, net.JoinHostPort(name, port))
	}
	return g, nil
}

// NewToken makes the one-time token, in place of an earlier one. It is 130 random bits.
func (g *Guard) NewToken() string {
	text := rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.token, g.hasToken = sha256.Sum256([]byte(text)), true
	return text
}

// IsHost reports whether the page answers to the host name of a request.
func (g *Guard) IsHost(r *http.Request) bool {
	return slices.Contains(g.hosts, strings.ToLower(r.Host))
}

// SetHeaders sets the headers that every answer has. Answers are not stored; static
// files change that.
func (g *Guard) SetHeaders(h http.Header) {
	h.Set("Content-Security-Policy", ContentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	if g.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// Visitor is who sent a request.
type Visitor struct {
	User

	From  string          // network address
	Until api.Deadline    // of the session
	Ended context.Context //nolint:containedctx // it ends with the session; streams end with it
}

// FindVisitor returns who sent a request, and renews the session.
func (g *Guard) FindVisitor(r *http.Request) (Visitor, bool) {
	cookie, err := r.Cookie(g.cookie)
	if err != nil {
		return Visitor{}, false
	}
	now, id := time.Now(), sha256.Sum256([]byte(cookie.Value))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dropOld(now)
	s := g.sessions[id]
	if s == nil {
		return Visitor{}, false
	}
	s.last = now
	return s.visitor(AddressOf(r)), true
}

func (s *session) visitor(from string) Visitor {
	last := s.begun.Add(longestLife)
	idle := s.last.Add(idleLife)
	if idle.After(last) {
		idle = last
	}
	return Visitor{User: s.user, From: from, Until: api.Deadline{Idle: idle.UTC(), Last: last.UTC()}, Ended: s.ended}
}

// dropOld ends the sessions whose time is over.
func (g *Guard) dropOld(now time.Time) {
	for id, s := range g.sessions {
		if now.Sub(s.last) >= idleLife || now.Sub(s.begun) >= longestLife {
			g.endSession(id, s)
		}
	}
}

func (g *Guard) endSession(id [sha256.Size]byte, s *session) {
	delete(g.sessions, id)
	s.end()
}

// SignIn begins a session and sets its cookie. Its errors are *api.Refusal.
func (g *Guard) SignIn(w http.ResponseWriter, r *http.Request, login api.Login) (Visitor, error) {
	from := AddressOf(r)
	keys := []string{"from " + from}
	if g.users != nil {
		keys = append(keys, "user "+strings.ToLower(login.User))
	}
	if retry, isAllowed := g.attempts.begin(keys...); !isAllowed {
		w.Header().Set("Retry-After", strconv.Itoa(int(retry.Seconds())+1))
		return Visitor{}, api.Refuse(http.StatusTooManyRequests, "too_many_attempts")
	}
	user, err := g.identify(r.Context(), login)
	if err != nil {
		return Visitor{}, err
	}
	g.attempts.succeed(keys...)
	return g.beginSession(w, r, user)
}

// identify returns the user of a login. A token works once.
func (g *Guard) identify(ctx context.Context, login api.Login) (User, error) {
	if g.users != nil {
		select {
		case g.checks <- struct{}{}:
			defer func() { <-g.checks }()
		case <-ctx.Done():
			return User{}, ctx.Err()
		}
		if user, isKnown := g.users.Verify(login.User, login.Password); isKnown {
			return user, nil
		}
		return User{}, api.Refuse(http.StatusForbidden, "wrong_password")
	}
	given := sha256.Sum256([]byte(login.Token))
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.hasToken || subtle.ConstantTimeCompare(given[:], g.token[:]) != 1 {
		return User{}, api.Refuse(http.StatusForbidden, "wrong_token")
	}
	g.hasToken = false
	return g.owner, nil
}

func (g *Guard) beginSession(w http.ResponseWriter, r *http.Request, user User) (Visitor, error) {
	secret, now := rand.Text(), time.Now()
	s := &session{user: user, from: AddressOf(r), begun: now, last: now}
	s.ended, s.end = context.WithCancel(context.WithoutCancel(r.Context()))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dropOld(now)
	if old, err := r.Cookie(g.cookie); err == nil { // the browser keeps only one
		id := sha256.Sum256([]byte(old.Value))
		if s := g.sessions[id]; s != nil {
			g.endSession(id, s)
		}
	}
	if len(g.sessions) >= maxSessions {
		s.end()
		return Visitor{}, api.Refuse(http.StatusTooManyRequests, "too_many_attempts")
	}
	g.sessions[sha256.Sum256([]byte(secret))] = s
	http.SetCookie(w, g.newCookie(secret, int(longestLife.Seconds())))
	return s.visitor(s.from), nil
}

func (g *Guard) newCookie(value string, seconds int) *http.Cookie {
	return &http.Cookie{Name: g.cookie, Value: value, Path: "/", MaxAge: seconds, Secure: g.secure, HttpOnly: true, SameSite: http.SameSiteStrictMode}
}

// SignOut ends the session of a request and removes its cookie.
func (g *Guard) SignOut(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, g.newCookie("", -1))
	cookie, err := r.Cookie(g.cookie)
	if err != nil {
		return
	}
	id := sha256.Sum256([]byte(cookie.Value))
	g.mu.Lock()
	defer g.mu.Unlock()
	if s := g.sessions[id]; s != nil {
		g.endSession(id, s)
	}
}

// IsTeam reports whether users sign in with a password.
func (g *Guard) IsTeam() bool { return g.users != nil }

// AddressOf returns the network address that a request came from, without the port.
func AddressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
