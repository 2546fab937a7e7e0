package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/validate"
)

func (a *app) templateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "template FILE",
		Short: "an input file to fill in, .csv or .xlsx",
		Long: `Writes an input file with every column and one example row, which run refuses
until it is replaced. In the .xlsx, all cells are text and the second sheet has the rules.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("template needs one FILE"), "bulkonboard template customers.xlsx")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.writeTemplate(args[0]) },
	}
}

func (a *app) writeTemplate(path string) error {
	var fill func(io.Writer) error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv":
		fill = templateCSV
	case ".xlsx":
		fill = templateXLSX
	default:
		return usagef("template %s: the file must be .csv or .xlsx", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usagef("%s exists already, and is not overwritten", path)
	}
	if err != nil {
		return usagef("template %s: %w", path, plainError(err))
	}
	if err := errors.Join(fill(f), f.Close()); err != nil {
		return fmt.Errorf("template %s: %w", path, plainError(err))
	}
	fmt.Fprintf(a.err, "written: %s\n", path)
	return nil
}

func templateRows() (names, example []string) {
	for _, f := range validate.Fields() {
		names = append(names, f.Name)
		example = append(example, f.Example)
	}
	example[0] = validate.ExampleFirstName // firstName: by this the row is refused
	return names, example
}

func templateCSV(w io.Writer) error {
	names, example := templateRows()
	out := csv.NewWriter(w)
	if err := out.WriteAll([][]string{names, example}); err != nil {
		return err
	}
	return out.Error()
}

func templateXLSX(w io.Writer) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	const sheet, rules = "Customers", "Rules"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	if _, err := book.NewSheet(rules); err != nil {
		return err
	}
	text, err := book.NewStyle(&excelize.Style{NumFmt: 49}) // 49 is text: ECMA-376, 18.8.30
	if err != nil {
		return err
	}
	names, example := templateRows()
	last, err := excelize.ColumnNumberToName(len(names))
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return book.SetColStyle(sheet, "A:"+last, text) },
		func() error { return book.SetColWidth(sheet, "A", last, 20) },
		func() error { return book.SetSheetRow(sheet, "A1", &names) },
		func() error { return book.SetSheetRow(sheet, "A2", &example) },
		func() error { return book.SetColWidth(rules, "A", "A", 26) },
		func() error { return book.SetColWidth(rules, "B", "B", 100) },
	}
	for i, f := range validate.Fields() {
		need := "optional: "
		if f.Required {
			need = "required: "
		}
		row := []string{f.Name, need + f.Rule}
		steps = append(steps, func() error { return book.SetSheetRow(rules, fmt.Sprintf("A%d", i+1), &row) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return book.Write(w)
}
