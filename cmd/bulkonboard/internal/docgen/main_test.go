package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The reference in the repository is what the commands say.
func TestReferenceIsCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := run([]string{"reference"}, &want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../../samples/docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want.Bytes()) {
		t.Error("samples/docs/reference.md is out of date; write it again:\n  go run ./cmd/bulkonboard/internal/docgen reference > samples/docs/reference.md")
	}
}

// The man pages have every command and every flag that is documented.
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man1")
	if err := run([]string{"man", dir}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	root, err := documentedCommands()
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	walk(root, func(c *cobra.Command) {
		pages++
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !bytes.Contains(bytes.ReplaceAll(text, []byte(`\-`), []byte("-")), []byte("--"+f.Name)) {
				t.Errorf("%s does not have --%s", name, f.Name)
			}
		})
	})
	if pages < 35 {
		t.Errorf("%d pages only", pages)
	}
}

func TestUsage(t *testing.T) {
	if err := run(nil, &bytes.Buffer{}); err == nil {
		t.Error("docgen without arguments succeeds")
	}
}
