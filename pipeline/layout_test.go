package pipeline

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
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
		"validate":                       {"validate/internal/celltext", "validate/phone"},
		"validate/columns":               {"validate", "validate/internal/celltext", "validate/phone"},
		"validate/phone":                 {"validate/internal/celltext"},
		"validate/internal/celltext":     {},
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
		"pipeline/partner":               {"ledger", "pipeline/limits", "validate"},
		"pipeline/partner/sandbox":       {"pipeline/limits"},
		"pipeline/kyc":                   {"ledger", "pipeline/limits", "pipeline/partner"},
		"pipeline/report":                {"ledger", "pipeline/internal/formula", "pipeline/limits", "pipeline/report/atomicfile", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate":       {"pipeline/limits", "pipeline/report/annotate/inert", "pipeline/report/atomicfile", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate/inert": {"pipeline/limits", "pipeline/report/workbook"},
		"pipeline/report/atomicfile":     {},
		"pipeline/report/metrics":        {"ledger", "pipeline/report/atomicfile", "pipeline/report/reporttext"},
		"pipeline/report/reporttext":     {"pipeline/internal/formula"},
		"pipeline/report/workbook":       {"pipeline/limits", "pipeline/report/reporttext"},
		"pipeline":                       {"ledger", "pipeline/limits", "pipeline/partner", "validate"},
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
	// The rooms of the command may use any package of the library, and of each
	// other only these: cli → session → settings → term → exit.
	const command = "cmd/bulkonboard/internal/"
	rooms := map[string][]string{
		"exit":               {},
		"term":               {"exit"},
		"settings":           {"exit", "term"},
		"session/reportfile": {"exit", "term"},
		"session/findings":   {"term"},
		"session/outputs":    {"exit", "session/findings", "session/reportfile", "settings", "term"},
		"session":            {"exit", "session/findings", "session/outputs", "session/reportfile", "settings", "term"},
		"cli/subcommand":     {"exit", "settings"},
		"cli/kyccmd":         {"cli/subcommand", "exit", "session", "settings", "term"},
		"cli/ledgercmd":      {"cli/subcommand", "exit", "session", "session/outputs", "session/reportfile", "settings", "term"},
		"cli/linkscmd":       {"cli/subcommand", "exit", "session", "session/outputs", "settings", "term"},
		"cli": {"cli/kyccmd", "cli/ledgercmd", "cli/linkscmd", "cli/subcommand", "exit", "session", "session/findings",
			"session/outputs", "settings", "term"},
	}
	for path, p := range pkgs {
		room, isRoom := strings.CutPrefix(path, module+"/"+command)
		if !isRoom {
			continue
		}
		may, isKnown := rooms[room]
		if !isKnown {
			t.Errorf("%s: a room of the command that this test does not know", room)
		}
		for _, i := range ours(p.Imports) {
			if other, isOther := strings.CutPrefix(i, command); isOther && !slices.Contains(may, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
	if imports := ours(pkgs[module+"/cmd/bulkonboard"].Imports); !slices.Equal(imports, []string{command + "cli", "pipeline/limits"}) {
		t.Errorf("main imports %v", imports)
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

// TestRoomsOfTheCommandAreSmall holds every package of the command to 25 files
// and every type in it to 45 methods, tests aside; main is a file of its own.
func TestRoomsOfTheCommandAreSmall(t *testing.T) {
	const maxFiles, maxMethods = 25, 45
	files, methods := map[string]int{}, map[string]int{}
	root := filepath.Join("..", "cmd", "bulkonboard")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files[filepath.Dir(path)]++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			receiver := fn.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if name, ok := receiver.(*ast.Ident); ok {
				methods[filepath.Dir(path)+"."+name.Name]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files[root] != 1 {
		t.Errorf("beside main.go there are %d files that are no tests", files[root]-1)
	}
	for dir, n := range files {
		if n > maxFiles {
			t.Errorf("%s has %d files", dir, n)
		}
	}
	for receiver, n := range methods {
		if n > maxMethods {
			t.Errorf("%s has %d methods", receiver, n)
		}
	}
}
