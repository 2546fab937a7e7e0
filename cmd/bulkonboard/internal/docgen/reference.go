package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
)

// reference returns samples/docs/reference.md.
func reference() (string, error) {
	root, err := documentedCommands()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Reference\n\n")
	b.WriteString("<!-- Generated: go run ./cmd/bulkonboard/internal/docgen reference > samples/docs/reference.md -->\n\n")
	b.WriteString("Every command and flag, the exit codes, the statuses and codes of rows, and the events of the log.\n\n")
	b.WriteString("- [Commands](#commands)\n- [Exit codes](#exit-codes)\n- [Statuses and codes](#statuses-and-codes)\n- [Settings](#settings)\n- [Events of the log](#events-of-the-log)\n\n")
	b.WriteString("## Commands\n\n| command | |\n|---|---|\n")
	var commands []*cobra.Command
	walk(root, func(c *cobra.Command) {
		if c.Runnable() && (!c.HasSubCommands() || hasOwnFlags(c)) && (c.Parent() == nil || c.Parent().Name() != "completion") {
			commands = append(commands, c)
		}
	})
	for _, c := range commands {
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", c.CommandPath(), strings.ReplaceAll(c.CommandPath(), " ", "-"), tableCell(c.Short))
	}
	b.WriteString("| bulkonboard completion SHELL | write the completion script for bash, zsh, fish or powershell |\n")
	b.WriteString("| bulkonboard help TOPIC | explain exit-codes, statuses, config or run-advanced |\n")
	for _, c := range commands {
		writeCommand(&b, c)
	}
	writeExitCodes(&b)
	statuses, err := topicText("statuses")
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\n## Statuses and codes\n\n```text\n%s```\n", statuses)
	config, _, err := root.Find([]string{"config"})
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\n## Settings\n\n```text\n%s\n```\n", strings.TrimSpace(config.Long))
	writeEvents(&b)
	return b.String(), nil
}

func writeCommand(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n### %s\n\n", c.CommandPath())
	text := c.Long
	if text == "" {
		text = strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
	}
	fmt.Fprintf(b, "```text\n%s\n```\n\n", c.UseLine())
	if strings.Contains(text, "\n  ") { // it has a table
		fmt.Fprintf(b, "```text\n%s\n```\n", text)
	} else {
		fmt.Fprintf(b, "%s\n", escapeMarkdown(text))
	}
	if c.Example != "" {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", unindent(c.Example))
	}
	if !c.HasAvailableLocalFlags() {
		return
	}
	b.WriteString("\n| flag | |\n|---|---|\n")
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if value != "" && f.NoOptDefVal == "" {
			name += " " + value
		}
		fmt.Fprintf(b, "| `%s` | %s%s |\n", strings.ReplaceAll(name, "|", `\|`), tableCell(usage), defaultText(f))
	})
}

// defaultText returns the default of a flag where its usage does not say it.
func defaultText(f *pflag.Flag) string {
	if slices.Contains([]string{"", "0", "false", "[]"}, f.DefValue) || strings.Contains(f.Usage, "(default") {
		return ""
	}
	return " (default " + f.DefValue + ")"
}

func writeExitCodes(b *strings.Builder) {
	b.WriteString("\n## Exit codes\n\nIf several apply, the one listed first is used; 0 and 3 mean the run finished.\n\n| code | meaning |\n|---|---|\n")
	for _, e := range exit.Table() {
		codes := make([]string, len(e.Codes))
		for i, c := range e.Codes {
			codes[i] = fmt.Sprint(int(c))
		}
		fmt.Fprintf(b, "| %s | %s |\n", strings.Join(codes, ", "), tableCell(e.Meaning))
	}
}

func writeEvents(b *strings.Builder) {
	b.WriteString(`
## Events of the log

With --log-format json every line on standard error is one JSON object. Each has
"time" (RFC 3339), "level" (INFO, WARN or ERROR) and "msg", which names the event:

| msg | when | members | members if known |
|---|---|---|---|
`)
	for _, e := range session.Events() {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", e.Name, e.When, strings.Join(e.Members, ", "), strings.Join(e.Options, ", "))
	}
	b.WriteString(`
Every other line is a warning, an error or a remark of the run: its msg is a sentence. No
line holds personal data, keys or links.
`)
}

// tableCell makes a text fit for a cell of a table.
func tableCell(text string) string {
	return strings.ReplaceAll(escapeMarkdown(text), "|", `\|`)
}

// escapeMarkdown keeps what looks like markup as it is written.
func escapeMarkdown(text string) string {
	return strings.NewReplacer("<", "&lt;", "_", `\_`, "*", `\*`).Replace(text)
}

// unindent removes the indentation of examples.
func unindent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// hasOwnFlags reports whether a command that has others below it does something itself.
func hasOwnFlags(c *cobra.Command) bool {
	has := false
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		has = has || c.HasParent() && f.Name != "help" && f.Name != "version"
	})
	return has
}
