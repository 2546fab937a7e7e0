package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
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
		Args: subcommand.NeedArg("one FILE", "bulkonboard template customers.xlsx"),
		RunE: func(c *cobra.Command, args []string) error { return writeTemplate(c.Context(), con, args[0]) },
	}
}

func writeTemplate(ctx context.Context, con *term.Console, path string) error {
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
	con.Sayf("written: %s", written)
	return nil
}
