package outputs

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// keptInputs is a ledger with a first list, rejects files of it and of another one.
type keptInputs struct {
	batches []ledger.Batch
	rows    map[int64][]ledger.Reported
}

func (k keptInputs) Batches(context.Context) ([]ledger.Batch, error) { return k.batches, nil }

func (k keptInputs) Rows(_ context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error] {
	return func(yield func(ledger.Reported, error) bool) {
		for _, r := range k.rows[s.Batch] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// A row of the first list is followed only where the corrected row surely is its own.
func TestFollowCorrections(t *testing.T) {
	invalid := ledger.Reported{Row: ledger.Row{Number: 7, FirstName: "Eve", LastName: " Roe", Verdict: ledger.Invalid, SenderID: "41"}, Status: ledger.Invalid}
	for name, tt := range map[string]struct {
		file   string
		change func(r *ledger.Reported)
		want   string
	}{
		"a rejects file of the list": {"dir/list.rejects-2.xlsx", func(*ledger.Reported) {}, "created, as corrected in list.rejects-2.xlsx row 2"},
		"another status":             {"list.rejects.xlsx", func(r *ledger.Reported) { r.Status = ledger.Rejected }, "rejected, as corrected in list.rejects.xlsx row 2"},
		"another list":               {"other.rejects.xlsx", func(*ledger.Reported) {}, ""},
		"another list, one number":   {"corrected.xlsx", func(r *ledger.Reported) { r.SenderID = "41.0" }, "created, as corrected in corrected.xlsx row 2"},
		"another name":               {"list.rejects.xlsx", func(r *ledger.Reported) { r.FirstName = "Eva" }, ""},
		"another row":                {"list.rejects.xlsx", func(r *ledger.Reported) { r.Carry = []string{"8"} }, ""},
		"still invalid":              {"list.rejects.xlsx", func(r *ledger.Reported) { r.Status = ledger.Invalid }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			corrected := ledger.Reported{Row: ledger.Row{Number: 2, FirstName: "Eve", LastName: "roe", Carry: []string{"7"}}, Status: ledger.Created}
			tt.change(&corrected)
			first := ledger.Batch{ID: 1, Files: []ledger.File{{Name: "list.xlsx"}}}
			l := keptInputs{[]ledger.Batch{{ID: 2, Carried: []string{"onboard_row"}, Files: []ledger.File{{Name: tt.file}}}, first}, map[int64][]ledger.Reported{1: {invalid}, 2: {corrected}}}
			for r, err := range FollowCorrections(t.Context(), l, l, first, ledger.Selection{Batch: 1}) {
				got := ""
				for _, f := range r.Findings {
					got += f.Message
				}
				if err != nil || r.Status != ledger.Invalid || !strings.EqualFold(got, tt.want) {
					t.Errorf("%q, want %q; %v", got, tt.want, err)
				}
			}
		})
	}
}
