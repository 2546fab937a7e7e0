package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// The ledger knows the details by the names and in the order of the table.
func TestDetailFields(t *testing.T) {
	if table, kept := validate.Fields().DetailNames(), ledger.DetailFields(); !slices.Equal(table, kept) {
		t.Errorf("the table has %v, the ledger %v", table, kept)
	}
}

// A sixteenth line of the table is among the details of a row, before what --send
// adds, and in what recognises an invalid row.
func TestSixteenthField(t *testing.T) {
	nickname := "Jay"
	table := append(validate.Fields(), validate.Field{Name: "nickName", IsDetail: true,
		Cell: func(*validate.Raw) *string { return &nickname }, Value: func(*validate.User) string { return nickname }})
	given := person(0)
	c := &checked{row: given, result: new(validate.Rules).Check(given.Raw)}
	row := draftRow(c, table)
	names := table.DetailNames()
	if at := slices.Index(names, "nickName"); len(row.Fields) != len(names) || row.Fields[at] != "Jay" || names[at+1] != validate.ExtraDetail {
		t.Errorf("details %q of %q", row.Fields, names)
	}
	c.result.Identity = ""
	if got := draftRow(c, table).Recall; !strings.HasSuffix(got, "\x00Jay") {
		t.Errorf("recalled by %q", got)
	}
}
