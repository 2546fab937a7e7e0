package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestWhoMayKnowWhom holds the direction of the imports: the rooms at the
// bottom import no other, pipeline links no file format and no database, and only
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
		"validate":                       {"validate/country", "validate/internal/celltext", "validate/phone"},
		"validate/country":               {},
		"pipeline/decisions":             {"ledger", "pipeline/source", "validate", "validate/country", "validate/phone"},
		"validate/columns":               {"validate", "validate/internal/celltext", "validate/phone"},
		"validate/phone":                 {"validate/internal/celltext"},
		"validate/internal/celltext":     {},
		"ledger":                         {"ledger/internal/keyed"},
		"ledger/memory":                  {"ledger", "ledger/internal/keyed", "ledger/internal/sharing"},
		"ledger/internal/sharing":        {"ledger"},
		"ledger/ledgertest":              {"ledger", "ledger/memory"},
		"ledger/sqlite":                  {"ledger", "ledger/internal/datafile", "ledger/internal/emergency", "ledger/internal/keyed", "ledger/internal/fileperm", "ledger/internal/tables"},
		"ledger/internal/tables":         {"ledger", "ledger/internal/keyed"},
		"ledger/internal/datafile":       {"ledger", "ledger/internal/fileperm"},
		"ledger/internal/emergency":      {"ledger", "ledger/internal/fileperm"},
		"ledger/internal/fileperm":       {},
		"pipeline/source":                {"pipeline/internal/formula", "pipeline/limits", "pipeline/source/csvfile", "pipeline/source/jsonl", "pipeline/source/table", "pipeline/source/xlsx"},
		"pipeline/source/jsonl":          {"pipeline/limits", "pipeline/source/table"},
		"pipeline/source/csvfile":        {"pipeline/limits", "pipeline/source/table"},
		"pipeline/source/xlsx":           {"pipeline/limits", "pipeline/source/table"},
		"pipeline/source/table":          {"pipeline/limits"},
		"pipeline/intake":                {"ledger", "pipeline", "pipeline/source", "validate"},
		"pipeline/internal/formula":      {},
		"pipeline/limits":                {},
		"pipeline/messages":              {},
		"pipeline/partner":               {"ledger", "pipeline/limits", "validate"},
		"pipeline/partner/sandbox":       {"pipeline/limits"},
		"pipeline/funnel":                {"ledger"},
		"pipeline/kyc":                   {"ledger", "pipeline/funnel", "pipeline/limits", "pipeline/partner"},
		"pipeline/approval":              {"ledger"},
		"pipeline/report":                {"ledger", "pipeline/funnel", "pipeline/internal/formula", "pipeline/limits", "pipeline/messages", "pipeline/report/annotate", "pipeline/report/atomicfile", "pipeline/report/finance", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate":       {"pipeline/limits", "pipeline/report/annotate/inert", "pipeline/report/atomicfile", "pipeline/report/finance", "pipeline/report/reporttext", "pipeline/report/workbook"},
		"pipeline/report/annotate/inert": {"pipeline/limits", "pipeline/report/workbook"},
		"pipeline/report/atomicfile":     {},
		"pipeline/report/finance":        {"ledger", "pipeline/messages", "pipeline/report/reporttext"},
		"pipeline/report/marking":        {"ledger", "pipeline/report/annotate", "pipeline/report/finance", "pipeline/source", "validate"},
		"pipeline/report/metrics":        {"ledger", "pipeline/report/atomicfile", "pipeline/report/reporttext"},
		"pipeline/report/reporttext":     {"pipeline/internal/formula"},
		"pipeline/report/workbook":       {"pipeline/limits", "pipeline/report/reporttext"},
		"pipeline/internal/decide":       {"ledger"},
		"pipeline/internal/pacing":       {"ledger", "pipeline/internal/decide"},
		"pipeline/internal/patience":     {"ledger"},
		"pipeline/internal/userlist":     {"ledger", "pipeline/internal/decide", "pipeline/internal/pacing", "pipeline/limits", "pipeline/partner", "validate"},
		"pipeline/web":                   {"pipeline/messages", "pipeline/report", "pipeline/source", "pipeline/web/access", "pipeline/web/api", "pipeline/web/lists", "pipeline/web/plans"},
		"pipeline/web/api":               {},
		"pipeline/web/webtest":           {},
		"pipeline/web/access":            {"pipeline/web/api"},
		"pipeline/web/plans":             {"ledger", "pipeline", "pipeline/approval", "pipeline/decisions", "pipeline/messages", "pipeline/report", "pipeline/report/reporttext", "pipeline/source", "pipeline/web/access", "pipeline/web/api", "pipeline/web/lists"},
		"pipeline/web/lists": {"ledger", "pipeline", "pipeline/decisions", "pipeline/intake", "pipeline/limits", "pipeline/messages", "pipeline/report/annotate",
			"pipeline/report/atomicfile", "pipeline/report/marking", "pipeline/source", "pipeline/source/table", "pipeline/source/xlsx", "pipeline/web/api", "validate"},
		"pipeline": {"ledger", "pipeline/internal/decide", "pipeline/internal/pacing", "pipeline/internal/patience", "pipeline/internal/userlist", "pipeline/limits", "pipeline/messages", "pipeline/partner", "validate"},
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
		"notify":             {},
		"session/alerts":     {"exit", "notify", "settings", "term"},
		"session/reportfile": {"exit", "term"},
		"session/findings":   {"term"},
		"session/outputs":    {"exit", "session/findings", "session/reportfile", "settings", "term"},
		"session/plans":      {"exit", "settings", "term"},
		"session/guest":      {"session/plans"},
		"session/holder":     {},
		"session":            {"exit", "session/alerts", "session/findings", "session/guest", "session/outputs", "session/plans", "session/reportfile", "settings", "term"},
		"cli/approvecmd":     {"cli/subcommand", "exit", "session", "session/plans", "settings", "term"},
		"cli/subcommand":     {"exit", "settings", "term"},
		"cli/cardscmd":       {"cli/subcommand", "exit", "session", "session/outputs", "settings", "term"},
		"cli/kyccmd":         {"cli/subcommand", "exit", "session", "settings", "term"},
		"cli/ledgercmd":      {"cli/subcommand", "exit", "session", "session/outputs", "session/plans", "session/reportfile", "settings", "term"},
		"cli/linkscmd":       {"cli/subcommand", "exit", "session", "session/outputs", "settings", "term"},
		"cli/webcmd":         {"cli/subcommand", "exit", "session", "session/guest", "session/holder", "session/plans", "settings", "term"},
		"docgen":             {"cli", "exit", "session", "settings", "term"},
		"cli/sandboxcmd":     {"cli/subcommand", "exit", "settings", "term"},
		"cli": {"cli/approvecmd", "cli/cardscmd", "cli/kyccmd", "cli/ledgercmd", "cli/linkscmd", "cli/sandboxcmd", "cli/subcommand", "cli/webcmd", "exit", "session", "session/findings",
			"session/holder", "session/outputs", "session/plans", "settings", "term"},
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
		if slices.Contains(p.Imports, module+"/pipeline") && !strings.HasPrefix(path, module+"/cmd/") && path != module+"/pipeline/intake" && !strings.HasPrefix(path, module+"/pipeline/web") {
			t.Errorf("%s imports pipeline; only the command, intake and the finance page may", path)
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

// room is the non-test code of one package of the module.
type room struct {
	files, functions, oneWord int
	methods                   map[string]int // by type, embedded ones not counted
}

// readRooms parses all packages of the module, by their path from its root.
func readRooms(t *testing.T) map[string]*room {
	t.Helper()
	rooms := map[string]*room{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))[len("../"):]
		if rooms[dir] == nil {
			rooms[dir] = &room{methods: map[string]int{}}
		}
		rooms[dir].addFile(f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rooms
}

func (r *room) addFile(f *ast.File) {
	r.files++
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		r.functions++
		if isOneWord(fn.Name.Name) {
			r.oneWord++
		}
		if fn.Recv != nil {
			r.methods[receiverOf(fn.Recv.List[0].Type)]++
		}
	}
}

// isOneWord reports whether a name has no capital letter behind its first one,
// runs of capitals counted as one: String and URL have one word.
func isOneWord(name string) bool {
	isLower := false
	for _, c := range name {
		if isLower && unicode.IsUpper(c) {
			return false
		}
		isLower = unicode.IsLower(c)
	}
	return true
}

func receiverOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverOf(e.X)
	case *ast.IndexExpr:
		return receiverOf(e.X)
	case *ast.Ident:
		return e.Name
	default:
		return ""
	}
}

// TestRoomsAreSmall holds the size of packages and types, and that functions have
// names that a stranger can search for.
func TestRoomsAreSmall(t *testing.T) {
	const (
		maxFiles     = 25
		maxMethods   = 45 // of one type, embedded ones not counted
		maxOneWord   = 40 // percent of the functions
		minFunctions = 20 // packages with fewer are not judged by the names: interfaces give them
	)
	rooms := readRooms(t)
	if rooms["pipeline"] == nil || rooms["pipeline"].functions < 100 {
		t.Fatal("package pipeline was not read")
	}
	for dir, r := range rooms {
		if r.files > maxFiles {
			t.Errorf("%s has %d files, want at most %d", dir, r.files, maxFiles)
		}
		for name, n := range r.methods {
			if n > maxMethods {
				t.Errorf("%s.%s has %d methods, want at most %d", dir, name, n, maxMethods)
			}
		}
		if r.functions >= minFunctions && r.oneWord*100 > maxOneWord*r.functions {
			t.Errorf("%s: %d of %d functions have a name of one word, want at most %d %%", dir, r.oneWord, r.functions, maxOneWord)
		}
	}
}

func TestIsOneWord(t *testing.T) {
	for name, want := range map[string]bool{"run": true, "Run": true, "URL": true, "readURL": false, "feedRows": false, "IsOver": false} {
		if isOneWord(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

// TestSixFilesExplainTheProgram: a reader who has only read these knows what the
// program does and why no customer is created twice. The README names them.
func TestSixFilesExplainTheProgram(t *testing.T) {
	const maxLines = 1000
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range []string{"ledger/doc.go", "pipeline/doc.go", "pipeline/run.go", "pipeline/submit.go", "pipeline/record.go", "pipeline/internal/decide/decide.go"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
		if !bytes.Contains(readme, []byte("("+name+")")) {
			t.Errorf("the README does not name %s", name)
		}
	}
	if lines >= maxLines {
		t.Errorf("the six files that explain the program have %d lines, want fewer than %d", lines, maxLines)
	}
}

// TestNamedFilesExist checks every file name in a comment or in CONTRIBUTING. A bare
// name is one of the same folder, a name with a folder is the end of a path.
func TestNamedFilesExist(t *testing.T) {
	files := map[string]bool{} // by path from the root of the module, with a slash in front
	text := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "testdata" || name == ".git") {
			return filepath.SkipDir
		}
		path = filepath.ToSlash(path)[len(".."):]
		switch filepath.Ext(path) {
		case ".go":
			files[path] = true
			text[path], err = commentsOf(".." + path)
		case ".sql":
			files[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	const contributing = "/.github/CONTRIBUTING.md"
	page, err := os.ReadFile(".." + contributing)
	if err != nil {
		t.Fatal(err)
	}
	ours, _, _ := strings.Cut(string(page), "\n## Style") // after it are files of other projects
	text[contributing] = ours
	fileName := regexp.MustCompile(`[\w./-]*\w\.(?:go|sql)\b`)
	named := 0
	for in, comments := range text {
		for _, name := range fileName.FindAllString(comments, -1) {
			named++
			isThere := files[filepath.ToSlash(filepath.Join(filepath.Dir(in), name))]
			for path := range files {
				isThere = isThere || strings.Contains(name, "/") && strings.HasSuffix(path, "/"+strings.TrimPrefix(name, "./"))
			}
			if !isThere {
				t.Errorf("%s names %s, which is not there", in[1:], name)
			}
		}
	}
	if named < 100 {
		t.Errorf("%d file names were found", named)
	}
}

// commentsOf returns all comments of a Go file.
func commentsOf(path string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, group := range f.Comments {
		all.WriteString(group.Text() + "\n")
	}
	return all.String(), nil
}
