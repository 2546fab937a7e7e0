package webtest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const static = "../static"

// TestScriptsAreSafe holds what the policy of the page relies on: no markup from
// strings, no code from strings, nothing from another origin, and every module checked.
func TestScriptsAreSafe(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(static, "*.js"))
	if err != nil || len(scripts) < 20 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\("style|localStorage|sessionStorage|document\.cookie|https?://`)
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "// @ts-check\n") {
			t.Errorf("%s is not checked", path)
		}
		if found := forbidden.Find(text); found != nil {
			t.Errorf("%s has %s", path, found)
		}
		if n := strings.Count(string(text), "\n"); n > 400 {
			t.Errorf("%s has %d lines", path, n)
		}
	}
	pages, err := filepath.Glob("../templates/*.html")
	if err != nil || len(pages) < 2 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script[^>]*>[^<]|https?://`).Find(text); found != nil {
			t.Errorf("%s has %s", path, found)
		}
	}
}

// TestLogFiltersByWhatIsLogged: every action that the log offers as a filter is one that
// is written.
func TestLogFiltersByWhatIsLogged(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(static, "log.js"))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("../*_handlers.go")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, path := range append(sources, "../session.go") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?:Action: |by, |action :?= )"([a-z-]+)"`).FindAllStringSubmatch(string(text), -1) {
			written[found[1]] = true
		}
	}
	_, offered, _ := strings.Cut(string(script), "const actions = ")
	offered, _, _ = strings.Cut(offered, "});")
	shown := map[string]bool{}
	for _, found := range regexp.MustCompile(`"?([a-z-]+)"?: "`).FindAllStringSubmatch(offered, -1) {
		shown[found[1]] = true
	}
	for _, pair := range []struct {
		what       string
		all, among map[string]bool
	}{{"offered and never written", shown, written}, {"written and not named", written, shown}} {
		for action := range pair.all {
			if isDownload := action == "marked" || action == "corrected"; !pair.among[action] && !isDownload {
				t.Errorf("%s: %s", pair.what, action)
			}
		}
	}
	if len(shown) < 15 {
		t.Errorf("only %d actions were found", len(shown))
	}
}

// TestTypesKnowEveryField: the types of the scripts name whatever the server answers.
func TestTypesKnowEveryField(t *testing.T) {
	types, err := os.ReadFile(filepath.Join(static, "types.js"))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("../api/testdata/*.json")
	if err != nil || len(examples) < 10 {
		t.Fatalf("%d examples, %v", len(examples), err)
	}
	// Bodies around lists, and what no screen shows.
	known := []string{"lists", "plans", "runs", "entries", "total", "from", "rows", "error"}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var body any
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatal(err)
		}
		for _, field := range slices.Sorted(maps.Keys(fieldsOf(body))) {
			if !slices.Contains(known, field) && !regexp.MustCompile(`\b`+regexp.QuoteMeta(field)+`\b`).Match(types) {
				t.Errorf("%s: %s", filepath.Base(path), field)
			}
		}
	}
}

// fieldsOf returns the names of all fields of a JSON value. Maps by field, column or
// status are left out.
func fieldsOf(value any) map[string]bool {
	names := map[string]bool{}
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			maps.Copy(names, fieldsOf(element))
		}
	case map[string]any:
		for name, element := range v {
			names[name] = true
			if !slices.Contains([]string{"was", "statuses", "columns", "defaults"}, name) || isList(element) {
				maps.Copy(names, fieldsOf(element))
			}
		}
	}
	return names
}

func isList(value any) bool {
	_, is := value.([]any)
	return is
}
