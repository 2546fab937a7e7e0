package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// A file that cannot be written to its end is no answer; one that cannot be begun is an
// error like any other.
func TestWriteWhole(t *testing.T) {
	wrong := errors.New("the disk is gone")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := writeWhole(w, func(w io.Writer) error {
			if r.URL.Path == "/cut" {
				if _, err := io.WriteString(w, "half"); err != nil {
					return err
				}
			}
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Errorf("%v", err)
		}
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	for path, isAnswer := range map[string]bool{"/cut": false, "/refused": true} {
		answer, err := server.Client().Get(server.URL + path)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		if (err == nil) != isAnswer || isAnswer && answer.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSendFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects.xlsx")
	w := httptest.NewRecorder()
	if err := sendFile(w, path); !isRefusal(err, "no_rejects") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("rows"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sendFile(w, path); err != nil || w.Body.String() != "rows" {
		t.Errorf("%q, %v", w.Body, err)
	}
}

// A report names the lists and the runs that have its corrected rows.
func TestCorrectedRowsAreFollowed(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	for name, origin := range map[string]string{"corrected.csv": "&origin=4", "other.csv": "&origin=3", "own.csv": ""} {
		if w := p.do("PUT", "/api/lists?name="+name+origin, "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n"+name+",Roe,a@example.com,+4915112345678,cards,203.0.113.9,TRUE,custodial\n"); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	p.expect(p.do("PUT", "/api/lists?name=x.csv&origin=-1", "x"), http.StatusBadRequest, "bad_request")
	p.engine.runs = []api.Run{{ID: 6, Origin: 4}, {ID: 5, Origin: 3}, {ID: 4}}
	var report api.Report
	p.decode(p.do("GET", "/api/runs/4/report", ""), &report)
	if len(report.Lists) != 1 || report.Lists[0].Name != "corrected.csv" || len(report.Runs) != 1 || report.Runs[0].ID != 6 {
		t.Errorf("%+v", report)
	}
}

// Every answer says of which version the pages are, and every page of which it is.
func TestPagesHaveAVersion(t *testing.T) {
	p := openPage(t, nil)
	p.signIn()
	w := p.do("GET", "/", "")
	version := w.Header().Get(versionHeader)
	if version == "" || !strings.Contains(w.Body.String(), `data-version="`+version+`"`) {
		t.Errorf("version %q of %s", version, w.Body)
	}
	if got := p.do("GET", "/api/lists", "").Header().Get(versionHeader); got != version {
		t.Errorf("an answer has version %q", got)
	}
}
