// Package country knows what lists call countries: names in two dozen languages,
// abbreviations, codes of three letters or digits. Start at [CodeOf]. Everything in
// here may be used by any number of goroutines.
//
// A name is a proposal, never more: package validate accepts codes only, and an
// operator decides which name means which code.
package country

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// names has a line for each country: its code of ISO 3166-1 alpha-2, then what it is
// called, each as foldName writes it and between two bars. The names are those of
// Unicode CLDR in 24 languages, with common abbreviations and, for the countries
// that their neighbours write so, the sign on number plates. No two lines share one.
//
//go:embed names.txt
var names string

// byName returns the codes by name.
var byName = sync.OnceValue(func() map[string]string { //nolint:gochecknoglobals // a constant that takes time to work out
	index := map[string]string{}
	for line := range strings.Lines(names) {
		code, rest, _ := strings.Cut(strings.TrimSpace(line), "|")
		for name := range strings.SplitSeq(strings.TrimSuffix(rest, "|"), "|") {
			index[name] = code
		}
	}
	return index
})

// CodeOf returns the code of ISO 3166-1 alpha-2 that a name, an abbreviation or a
// code of three letters or digits means; "" if it means none, or is such a code
// itself. Case, accents, spaces and punctuation do not count.
func CodeOf(name string) string {
	folded := foldName(name)
	if folded == "" || IsCode(strings.ToUpper(strings.TrimSpace(name))) {
		return ""
	}
	if code := byName()[folded]; code != "" {
		return code
	}
	if len(folded) != 3 {
		return ""
	}
	region, err := language.ParseRegion(folded)
	if code := region.String(); err == nil && IsCode(code) {
		return code
	}
	return ""
}

// foldName writes a name in small letters and digits, without accents.
func foldName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKD.String(name)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// IsCode reports whether a code is an officially assigned one of ISO 3166-1
// alpha-2, in capitals.
func IsCode(code string) bool {
	const assigned = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
		"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
		"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
		"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
		"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
		"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
		"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return false
	}
	return strings.Index(assigned, code+" ")%3 == 0
}
