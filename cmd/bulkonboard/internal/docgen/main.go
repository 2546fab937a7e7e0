// Command docgen writes what is documented from the commands themselves: the
// reference, which is part of the repository, and the man pages, which are part
// of a release.
//
//	go run ./cmd/bulkonboard/internal/docgen reference > samples/docs/reference.md
//	go run ./cmd/bulkonboard/internal/docgen man DIR
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "reference":
		text, err := reference()
		if err != nil {
			return err
		}
		_, err = io.WriteString(stdout, text)
		return err
	case len(args) == 2 && args[0] == "man":
		return writeManPages(args[1])
	}
	return errors.New("usage: docgen reference | docgen man DIR")
}

// writeManPages writes a page for each command and help topic into a directory,
// which it creates. SOURCE_DATE_EPOCH dates the pages, as in any reproducible build.
func writeManPages(dir string) error {
	root, err := documentedCommands()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	header := doc.GenManHeader{Section: "1", Source: "bulkonboard", Manual: "bulkonboard"}
	all := []error{doc.GenManTree(root, &header, dir)}
	for _, c := range root.Commands() {
		if c.IsAdditionalHelpTopicCommand() { // GenManTree leaves them out
			all = append(all, writeManPage(c, header, filepath.Join(dir, "bulkonboard-"+c.Name()+".1")))
		}
	}
	return errors.Join(all...)
}

func writeManPage(c *cobra.Command, header doc.GenManHeader, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(doc.GenMan(c, &header, f), f.Close())
}

// documentedCommands returns the commands as they are documented: with the flags
// that run --help leaves out, and with the help topics as texts.
func documentedCommands() (*cobra.Command, error) {
	root := newRoot(io.Discard)
	root.DisableAutoGenTag = true
	var all []error
	walk(root, func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if len(f.Annotations[settings.AdvancedAnnotation]) > 0 {
				f.Hidden = false
			}
		})
		if c.IsAdditionalHelpTopicCommand() {
			text, err := topicText(c.Name())
			c.Long = indent(text)
			all = append(all, err)
		}
	})
	return root, errors.Join(all...)
}

// topicText returns what bulkonboard help TOPIC prints.
func topicText(topic string) (string, error) {
	var out bytes.Buffer
	root := newRoot(&out)
	root.SetArgs([]string{"help", topic})
	err := root.Execute()
	return out.String(), err
}

// newRoot returns the commands of a process without arguments and environment.
func newRoot(stdout io.Writer) *cobra.Command {
	return cli.NewRootCommand(term.NewConsole(nil, nil, strings.NewReader(""), stdout, io.Discard))
}

// walk calls do for a command and for all that are documented below it.
func walk(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			walk(sub, do)
		}
	}
}

// indent makes a text a block that man pages and Markdown print as it is.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}
