package web

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// DefaultMaxUpload is the largest upload in bytes.
const DefaultMaxUpload = 64 << 20

// Config configures a server. Engine and Folder are required.
type Config struct {
	Engine Engine
	Access access.Config
	// Folder is where lists and the log are kept. It is created with 0700.
	Folder    string
	MaxUpload int64         // bytes; 0 = DefaultMaxUpload
	Lists     lists.Options // how lists are read and checked
	Log       *slog.Logger  // nil = discard. Never sees a value of a list
}

// Server answers all requests of the page. It is safe for any number of goroutines.
type Server struct {
	engine    Engine
	guard     *access.Guard
	lists     *lists.Store
	audit     *access.Log
	log       *slog.Logger
	words     *messages.Catalogue
	pages     *template.Template
	version   string // of the pages
	mux       *http.ServeMux
	origin    *http.CrossOriginProtection
	maxUpload int64
	lastSeen  atomic.Int64 // Unix nanoseconds of the last request with a session

	mu        sync.Mutex
	isClosed  bool
	answering sync.WaitGroup // requests; added to only while mu is held and isClosed is not set
}

var _ http.Handler = (*Server)(nil)

// New returns a server. It reads the lists that an earlier process kept.
func New(cfg Config) (*Server, error) {
	if cfg.Engine == nil || cfg.Folder == "" {
		return nil, errors.New("web: Config.Engine and Config.Folder are required")
	}
	s := &Server{engine: cfg.Engine, log: cfg.Log, words: messages.English(), origin: http.NewCrossOriginProtection(), maxUpload: cfg.MaxUpload}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxUpload == 0 {
		s.maxUpload = DefaultMaxUpload
	}
	var err error
	if s.guard, err = access.NewGuard(cfg.Access); err != nil {
		return nil, err
	}
	if s.pages, err = template.ParseFS(files, "templates/*.html"); err != nil {
		return nil, err
	}
	if s.version, err = hashFiles(); err != nil {
		return nil, err
	}
	if err := MakeFolder(cfg.Folder); err != nil {
		return nil, err
	}
	if s.audit, err = access.OpenLog(cfg.Folder); err != nil {
		return nil, err
	}
	if s.lists, err = lists.Open(cfg.Folder, cfg.Lists, s.log); err != nil {
		return nil, errors.Join(err, s.audit.Close())
	}
	s.lastSeen.Store(time.Now().UnixNano())
	s.mux = s.newMux(routes())
	return s, nil
}

// MakeFolder creates a folder that only its owner can enter.
func MakeFolder(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("the folder of the page: %w", err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return fmt.Errorf("the folder of the page: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", folder)
	}
	return os.Chmod(folder, 0o700) //nolint:gosec // a folder needs x to be entered
}

// Close waits for requests that are being answered, whose connections must have been
// closed: they may be reading the ledger. Then it ends the checks that are under way and
// closes the log. Lists are kept.
func (s *Server) Close() error {
	s.mu.Lock()
	s.isClosed = true
	s.mu.Unlock()
	s.answering.Wait()
	return errors.Join(s.lists.Close(), s.audit.Close())
}

const (
	bodyTime   = time.Minute      // for the body of a request
	uploadTime = 30 * time.Minute // for an upload
	restTime   = 5 * time.Second  // for what is still to come of a body once the request is answered
	// writePatience is how long a browser may take for each part of an answer. One that
	// stalls is cut off: it would hold a list or the ledger.
	writePatience = 20 * time.Second
)

// limitBody limits the time for what is still to come of a body; 0 = no limit.
func limitBody(w http.ResponseWriter, most time.Duration) {
	var end time.Time
	if most > 0 {
		end = time.Now().Add(most)
	}
	_ = http.NewResponseController(w).SetReadDeadline(end) // a recorder in a test has none
}

// patientWriter gives each part of an answer its time.
type patientWriter struct {
	http.ResponseWriter

	limits *http.ResponseController
}

func newPatientWriter(w http.ResponseWriter) patientWriter {
	p := patientWriter{w, http.NewResponseController(w)}
	p.setLimit() // in place of that of an earlier request of the connection
	return p
}

func (p patientWriter) setLimit() {
	_ = p.limits.SetWriteDeadline(time.Now().Add(writePatience)) // a recorder in a test has none
}

// Write writes a part of an answer.
func (p patientWriter) Write(part []byte) (int, error) {
	p.setLimit()
	return p.ResponseWriter.Write(part)
}

// WriteHeader writes the head of an answer, which may have no body.
func (p patientWriter) WriteHeader(status int) {
	p.setLimit()
	p.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (p patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// NewToken makes the one-time token of the address that is printed, in place of an
// earlier one.
func (s *Server) NewToken() string { return s.guard.NewToken() }

// IdleSince returns when the last request with a session came, or the moment of the
// start; now while a check or a run is under way.
func (s *Server) IdleSince() time.Time {
	if s.engine.IsBusy() || s.lists.IsBusy() {
		return time.Now()
	}
	return time.Unix(0, s.lastSeen.Load())
}

// begin reports whether another request may be answered, and counts it.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isClosed {
		s.answering.Add(1)
	}
	return !s.isClosed
}

// ServeHTTP asks the host, sets the headers and finds the route; the rest of the guard
// is around each handler.
func (s *Server) ServeHTTP(to http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		to.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer s.answering.Done()
	w := newPatientWriter(to)
	if r.ContentLength != 0 {
		limitBody(w, bodyTime)
		defer limitBody(w, restTime)
	}
	defer w.setLimit() // what is still to be flushed gets its time, too
	if !s.guard.IsHost(r) {
		s.guard.SetHeaders(w.Header())
		s.writeError(w, r, api.Refuse(http.StatusMisdirectedRequest, "wrong_host"))
		return
	}
	s.guard.SetHeaders(w.Header())
	w.Header().Set(versionHeader, s.version)
	s.mux.ServeHTTP(w, r)
}

// newMux registers the routes. Whatever they do not name needs a session, too, and is
// not found.
func (s *Server) newMux(table []route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range table {
		mux.Handle(rt.method+" "+rt.pattern, s.guarded(rt))
	}
	mux.Handle("/", s.guarded(route{handle: func(*Server, http.ResponseWriter, *http.Request, access.Visitor) error {
		return api.Refuse(http.StatusNotFound, "not_found")
	}}))
	return mux
}

// guarded returns the handler of a route behind session, role and origin.
func (s *Server) guarded(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by, isKnown := s.guard.FindVisitor(r)
		switch {
		case rt.isOpen:
		case !isKnown:
			s.refuseStranger(w, r)
			return
		case !by.HasAny(rt.roles...):
			s.writeError(w, r, api.Refuse(http.StatusForbidden, "no_role"))
			return
		}
		if isKnown {
			s.lastSeen.Store(time.Now().UnixNano())
		}
		if err := s.origin.Check(r); err != nil {
			s.writeError(w, r, api.Refuse(http.StatusForbidden, "cross_origin"))
			return
		}
		if err := rt.handle(s, w, r, by); err != nil {
			s.writeError(w, r, err)
		}
	})
}

// refuseStranger answers a request without a session: pages with the page to sign in.
func (s *Server) refuseStranger(w http.ResponseWriter, r *http.Request) {
	_, pattern := s.mux.Handler(r)
	if r.Method == http.MethodGet && slices.ContainsFunc(routes(), func(rt route) bool { return rt.isPage() && rt.method+" "+rt.pattern == pattern }) {
		s.writePage(w, http.StatusUnauthorized, "login.html", pageData{Title: "Sign in", Team: s.guard.IsTeam()})
		return
	}
	s.writeError(w, r, api.Refuse(http.StatusUnauthorized, "signed_out"))
}
