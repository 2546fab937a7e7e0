package pipeline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// TestRoomsAreSmallAndNamed holds rooms to at most 25 files besides tests, and to
// names that a stranger can search for: at most 40 % of their functions have names
// of one word. The exported methods of ledger/memory are not counted: package
// ledger names them.
func TestRoomsAreSmallAndNamed(t *testing.T) {
	for _, room := range []string{"validate", "validate/phone", "validate/columns", "validate/internal/celltext", "pipeline/partner",
		"pipeline/partner/sandbox", "pipeline/kyc", "pipeline/limits", "ledger/ledgertest", "ledger/memory"} {
		names, err := filepath.Glob(filepath.Join("..", room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files, functions, oneWord := 0, 0, 0
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			files++
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && (room != "ledger/memory" || f.Recv == nil || !f.Name.IsExported()) {
					functions++
					if strings.IndexFunc(f.Name.Name[1:], unicode.IsUpper) < 0 {
						oneWord++
					}
				}
			}
		}
		if files == 0 || files > 25 {
			t.Errorf("%s has %d files", room, files)
		}
		if oneWord*10 > functions*4 {
			t.Errorf("%s: %d of %d functions have a name of one word", room, oneWord, functions)
		}
	}
}
