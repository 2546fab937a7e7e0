package web

import (
	"io"
	"math"
	"mime"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// showLists shows all lists.
func (s *Server) showLists(w http.ResponseWriter, _ *http.Request, by access.Visitor) error {
	return writeJSON(w, http.StatusOK, api.Lists{Lists: s.lists.All(by.Name)})
}

// uploadList keeps a file as a new list and begins its check.
func (s *Server) uploadList(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	if r.ContentLength > s.maxUpload { // before the body is sent
		return api.Refuse(http.StatusRequestEntityTooLarge, "too_large")
	}
	origin, err := readNumber(r, "origin", 0, math.MaxInt)
	if err != nil {
		return err
	}
	limitBody(w, uploadTime)
	list, err := s.lists.UploadCorrected(r.Context(), by.Name, r.URL.Query().Get("name"), int64(origin), http.MaxBytesReader(w, r.Body, s.maxUpload))
	if err != nil {
		return err
	}
	limitBody(w, 0) // it was read
	if err := s.audit.Add(by, api.LogEntry{Action: "upload", List: list.ID, Run: int64(origin), Detail: list.Kind + " " + list.SHA256[:12]}); err != nil {
		return err
	}
	w.Header().Set("Location", "/api/lists/"+list.ID)
	setRevision(w, list.Revision)
	return writeJSON(w, http.StatusCreated, list)
}

// showList shows counts, kinds, state and settings of a list.
func (s *Server) showList(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	list, err := s.lists.Find(by.Name, r.PathValue("list"))
	if err != nil {
		return err
	}
	if !by.HasAny(api.Prepare, api.Approve) {
		list = withoutValues(list)
	}
	if list.Refusal != nil {
		worded := s.worded(*list.Refusal)
		list.Refusal = &worded
	}
	list.Plan = s.engine.NewestPlan(list.ID)
	setRevision(w, list.Revision)
	return writeJSON(w, http.StatusOK, list)
}

// withoutValues removes the cells of the sender: the role see gets figures only.
func withoutValues(list api.List) api.List {
	list.Head, list.Readings = []api.HeadRow{}, []api.Reading{}
	list.Columns, list.Kinds = append([]api.Column{}, list.Columns...), append([]api.Kind{}, list.Kinds...)
	for i := range list.Columns {
		list.Columns[i].Examples = []string{}
	}
	for i := range list.Kinds {
		list.Kinds[i].Values = []api.Value{}
	}
	if list.Refusal != nil { // it may show words of the list
		list.Refusal = &api.Error{Code: list.Refusal.Code}
	}
	list.Proposals, list.Withheld, list.Decisions, list.Command = []api.Proposal{}, []api.Proposal{}, []api.Decision{}, ""
	list.Settings.Defaults, list.Offered = map[string]string{}, nil
	return list
}

// discardList removes a list and everything that is kept of it.
func (s *Server) discardList(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id := r.PathValue("list")
	isInUse, err := s.engine.IsInUse(r.Context(), id)
	if err != nil {
		return err
	}
	if isInUse {
		return api.Refuse(http.StatusConflict, "list_in_use")
	}
	if err := s.lists.Discard(by.Name, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return s.audit.Add(by, api.LogEntry{Action: "discard", List: id})
}

// editorOf returns who changes which state of a list.
func editorOf(r *http.Request, by access.Visitor) (lists.Editor, error) {
	revision, err := readRevision(r)
	return lists.Editor{Name: by.Name, Revision: revision}, err
}

// changeSettings changes how a list is read, and begins a new check.
func (s *Server) changeSettings(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	editor, err := editorOf(r, by)
	if err != nil {
		return err
	}
	var patch api.SettingsPatch
	if err := readJSON(w, r, &patch); err != nil {
		return err
	}
	list, err := s.lists.ChangeSettings(r.Context(), editor, r.PathValue("list"), patch)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "settings", List: list.ID}); err != nil {
		return err
	}
	setRevision(w, list.Revision)
	return writeJSON(w, http.StatusOK, list)
}

// showRows shows the rows of a list that match a filter.
func (s *Server) showRows(w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	q := r.URL.Query()
	query := lists.Query{Filter: q.Get("filter"), Find: q.Get("find")}
	var err error
	if query.From, err = readNumber(r, "from", 0, 1<<31); err != nil {
		return err
	}
	if query.N, err = readNumber(r, "n", lists.MaxRows, lists.MaxRows); err != nil {
		return err
	}
	rows, err := s.lists.Rows(r.Context(), r.PathValue("list"), query)
	if err != nil {
		return err
	}
	setRevision(w, rows.Revision)
	return writeJSON(w, http.StatusOK, rows)
}

// editCells corrects cells.
func (s *Server) editCells(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	var cells []api.CellEdit
	return s.edit(w, r, by, "cells", &cells, func(editor lists.Editor, id string) (api.Edited, error) {
		return s.lists.EditCells(r.Context(), editor, id, cells)
	})
}

// decideOnce settles at once what many cells have in common.
func (s *Server) decideOnce(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	var order api.Decide
	return s.edit(w, r, by, "decision", &order, func(editor lists.Editor, id string) (api.Edited, error) {
		return s.lists.Decide(r.Context(), editor, id, order)
	})
}

// leaveOut leaves rows out, or takes them back in.
func (s *Server) leaveOut(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	var order api.LeaveOut
	return s.edit(w, r, by, "leave-out", &order, func(editor lists.Editor, id string) (api.Edited, error) {
		return s.lists.LeaveOut(r.Context(), editor, id, order)
	})
}

// undoChange undoes a change by its ID.
func (s *Server) undoChange(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	change, err := strconv.Atoi(r.PathValue("change"))
	if err != nil {
		return api.Refuse(http.StatusNotFound, "not_a_change")
	}
	return s.edit(w, r, by, "undo", nil, func(editor lists.Editor, id string) (api.Edited, error) {
		return s.lists.Undo(r.Context(), editor, id, change)
	})
}

// edit reads a change of a list, makes it, and notes it in the log.
func (s *Server) edit(w http.ResponseWriter, r *http.Request, by access.Visitor, action string, body any, change func(lists.Editor, string) (api.Edited, error)) error {
	editor, err := editorOf(r, by)
	if err != nil {
		return err
	}
	if body != nil {
		if err := readJSON(w, r, body); err != nil {
			return err
		}
	}
	id := r.PathValue("list")
	edited, err := change(editor, id)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: action, List: id, Rows: edited.Change.Cells, Detail: edited.Change.Text}); err != nil {
		return err
	}
	setRevision(w, edited.Revision)
	return writeJSON(w, http.StatusOK, edited)
}

// downloadMarked gives the sender's workbook back with marks on what is to be corrected.
func (s *Server) downloadMarked(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return s.download(w, r, by, "marked", s.lists.WriteMarked)
}

// downloadCorrected gives the sender's workbook back with the corrected cells.
func (s *Server) downloadCorrected(w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	return s.download(w, r, by, "corrected", s.lists.WriteCorrected)
}

// download notes a download of a list in the log, then writes the file.
func (s *Server) download(w http.ResponseWriter, r *http.Request, by access.Visitor, what string, write lists.FileWriter) error {
	id := r.PathValue("list")
	list, err := s.lists.Find(by.Name, id)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "download", List: id, Detail: what}); err != nil {
		return err
	}
	name := strings.TrimSuffix(list.Name, filepath.Ext(list.Name)) + "." + what + ".xlsx"
	return write(r.Context(), id, func(size int64) io.Writer {
		setDownload(w.Header(), name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		return w
	})
}

// setDownload sets the headers of a file to save.
func setDownload(h http.Header, name, kind string) {
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}
