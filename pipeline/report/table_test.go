package report

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

func TestTable(t *testing.T) {
	rows := func(yield func([]string, error) bool) {
		_ = yield([]string{"=1+1", "https://withpersona.com/verify?a=1"}, nil) && yield([]string{"+4915112345678", "x\x00"}, nil)
	}
	want := [][]string{{"id", "link"}, {"'=1+1", "https://withpersona.com/verify?a=1"}, {"+4915112345678", "x\uFFFD"}}
	for _, kind := range []Kind{CSV, XLSX} {
		path := filepath.Join(booktest.Dir(t), "links."+string(kind))
		written, err := Output{}.Table(t.Context(), path, kind, []string{"id", "link"}, rows)
		if err != nil || written != path {
			t.Fatal(written, err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got [][]string
		if kind == CSV {
			for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
				got = append(got, strings.Split(strings.TrimSpace(line), ","))
			}
		} else {
			f, err := excelize.OpenReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got, err = f.GetRows(f.GetSheetName(0)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range want {
			if len(got) != len(want) || strings.Join(got[i], "|") != strings.Join(want[i], "|") {
				t.Errorf("%s: %q", kind, got)
				break
			}
		}
	}
	broken := errors.New("ledger")
	path := filepath.Join(booktest.Dir(t), "l.csv")
	if _, err := (Output{}).Table(t.Context(), path, CSV, []string{"id"}, func(yield func([]string, error) bool) { yield(nil, broken) }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half a table was left")
	}
}
