package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
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
