package columns_test

import (
	"fmt"

	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

func ExampleChecker() {
	var rules validate.Rules
	var checker columns.Checker
	for i, number := range []string{"14155552671", "14155552672", "+14155552673"} {
		row := validate.Raw{Email: fmt.Sprintf("jane%d@company.com", i), PhoneNumber: number}
		result := rules.Check(row)
		checker.Add(columns.Place{Row: i + 2}, &row, &result)
	}
	for _, f := range checker.Findings() {
		fmt.Println(f.Kind, f.Field, "in", f.Rows, "rows:", f.Flags)
	}
	// Output:
	// plus_lost phoneNumber in 2 rows: [--phone-plus]
}
