package columns

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/validate"
)

// soundRow is a row without a problem.
func soundRow() validate.Raw {
	return validate.Raw{FirstName: "Jane", LastName: "Doe", Email: "jane@example.org", PhoneNumber: "+12025550143", AccountPurpose: "payroll",
		IPAddress: "203.0.113.7", Terms: "TRUE", Program: "custodial"}
}

// check gives the rows, from row 2 on, to a checker.
func check(d *Checker, r validate.Rules, rows ...validate.Raw) []Finding {
	for i, raw := range rows {
		d.Add(Place{0, i + 2}, &raw, new(r.Check(raw)))
	}
	return d.Findings()
}

// rowsWith makes rows that differ in one field and in what must not repeat.
func rowsWith(set func(*validate.Raw, string), values ...string) []validate.Raw {
	var rows []validate.Raw
	for i, v := range values {
		raw := soundRow()
		raw.Email = fmt.Sprintf("jane%d@example.org", i)
		raw.PhoneNumber = fmt.Sprintf("+1202555%04d", 2000+i)
		set(&raw, v)
		rows = append(rows, raw)
	}
	return rows
}

func TestChecker(t *testing.T) {
	phone := func(r *validate.Raw, v string) { r.PhoneNumber = v }
	german := func(r *validate.Raw, v string) { r.PhoneNumber, r.CountryCode = v, "DE" }
	postal := func(r *validate.Raw, v string) { r.PostalCode, r.CountryCode = v, "US" }
	name := func(r *validate.Raw, v string) { r.LastName = v }
	for _, tt := range []struct {
		name  string
		rows  []validate.Raw
		want  string // kind field rows: first rows: flags
		says  string
		rules validate.Rules
		named string // Checker.Encoding
	}{
		{name: "nothing", rows: rowsWith(phone, "+12025550143", "+442079460101")},
		{name: "line 41", rows: rowsWith(phone, "1.41556E+10", "+12025550143", "1,41556E+10"), want: "rounded phoneNumber 2: 2 4: ", says: "1.41E+10"},
		{name: "line 42", rows: rowsWith(phone, "14155551234", "442079460101", "+12025550143"), want: "plus_lost phoneNumber 2: 2 3: --phone-plus", says: "--phone-plus"},
		{name: "line 42, of another country", rows: rowsWith(german, "12025550143", "14155551234"), want: "plus_lost phoneNumber 2: 2 3: ", says: "countryCode"},
		{name: "line 43", rows: rowsWith(german, "030 1234567", "0171 2345678"), want: "country_lost phoneNumber 2: 2 3: --phone-region DE", says: "countryCode says DE"},
		{name: "line 43, no country", rows: rowsWith(phone, "030 1234567", "0171 2345678"), want: "country_lost phoneNumber 2: 2 3: ", says: "--phone-region"},
		{name: "line 43, two countries", rows: append(rowsWith(german, "030 1234567", "0171 2345678"), rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber, r.CountryCode, r.Email = v, "AT", "at@example.org" }, "01 5123456")...),
			want: "country_lost phoneNumber 3: 2 3 4: ", says: "several countries"},
		{name: "line 42, and line 43 beside it", rows: append(rowsWith(german, "491701234567", "491701234568"), rowsWith(func(r *validate.Raw, v string) { german(r, v); r.Email = "x@example.org" }, "030 1234567")...),
			want: "plus_lost phoneNumber 2: 2 3: --phone-plus|country_lost phoneNumber 1: 4: ", says: "Do not use both at once: try --phone-plus first"},
		{name: "decimal", rows: rowsWith(phone, "14155551234.0"), want: "decimal_added phoneNumber 1: 2: ", says: ".0"},
		{name: "line 64", rows: rowsWith(phone, "2024-03-01", "01.03.2024"), want: "date_made phoneNumber 2: 2 3: ", says: "dates"},
		{name: "line 64, postal code", rows: rowsWith(postal, "2024-03-01"), want: "date_made postalCode 1: 2: ", says: "dates"},
		{name: "line 46", rows: rowsWith(postal, "2139", "94105", "501"), want: "zero_lost postalCode 2: 2 4: ", says: "leading zeros"},
		{name: "line 51", rows: rowsWith(name, "#N/A", "Doe", "#REF!"), want: "error_value lastName 2: 2 4: ", says: "#N/A"},
		{name: "line 9", rows: rowsWith(name, "MÃ¼ller", "Doe", "JosÃ©"), want: "double_encoded lastName 2: 2 4: ", says: "windows-1252"},
		{name: "line 9, read wrongly", rows: rowsWith(name, "MÃ¼ller"), named: "windows-1252", want: "double_encoded lastName 1: 2: --encoding utf-8", says: "--encoding utf-8"},
		{name: "line 9, lost", rows: rowsWith(name, "M\ufffdller"), want: "characters_lost lastName 1: 2: ", says: "lost"},
		{name: "line 36, phone", rows: rowsWith(phone, "+12025550143", "+1 (202) 555-0143", "+12025550144", "+12025550143"), want: "phone_shared phoneNumber 3: 2 3 5: ", says: "one phone number"},
		{name: "line 36, two alike are a couple", rows: rowsWith(phone, "+12025550143", "+12025550143")},
		{name: "line 36, wallet", rows: rowsWith(func(r *validate.Raw, v string) { r.WalletAddress = v }, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
			"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"), want: "wallet_shared walletAddress 3: 2 3 4: ", says: "wallet"},
		{name: "line 35", rows: rowsWith(func(r *validate.Raw, v string) { r.Email = v }, "a.b@example.org", "other@example.org", "AB+x@example.org"), want: "mailbox_shared email 2: 2 4: ", says: "plus tag"},
		{name: "line 33 is no sharing", rows: rowsWith(func(r *validate.Raw, v string) { r.Email = v }, "a.b@example.org", "A.B@example.org")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			text := ""
			for _, d := range check(&Checker{Encoding: tt.named}, tt.rules, tt.rows...) {
				var first []string
				for _, p := range d.First {
					first = append(first, fmt.Sprint(p.Row))
				}
				got = append(got, fmt.Sprintf("%s %s %d: %s: %s", d.Kind, d.Field, d.Rows, strings.Join(first, " "), strings.Join(d.Flags, " ")))
				text += d.Text
			}
			if strings.Join(got, "|") != tt.want || !strings.Contains(text, tt.says) {
				t.Errorf("%q, %q, want %q with %q", got, text, tt.want, tt.says)
			}
		})
	}
}

// What a flag promises it does: with it, Check takes the rows.
func TestCheckerFlagsHelp(t *testing.T) {
	rows := rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber = v }, "14155551234", "442079460101")
	if flags := Flags(check(new(Checker), validate.Rules{}, rows...)); !slices.Equal(flags, []string{"--phone-plus"}) {
		t.Errorf("flags %q", flags)
	}
	if left := check(new(Checker), validate.Rules{PhonePlus: true}, rows...); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	rows = rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber, r.CountryCode = v, "DE" }, "030 1234567", "0171 2345678")
	if flags := Flags(check(new(Checker), validate.Rules{}, rows...)); !slices.Equal(flags, []string{"--phone-region", "DE"}) {
		t.Errorf("flags %q", flags)
	}
	if left := check(new(Checker), validate.Rules{PhoneRegion: "DE"}, rows...); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

func TestCheckerCells(t *testing.T) {
	d := new(Checker)
	for i, id := range []string{"C-1", "C-2", "2024-03-01", "C-4", "1.2E+18", "1234567890123450000", "#N/A", "", "C-9"} {
		d.AddCell(Place{1, i + 2}, "Customer No", id)
		d.AddCell(Place{1, i + 2}, "Since", "2024-03-01")
	}
	var got []string
	for _, f := range d.Findings() {
		got = append(got, fmt.Sprint(f.Kind, " ", f.Field, " ", f.First))
	}
	if want := "rounded Customer No [{1 6}]|date_made Customer No [{1 4}]|digits_lost Customer No [{1 7}]|error_value Customer No [{1 8}]"; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
}

// Shared values are counted as a map would count them, whatever was asked before.
func TestRepeatsAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r, seen, want := &repeats{}, map[string]int{}, 0
	for row := range 200_000 {
		phone := fmt.Sprintf("+1202%07d", random.IntN(100_000))
		r.add(Place{0, row + 2}, &validate.Result{User: validate.User{PhoneNumber: phone}})
		seen[phone]++
		if row == 50_000 {
			r.findings()
		}
	}
	groups := 0
	for _, n := range seen {
		if n >= sharedByMany {
			want += n
			groups++
		}
	}
	found := r.findings()
	if len(found) != 1 || found[0].Rows != want || found[0].Groups != groups || len(found[0].First) != firstPlaces {
		t.Errorf("%+v, want %d rows of %d numbers", found, want, groups)
	}
}

// Places are those of the rows, whatever gaps and files lie between, and the
// first ones come first.
func TestRepeatsPlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	r := &repeats{}
	at := Place{0, 1}
	rows, mails := map[string][]Place{}, map[string]map[string]bool{}
	for range 3000 {
		if at.Row += 1 + random.IntN(3); random.IntN(400) == 0 {
			at = Place{at.File + 1, 2}
		}
		local := fmt.Sprintf("ab%d", random.IntN(2000))
		identity := local[:1+random.IntN(2)] + strings.Repeat(".", random.IntN(2)) + local[1:] + "@example.org"
		if box := validate.Mailbox(identity); mails[box] == nil {
			mails[box] = map[string]bool{}
		}
		rows[validate.Mailbox(identity)] = append(rows[validate.Mailbox(identity)], at)
		mails[validate.Mailbox(identity)][identity] = true
		r.add(at, &validate.Result{Identity: identity})
	}
	var all []Place
	groups := 0
	for box, places := range rows {
		if len(mails[box]) > 1 {
			groups++
			all = append(all, places...)
		}
	}
	found := r.findings()
	if n := len(all); len(found) != 1 || found[0].Groups > groups || found[0].Groups < groups-2 || found[0].Rows > n { // two in 16,384 look alike
		t.Fatalf("%+v, want %d rows of %d mailboxes", found, n, groups)
	}
	if want := firstPlacesOf(all); found[0].Groups == groups && (!slices.Equal(found[0].First, want) || found[0].Rows != len(all)) {
		t.Errorf("%+v, want %v", found[0], want)
	}
}

func TestRepeatsEnd(t *testing.T) {
	r := &repeats{limit: 10}
	for row := range 25 {
		r.add(Place{3, row + 2}, &validate.Result{User: validate.User{PhoneNumber: "+12025550143"}})
	}
	found := r.findings()
	if r.count != 10 || len(found) != 2 || found[0].Rows != 10 || found[1].Kind != SharedUnknown || found[1].Rows != 15 || found[1].First[0] != (Place{3, 12}) {
		t.Errorf("%d kept, %+v", r.count, found)
	}
}

// No text holds what a list of problems is not to hold.
func TestDamageTexts(t *testing.T) {
	d := &Checker{Encoding: "windows-1252"}
	for rank, kind := range []string{KindRounded, KindPlus, KindCountry, KindDecimal, KindDate, KindZero, KindDigits, KindError, KindTwice, KindLetters} {
		out := d.explain(findingKey{kind, validate.FieldPhoneNumber}, &affectedRows{rows: 1})
		if out.Text == "" || strings.ContainsAny(out.Text, ";\n") || strings.HasSuffix(out.Text, ".") {
			t.Errorf("%d %s: %q", rank, kind, out.Text)
		}
	}
	for _, kind := range []string{SharedPhone, SharedWallet, SharedMailbox, SharedUnknown} {
		if rankOf(kind) < 0 || sharedFinding(kind).Kind != kind {
			t.Errorf("%s: %+v", kind, sharedFinding(kind))
		}
	}
}

func BenchmarkChecker(b *testing.B) {
	raw := soundRow()
	res := new(validate.Rules).Check(raw)
	d := new(Checker)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Add(Place{0, i}, &raw, &res)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
