package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// startRun begins the run of an approved plan.
func startRun(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	plan := r.PathValue("plan")
	id := s.engine.ListOf(plan)
	if id == "" {
		return api.Refuse(http.StatusConflict, "list_gone")
	}
	list, err := s.lists.Latest(id)
	if err != nil {
		return err
	}
	run, err := s.engine.StartRun(r.Context(), by, plan, list)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "run", List: run.List, Plan: run.Plan, Run: run.ID, Rows: run.Total}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, run)
}

// showRuns shows all runs.
func showRuns(s *Server, w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	runs, err := s.engine.Runs(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, api.Runs{Runs: runs})
}

func runNumber(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("run"), 10, 64)
	if err != nil || id < 1 {
		return 0, api.Refuse(http.StatusNotFound, "not_found")
	}
	return id, nil
}

// showRun shows a run.
func showRun(s *Server, w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	run, err := s.engine.Run(r.Context(), id)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, run)
}

// watchRun sends the figures of a run as they change. The stream ends with the
// session, and at the latest when the session would. A browser that stalls is cut off, and
// asks again.
func watchRun(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithDeadline(r.Context(), by.Until.Last)
	defer cancel()
	defer context.AfterFunc(by.Ended, cancel)() //nolint:contextcheck // the session's, which ends the stream, too
	out := http.NewResponseController(w)
	hasBegun := false
	err = s.engine.WatchRun(ctx, id, func(run api.Run) error {
		if !hasBegun {
			w.Header().Set("Content-Type", "text/event-stream")
			hasBegun = true
		}
		data, err := json.Marshal(run)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "event: run\ndata: %s\n\n", data); err != nil {
			return err
		}
		return out.Flush()
	})
	if hasBegun { // nothing else fits into the stream
		return nil
	}
	return err
}

// stopRun lets the requests of a run finish; asked again, it cuts them.
func stopRun(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	run, err := s.engine.StopRun(r.Context(), by, id)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "stop", Run: id}); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, run)
}

// showReport shows the report of a run.
func showReport(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	report, err := s.engine.Report(r.Context(), id)
	if err != nil {
		return err
	}
	report.MayLinks = by.HasAny(api.Prepare)
	exports, err := s.audit.Read(func(e *api.LogEntry) bool {
		return e.Run == id && (e.Action == "links" || e.Detail == withLinks(e.Detail))
	}, 0, lists.MaxRows)
	if err != nil {
		return err
	}
	report.Exports = exports.Entries
	return s.writeFollowed(w, r, by, &report)
}

// writeFollowed answers with a report and where its corrected rows went.
func (s *Server) writeFollowed(w http.ResponseWriter, r *http.Request, by access.Visitor, report *api.Report) error {
	runs, err := s.engine.Runs(r.Context())
	if err != nil {
		return err
	}
	for _, run := range runs {
		if run.Origin == report.Run.ID {
			report.Runs = append(report.Runs, run)
		}
	}
	for _, list := range s.lists.All(by.Name) {
		if list.Origin == report.Run.ID {
			report.Lists = append(report.Lists, list)
		}
	}
	return writeJSON(w, http.StatusOK, report)
}

// downloadReport writes a report. Links need the role prepare, and are noted in the log
// before the first byte.
func downloadReport(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	kinds := map[string]string{"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8",
		"html": "text/html; charset=utf-8", "json": "application/json"}
	format := strings.TrimPrefix(path.Ext(r.URL.Path), ".")
	kind, isKnown := kinds[format]
	if !isKnown {
		return api.Refuse(http.StatusNotFound, "not_found")
	}
	hasLinks := r.URL.Query().Get("links") == "1"
	if hasLinks && !slices.Contains(by.Roles, api.Prepare) {
		return api.Refuse(http.StatusForbidden, "no_role")
	}
	detail := format
	if hasLinks {
		detail = withLinks(format)
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "report", Run: id, Detail: detail}); err != nil {
		return err
	}
	setDownload(w.Header(), fmt.Sprintf("run-%d.report.%s", id, format), kind)
	return writeWhole(w, func(w io.Writer) error { return s.engine.WriteReport(r.Context(), w, id, format, hasLinks) })
}

// writeWhole writes a file. Where that fails after the first byte the connection is cut,
// so that the browser does not take a part of the file for all of it.
func writeWhole(w http.ResponseWriter, write func(io.Writer) error) error {
	counted := &countingWriter{to: w}
	err := write(counted)
	if err != nil && counted.n > 0 {
		panic(http.ErrAbortHandler)
	}
	return err
}

// countingWriter counts what goes through it.
type countingWriter struct {
	to io.Writer
	n  int64
}

// Write writes.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// withLinks is what the log says of a report with links.
func withLinks(format string) string {
	const words = ", with links"
	return strings.TrimSuffix(format, words) + words
}

// downloadRejects writes the rows to correct.
func downloadRejects(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "download", Run: id, Detail: "rejects"}); err != nil {
		return err
	}
	setDownload(w.Header(), fmt.Sprintf("run-%d.rejects.xlsx", id), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	run, err := s.engine.Run(r.Context(), id)
	if err != nil {
		return err
	}
	list, err := s.lists.Latest(run.List)
	if err != nil {
		return err
	}
	return writeWhole(w, func(w io.Writer) error { return sendFile(w, list.Rejects) })
}

// sendFile writes a file that a run has left beside its list.
func sendFile(w io.Writer, path string) (err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return api.Refuse(http.StatusNotFound, "no_rejects")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(w, f)
	return err
}

// downloadMailMerge writes the links for mailing.
func downloadMailMerge(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "links", Run: id, Detail: "mail-merge"}); err != nil {
		return err
	}
	setDownload(w.Header(), fmt.Sprintf("run-%d.links.csv", id), "text/csv; charset=utf-8")
	return writeWhole(w, func(w io.Writer) error { return s.engine.WriteMailMerge(r.Context(), w, id) })
}

// showLinks shows links, which are secrets: the log has it first.
func showLinks(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	id, err := runNumber(r)
	if err != nil {
		return err
	}
	from, err := readNumber(r, "from", 0, 1<<31)
	if err != nil {
		return err
	}
	n, err := readNumber(r, "n", lists.MaxRows, lists.MaxRows)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "links", Run: id, Detail: "shown"}); err != nil {
		return err
	}
	links, err := s.engine.Links(r.Context(), id, from, n)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, links)
}
