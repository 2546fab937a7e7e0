package limits

import (
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write samples/docs/limits.md")

// TestHostileLimitsDocument holds the page to the code.
func TestHostileLimitsDocument(t *testing.T) {
	page := filepath.Join("..", "..", "samples", "docs", "limits.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte(limitsPage()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != limitsPage() {
		t.Errorf("%s is not what the code says: go test ./pipeline/limits -update", page)
	}
}

// TestHostileLimitsAreUsed wants each limit to be explained, and used by a
// reader: a limit that no reader applies is a false promise.
func TestHostileLimitsAreUsed(t *testing.T) {
	explained := map[string]bool{}
	for _, l := range limitTable() {
		if explained[l.Name] || l.Door == "" || l.Reason == "" {
			t.Errorf("%s: twice in the table, or without door or reason", l.Name)
		}
		explained[l.Name] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "limits.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	used := usedNames(t)
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if !explained[name.Name] {
					t.Errorf("%s is not in limitTable", name.Name)
				}
				delete(explained, name.Name)
				if !used[name.Name] && name.Name != "Memory" { // which a test of the program measures
					t.Errorf("no reader uses %s", name.Name)
				}
			}
		}
	}
	for name := range explained {
		t.Errorf("limitTable has %s, and there is no such limit", name)
	}
}

// usedNames lists the constants of this package that the program's own code
// names.
func usedNames(t *testing.T) map[string]bool {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}\n{{end}}", "github.com/bulkonboard/bulkonboard/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for path := range strings.FieldsSeq(string(out)) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if of, ok := sel.X.(*ast.Ident); ok && of.Name == "limits" {
					used[sel.Sel.Name] = true
				}
			}
			return true
		})
	}
	return used
}

func TestHostileLimitsRecordReader(t *testing.T) {
	r := NewRecordReader(strings.NewReader(strings.Repeat("x", 2*Record+1)))
	buf := make([]byte, Record)
	for range 2 {
		r.NextRecord()
		for read := 0; read < Record; {
			n, err := r.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			read += n
		}
	}
	if _, err := r.Read(buf); !errors.Is(err, ErrRecord) {
		t.Errorf("a byte too many: %v", err)
	}
}

func TestHostileLimitsReadAll(t *testing.T) {
	if text, err := ReadAll(strings.NewReader("four"), 4); string(text) != "four" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := ReadAll(strings.NewReader("five!"), 4); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "4 bytes") {
		t.Errorf("one byte too many: %v", err)
	}
}
