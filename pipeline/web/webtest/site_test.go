package webtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// site is a finance page on loopback.
type site struct {
	url    string
	web    *web.Server
	engine *fakeEngine
	list   *fakeList // nil = the lists are those of the server
}

// startSite serves the page for one owner with all roles.
func startSite(t *testing.T, list *fakeList) *site {
	return startSiteFor(t, list, access.User{Name: "sabine", Roles: access.AllRoles()})
}

func startSiteFor(t *testing.T, list *fakeList, owner access.User) *site {
	t.Helper()
	s := &site{engine: newFakeEngine(), list: list}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(func() {
		server.CloseClientConnections() // a page that could not be closed still follows what it shows
		server.Close()
	})
	s.url = server.URL
	var err error
	s.web, err = web.New(web.Config{Engine: s.engine, Folder: t.TempDir(), Access: access.Config{Listener: strings.TrimPrefix(server.URL, "http://"), Names: []string{ForeignHost}, Owner: owner}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.web.Close() })
	handler = s.web
	if list != nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/lists") && !strings.HasSuffix(r.URL.Path, "/plans") {
				list.ServeHTTP(w, r)
				return
			}
			// What the server asks its own lists about.
			switch path := r.URL.Path; {
			case strings.HasSuffix(path, "/run"):
				run, err := s.engine.StartRun(r.Context(), access.Visitor{}, "", nil)
				if err != nil {
					t.Error(err)
				}
				list.answer(w, http.StatusOK, run)
				return
			case strings.HasSuffix(path, "/plans") && r.Method == http.MethodPost:
				var order api.MakePlan
				if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
					t.Error(err)
				}
				plan, err := s.engine.MakePlan(r.Context(), access.Visitor{}, nil, order)
				if err != nil {
					t.Error(err)
				}
				list.answer(w, http.StatusOK, plan)
				return
			}
			s.web.ServeHTTP(w, r)
		})
	}
	return s
}

// openTab opens a tab with a session.
func (b *Browser) openTab(t *testing.T, s *site) *Tab {
	t.Helper()
	x := b.NewTab(t, s.url)
	x.SignIn(s.web.NewToken())
	return x
}
