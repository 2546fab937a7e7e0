package phone

import (
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

var everyDigit = flag.Bool("every-digit", false, "try all ten digits in every place of the example numbers (ten seconds)")

// readByLibrary is Read with every verdict of every number, by libphonenumber
// alone.
func readByLibrary(cell string, o Options) Number {
	if celltext.HasDecimalZeros(cell) {
		return Read(cell, o)
	}
	digits, code, message := scanDigits(cell)
	switch {
	case code != "":
		return refuse(code, message)
	case digits[0] == '+':
		return parseByLibrary(digits, "")
	}
	var national, international Number
	if o.Region != "" {
		national = parseByLibrary(digits, o.Region)
	}
	if strings.HasPrefix(digits, "00") {
		international, o.AddPlus = parseByLibrary("+"+digits[2:], ""), true
	} else if len(digits) == utf8.RuneCountInString(cell) && digits[0] != '0' {
		international = parseByLibrary("+"+digits, "")
	}
	return o.choose(digits, national, international)
}

// agree compares all that the rules ask of a number. It tells whether the
// tables alone found it valid.
func agree(t testing.TB, v, region string, plus bool, countries ...string) bool {
	t.Helper()
	o := Options{Region: region, AddPlus: plus}
	got, want := Read(v, o), readByLibrary(v, o)
	if got.E164 != want.E164 || got.Code != want.Code || got.Message != want.Message {
		t.Fatalf("%q of %q, plus %v: got %q %s %q, libphonenumber has %q %s %q", v, region, plus,
			got.E164, got.Code, got.Message, want.E164, want.Code, want.Message)
	}
	if got.Code != "" {
		return false
	}
	sameNumber(t, v+" of "+region, got, want, countries...)
	return got.parsed == nil
}

// sameNumber compares two readings of a valid number.
func sameNumber(t testing.TB, what string, got, want Number, countries ...string) {
	t.Helper()
	if got.E164 != want.E164 || got.callingCode() != want.callingCode() || got.numberType() != want.numberType() || got.region() != want.region() {
		t.Fatalf("%s: got %s of %d %s, type %d; libphonenumber has %s of %d %s, type %d", what, got.E164, got.callingCode(), got.region(), got.numberType(),
			want.E164, want.callingCode(), want.region(), want.numberType())
	}
	for _, country := range append(phonenumbers.GetRegionCodesForCountryCode(want.callingCode()), countries...) {
		if got.InCountry(country) != want.InCountry(country) {
			t.Fatalf("%s: in %s %v, libphonenumber has %v", what, country, got.InCountry(country), want.InCountry(country))
		}
	}
}

// tableAgrees holds parseByTable to what libphonenumber says.
func tableAgrees(t testing.TB, digits, region string) verdict {
	t.Helper()
	got, read := parseByTable(digits, region)
	if read == verdictOpen {
		return read
	}
	want := parseByLibrary(digits, region)
	if (read == verdictValid) != (want.Code == "") {
		t.Fatalf("%s of %q: valid %v, libphonenumber has %q %s", digits, region, read == verdictValid, want.E164, want.Message)
	}
	if read == verdictValid {
		sameNumber(t, digits+" of "+region, got, want)
	}
	return read
}

// example is an example number that the metadata has for a region and type.
type example struct{ region, trunk, code, national string }

func examples(t testing.TB) []example {
	t.Helper()
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, m := range metadata.GetMetadata() {
		code := phonenumbers.Format(&phonenumbers.PhoneNumber{CountryCode: m.CountryCode}, phonenumbers.E164)
		for _, d := range descs(m) {
			if d.GetExampleNumber() != "" {
				out = append(out, example{m.GetId(), m.GetNationalPrefix(), strings.Trim(code[:len(code)-1], "+"), d.GetExampleNumber()})
			}
		}
	}
	slices.SortFunc(out, func(a, b example) int { return strings.Compare(a.code+a.national+a.region, b.code+b.national+b.region) })
	if out = slices.Compact(out); len(out) < 900 {
		t.Fatalf("only %d example numbers", len(out))
	}
	if testing.Short() { // the race detector makes libphonenumber ten times slower
		some := 0
		out = slices.DeleteFunc(out, func(example) bool { some++; return some%25 != 0 })
	}
	return out
}

func descs(m *phonenumbers.PhoneMetadata) []*phonenumbers.PhoneNumberDesc {
	return []*phonenumbers.PhoneNumberDesc{m.GetGeneralDesc(), m.GetPremiumRate(), m.GetTollFree(), m.GetSharedCost(), m.GetVoip(),
		m.GetPersonalNumber(), m.GetPager(), m.GetUan(), m.GetVoicemail(), m.GetFixedLine(), m.GetMobile()}
}

// near are numbers one digit away: each left out, each changed, one put before
// and behind each.
func near(national string) []string {
	var out []string
	for i := range len(national) + 1 {
		some := (i*7 + int(national[0])) % 10
		for d := range 10 {
			if !*everyDigit && d != some {
				continue
			}
			out = append(out, national[:i]+string(rune('0'+d))+national[i:])
		}
		if i == len(national) {
			break
		}
		out = append(out, national[:i]+national[i+1:])
		for d := range 10 {
			if !*everyDigit && d != some && d != (some+5)%10 {
				continue
			}
			out = append(out, national[:i]+string(rune('0'+d))+national[i+1:])
		}
	}
	return out
}

// Every example number, however it is written, is read as libphonenumber reads
// it; and a number with + by the tables alone.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		for i, region := range []string{"", "DE", e.region} {
			for j, v := range []string{e.national, e.trunk + e.national, e.code + e.national, "00" + e.code + e.national, "(" + e.national[:2] + ") " + e.national[2:]} {
				agree(t, v, region, (i+j+len(e.national))%2 == 0, "US", "DE", "AQ")
			}
		}
		n := parseByLibrary("+"+e.code+e.national, "")
		if byTable := agree(t, "+"+e.code+e.national, "", false, "US", "DE", "AQ"); !byTable && n.Code == "" && n.region() != "JP" {
			t.Errorf("+%s%s is valid and not in the tables", e.code, e.national)
		}
	}
}

func TestNearExamples(t *testing.T) {
	t.Parallel()
	counts := map[verdict]int{}
	for _, e := range examples(t) {
		for _, national := range near(e.national) {
			counts[tableAgrees(t, "+"+e.code+national, "")]++
			if e.region != "001" {
				counts[tableAgrees(t, national, e.region)]++
			}
		}
	}
	t.Logf("%d valid, %d invalid, %d left to libphonenumber", counts[verdictValid], counts[verdictInvalid], counts[verdictOpen])
	if all := counts[verdictValid] + counts[verdictInvalid] + counts[verdictOpen]; counts[verdictOpen]*5 > all || counts[verdictValid]*5 < all {
		t.Errorf("the tables settle too little: %v of %d", counts, all)
	}
}

// Prefixes, rightly or wrongly put, and numbers that begin or end too early.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		tries := []string{e.trunk + e.trunk + e.national, e.code + e.trunk + e.national, e.code + e.code + e.national}
		for _, p := range []string{"0", "1", "8", "06", "15", "80", "90", "014", "180020", "1001", "0111"} {
			tries = append(tries, p+e.national)
		}
		for n := 2; n < len(e.national); n++ {
			tries = append(tries, e.trunk+e.national[:n], e.trunk+e.national[n:])
		}
		for i, national := range tries {
			tableAgrees(t, "+"+e.code+national, "")
			if e.region != "001" && (i < 14 || *everyDigit) {
				tableAgrees(t, national, e.region)
			}
		}
	}
}

// Two readings, and wrong numbers whose fault libphonenumber has to name.
func TestReadings(t *testing.T) {
	for _, c := range []struct{ v, region string }{
		{"0014155550123", "DE"}, {"0014155550123", ""}, {"0014150550123", ""}, {"0014150550123", "DE"}, {"0049", ""}, {"001", ""}, {"0012", "US"},
		{"14155550123", "US"}, {"14155550123", "DE"}, {"4155550123", "US"}, {"4155550123", ""}, {"4915112345678", "DE"}, {"4901511234567", "DE"},
		{"1511234567", "DE"}, {"015112345678", "DE"}, {"015112345678", "XX"}, {"15112345678", "DE"}, {"112", "DE"}, {"+112", ""}, {"+1", ""}, {"+999123456789", ""},
		{"+559040031234", ""}, {"9040031234", "BR"}, {"+78121234567", ""}, {"+788121234567", ""}, {"88121234567", "RU"}, {"+390612345678", ""}, {"0612345678", "IT"},
		{"+8100012345", ""}, {"+5401115551234", ""}, {"0111551234567", "AR"}, {"+441800201234567890", ""}, {"+80012345678", ""}, {"+8835100012345", ""}, {"80012345678", ""},
		{"+49" + "1234567890123", ""}, {"+49" + "12345678901234", ""}, {"123456789012345", "DE"}, {"00491234567890123", ""},
	} {
		agree(t, c.v, c.region, false, "US", "DE", "VA", "AQ")
		agree(t, c.v, c.region, true, "US", "DE", "VA", "AQ")
	}
	// 001 is an international prefix of Hong Kong: +65 6234 5678, or +1 656 234 5678.
	if agree(t, "0016562345678", "HK", false); Read("0016562345678", Options{Region: "HK"}).Code != CodeAmbiguous {
		t.Error("taken for one number while it can be two")
	}
	if n := Read("+4912345678901234", Options{}); !strings.HasPrefix(n.Message, "has 16 digits") {
		t.Errorf("16 digits: %s %s", n.Code, n.Message)
	}
}

// A plan made up for what no real one has, with results worked out by hand.
func TestRegionPlan(t *testing.T) {
	desc := func(pattern string, lengths ...int32) *phonenumbers.PhoneNumberDesc {
		return &phonenumbers.PhoneNumberDesc{NationalNumberPattern: &pattern, PossibleLength: lengths}
	}
	none := desc("NA", -1)
	metadata := func(leading string, general *phonenumbers.PhoneNumberDesc, oneRange bool) *phonenumbers.PhoneMetadata {
		name, trunk := "AA", "5"
		return &phonenumbers.PhoneMetadata{Id: &name, GeneralDesc: general, PremiumRate: desc(`9\d+`, 7), TollFree: none, SharedCost: desc(`9\d+`), Voip: none, PersonalNumber: none,
			Pager: none, Uan: none, Voicemail: none, FixedLine: desc(`1\d+|55?\d+`), Mobile: desc(`[12]\d+`), LeadingDigits: &leading, NationalPrefixForParsing: &trunk,
			SameMobileAndFixedLinePattern: &oneRange}
	}
	general := func() *phonenumbers.PhoneNumberDesc {
		d := desc(`[1-59]\d{3,8}`, 5, 7, 8)
		d.PossibleLengthLocalOnly = []int32{4}
		return d
	}
	two, one, led := newRegionPlan(metadata("", general(), false)), newRegionPlan(metadata("", general(), true)), newRegionPlan(metadata("9", general(), false))
	for number, want := range map[string][2]phonenumbers.PhoneNumberType{
		"9123456": {phonenumbers.PREMIUM_RATE, phonenumbers.PREMIUM_RATE}, "91234": {phonenumbers.SHARED_COST, phonenumbers.SHARED_COST},
		"12345": {phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE}, "55555": {phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE},
		"22345": {phonenumbers.MOBILE, phonenumbers.UNKNOWN}, "32345": {phonenumbers.UNKNOWN, phonenumbers.UNKNOWN},
		"123456": {phonenumbers.UNKNOWN, phonenumbers.UNKNOWN}, "1": {phonenumbers.UNKNOWN, phonenumbers.UNKNOWN}, "1234567890": {phonenumbers.UNKNOWN, phonenumbers.UNKNOWN},
	} {
		if two.kindOf(number) != want[0] || one.kindOf(number) != want[1] {
			t.Errorf("%s: type %d, and %d if there is one range", number, two.kindOf(number), one.kindOf(number))
		}
	}
	for n, want := range []phonenumbers.ValidationResult{3: phonenumbers.TOO_SHORT, 4: phonenumbers.IS_POSSIBLE_LOCAL_ONLY, 5: phonenumbers.IS_POSSIBLE,
		6: phonenumbers.INVALID_LENGTH, 7: phonenumbers.IS_POSSIBLE, 8: phonenumbers.IS_POSSIBLE, 9: phonenumbers.TOO_LONG} {
		if got := two.general.compare(n); n >= 3 && got != want {
			t.Errorf("length %d: %v", n, got)
		}
	}
	// The leading digits decide, whatever the numbers of the other region.
	shared := countryPlan{code: 999, digits: "999", regions: []*regionPlan{led, two}}
	for number, want := range map[string]*regionPlan{"91234": led, "12345": two, "911": led, "311": nil} {
		if owner, _ := shared.ownerOf(number); owner != want {
			t.Errorf("%s is given to the wrong region", number)
		}
	}
	alone := countryPlan{code: 999, digits: "999", regions: []*regionPlan{led}}
	for number, want := range map[string]string{"12345": "+99912345", "55": "",
		"512345":   "+99912345",   // the prefix goes
		"51234":    "+99951234",   // what is left would be a local number
		"5123456":  "+9995123456", // six digits are none
		"51234567": "+9991234567",
		"555":      "",
	} {
		if n, _ := alone.parse(number, led, ""); n.E164 != want {
			t.Errorf("%s: got %q, want %q", number, n.E164, want)
		}
	}
	if newRegionPlan(metadata("", desc("1$", 5), false)) != nil || newRegionPlan(metadata("", nil, false)) != nil || newRegionPlan(metadata("", desc("1"), false)) != nil {
		t.Error("a plan was made of metadata that have no table, pattern or length")
	}
}

// Each step of each table is taken once, and the string of digits that leads
// there, alone and completed to a match, is put to the regular expressions too.
func TestDigitTables(t *testing.T) {
	t.Parallel()
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metadata.GetMetadata() {
		c := allPlans()[m.GetCountryCode()]()
		if c == nil || c.regionPlan(m.GetId()) == nil {
			t.Errorf("%s of %d has no plan", m.GetId(), m.GetCountryCode())
			continue
		}
		var patterns []*regexp.Regexp
		for _, d := range descs(m) {
			patterns = append(patterns, regexp.MustCompile("^(?:"+d.GetNationalNumberPattern()+")$"))
		}
		if m.GetLeadingDigits() != "" {
			patterns = append(patterns, regexp.MustCompile("^(?:"+m.GetLeadingDigits()+")"))
		}
		table := c.regionPlan(m.GetId()).table
		tails := completions(table)
		for _, w := range walk(table) {
			for _, s := range []string{w.digits, w.digits + tails[w.state]} {
				var want uint16
				for i, p := range patterns {
					if p.MatchString(s) {
						want |= 1 << i
					}
				}
				if got := table.match(s); got != want {
					t.Fatalf("%s: %q matches %b, not %b", m.GetId(), s, got, want)
				}
			}
		}
	}
}

// word leads to a state.
type word struct {
	digits string
	state  uint16
}

// walk has one word for each step of the table.
func walk(table *digitTable) []word {
	words, first := []word{{"", 1}}, map[uint16]bool{0: true}
	for i := 0; i < len(words); i++ {
		if w := words[i]; !first[w.state] {
			first[w.state] = true
			for d, to := range table.next[w.state] {
				words = append(words, word{w.digits + string(rune('0'+d)), to})
			}
		}
	}
	return words
}

// completions are, by state, a shortest way on to a match.
func completions(table *digitTable) map[uint16]string {
	tails := map[uint16]string{}
	for changed := true; changed; {
		changed = false
		for i, next := range table.next {
			if _, ok := tails[uint16(i)]; ok {
				continue
			}
			if table.accepts[i] != 0 {
				tails[uint16(i)], changed = "", true
				continue
			}
			for d, to := range next {
				if tail, ok := tails[to]; ok {
					tails[uint16(i)], changed = string(rune('0'+d))+tail, true
					break
				}
			}
		}
	}
	return tails
}

func TestDigitTableRefuses(t *testing.T) {
	for _, pattern := range []string{"(", `1$`, `^1`, `1\b`, "1.", `\d*1\d{15}`} {
		if newDigitTable([]string{"1", pattern}) != nil {
			t.Errorf("%s was taken", pattern)
		}
	}
	if none := newDigitTable([]string{"NA"}); none.match("1") != 0 || none.match("") != 0 {
		t.Error("no number is matched")
	}
	table := newDigitTable([]string{`1[2-4]\d*`, `NA`, `12|13{2}`, ``})
	for s, want := range map[string]uint16{"": 8, "1": 0, "12": 5, "13": 1, "133": 5, "1333": 1, "2": 0, "124444444": 1} {
		if got := table.match(s); got != want {
			t.Errorf("%q: got %b, want %b", s, got, want)
		}
	}
}

// Common clean numbers cost no memory.
func TestReadAllocates(t *testing.T) {
	for _, c := range []struct {
		v, region string
		most      float64
	}{{"+14155550123", "", 0}, {"+4915112345678", "DE", 0}, {"015112345678", "DE", 1}, {"4155550123", "US", 1}} {
		if n := testing.AllocsPerRun(100, func() { Read(c.v, Options{Region: c.region}) }); n > c.most {
			t.Errorf("%s: %v allocations", c.v, n)
		}
	}
}

// The tables and libphonenumber read everything alike. Each input is also tried
// as digits only, since other text hardly reaches the tables.
func FuzzTables(f *testing.F) {
	for _, cell := range cells() {
		f.Add(cell, "DE", true, "US")
	}
	for _, e := range examples(f) {
		f.Add("+"+e.code+e.national, e.region, false, e.region)
		f.Add(e.trunk+e.national, e.region, true, e.region)
		f.Add("00"+e.code+e.trunk+e.national, e.region, true, "CA")
	}
	f.Fuzz(func(t *testing.T, phone, region string, plus bool, country string) {
		agree(t, phone, region, plus, country)
		digits := []byte(phone[:min(len(phone), 18)])
		for i, b := range digits {
			if !celltext.IsDigit(b) && (i > 0 || b != '+') {
				digits[i] = '0' + b%10
			}
		}
		agree(t, string(digits), region, plus, country)
		if strings.Trim(string(digits), "+") != "" {
			tableAgrees(t, "+"+strings.Trim(string(digits), "+"), "")
		}
	})
}

// BenchmarkRead compares the tables with libphonenumber.
func BenchmarkRead(b *testing.B) {
	for _, c := range []struct{ name, v, region string }{
		{"US", "+14155550123", ""}, {"CA", "+15062345678", ""}, {"GB", "+447400123456", ""}, {"BR", "+5511961234567", ""}, {"AR", "+5491123456789", ""},
		{"nationalDE", "015112345678", "DE"}, {"nationalUS", "(415) 555-0123", "US"}, {"wrong", "+14150550123", ""},
	} {
		for name, read := range map[string]func(string, Options) Number{"tables": Read, "libphonenumber": readByLibrary} {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					read(c.v, Options{Region: c.region})
				}
			})
		}
	}
}

// cells are phone numbers and other text as people write them.
func cells() []string {
	return []string{"+14155552671", "+1415\u200b5552671", " +14155552671 ", "+1415\n5552671", "1.41556E+10", "1E+10", "14155552671", "14155552671.0",
		"(415) 555-2671", "0170 1234567", "0014155552671", "+1 (415) 555-2671", "(+1) 415.555.2671", "+44 (0)20 7946 0958", "+39 06 12345678",
		"+1 415 555 2671 ext. 5", "+14155552671x5", "+14155552671#5", "+1 800 FLOWERS", "tel:+14155552671", "\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff12\uff16\uff17\uff11",
		"+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0662\u0666\u0667\u0661", "+", "++14155552671", "'+14155552671", "+14155552671, +14155552672", "+14155552671 / +14155552672",
		"+1234567890123456", "+999123456", "+1415555267", "+141555526711", "+11155552671", "+12", "+14155550123", "+1911", "2024-05-01", "12-Mar"}
}
