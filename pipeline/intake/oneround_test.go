package intake

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// TestOneRound checks random damaged lists, corrects exactly what the check named,
// in the cells or by the decisions that are proposed, and checks them again. The second
// check finds nothing that the first one could have known:
//
//	go test ./validate ./pipeline/intake -run OneRound -rapid.checks=6000
func TestOneRound(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		list := damagedList(rt)
		first := checkList(rt, dir, list.cells, nil)
		var decided []decisions.Decision
		if rapid.Bool().Draw(rt, "decide") {
			decided = first.proposed
		}
		second := checkList(rt, dir, list.correct(first), decided)
		for n, said := range second.rows {
			for _, f := range said.Findings {
				if !f.Warning && !list.isKnown(first, n, f) {
					rt.Fatalf("new in the second round in row %d: %+v\nthe first said %+v\ndecided: %v\n%q\ncorrected: %q", n+2, f, first.rows[n].Findings, decided, list.cells, list.correct(first))
				}
			}
		}
	})
}

// TestProposalsSpoilNoRow makes all decisions that are proposed of random damaged lists.
// A row that could be sent before can be sent after them, or repeats one with the same
// details: none takes the e-mail or the customer number of another.
func TestProposalsSpoilNoRow(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		list := damagedList(rt)
		first := checkList(rt, dir, list.cells, nil)
		second := checkList(rt, dir, list.cells, first.proposed)
		for n, row := range second.rows {
			isRepeat := slices.ContainsFunc(row.Findings, func(f ledger.Finding) bool { return f.Code == pipeline.CodeRepeats })
			if first.rows[n].Claims && !row.Claims && !isRepeat {
				rt.Fatalf("row %d is spoilt by %v: %+v\n%q", n+2, first.proposed, row.Findings, list.cells)
			}
		}
	})
}

// damaged is a list with mistakes, and what its sender meant.
type damaged struct {
	cells, meant [][]string // the sender's own number comes first
	isUnclear    []bool     // the e-mail that was meant does not follow from the cell
}

// damagedList draws a list of few people, so that rows repeat each other.
func damagedList(t *rapid.T) damaged {
	var list damaged
	for range rapid.IntRange(1, 8).Draw(t, "rows") {
		list.addRow(t)
	}
	return list
}

func (d *damaged) addRow(t *rapid.T) {
	pick := func(forms ...string) string { return rapid.SampledFrom(forms).Draw(t, "cell") }
	land := pick("DE", "FR", "US")
	national := map[string][]string{"DE": {"+4915123456789", "0151 23456789", "4915123456789"}, "FR": {"+33612345678", "06 12 34 56 78", "33612345678"},
		"US": {"+14155552671", "(415) 555-2671", "14155552671"}}[land]
	raw := validate.Raw{FirstName: pick("Jane", "Ann"), LastName: "Doe", Email: pick("a", "b", "c", "d") + "@company.com", PhoneNumber: national[0], AccountPurpose: pick("cards", "travel"),
		IPAddress: "203.0.113.7", Terms: "TRUE", Program: "custodial", CountryCode: land}
	if pick("", "", "wallet") != "" {
		raw.Program, raw.WalletAddress = "non_custodial", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	}
	meant := append([]string{pick("", "1", "2")}, validate.Fields().Cells(&raw)...)
	cells := slices.Clone(meant)
	damage := func(field string, forms ...string) bool {
		i := slices.Index(validate.Fields().Names(), field) + 1
		isDamaged := pick("", "", "damage") != "" && cells[i] == meant[i]
		if isDamaged {
			cells[i] = pick(forms...)
		}
		return isDamaged
	}
	damage(validate.FieldEmail, "\u200b"+raw.Email, raw.Email+"\x01", raw.Email[:1]+"\n"+raw.Email[1:])
	damage(validate.FieldPhoneNumber, national[1], national[2], national[2]+".0", national[0]+"\u200b", "\x01"+national[1])
	damage(validate.FieldCountryCode, map[string][]string{"DE": {"Deutschland", "D", "Ger\u200bmany"}, "FR": {"Frankreich", "FRA", "\u200bFR"}, "US": {"USA", "Vereinigte Staaten", "U\x01S"}}[land]...)
	damage(validate.FieldTerms, "ja", "x", "TR\u200bUE", "nein", "")
	damage(validate.FieldProgram, "Extern", "custody", "non-\u200bcustodial", "self-custody", "-")
	damage(validate.FieldWalletAddress, "", "-", "0x5", raw.WalletAddress+"\u200b")
	damage(validate.FieldFirstName, "", "J\x01ane", "nan", "#REF!")
	damage(validate.FieldPostalCode, "1067.0", "1067", "12-Mar")
	isUnclear := damage(validate.FieldEmail, "jane", "", "a@company,com", "a b@company.com")
	damage(validate.FieldPhoneNumber, "12", "", "1.41E+10")
	if meant[0] != "" && pick("", "", "", "damage") != "" {
		cells[0] += pick(".0", ".00")
	}
	d.cells, d.meant, d.isUnclear = append(d.cells, cells), append(d.meant, meant), append(d.isUnclear, isUnclear)
}

// correct returns the list with the cells corrected that the check named.
func (d *damaged) correct(said checked) [][]string {
	fields := validate.Fields().Names()
	var all [][]string
	for n, cells := range d.cells {
		cells = slices.Clone(cells)
		for _, f := range said.rows[n].Findings {
			isNumber := f.Field == "" && strings.HasPrefix(f.Code, "excel_")
			if i := slices.Index(fields, f.Field); (i >= 0 || isNumber) && (!f.Warning || f.Code == validate.CodeForetold) {
				cells[i+1] = d.meant[n][i+1]
			}
		}
		all = append(all, cells)
	}
	return all
}

// isKnown reports whether the first round said what the second one finds, or could not
// know it.
func (d *damaged) isKnown(first checked, n int, f ledger.Finding) bool {
	isSaid := func(n int, codes ...string) bool {
		return slices.ContainsFunc(first.rows[n].Findings, func(k ledger.Finding) bool {
			hasNumber := k.Code == pipeline.CodeSharesEmail && strings.Contains(k.Message, "same customer number")
			return slices.Contains(codes, k.Code) || hasNumber && slices.Contains(codes, pipeline.CodeSharesNumber)
		})
	}
	email := slices.Index(validate.Fields().Names(), validate.FieldEmail) + 1
	sharing := func(codes ...string) bool {
		for other := range d.cells {
			isNear := d.meant[other][email] == d.meant[n][email] || d.meant[other][0] != "" && d.meant[other][0] == d.meant[n][0]
			if isNear && (isSaid(other, codes...) || d.isUnclear[other]) {
				return true
			}
		}
		return false
	}
	switch f.Code {
	case pipeline.CodeRepeats, pipeline.CodeRepeatsOther:
		return sharing(pipeline.CodeSharesEmail, pipeline.CodeRepeats, pipeline.CodeRepeatsOther)
	case pipeline.CodeIDRepeated:
		return sharing(pipeline.CodeSharesNumber, pipeline.CodeIDRepeated)
	}
	return slices.ContainsFunc(first.rows[n].Findings, func(k ledger.Finding) bool {
		return k.Field == f.Field && (k.Code == f.Code || k.Message == "also: "+f.Message)
	})
}

// checked is what a check says of a list.
type checked struct {
	rows     []ledger.Row
	proposed []decisions.Decision
}

// checkList checks rows as validate does.
func checkList(t *rapid.T, dir string, cells [][]string, decided []decisions.Decision) (out checked) {
	path := filepath.Join(dir, "list.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := csv.NewWriter(f).WriteAll(append([][]string{append([]string{"No"}, validate.Fields().Names()...)}, cells...)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	rules, opt := &validate.Rules{}, source.Options{ID: "No"}
	for _, d := range decided {
		d.ApplyReading(&opt)
		if err := d.ApplyRules(rules); err != nil {
			t.Fatal(err)
		}
	}
	in, err := Open(t.Context(), []string{path}, nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	proposer := decisions.Proposer{Rules: rules}
	var raws []validate.Raw
	in.OnRead = func(rows []validate.Raw, _ int) { raws = append(raws, rows...) }
	_, err = pipeline.Check(t.Context(), pipeline.Config{Input: in, Environment: "check", Rules: rules}, func(r ledger.Row) error {
		var problems []validate.Problem
		for _, f := range r.Findings {
			problems = append(problems, validate.Problem(f))
		}
		proposer.Add(&raws[len(out.rows)], problems)
		out.rows = append(out.rows, r)
		return nil
	}, func(n ledger.RowNote) { out.rows[n.Ordinal].Findings = append(out.rows[n.Ordinal].Findings, n.Finding) })
	if err != nil {
		t.Fatal(err)
	}
	proposals, _, err := decisions.Propose(t.Context(), in.Input, rules, proposer.Candidates(in.Input.Files()))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proposals {
		out.proposed = append(out.proposed, p.Decision)
	}
	if len(out.rows) != len(cells) {
		t.Fatalf("%d of %d rows were read", len(out.rows), len(cells))
	}
	return out
}
