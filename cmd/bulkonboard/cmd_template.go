package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/validate"
)

func (a *app) templateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "template FILE",
		Short: "an input file to fill in, .csv or .xlsx",
		Long: `Writes an input file with every column and one example row, which run refuses
until it is replaced. In the .xlsx all columns are text, and the second sheet has
the rules. A file that is there already is never overwritten.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("template needs one FILE"), "bulkonboard template customers.xlsx")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.writeTemplate(c.Context(), args[0]) },
	}
}

func (a *app) writeTemplate(ctx context.Context, path string) error {
	if k, err := report.KindOf(path); err != nil || k != report.CSV && k != report.XLSX {
		return usagef("template %s: the file must be .csv or .xlsx", path)
	}
	written, err := report.Output{}.Template(ctx, path, templateFields(validate.Fields()))
	if err != nil {
		return err
	}
	fmt.Fprintf(a.err, "written: %s\n", printable(written))
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
