package cli

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func rootForTest() *cobra.Command {
	return NewRootCommand(term.NewConsole(nil, nil, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}))
}

// walkCommands calls do for a command and all below it.
func walkCommands(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		walkCommands(sub, do)
	}
}

// Every value of a flag is completed: choices and files by what they can be, all
// others without proposing files.
func TestEveryFlagCompletes(t *testing.T) {
	// Values of which no list is known: numbers, times, amounts, names of the operator's.
	free := regexp.MustCompile(`^(N|D|N or N%|AMOUNT|URL|uint64|int)$`)
	freeText := []string{"id", "send", "sheet", "header-row", "again-code", "partner-id", "signature-prefix", "addr", "metrics-addr", "host", "on-end", "because", "link", "service-id",
		"account", "balance", "fee", "latency", "visits", "webhook-prefix", "webhook-reason"}
	flags := 0
	walkCommands(rootForTest(), func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal != "" || f.Name == "no-descriptions" {
				return
			}
			flags++
			complete, ok := c.GetFlagCompletionFunc(f.Name)
			if !ok {
				t.Errorf("%s --%s has no completion", c.CommandPath(), f.Name)
				return
			}
			list, directive := complete(c, nil, "")
			isFile := directive == cobra.ShellCompDirectiveFilterFileExt || directive == cobra.ShellCompDirectiveDefault
			value, _ := pflag.UnquoteUsage(f)
			if isFile != (value == "FILE") {
				t.Errorf("%s --%s %s: proposes files: %t", c.CommandPath(), f.Name, value, isFile)
			}
			if choice, ok := f.Value.(*settings.Choice); ok && !slices.Equal(list, choice.Words) {
				t.Errorf("%s --%s proposes %v, and accepts %v", c.CommandPath(), f.Name, list, choice.Words)
			}
			name := strings.TrimPrefix(f.Name, "sandbox-")
			if !isFile && len(list) == 0 && !free.MatchString(f.Value.Type()) && !slices.Contains(freeText, name) {
				t.Errorf("%s --%s (%s) proposes nothing", c.CommandPath(), f.Name, f.Value.Type())
			}
			// What is proposed is accepted. Pairs and lists go on.
			if isFile || directive&cobra.ShellCompDirectiveNoSpace != 0 {
				return
			}
			for _, word := range list {
				if err := c.Flags().Set(f.Name, word); err != nil {
					t.Errorf("%s --%s proposes %q: %v", c.CommandPath(), f.Name, word, err)
				}
			}
		})
	})
	if flags < 300 {
		t.Errorf("the test saw %d flags only", flags)
	}
}

// Every command completes its arguments, and proposes files where it accepts some.
func TestEveryArgumentCompletes(t *testing.T) {
	walkCommands(rootForTest(), func(c *cobra.Command) {
		if c.HasSubCommands() || c.Parent().Name() == "completion" || c.Name() == "help" || c.RunE == nil {
			return
		}
		if c.ValidArgsFunction == nil {
			t.Errorf("%s does not complete its arguments", c.CommandPath())
			return
		}
		_, directive := c.ValidArgsFunction(c, nil, "")
		wantFiles := regexp.MustCompile(`FILE|BACKUP|REPORT|FROM`).MatchString(c.Use)
		if isFile := directive == cobra.ShellCompDirectiveFilterFileExt; isFile != wantFiles {
			t.Errorf("%s: proposes files: %t", c.Use, isFile)
		}
	})
}
