package pipeline

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// room is the non-test code of one package of the module.
type room struct {
	files, lines, functions, oneWord int
	methods                          map[string]int // by type, embedded ones not counted
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
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))[len("../"):]
		if rooms[dir] == nil {
			rooms[dir] = &room{methods: map[string]int{}}
		}
		rooms[dir].addFile(f, fset.Position(f.FileEnd).Line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rooms
}

func (r *room) addFile(f *ast.File, lines int) {
	r.files++
	r.lines += lines
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
// names that a stranger can search for. A package that is still to be brought to
// a measure stands in that measure's list.
func TestRoomsAreSmall(t *testing.T) {
	const (
		maxFiles     = 25
		maxMethods   = 45 // of one type, embedded ones not counted
		maxOneWord   = 40 // percent of the functions
		minFunctions = 20 // packages with fewer are not judged by the names: interfaces give them
	)
	tooManyFiles := []string{"cmd/bulkonboard"}
	tooManyMethods := []string{"cmd/bulkonboard", "ledger/sqlite", "pipeline/partner/sandbox"}
	tooManyOneWord := []string{"cmd/bulkonboard", "ledger", "ledger/internal/emergency", "ledger/internal/tables", "ledger/ledgertest", "ledger/memory", "ledger/sqlite",
		"pipeline/kyc", "pipeline/partner", "pipeline/partner/sandbox", "validate"}
	rooms := readRooms(t)
	if rooms["pipeline"] == nil || rooms["pipeline"].functions < 100 {
		t.Fatal("package pipeline was not read")
	}
	for dir, r := range rooms {
		if r.files > maxFiles && !slices.Contains(tooManyFiles, dir) {
			t.Errorf("%s has %d files, want at most %d", dir, r.files, maxFiles)
		}
		for name, n := range r.methods {
			if n > maxMethods && !slices.Contains(tooManyMethods, dir) {
				t.Errorf("%s.%s has %d methods, want at most %d", dir, name, n, maxMethods)
			}
		}
		if r.functions >= minFunctions && r.oneWord*100 > maxOneWord*r.functions && !slices.Contains(tooManyOneWord, dir) {
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
// program does and why nobody is created twice.
func TestSixFilesExplainTheProgram(t *testing.T) {
	const maxLines = 1000
	lines := 0
	for _, name := range []string{"../ledger/doc.go", "doc.go", "run.go", "submit.go", "record.go", "internal/decide/decide.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	if lines >= maxLines {
		t.Errorf("the six files that explain the program have %d lines, want fewer than %d", lines, maxLines)
	}
}
