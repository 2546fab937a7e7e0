package decisions

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// fields are the columns that the reader of these tests looks for.
func fields() []source.Field {
	var list []source.Field
	for _, f := range validate.Fields() {
		list = append(list, source.Field{Name: f.Name, Aliases: f.Aliases(), Required: f.Required, Identifies: f.Name == validate.FieldEmail, Parts: f.Parts()})
	}
	return list
}

// writeList writes rows of cells below the names of all fields and further headers.
func writeList(t testing.TB, dir string, further []string, rows [][]string) string {
	t.Helper()
	path := filepath.Join(dir, "list.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(append([][]string{append(validate.Fields().Names(), further...)}, rows...)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, path string, list []Decision) *source.Input {
	t.Helper()
	return openWithID(t, path, "", list...)
}

// openWithID is open for a list with the sender's own numbers.
func openWithID(t testing.TB, path, id string, list ...Decision) *source.Input {
	t.Helper()
	opt := source.Options{Fields: fields(), ID: id}
	for _, d := range list {
		d.ApplyReading(&opt)
	}
	in, err := source.Open(context.Background(), []string{path}, nil, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() })
	return in
}

// check reads a list by some rules and decisions, as a run does. It returns the
// results by row number, and gives the proposer every row.
func check(t testing.TB, path string, list []Decision) (map[int]validate.Result, *Proposer) {
	t.Helper()
	rules := &validate.Rules{}
	for _, d := range list {
		if err := d.ApplyRules(rules); err != nil {
			t.Fatal(err)
		}
	}
	if err := rules.Validate(); err != nil {
		t.Fatal(err)
	}
	pass, err := open(t, path, list).Rows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer pass.Close()
	proposer := &Proposer{Rules: rules}
	results := map[int]validate.Result{}
	rows, raws := make([]source.Row, 64), []validate.Raw(nil)
	for {
		n, err := pass.Read(rows)
		if n == 0 {
			if !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "no customer rows") {
				t.Fatal(err)
			}
			return results, proposer
		}
		if err := source.Decode(rows[:n], &raws); err != nil {
			t.Fatal(err)
		}
		for i := range rows[:n] {
			r := rules.Check(raws[i])
			results[rows[i].Number] = r
			proposer.Add(&raws[i], r.Problems)
		}
	}
}

func propose(t testing.TB, path string) []Proposal {
	t.Helper()
	_, proposer := check(t, path, nil)
	in := open(t, path, nil)
	list, _, err := Propose(context.Background(), in, proposer.Rules, proposer.Candidates(in.Files()))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func flagsOf(list []Proposal) []string {
	var flags []string
	for _, p := range list {
		flags = append(flags, strings.Join(p.FlagWords(), " "))
	}
	return flags
}

// row returns the cells of a sound row, with some replaced.
func row(email string, cells map[string]string) []string {
	raw := validate.Raw{FirstName: "Jane", LastName: "Doe", Email: email, PhoneNumber: "+14155552671", AccountPurpose: "personal use",
		IPAddress: "203.0.113.42", Terms: "TRUE", Program: "custodial"}
	for name, v := range cells {
		i := slices.Index(validate.Fields().Names(), name)
		*validate.Fields()[i].Cell(&raw) = v
	}
	return validate.Fields().Cells(&raw)
}

func TestPropose(t *testing.T) {
	const phone, land, terms = validate.FieldPhoneNumber, validate.FieldCountryCode, validate.FieldTerms
	for name, tt := range map[string]struct {
		rows [][]string
		want []string
	}{
		"nothing": {[][]string{row("a@b.de", nil)}, nil},
		"words": {[][]string{row("a@b.de", map[string]string{terms: "ja"}), row("b@b.de", map[string]string{terms: "Ja "}), row("c@b.de", map[string]string{terms: "x"}),
			row("d@b.de", map[string]string{terms: "nein"}), row("e@b.de", map[string]string{terms: "vielleicht"}), row("f@b.de", map[string]string{terms: ""})},
			[]string{"--value=isTermsOfServiceAccepted:ja=true", "--value=isTermsOfServiceAccepted:x=true"}},
		"a cross among ticks": {[][]string{row("a@b.de", map[string]string{terms: "✓"}), row("b@b.de", map[string]string{terms: "X"}), row("c@b.de", map[string]string{terms: "☒"})},
			[]string{"--value=isTermsOfServiceAccepted:✓=true"}},
		"a cross among circles": {[][]string{row("a@b.de", map[string]string{terms: "x"}), row("b@b.de", map[string]string{terms: "○"})}, nil},
		"a cross alone":         {[][]string{row("a@b.de", map[string]string{terms: "☒"}), row("b@b.de", map[string]string{terms: "☐"})}, []string{"--value=isTermsOfServiceAccepted:☒=true"}},
		"countries": {[][]string{row("a@b.de", map[string]string{land: "Germany", phone: "+4915123456789"}), row("b@b.de", map[string]string{land: "Germny"}), row("c@b.de", map[string]string{land: "Iran"})},
			[]string{"--value=countryCode:Germany=DE"}},
		"phones of one country": {[][]string{row("a@b.de", map[string]string{land: "DE", phone: "0151 23456789"}), row("b@b.de", map[string]string{land: "DE", phone: "0151 23456780"})},
			[]string{"--phone-region DE"}},
		"phones of two countries": {[][]string{row("a@b.de", map[string]string{land: "DE", phone: "0151 23456789"}), row("b@b.de", map[string]string{land: "FR", phone: "06 12 34 56 78"})},
			[]string{"--phone-region column"}},
		"phones of countries in words": {[][]string{row("a@b.de", map[string]string{land: "Allemagne", phone: "0151 23456789"}), row("b@b.de", map[string]string{land: "FR", phone: "06 12 34 56 78"})},
			[]string{"--value=countryCode:Allemagne=DE", "--phone-region column"}},
		"phones of no country": {[][]string{row("a@b.de", map[string]string{phone: "0151 23456789"})}, nil},
		"plus":                 {[][]string{row("a@b.de", map[string]string{phone: "4915123456789", land: "DE"})}, []string{"--phone-plus"}},
		"rows": {[][]string{row("a@b.de", nil), append([]string{"Jane", "", ""}, append(make([]string, 11), "DE")...)},
			[]string{"--leave-out=no-customer"}},
	} {
		t.Run(name, func(t *testing.T) {
			list := propose(t, writeList(t, t.TempDir(), nil, tt.rows))
			if got := flagsOf(list); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			for _, p := range list {
				if p.Settled == 0 || p.Harmed != 0 || len(p.Examples) == 0 {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestProposeJoin(t *testing.T) {
	names := validate.Fields().Names()
	var rows [][]string
	for _, number := range []string{"12", "", "7 b"} {
		rows = append(rows, append(row("a"+strings.TrimSpace(number)[:min(1, len(number))]+"@b.de", map[string]string{validate.FieldAddress: "Main Street"}), number))
	}
	path := writeList(t, t.TempDir(), []string{"Hausnummer"}, rows)
	list := propose(t, path)
	if want := []string{"--join=address=address+Hausnummer"}; !slices.Equal(flagsOf(list), want) {
		t.Fatalf("%q, want %q", flagsOf(list), want)
	}
	if list[0].Settled != 2 || strings.Contains(list[0].Examples[0].After, "Street") {
		t.Errorf("%+v", list[0])
	}
	results, _ := check(t, path, []Decision{list[0].Decision})
	for number, want := range map[int]string{2: "Main Street 12", 3: "Main Street", 4: "Main Street 7 b"} {
		if got := results[number].User.Address; got != want {
			t.Errorf("row %d: %q, want %q (%q)", number, got, want, names)
		}
	}
}

// A decision that makes a good row bad is not proposed, and Evaluate counts the harm.
func TestHarmIsNotProposed(t *testing.T) {
	const phone, land = validate.FieldPhoneNumber, validate.FieldCountryCode
	path := writeList(t, t.TempDir(), nil, [][]string{
		row("a@b.de", map[string]string{phone: "0033612345678"}),
		row("b@b.de", map[string]string{phone: "4915123456789", land: "DE"}),
	})
	in := open(t, path, nil)
	harmful := Decision{Kind: Word, Field: validate.FieldAccountPurpose, From: "personal use", To: "jane@company.com"}
	tried, err := Evaluate(context.Background(), in, &validate.Rules{}, []Decision{harmful, {Kind: PhonePlus}})
	if err != nil || tried[0].Harmed != 1 || tried[1].Harmed != 0 {
		t.Fatalf("%+v %v", tried, err)
	}
	// It settles a number, and makes one that is good ambiguous: of Oregon, or of Denmark.
	mixed := open(t, writeList(t, t.TempDir(), nil, [][]string{
		row("a@b.de", map[string]string{phone: "4582345678"}),
		row("b@b.de", map[string]string{phone: "33612345678", land: "FR"}),
	}), nil)
	american := &validate.Rules{PhoneRegion: "US"}
	tried, err = Evaluate(context.Background(), mixed, american, []Decision{{Kind: PhonePlus}})
	if err != nil || tried[0].Harmed != 1 || tried[0].Settled != 1 {
		t.Errorf("%+v %v", tried, err)
	}
	if list, _, err := Propose(context.Background(), mixed, american, []Decision{{Kind: PhonePlus}}); err != nil || len(list) != 0 {
		t.Errorf("%q %v", flagsOf(list), err)
	}
	list, _, err := Propose(context.Background(), in, &validate.Rules{}, []Decision{harmful, {Kind: PhonePlus}})
	if err != nil || !slices.Equal(flagsOf(list), []string{"--phone-plus"}) {
		t.Errorf("%q %v", flagsOf(list), err)
	}
}

// TestProposalsOnlyHelp applies everything that is proposed of random damaged lists, in
// order, through the reader and the rules of a run. No good row becomes bad, no number
// becomes another one, and whoever becomes ready accepted by a word that was decided.
func TestProposalsOnlyHelp(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		rows := [][]string{row("first@b.de", nil)} // a list without any customer is refused
		for n := range rapid.IntRange(1, 12).Draw(rt, "rows") {
			rows = append(rows, damagedRow(rt, n))
		}
		path := writeList(t, dir, []string{"Hausnummer"}, rows)
		before, _ := check(t, path, nil)
		var list []Decision
		words := validate.Values{}
		for _, p := range propose(t, path) {
			list = append(list, p.Decision)
			if p.Kind == Word {
				_ = words.Add(p.Field, p.From, p.To)
			}
			after, _ := check(t, path, list)
			for number, was := range before {
				now, isThere := after[number]
				switch {
				case !isThere && was.Valid(), isThere && was.Valid() && !now.Valid():
					rt.Fatalf("row %d is bad after %v: %v", number, list, now.Problems)
				case isThere && was.User.PhoneNumber != "" && now.User.PhoneNumber != was.User.PhoneNumber:
					rt.Fatalf("row %d has another number after %v", number, list)
				case isThere && !was.Valid() && now.Valid() && !saysYes(rows[number-2], words):
					rt.Fatalf("row %d is ready without consent after %v", number, list)
				}
			}
			before = after
		}
	})
}

// saysYes reports whether the terms of a row are accepted, by the partner's own words
// or by one that was decided.
func saysYes(cells []string, words validate.Values) bool {
	cell := cells[slices.Index(validate.Fields().Names(), validate.FieldTerms)]
	_, isDecided := words[validate.FieldTerms][validate.FoldWord(cell)]
	return isDecided || slices.Contains([]string{"true", "yes", "1"}, strings.ToLower(strings.TrimSpace(cell)))
}

// damagedRow returns the cells of a row as lists have them.
func damagedRow(t *rapid.T, n int) []string {
	pick := func(forms ...string) string { return rapid.SampledFrom(forms).Draw(t, "cell") }
	cells := row(pick("a", "b", "c", "d")+string(rune('a'+n))+"@b.de", map[string]string{
		validate.FieldTerms:       pick("TRUE", "true", "yes", "ja", "Ja", "x", "nein", "no", "", "ok", "-", "vielleicht", "1"),
		validate.FieldCountryCode: pick("DE", "DE", "Deutschland", "D", "FR", "France", "US", "USA", "NG", "", "Germny", "Iran", "BR", "NO"),
		validate.FieldPhoneNumber: pick("+4915123456789", "0151 23456789", "15123456789", "4915123456789", "004915123456789", "06 12 34 56 78", "33612345678", "612345678",
			"08021234567", "2348021234567", "4155552671", "14155552671", "0014155552671", "11987654321", "5511987654321", "21234567", "4721234567", "12", ""),
		validate.FieldAddress:   pick("", "Main Street", "a@b.de"),
		validate.FieldFirstName: pick("Jane", "Jane", ""),
		validate.FieldLastName:  pick("Doe", "Doe", ""),
	})
	if pick("", "", "", "", "sparse") != "" {
		for i := range cells {
			if i > 0 && i < len(cells)-1 {
				cells[i] = ""
			}
		}
	}
	return append(cells, pick("", "12", "7 b", "=1"))
}
