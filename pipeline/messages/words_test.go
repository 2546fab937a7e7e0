package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// No text of the program, in whatever package, has the words that the catalogue may
// not have.
func TestWordsOfTheProgram(t *testing.T) {
	forbidden, texts := forbiddenWords(), 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == "testdata" || name == "ledgertest" || strings.HasPrefix(name, ".") && name != ".."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, isText := n.(*ast.BasicLit); isText && text.Kind == token.STRING && strings.Contains(text.Value, " ") {
				texts++
				if found := forbidden.FindString(text.Value); found != "" {
					t.Errorf("%s: %s has %q", files.Position(text.Pos()), text.Value, found)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || texts < 1000 {
		t.Fatalf("%d texts found (%v)", texts, err)
	}
}
