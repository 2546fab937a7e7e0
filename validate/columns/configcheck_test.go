package columns

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/validate"
)

// adviceRegions have numbers that can be confused: with and without a prefix
// for calls within the country, of one calling code, and of many lengths.
func adviceRegions() []string {
	return []string{"US", "US", "US", "SG", "GB", "DE", "CA", "AT", "GB", "FR", "ES", "IT", "NO", "DK", "PL", "LT", "PT", "GR", "CZ", "BR", "MX", "IN", "CN", "HK", "SG", "AU", "NZ", "EG", "ZA", "KZ", "RU", "TR", "SM"}
}

// drawPhone draws a number that exists in a region, in E.164.
func drawPhone(t *rapid.T, region string) *phonenumbers.PhoneNumber {
	example := phonenumbers.GetExampleNumberForType(region, rapid.SampledFrom([]phonenumbers.PhoneNumberType{phonenumbers.MOBILE, phonenumbers.FIXED_LINE}).Draw(t, "type"))
	if example == nil {
		example = phonenumbers.GetExampleNumber(region)
	}
	digits := []byte(phonenumbers.Format(example, phonenumbers.E164))
	if region == "US" { // area codes that are also the beginning of other countries' numbers
		copy(digits[2:], rapid.SampledFrom([]string{"201", "479", "458", "656", "659"}).Draw(t, "area"))
	}
	for i := len(digits) - rapid.IntRange(0, 6).Draw(t, "changed"); i < len(digits); i++ {
		digits[i] = rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
	}
	if n, err := phonenumbers.Parse(string(digits), ""); err == nil && phonenumbers.IsValidNumber(n) {
		return n
	}
	return example
}

// damagePhone writes a number as people and programs do.
func damagePhone(n *phonenumbers.PhoneNumber, how string) string {
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	switch how {
	case "plus":
		return e164[1:]
	case "country":
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	case "country and zero":
		return phonenumbers.GetNationalSignificantNumber(n)
	case "bare national":
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, phonenumbers.Format(n, phonenumbers.NATIONAL))
	case "00":
		return "00" + e164[1:]
	case "decimal":
		return e164[1:] + ".0"
	case "exponent":
		return fmt.Sprintf("%s.%sE+%d", e164[1:2], e164[2:6], len(e164)-2)
	case "spaces":
		return strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.INTERNATIONAL), "+")
	}
	return e164
}

// drawDamagedList draws a sound list and damages its phone numbers, a column of
// them alike or each in its own way.
func drawDamagedList(t *rapid.T) (rows []validate.Raw, regions []string) {
	regions = rapid.SliceOfN(rapid.SampledFrom(adviceRegions()), 1, 3).Draw(t, "regions")
	ways := rapid.SliceOfN(rapid.SampledFrom([]string{"", "plus", "country", "country and zero", "bare national", "00", "decimal", "exponent", "spaces"}), 1, 3).Draw(t, "ways")
	named := rapid.IntRange(0, 3).Draw(t, "named")
	for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
		raw := soundRow()
		raw.Email = fmt.Sprintf("jane%d@example.org", i)
		region := rapid.SampledFrom(regions).Draw(t, "region")
		raw.PhoneNumber = damagePhone(drawPhone(t, region), rapid.SampledFrom(ways).Draw(t, "way"))
		if named > 0 && rapid.IntRange(1, 3).Draw(t, "names its country") <= named {
			raw.CountryCode = rapid.SampledFrom(append(regions, region, region, region)).Draw(t, "country")
		}
		rows = append(rows, raw)
	}
	return rows, regions
}

// soundPhones are the numbers of the rows that can be sent.
func soundPhones(r *validate.Rules, rows []validate.Raw) map[int]string {
	sound := map[int]string{}
	for i, raw := range rows {
		if res := r.Check(raw); res.Valid() {
			sound[i] = res.User.PhoneNumber
		}
	}
	return sound
}

// Following what is proposed never makes a good row bad, nor its number another.
func TestAdviceOnlyHelps(t *testing.T) {
	for range 10 { // of a hundred lists each, unless -rapid.checks says otherwise
		rapid.Check(t, followAdvice)
	}
}

func followAdvice(t *rapid.T) {
	rows, regions := drawDamagedList(t)
	rules := validate.Rules{}
	switch rapid.IntRange(0, 3).Draw(t, "begins with") {
	case 0:
		rules.PhonePlus = true
	case 1:
		rules.PhoneRegion = rapid.SampledFrom(regions).Draw(t, "phone region")
	}
	for range 4 {
		sound := soundPhones(&rules, rows)
		flags := Flags(check(&Checker{Rules: &rules}, rules, rows...))
		if len(flags) == 0 {
			return
		}
		for i, flag := range flags {
			switch flag {
			case "--phone-plus":
				rules.PhonePlus = true
			case "--phone-region":
				rules.PhoneRegion = flags[i+1]
			}
		}
		after := soundPhones(&rules, rows)
		for i, number := range sound {
			if after[i] != number {
				t.Fatalf("%q: row %d, %q of %q, was %s and is %q", flags, i, rows[i].PhoneNumber, rows[i].CountryCode, number, after[i])
			}
		}
		if len(after) <= len(sound) {
			t.Fatalf("%q mends nothing", flags)
		}
	}
	t.Fatalf("there is always another proposal: %+v", rules)
}

// The list that this was found with: numbers that lost their + beside national
// ones of the same country.
func TestAdvicePlusThenRegion(t *testing.T) {
	var rows []validate.Raw
	for i := range 619 {
		raw := soundRow()
		raw.Email, raw.PhoneNumber, raw.CountryCode = fmt.Sprintf("jane%d@example.org", i), fmt.Sprintf("491701%06d", 230000+i), "DE"
		rows = append(rows, raw)
	}
	for i := range 20 {
		raw := soundRow()
		raw.Email, raw.PhoneNumber, raw.CountryCode = fmt.Sprintf("joe%d@example.org", i), fmt.Sprintf("030 12345%02d", i), "DE"
		rows = append(rows, raw)
	}
	rules := validate.Rules{}
	for step, want := range [][]string{{"--phone-plus"}, {"--phone-region", "DE"}, nil} {
		if flags := Flags(check(&Checker{Rules: &rules}, rules, rows...)); !slices.Equal(flags, want) {
			t.Fatalf("step %d proposes %q, want %q", step, flags, want)
		}
		if step == 0 {
			rules.PhonePlus = true
		} else {
			rules.PhoneRegion = "DE"
		}
	}
	if sound := soundPhones(&rules, rows); len(sound) != len(rows) || sound[0] != "+491701230000" || sound[619] != "+49301234500" {
		t.Errorf("%d of %d rows are good, %s, %s", len(sound), len(rows), sound[0], sound[619])
	}
}

// The other way round: once the region is known, what lacks the prefix of its
// country is ambiguous, and its row's country says that it lost its +.
func TestAdviceRegionThenPlus(t *testing.T) {
	rows := rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber, r.CountryCode = v, "DE" }, "030 1234501", "030 1234502", "030 1234503", "491701234567", "491701234568")
	rules := validate.Rules{}
	for step, want := range [][]string{{"--phone-region", "DE"}, {"--phone-plus"}, nil} {
		if flags := Flags(check(&Checker{Rules: &rules}, rules, rows...)); !slices.Equal(flags, want) {
			t.Fatalf("step %d proposes %q, want %q", step, flags, want)
		}
		if step == 0 {
			rules.PhoneRegion = "DE"
		} else {
			rules.PhonePlus = true
		}
	}
	if sound := soundPhones(&rules, rows); len(sound) != len(rows) || sound[4] != "+491701234568" {
		t.Errorf("%v", sound)
	}
}

// Where a flag would give a good number a second reading, it is not proposed,
// and the text says so.
func TestAdviceNotGiven(t *testing.T) {
	rows := rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber = v }, "6562345678", "(415) 555-2671", "(415) 555-2672") // +65 6234 5678, and a number of the US
	for i := range rows[1:] {
		rows[1+i].CountryCode = "US"
	}
	found := check(&Checker{Rules: &validate.Rules{PhonePlus: true}}, validate.Rules{PhonePlus: true}, rows...)
	if len(found) != 1 || found[0].Kind != KindCountry || found[0].Flags != nil || !strings.Contains(found[0].Text, "read in two ways") {
		t.Errorf("%+v", found)
	}
	rows = rowsWith(func(r *validate.Raw, v string) { r.PhoneNumber = v }, "2025550143", "442079460101", "442079460102")
	found = check(&Checker{Rules: &validate.Rules{PhoneRegion: "US"}}, validate.Rules{PhoneRegion: "US"}, rows...)
	if len(found) != 1 || found[0].Kind != KindPlus || len(found[0].Flags) == 0 != (new(validate.Rules).Check(validate.Raw{PhoneNumber: "+2025550143"}).User.PhoneNumber != "") {
		t.Errorf("%+v", found)
	}
}

// An encoding is proposed only if it can read every cell.
func TestAdviceEncoding(t *testing.T) {
	name := func(r *validate.Raw, v string) { r.LastName = v }
	for _, tt := range []struct {
		names []string
		flags []string
	}{
		{[]string{"MÃ¼ller", "JosÃ©"}, []string{"--encoding", "utf-8"}},
		{[]string{"MÃ¼ller", "JosÃ©", "José"}, nil}, // é alone is no UTF-8
	} {
		if flags := Flags(check(&Checker{Encoding: "windows-1252"}, validate.Rules{}, rowsWith(name, tt.names...)...)); !slices.Equal(flags, tt.flags) {
			t.Errorf("%q: %q, want %q", tt.names, flags, tt.flags)
		}
	}
}

// Finding of whole columns is said once.
func TestCheckerColumns(t *testing.T) {
	for _, tt := range []struct {
		set    func(*validate.Raw, string)
		values []string
		want   string
	}{
		{func(r *validate.Raw, v string) { r.AccountPurpose = v }, []string{"personal use 1", "personal use 2", "personal use 3"}, "counting_up accountPurpose 3"},
		{func(r *validate.Raw, v string) { r.City = v }, []string{"Boston 1", "Boston 2", "Boston 3", "Boston 4"}, "counting_up city 4"},
		{func(r *validate.Raw, v string) { r.IPAddress = v }, []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"}, "counting_up ipAddress 5"},
		{func(r *validate.Raw, v string) { r.Address = v }, []string{"1 Main Street", "2 Main Street", "3 Main Street", "4 Main Street", "5 Main Street"}, "counting_up address 5"},
		{func(r *validate.Raw, v string) { r.LastName = v }, []string{"Null", "Doe", "Roe"}, ""},
		{func(r *validate.Raw, v string) { r.LastName = v }, []string{"None", "Doe", "None"}, "nothing_word lastName 2"},
		{func(r *validate.Raw, v string) {
			r.LastName = v
			if v != "None" {
				r.City = "nan"
			}
		}, []string{"None", "Doe", "Roe"}, "nothing_word city 2|nothing_word lastName 1"},
		{func(r *validate.Raw, v string) { r.FirstName = v }, []string{"Jos&eacute;", "O&#39;Brien"}, "foreign_notation firstName 2"},
		{func(r *validate.Raw, v string) { r.City = v }, []string{"02139", "10001"}, "other_field city 2"},
		{func(r *validate.Raw, v string) { r.PostalCode = v }, []string{"10001.0", "2139.0"}, "decimal_added postalCode 2"},
		{func(r *validate.Raw, v string) { r.City = v }, []string{"Jos√©", "M├╝nchen"}, "double_encoded city 2"},
	} {
		rows := rowsWith(tt.set, tt.values...)
		for i := range rows {
			if rows[i].PhoneNumber != "" {
				rows[i].PhoneNumber = fmt.Sprintf("+1202555%04d", 2000+7*i)
			}
		}
		var got []string
		for _, d := range check(new(Checker), validate.Rules{}, rows...) {
			got = append(got, fmt.Sprintf("%s %s %d", d.Kind, d.Field, d.Rows))
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%q: %q, want %q", tt.values, got, tt.want)
		}
	}
}

// Where there is no room to try a flag on all rows, it is not proposed.
func TestAdviceUntried(t *testing.T) {
	rules := validate.Rules{PhonePlus: true}
	d := &Checker{Rules: &rules}
	raw := soundRow()
	raw.PhoneNumber = "491701234567"
	res := rules.Check(raw)
	for row := range maxUntried + 1 {
		d.Add(Place{0, row + 2}, &raw, &res)
	}
	raw.PhoneNumber, raw.CountryCode = "030 1234567", "DE"
	d.Add(Place{0, maxUntried + 3}, &raw, new(rules.Check(raw)))
	found := slices.DeleteFunc(d.Findings(), func(f Finding) bool { return f.Kind != KindCountry })
	if len(found) != 1 || found[0].Flags != nil || !strings.Contains(found[0].Text, "too long to be sure") {
		t.Errorf("%+v", found)
	}
	if len(d.config.untried) != 0 || !d.config.isOverfull {
		t.Errorf("%d numbers are kept", len(d.config.untried))
	}
}
