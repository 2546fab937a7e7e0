package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
)

// A ledger is made, a list of one customer is registered, and the report of that list
// is read. A run does all but the first of it by itself.
func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "ledger") // private: a ledger holds personal data
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	l, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(folder, "l.db"), Environment: "sandbox", Create: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()

	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "of the file and how it is read"})
	if err != nil {
		fmt.Println(err)
		return
	}
	row := ledger.Row{Number: 2, Line: 2, Identity: "jane@example.com", Email: "Jane@example.com", FirstName: "Jane", LastName: "Doe", Claims: true, Repeats: -1}
	if err := reg.Add(ctx, []ledger.Row{row}); err != nil {
		fmt.Println(err, reg.Rollback())
		return
	}
	batch, err := reg.Commit(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: batch.ID}) {
		fmt.Println("row", r.Number, r.FirstName, r.Status, err)
	}
	// Output: row 2 Jane pending <nil>
}
