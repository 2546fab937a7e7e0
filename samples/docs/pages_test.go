package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the module's directory.
var root = filepath.Join("..", "..")

// readPages returns every Markdown file of the module, by its path from the root.
func readPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".md") {
			pages[filepath.ToSlash(path[len(root)+1:])] = readPage(t, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 12 {
		t.Fatalf("found only %d pages", len(pages))
	}
	return pages
}

// block is a fenced block of a page.
type block struct {
	language, text string
	before         string // the last line above it that is not blank
}

// splitBlocks returns the prose of a page and its fenced blocks.
func splitBlocks(page string) (prose string, blocks []block) {
	isInside, last := false, ""
	for line := range strings.Lines(page) {
		language, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && !isInside:
			blocks = append(blocks, block{language: language, before: last})
			isInside = true
		case isFence:
			isInside = false
		case isInside:
			blocks[len(blocks)-1].text += line
		default:
			prose += line
			if strings.TrimSpace(line) != "" {
				last = strings.TrimSpace(line)
			}
		}
	}
	return prose, blocks
}

// anchors returns the anchors that GitHub makes of a page's headings.
func anchors(page string) (found []string) {
	prose, _ := splitBlocks(page)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose, -1) {
		slug := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(slug, " ", "-"))
	}
	return found
}

// Every link to a file, to a heading and to a picture leads somewhere; every page of
// this directory is linked from the README, and every picture from a page.
func TestLinks(t *testing.T) {
	pages := readPages(t)
	linked := map[string]bool{}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	count := 0
	for name, page := range pages {
		prose, _ := splitBlocks(page)
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			target := m[1] + m[2]
			if strings.HasPrefix(target, "https://") {
				continue
			}
			count++
			file, anchor, hasAnchor := strings.Cut(target, "#")
			path := name
			if file != "" {
				path = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			linked[path] = linked[path] || strings.HasSuffix(path, ".png") || name == "README.md"
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s links to %s: %v", name, target, err)
			} else if hasAnchor && !slices.Contains(anchors(pages[path]), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", name, target, path)
			}
		}
	}
	if count < 60 {
		t.Errorf("found only %d links", count)
	}
	for _, pattern := range []string{"samples/docs/*.md", "samples/pictures/*.png"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if path := filepath.ToSlash(file[len(root)+1:]); !linked[path] {
				t.Errorf("%s is not linked", path)
			}
		}
	}
}

// A command is either played (```console) or in a block that says above it that it is
// not, and why (```sh).
func TestUnplayedCommandsAreMarked(t *testing.T) {
	marked := 0
	for name, page := range readPages(t) {
		_, blocks := splitBlocks(page)
		for _, b := range blocks {
			if !slices.Contains([]string{"console", "sh", "sql", "text"}, b.language) {
				t.Errorf("%s: a block of the language %q", name, b.language)
			}
			if b.language != "sh" || name == "samples/docs/reference.md" {
				continue
			}
			marked++
			if !strings.HasPrefix(b.before, "*Not played by a test") {
				t.Errorf("%s: a block of commands that no test plays, and nothing above it says so:\n%s", name, b.text)
			}
		}
	}
	if marked < 5 {
		t.Errorf("found only %d blocks that are not played", marked)
	}
}
