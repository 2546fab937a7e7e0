package cli

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// runDropped checks a file that was dropped on the program, or given without a
// subcommand.
func runDropped(ctx context.Context, con *term.Console, c, root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	if _, err := os.Lstat(args[0]); err != nil && !strings.ContainsAny(args[0], "./\\") {
		return subcommand.UnknownCommand(root, args[0])
	}
	con.FileDropped = true
	check, _, err := root.Find([]string{"validate"})
	if err != nil {
		return err
	}
	check.SetContext(ctx)
	if len(args) != 1 {
		return check.RunE(check, args)
	}
	annotated := annotatedName(args[0])
	unmarked := outputs.ProbeFile(outputs.OutputNotOver(args[0]), annotated)
	if unmarked == nil {
		if err := check.Flags().Set("annotate", annotated); err != nil {
			return err
		}
	}
	err = check.RunE(check, args)
	if unmarked != nil {
		fmt.Fprintf(con.Err, "no marked workbook was written: %s\n  copy the file to a directory of your own and drop the copy instead\n", term.Printable(unmarked.Error()))
	}
	return err
}

// annotatedName returns the name of the marked workbook beside a dropped file. A
// marked one that comes back does not pile up endings.
func annotatedName(input string) string {
	base := regexp.MustCompile(`\.annotated(-\d+)?$`).ReplaceAllString(outputs.WithoutExtension(input), "")
	path := base + ".annotated.xlsx"
	for n := 2; outputs.SamePath(path, input); n++ {
		path = fmt.Sprintf("%s.annotated-%d.xlsx", base, n)
	}
	return path
}
