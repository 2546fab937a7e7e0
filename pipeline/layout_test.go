package pipeline

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestWhoMayKnowWhom holds the direction of the imports: the rooms at the
// bottom know nobody, pipeline links no file format and no database, and only
// the command puts them together.
func TestWhoMayKnowWhom(t *testing.T) {
	const module = "github.com/bulkonboard/bulkonboard"
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	type pkg struct {
		ImportPath    string
		Imports, Deps []string
	}
	pkgs := map[string]pkg{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
	ours := func(paths []string) (found []string) {
		for _, p := range paths {
			if rest, ok := strings.CutPrefix(p, module+"/"); ok {
				found = append(found, rest)
			}
		}
		return found
	}
	for room, may := range map[string][]string{
		"validate":                       {"validate/internal/celltext", "validate/internal/columns"},
		"ledger":                         {"ledger/internal/keyed"},
		"ledger/memory":                  {"ledger", "ledger/internal/keyed"},
		"ledger/ledgertest":              {"ledger", "ledger/memory"},
		"ledger/sqlite":                  {"ledger", "ledger/internal/datafile", "ledger/internal/emergency", "ledger/internal/keyed", "ledger/internal/private", "ledger/internal/tables"},
		"ledger/internal/tables":         {"ledger", "ledger/internal/keyed"},
		"ledger/internal/datafile":       {"ledger", "ledger/internal/private"},
		"ledger/internal/emergency":      {"ledger", "ledger/internal/private"},
		"ledger/internal/private":        {},
		"pipeline/source":                {"pipeline/internal/formula", "pipeline/limits", "pipeline/source/csvfile", "pipeline/source/table", "pipeline/source/xlsx"},
		"pipeline/source/csvfile":        {"pipeline/limits", "pipeline/source/table"},
		"pipeline/source/xlsx":           {"pipeline/limits", "pipeline/source/table"},
		"pipeline/source/table":          {"pipeline/limits"},
		"pipeline/intake":                {"ledger", "pipeline", "pipeline/source", "validate"},
		"pipeline/internal/formula":      {},
		"pipeline/limits":                {},
		"pipeline/partner":               {"ledger", "pipeline/limits"},
		"pipeline/partner/sandbox":       {"pipeline/limits"},
		"pipeline/kyc":                   {"ledger", "pipeline/limits", "pipeline/partner"},
		"pipeline/report":                {"ledger", "pipeline/internal/formula", "pipeline/limits", "pipeline/report/atomicfile", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate":       {"pipeline/limits", "pipeline/report/annotate/inert", "pipeline/report/atomicfile", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate/inert": {"pipeline/limits", "pipeline/report/workbook"},
		"pipeline/report/atomicfile":     {},
		"pipeline/report/metrics":        {"ledger", "pipeline/report/atomicfile", "pipeline/report/reporttext"},
		"pipeline/report/reporttext":     {"pipeline/internal/formula"},
		"pipeline/report/workbook":       {"pipeline/limits", "pipeline/report/reporttext"},
		"pipeline/internal/decide":       {"ledger"},
		"pipeline/internal/pacing":       {"ledger", "pipeline/internal/decide"},
		"pipeline/internal/userlist":     {"ledger", "pipeline/internal/decide", "pipeline/internal/pacing", "pipeline/limits", "pipeline/partner", "validate"},
		"pipeline":                       {"ledger", "pipeline/internal/decide", "pipeline/internal/pacing", "pipeline/internal/userlist", "pipeline/limits", "pipeline/partner", "validate"},
	} {
		p, ok := pkgs[module+"/"+room]
		if !ok {
			t.Errorf("%s: no such package", room)
		}
		for _, i := range ours(p.Imports) {
			if !slices.Contains(may, i) {
				t.Errorf("%s imports %s", room, i)
			}
		}
	}
	for path, p := range pkgs {
		if slices.Contains(p.Imports, module+"/pipeline") && !strings.HasPrefix(path, module+"/cmd/") && path != module+"/pipeline/intake" {
			t.Errorf("%s imports pipeline; only the command and intake may", path)
		}
	}
	for _, dep := range pkgs[module+"/pipeline"].Deps {
		for _, heavy := range []string{"modernc.org/sqlite", "github.com/xuri/excelize", "github.com/schollz/progressbar", "database/sql", "github.com/gocarina/gocsv"} {
			if dep == heavy || strings.HasPrefix(dep, heavy+"/") && heavy != "database/sql" { // uuid links database/sql/driver, which is interfaces
				t.Errorf("pipeline links %s", dep)
			}
		}
	}
}
