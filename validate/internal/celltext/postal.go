package celltext

import "strings"

// postalForm is what the postal codes of a country look like. Of countries
// whose codes have letters or never begin with 0 nothing is known here.
type postalForm struct {
	long, short int // how many digits a code has; short = 0: all are long
	zeros       int // with how many zeros a code may begin
}

// formOf lists the countries in which a code may begin with 0. Sources: the
// Universal Postal Union's addressing sheets, and the posts' own lists.
func formOf(country string) postalForm {
	switch country {
	case "US", "PR", "VI": // 00501 Holtsville, 02139-4307, 00601 Adjuntas
		return postalForm{9, 5, 2}
	case "IT", "VA", "PL", "KE", "LK": // 00118 Roma, 00-950 Warszawa, 00100 Nairobi
		return postalForm{5, 0, 2}
	case "FI": // 00100 Helsinki, 00002
		return postalForm{5, 0, 4}
	case "DE", "FR", "ES", "MX", "TR", "MY", "KR", "UA", "SK", "LT", "DZ", "PE", "GT", "LA", "MM", "EE", "MV": // 01067 Dresden
		return postalForm{5, 0, 1}
	case "NO", "SJ", "ZA", "AM": // 0001 and 0150 Oslo, 0001 Pretoria, 0010 Yerevan
		return postalForm{4, 0, 3}
	case "AU", "NZ", "DK", "GE", "PH", "PA": // 0800 Darwin, 0110 Whangarei
		return postalForm{4, 0, 1}
	case "RO", "CN", "KZ", "SG", "CO", "EC": // 010011 Bucuresti
		return postalForm{6, 0, 1}
	case "JP": // 001-0010 Sapporo
		return postalForm{7, 0, 2}
	case "BR": // 01310-100 São Paulo
		return postalForm{8, 0, 1}
	}
	return postalForm{}
}

// HasLostZero reports whether v is a postal code of digits that is shorter than all
// codes of its country by as many digits as these may have zeros in front.
func HasLostZero(v, country string) bool {
	form := formOf(country)
	if form.long == 0 {
		return false
	}
	if prefix, rest, ok := strings.Cut(v, "-"); ok && rest != "" && strings.Trim(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		v = rest // LT-01100
	}
	digits := 0
	for i := 0; i < len(v); i++ {
		switch {
		case IsDigit(v[i]):
			digits++
		case v[i] != '-' && v[i] != ' ' || i == 0:
			return false
		}
	}
	if digits > 1 && v[0] == '0' && strings.Trim(v, "0- ") == "" {
		return false // a filler
	}
	lost := func(length int) bool { return digits < length && digits >= length-form.zeros }
	return digits > 0 && digits != form.short && (lost(form.long) || form.short > 0 && lost(form.short))
}

// HasNoPostalCodes reports whether a country or territory has no postal codes.
func HasNoPostalCodes(country string) bool {
	switch country {
	case "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CM", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GM", "GQ",
		"GY", "HK", "IE", "JM", "KM", "KN", "KI", "LY", "ML", "MO", "MR", "MW", "NR", "NU", "QA", "RW", "SB", "SC", "SL", "SR", "ST", "SX", "SY",
		"TD", "TF", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "YE", "ZW":
		return true
	}
	return false
}
