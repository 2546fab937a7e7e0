package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/validate"
)

func newTemplateCommand(con *term.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "template FILE",
		Short: "an input file to fill in, .csv or .xlsx",
		Long: `Writes an input file with every column and one example row, which run refuses
until it is replaced. In the .xlsx all columns are text, and the second sheet has
the rules. A file that is there already is never overwritten.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return exit.NewUsageError(errors.New("template needs one FILE"), "bulkonboard template customers.xlsx")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return writeTemplate(con, c.Context(), args[0]) },
	}
}

func writeTemplate(con *term.Console, ctx context.Context, path string) error {
	if k, err := report.KindOf(path); err != nil || k != report.CSV && k != report.XLSX {
		return exit.UsageErrorf("template %s: the file must be .csv or .xlsx", path)
	}
	var fields []report.TemplateField
	for _, f := range validate.Fields() {
		t := report.TemplateField{Name: f.Name, Required: f.Required, Rule: f.Rule, Example: f.Example}
		switch f.Name {
		case "firstName":
			t.Row = validate.ExampleFirstName // by this the row is refused
		case "isTermsOfServiceAccepted":
			t.Choices = []string{"TRUE"} // who has not accepted them belongs in no list
		case "program":
			t.Choices = []string{"custodial", "non_custodial"}
		}
		fields = append(fields, t)
	}
	written, err := report.Output{}.Template(ctx, path, fields)
	if err != nil {
		return err
	}
	fmt.Fprintf(con.Err, "written: %s\n", term.Printable(written))
	return nil
}
