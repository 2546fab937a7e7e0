package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A sixteenth line of the table is among the details of a row, in what recognises an
// invalid row, and in what the ledger says has changed.
func TestSixteenthField(t *testing.T) {
	nickname := "Jay"
	table := append(validate.Fields(), validate.Field{Name: "nickName", IsDetail: true,
		Cell: func(*validate.Raw) *string { return &nickname }, Value: func(*validate.User) string { return nickname }})
	given := validRow(0)
	c := &checked{row: given, result: new(validate.Rules).Check(given.Raw)}
	row := draftRow(c, table)
	if !slices.Contains(row.Details, ledger.Detail{Name: "nickName", Value: "Jay"}) {
		t.Errorf("details %q", row.Details)
	}
	reg, err := memory.New("sandbox").Register(t.Context(), ledger.Batch{})
	if err != nil {
		t.Fatal(err)
	}
	row.Claims = true
	if err := reg.Add(t.Context(), []ledger.Row{row}); err != nil {
		t.Fatal(err)
	}
	nickname = "Jim"
	found, err := reg.Lookup(t.Context(), []ledger.LookupKey{{Identity: row.Identity, Details: draftRow(c, table).Details}})
	if err != nil || !slices.Equal(found[0].Differs, []string{"nickName"}) {
		t.Errorf("%+v, %v", found, err)
	}
	c.result.Identity = ""
	if got := draftRow(c, table).Recall; !strings.HasSuffix(got, "\x00Jim") {
		t.Errorf("recalled by %q", got)
	}
	if err := reg.Rollback(); err != nil {
		t.Fatal(err)
	}
}
