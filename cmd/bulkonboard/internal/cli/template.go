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
		Use:   "template FILE|-",
		Short: "write an input file to fill in, .csv or .xlsx",
		Long: `Writes an input file with every column and one example row, which run refuses
until you replace it. In an .xlsx file all columns are text, and the second sheet
has the rules. An existing file is never overwritten. With - the template goes to
standard output as CSV.`,
		Example: `  bulkonboard template customers.xlsx`,
		Args:    subcommand.NeedArg("one FILE, or -", "bulkonboard template customers.xlsx"),
		RunE:    func(c *cobra.Command, args []string) error { return runTemplate(c.Context(), con, args[0]) },
	}
}

func runTemplate(ctx context.Context, con *term.Console, path string) error {
	if path == subcommand.StandardOutput {
		return report.StreamTemplate(con.Out.DataWriter(), templateFields(validate.Fields()))
	}
	if k, err := report.KindOf(path); err != nil || k != report.CSV && k != report.XLSX {
		return exit.UsageErrorf("template %s: name a .csv or .xlsx file", path)
	}
	written, err := report.Output{}.Template(ctx, path, templateFields(validate.Fields()))
	if err != nil {
		return err
	}
	con.Sayf("written: %s", written)
	return nil
}

// templateFields returns the columns of a template. Its example row is refused by
// the first name.
func templateFields(table validate.FieldTable) []report.TemplateField {
	var fields []report.TemplateField
	for _, f := range table {
		t := report.TemplateField{Name: f.Name, Required: f.Required, Rule: f.Rule, Example: f.Example, Choices: f.Choices()}
		if f.Name == validate.FieldFirstName {
			t.Row = validate.ExampleFirstName
		}
		fields = append(fields, t)
	}
	return fields
}
