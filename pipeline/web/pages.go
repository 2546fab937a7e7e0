package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// files are the pages with their style sheets and scripts.
//
//go:embed static templates
var files embed.FS

// versionHeader says in every answer of which version the pages are. A page that is open
// since an earlier version of the program sees that it is outdated.
const versionHeader = "Page-Version"

// hashFiles returns the version of the pages: a hash of all files.
func hashFiles() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		_, _ = fmt.Fprintf(sum, "%s %d\n", path, len(content)) // a hash never fails
		_, _ = sum.Write(content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// pageData is what a template gets.
type pageData struct {
	Title string
	Page  string // "home", "list", "plan", "run" or "log"
	ID    string // of the list, plan or run; "" = none
	Team  bool   // users sign in with a password
	User  string
	Roles []api.Role

	Version string // see versionHeader
}

// isPage reports whether a route answers with a page.
func (rt *route) isPage() bool {
	return rt.method == http.MethodGet && !rt.isOpen && !strings.HasPrefix(rt.pattern, "/api/")
}

// showPage serves the page of an address. Its script asks for the data.
func (s *Server) showPage(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	data := pageData{Title: "Lists", Page: "home", Team: s.guard.IsTeam(), User: by.Name, Roles: by.Roles}
	switch first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); first {
	case "lists":
		data.Title, data.Page, data.ID = "List", "list", rest
	case "plans":
		data.Title, data.Page, data.ID = "Plan", "plan", rest
	case "runs":
		data.Title, data.Page, data.ID = "Run", "run", rest
	case "log":
		data.Title, data.Page = "Log", "log"
	}
	s.writePage(w, http.StatusOK, "page.html", data)
	return nil
}

func (s *Server) writePage(w http.ResponseWriter, status int, name string, data pageData) {
	data.Version = s.version
	var page bytes.Buffer
	if err := s.pages.ExecuteTemplate(&page, name, data); err != nil {
		s.log.Error("page", "template", name, "error", err)
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the browser may be gone
}

// serveStatic serves style sheets, scripts and pictures. They hold no data, so they may
// be kept, but are asked for again.
func (s *Server) serveStatic(w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	name := r.PathValue("file")
	content, err := files.ReadFile("static/" + name)
	if err != nil {
		return api.Refuse(http.StatusNotFound, "not_found")
	}
	sum := sha256.Sum256(content)
	w.Header().Set("Cache-Control", "no-cache")
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	w.Header().Set("Content-Type", typeOfStatic(name))
	_, _ = w.Write(content) // the browser may be gone
	return nil
}

// typeOfStatic returns the type of a file. That of the system may be wrong: browsers refuse
// scripts that are called text/plain.
func typeOfStatic(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	}
	return "image/svg+xml"
}
