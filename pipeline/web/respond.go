package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// maxBody is how many bytes a JSON body has at most: a pasted block of cells.
const maxBody = 8 << 20

// readJSON reads the body of a request, and nothing that is not documented.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return api.Refuse(http.StatusUnsupportedMediaType, "not_json")
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return api.Refuse(http.StatusBadRequest, "not_json")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return api.Refuse(http.StatusBadRequest, "not_json")
	}
	limitBody(w, 0) // it was read
	return nil
}

// writeJSON writes an answer.
func writeJSON(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the browser may be gone
	return nil
}

// readRevision returns the revision of If-Match.
func readRevision(r *http.Request) (int, error) {
	text := r.Header.Get("If-Match")
	if text == "" {
		return 0, api.Refuse(http.StatusPreconditionRequired, "no_revision")
	}
	revision, err := strconv.Atoi(strings.Trim(text, `"`))
	if err != nil || revision < 0 {
		return 0, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	return revision, nil
}

// readNumber returns a number of the query, otherwise if it is missing.
func readNumber(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	return n, nil
}

// setRevision sets the ETag of a list's answer.
func setRevision(w http.ResponseWriter, revision int) {
	w.Header().Set("ETag", `"`+strconv.Itoa(revision)+`"`)
}

// writeError answers with an error. What is not meant for the browser goes to the log.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	refusal := s.refusalOf(err)
	if refusal.Status >= http.StatusInternalServerError {
		s.log.Error("request failed", "method", r.Method, "pattern", r.Pattern, "error", lists.PlainError(err))
	} else {
		s.log.Debug("request refused", "method", r.Method, "pattern", r.Pattern, "code", refusal.Body.Code)
	}
	h := w.Header()
	h.Del("Content-Disposition") // of a download that failed before its first byte
	h.Del("ETag")
	_ = writeJSON(w, refusal.Status, s.worded(refusal.Body))
}

// refusalOf returns the answer to an error.
func (s *Server) refusalOf(err error) *api.Refusal {
	var refusal *api.Refusal
	var input *source.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &tooLarge):
		return api.Refuse(http.StatusRequestEntityTooLarge, "too_large")
	case errors.Is(err, source.ErrChanged):
		return api.Refuse(http.StatusConflict, "file_changed")
	case errors.As(err, &input):
		return &api.Refusal{Status: http.StatusUnprocessableEntity, Body: lists.InputRefusal(input)}
	case errors.Is(err, context.Canceled):
		return api.Refuse(499, "failed") // the browser is gone, so nobody reads it
	}
	return api.Refuse(http.StatusInternalServerError, "failed")
}

// worded fills in the sentences of a code.
func (s *Server) worded(e api.Error) api.Error {
	m := s.words.Requests[e.Code]
	e.Sentence, e.WhatToDo = cmp.Or(e.Sentence, m.Meaning), cmp.Or(e.WhatToDo, m.Finance)
	return e
}
