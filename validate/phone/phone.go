// Package phone turns the cell of a phone number into E.164. Start at [Read].
//
// It promises to say of every text what libphonenumber says: the same number of
// the same country and type, or a refusal. libphonenumber takes some 20 µs for a
// number, so its own metadata is compiled into tables of digits (plans.go,
// automaton.go) and its steps are repeated with those (tables.go). The tables
// answer only what they settle. Everything rare, odd or wrong is left to
// libphonenumber, which also finds the words for what is wrong. TestExamples,
// TestNearExamples, TestDigitTables and the differential FuzzTables hold the
// tables to libphonenumber.
//
// Everything in here may be used by any number of goroutines.
package phone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// Codes of refusals. They are stable, as all codes of package validate.
const (
	CodeNoCountry = "phone_no_country"
	CodePlusLost  = "phone_plus_lost"
	CodeAmbiguous = "phone_ambiguous"
	CodeExtension = "phone_extension"
	CodeLetters   = "phone_letters"
	CodeFormat    = "phone_format"
	CodeInvalid   = "phone_invalid"
	CodeDecimal   = "excel_decimal"
)

// Number is one phone number, or the reason why a cell holds none.
type Number struct {
	E164    string // "" if the cell holds no number
	Code    string // one of the codes above, "" if it holds one
	Message string // what is wrong and what to do, without the number

	parsed *phonenumbers.PhoneNumber // as libphonenumber read it; nil if the tables did:
	plan   *countryPlan
	owner  *regionPlan
	kind   phonenumbers.PhoneNumberType
}

func refuse(code, message string) Number { return Number{Code: code, Message: message} }

// Options say how a number without + is read. The zero value refuses it.
type Options struct {
	Region  string // ISO 3166-1 alpha-2 of numbers without a country code; "" = none
	Country string // ISO 3166-1 alpha-2 of the row, which settles between two readings; "" = not known
	AddPlus bool   // read cells of digits only as international numbers that lost their +
}

// maxE164 is the largest length of a number: + and 15 digits (ITU-T E.164).
const maxE164 = len("+123456789012345")

// IsRegion reports whether libphonenumber has a numbering plan for a region, by
// its two capital letters.
func IsRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// Regions returns the regions that have a numbering plan, sorted.
func Regions() []string { return slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) }

// Read returns the number that a trimmed cell holds. It is international if it
// begins with + or 00, else one of o.Region. What can be read in two ways, and
// is not settled by o.Country, is refused: a wrong number is another user's.
func Read(cell string, o Options) Number {
	if celltext.HasDecimalZeros(cell) {
		return refuse(CodeDecimal, "ends in .0, which programs add to numbers that they read as decimals. Export the column as text")
	}
	digits, code, message := scanDigits(cell)
	if code != "" {
		return refuse(code, message)
	}
	if digits[0] == '+' {
		return parse(digits, "")
	}
	var national, international Number
	if o.Region != "" {
		national = parse(digits, o.Region)
	}
	hasExit := strings.HasPrefix(digits, "00")
	isBare := len(digits) == utf8.RuneCountInString(cell)
	switch {
	case national.E164 != "" && !o.AddPlus && !hasExit && !lacksPrefix(digits, o.Region):
		return national
	case hasExit:
		international = parse("+"+digits[2:], "")
		o.AddPlus = true
	case isBare && digits[0] != '0':
		international = parse("+"+digits, "")
	}
	return o.choose(digits, national, international)
}

// choose settles between the two readings of a number without +.
func (o Options) choose(digits string, national, international Number) Number {
	isShort := lacksPrefix(digits, o.Region)
	if national.E164 != "" && international.E164 != "" && national.E164 != international.E164 && (o.AddPlus || isShort) {
		isHere, isAbroad := o.Country != "" && national.InCountry(o.Country), o.Country != "" && international.InCountry(o.Country)
		switch {
		case o.AddPlus && isShort, isAbroad && !isHere:
			national = Number{}
		case isHere && !isAbroad && !isShort:
			international = Number{}
		default:
			return refuse(CodeAmbiguous, "can be a national number, or an international one without its +. Write it with + and country code")
		}
	}
	switch {
	case national.E164 != "":
		return national
	case international.E164 != "" && o.AddPlus:
		return international
	case international.E164 != "":
		advice := "write it with the +, as text"
		if o.Region == "" { // with a region, the flag may give other numbers a second reading
			advice += ", or add the + to all such numbers with --phone-plus"
		}
		return refuse(CodePlusLost, fmt.Sprintf("is missing its leading + (Excel drops it). With the + it is a valid number of %s: %s", international.RegionName(), advice))
	case o.Region == "" && strings.HasPrefix(digits, "00"):
		return international
	case o.Region == "" && o.AddPlus:
		return refuse(CodeNoCountry, "has no country code. Write it with + and country code")
	case o.Region == "":
		return refuse(CodeNoCountry, "has no country code. Write it with + and country code, or name the country of all such numbers with --phone-region")
	case o.AddPlus && international.Code != "" && !strings.HasPrefix(digits, "00"):
		return refuse(CodeInvalid, "is neither a number of the country of --phone-region nor an international one. Correct it")
	}
	return national
}

// lacksPrefix reports whether national numbers of the region are written with a
// leading prefix (0, 8, 06) that this one lacks. Then it is hardly national:
// 4917... in Germany is +49 17..., not +49 4917...
func lacksPrefix(digits, region string) bool {
	prefix := phonenumbers.GetNddPrefixForRegion(region, true)
	return prefix != "" && !phonenumbers.IsNANPACountry(region) && !strings.HasPrefix(digits, prefix)
}

// RegionName returns the country that a number belongs to, by ISO 3166-1 alpha-2, or
// words for none.
func (n Number) RegionName() string {
	if r := n.region(); len(r) == 2 {
		return r
	}
	return "an international service"
}

// InCountry reports whether a number is of the country, by ISO 3166-1 alpha-2,
// or of no country at all.
func (n Number) InCountry(country string) bool {
	code := n.callingCode()
	if phonenumbers.GetCountryCodeForRegion(country) != code {
		return phonenumbers.GetRegionCodeForCountryCode(code) == "001"
	}
	return n.isValidIn(country)
}

// IsService reports whether a number is a premium-rate, toll-free or other
// service number, not one person's own.
func (n Number) IsService() bool {
	switch n.numberType() {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.TOLL_FREE, phonenumbers.UAN, phonenumbers.VOICEMAIL, phonenumbers.PAGER:
		return true
	}
	return false
}

// IsFictional reports whether a number is of a range that national regulators
// keep free for films and examples: NANPA (555-0100 to 0199), Ofcom, ACMA, ARCEP,
// Bundesnetzagentur; or the number of the partner's own example.
func (n Number) IsFictional() bool {
	if len(n.E164) == len("+14155550100") && n.E164[:2] == "+1" && (n.E164[5:10] == "55501" || n.E164 == "+14155555555") {
		return true
	}
	return slices.ContainsFunc([]string{
		"+447700900", "+442079460", "+441134960", "+441144960", "+441154960", "+441164960", "+441174960", "+441184960",
		"+441214960", "+441314960", "+441414960", "+441514960", "+441614960", "+441914980", "+442896496", "+442920180", "+441632960",
		"+6149157015", "+61491571", "+61255501", "+61355501", "+61755501", "+61855501", "+61270101", "+61370101", "+61770101", "+61870101",
		"+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998",
		"+493023125", "+496990009", "+494066969", "+492214710", "+498999998",
	}, func(prefix string) bool { return strings.HasPrefix(n.E164, prefix) })
}
