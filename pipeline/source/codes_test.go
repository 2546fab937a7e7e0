package source

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Every code that an issue gets is listed once, and no other one is.
func TestCodesAreListed(t *testing.T) {
	given := map[string]bool{}
	issue := regexp.MustCompile(`[iI]ssue\("(\w+)"|Issue\{\s*Column: [^"]*?Code: "(\w+)"`)
	var files []string
	for _, room := range []string{".", "table", "csvfile", "jsonl", "xlsx"} {
		found, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		if matched, err := filepath.Match("*_test.go", filepath.Base(name)); matched || err != nil {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range issue.FindAllSubmatch(text, -1) {
			given[string(slices.Concat(m[1], m[2]))] = true
		}
	}
	if len(given) < 10 {
		t.Fatalf("only %v found", given)
	}
	for _, c := range Codes() {
		if !given[c.Code] {
			t.Errorf("%s is listed twice, or no issue has it", c.Code)
		}
		delete(given, c.Code)
	}
	if len(given) > 0 {
		t.Errorf("not listed: %v", given)
	}
}
