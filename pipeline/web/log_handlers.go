package web

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// matchesLog returns whether an entry of the log fits the filters of a query: action,
// user, list, plan and run, each of them as a whole.
func matchesLog(q url.Values) func(*api.LogEntry) bool {
	return func(e *api.LogEntry) bool {
		for name, is := range map[string]string{"action": e.Action, "user": e.User, "list": e.List, "plan": e.Plan, "run": numberText(e.Run)} {
			if wanted := q.Get(name); wanted != "" && wanted != is {
				return false
			}
		}
		return true
	}
}

// numberText returns a number, "" for 0.
func numberText[N int | int64](n N) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// showLog shows who did what.
func showLog(s *Server, w http.ResponseWriter, r *http.Request, _ access.Visitor) error {
	from, err := readNumber(r, "from", 0, math.MaxInt32)
	if err != nil {
		return err
	}
	n, err := readNumber(r, "n", lists.MaxRows, lists.MaxRows)
	if err != nil {
		return err
	}
	entries, err := s.audit.Read(matchesLog(r.URL.Query()), from, n)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, entries)
}

// exportLog writes all entries that fit the filters as CSV, newest first.
func exportLog(s *Server, w http.ResponseWriter, r *http.Request, by access.Visitor) error {
	found, err := s.audit.Read(matchesLog(r.URL.Query()), 0, math.MaxInt32)
	if err != nil {
		return err
	}
	if err := s.audit.Add(by, api.LogEntry{Action: "download", Rows: len(found.Entries), Detail: "log"}); err != nil {
		return err
	}
	setDownload(w.Header(), "log.csv", "text/csv; charset=utf-8")
	// The browser may be gone: then no one is left to read an error.
	_ = report.StreamCSV(w, []string{"at", "user", "from", "action", "list", "plan", "run", "rows", "detail"}, func(row func(...string) error) error {
		for _, e := range found.Entries {
			if err := row(e.At.Format(time.RFC3339), e.User, e.From, e.Action, e.List, e.Plan, numberText(e.Run), numberText(e.Rows), e.Detail); err != nil {
				return err
			}
		}
		return nil
	})
	return nil
}
