package web

import (
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// signIn exchanges a one-time token, or a name and password, for a session.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	var login api.Login
	if err := readJSON(w, r, &login); err != nil {
		return err
	}
	by, err := s.guard.SignIn(w, r, login)
	if isRefusal(err, "too_many_attempts") { // the log has those that were too many, and stays small
		return err
	}
	if err != nil {
		failed := access.Visitor{From: access.AddressOf(r)}
		if logged := s.audit.Add(failed, api.LogEntry{Action: "login-failed"}); logged != nil {
			s.log.Error("log", "error", logged)
		}
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "login"}); err != nil {
		return err
	}
	return s.showSession(w, r, by)
}

// signOut ends the session.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	s.guard.SignOut(w, r)
	w.WriteHeader(http.StatusNoContent)
	return s.audit.Add(by, api.LogEntry{Action: "logout"})
}

// showSession says who is signed in, and where users would be created.
func (s *Server) showSession(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	held, err := s.engine.Held(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Session{User: by.Name, Roles: by.Roles, Team: s.guard.IsTeam(), Target: s.engine.Target(r.Context()),
		Until: by.Until, Held: held, Limits: api.Limits{Upload: s.maxUpload, Rows: lists.MaxRows}})
}
