package source_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// A list is read from standard input. Its columns are found by their headers.
func ExampleOpen() {
	ctx := context.Background()
	list := strings.NewReader("Nachname;E-Mail;Notiz\nMüller;jo@example.org;\nO'Hara;ann@example.com;new\n")
	in, err := source.Open(ctx, []string{"-"}, list, source.Options{
		Fields: []source.Field{{Name: "email", Required: true}, {Name: "lastName", Aliases: []string{"surname", "nachname"}}},
		Carry:  []string{"Notiz"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	rows, err := in.Rows(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rows.Close()
	batch := make([]source.Row, 100)
	for err == nil {
		var n int
		n, err = rows.Read(batch)
		for _, row := range batch[:n] {
			fmt.Printf("row %d: %q, carried %q\n", row.Number, row.Values, row.Carry)
		}
	}
	fmt.Println(errors.Is(err, io.EOF))
	// Output:
	// row 2: ["jo@example.org" "Müller"], carried [""]
	// row 3: ["ann@example.com" "O'Hara"], carried ["new"]
	// true
}
