package pipeline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
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

func TestPrintRooms(t *testing.T) {
	rooms := readRooms(t)
	for _, dir := range slices.Sorted(maps.Keys(rooms)) {
		r := rooms[dir]
		most := 0
		for _, n := range r.methods {
			most = max(most, n)
		}
		t.Logf("%-40s files %3d lines %6d oneword %3d/%3d = %2d%% methods %d", dir, r.files, r.lines, r.oneWord, r.functions, r.oneWord*100/max(1, r.functions), most)
	}
}
