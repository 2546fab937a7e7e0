package decisions

import (
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/validate"
)

// A decision that makes a row good takes e-mail and customer number from a good row
// further down. That is harm, unless the two rows say the same.
func TestHarmThroughAnotherRow(t *testing.T) {
	const ja = "--value=isTermsOfServiceAccepted:ja=true"
	yes := func(purpose string) map[string]string {
		return map[string]string{validate.FieldAccountPurpose: purpose}
	}
	word := func(purpose string) map[string]string {
		return map[string]string{validate.FieldAccountPurpose: purpose, validate.FieldTerms: "ja"}
	}
	numbered := func(number string, cells []string) []string { return append(cells, number) }
	for name, tt := range map[string]struct {
		rows    [][]string
		want    []string
		harmed  int // row of the list; 0 = nothing is withheld
		takenBy int
	}{
		"another number": {rows: [][]string{numbered("7", row("a@b.de", word("x"))), numbered("8", row("b@b.de", yes("x")))}, want: []string{ja}},
		"one number":     {rows: [][]string{numbered("7", row("a@b.de", word("x"))), numbered("8", row("c@b.de", yes("x"))), numbered(" 7.0", row("b@b.de", yes("x")))}, want: []string{ja}}, // 7.0 is bad as it is
		"one number, good": {rows: [][]string{numbered("7", row("a@b.de", word("x"))), numbered("7", row("b@b.de", yes("x")))},
			harmed: 3, takenBy: 2},
		"one number, further up": {rows: [][]string{numbered("7", row("a@b.de", yes("x"))), numbered("7", row("b@b.de", word("x")))}, want: []string{ja}},
		"one number, taken before": {rows: [][]string{numbered("7", row("a@b.de", yes("x"))), numbered("7", row("b@b.de", word("x"))), numbered("7", row("c@b.de", yes("x")))},
			want: []string{ja}},
		"one e-mail, the same": {rows: [][]string{numbered("", row("a@b.de", word("x"))), numbered("", row("a@b.de", yes("x")))}, want: []string{ja}},
		"one e-mail, differs": {rows: [][]string{numbered("", row("a@b.de", word("x"))), numbered("", row("A@b.de", yes("y")))},
			harmed: 3, takenBy: 2},
		"taken by a row that another word made good": {rows: [][]string{numbered("", row("a@b.de", map[string]string{validate.FieldTerms: "x"})), numbered("", row("a@b.de", word("y"))),
			numbered("", row("b@b.de", word("y")))}, want: []string{ja}, harmed: 3, takenBy: 2},
	} {
		t.Run(name, func(t *testing.T) {
			path := writeList(t, t.TempDir(), []string{"No"}, tt.rows)
			_, proposer := check(t, path, nil)
			in := openWithID(t, path, "No")
			list, withheld, err := Propose(t.Context(), in, proposer.Rules, proposer.Candidates(in.Files()))
			if err != nil || !slices.Equal(flagsOf(list), tt.want) {
				t.Fatalf("%q, want %q; %v", flagsOf(list), tt.want, err)
			}
			switch {
			case tt.harmed == 0 && len(withheld) == 0:
			case len(withheld) != 1 || withheld[0].Harm.Row.Row != tt.harmed || withheld[0].Harm.Other.Row != tt.takenBy || withheld[0].Harm.ByNumber != strings.Contains(name, "number"):
				t.Errorf("withheld: %+v", withheld)
			}
		})
	}
}

// A row that a decision makes good is ready only if no row further up has its e-mail,
// and so the numbers of ready rows add up to those of a run.
func TestReadyRowsAddUp(t *testing.T) {
	terms := func(word string) map[string]string { return map[string]string{validate.FieldTerms: word} }
	for name, tt := range map[string]struct {
		rows [][]string
		want []int // ready by "ja", then by "x"
	}{
		"good row above":           {[][]string{row("a@b.de", terms("TRUE")), row("A@b.de", terms("ja"))}, []int{0}},
		"good row below":           {[][]string{row("a@b.de", terms("ja")), row("a@b.de", terms("TRUE"))}, []int{0}},
		"both by one decision":     {[][]string{row("a@b.de", terms("ja")), row("a@b.de", terms("ja")), row("b@b.de", terms("ja"))}, []int{2}},
		"above by the second":      {[][]string{row("a@b.de", terms("x")), row("a@b.de", terms("ja")), row("b@b.de", terms("ja"))}, []int{2, 0}},
		"below by the second":      {[][]string{row("a@b.de", terms("ja")), row("b@b.de", terms("ja")), row("a@b.de", terms("x"))}, []int{2, 0}},
		"never good, other e-mail": {[][]string{row("a@b.de", terms("nein")), row("a@b.de", terms("ja"))}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			list := propose(t, writeList(t, t.TempDir(), nil, tt.rows))
			var got []int
			for _, p := range list {
				got = append(got, p.Ready)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q: ready %v, want %v", flagsOf(list), got, tt.want)
			}
		})
	}
}
