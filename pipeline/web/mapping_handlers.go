package web

import (
	"net/http"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// keepMapping keeps how a list is read, for the next list with the same headings.
func keepMapping(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	editor, err := editorOf(r, by)
	if err != nil {
		return err
	}
	id := r.PathValue("list")
	kept, err := s.lists.KeepMapping(editor, id)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "keep-mapping", List: id}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, kept)
}

// useMapping reads a list by the mapping that is offered for it.
func useMapping(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	editor, err := editorOf(r, by)
	if err != nil {
		return err
	}
	list, err := s.lists.UseMapping(r.Context(), editor, r.PathValue("list"))
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "use-mapping", List: list.ID}); err != nil {
		return err
	}
	setRevision(w, list.Revision)
	return writeJSON(w, http.StatusOK, list)
}
