package validate

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// phoneNumber is one number read, or code and message.
type phoneNumber struct {
	e164          string
	code, message string

	number *phonenumbers.PhoneNumber // as libphonenumber read it; if nil, the tables did:

	calling *callingCode
	owner   *regionPlan
	kind    phonenumbers.PhoneNumberType
}

func noPhone(code, message string) phoneNumber { return phoneNumber{code: code, message: message} }

// maxE164 is the largest length of a number: + and 15 digits (ITU-T E.164).
const maxE164 = len("+123456789012345")

// readPhone turns one trimmed cell into E.164 by libphonenumber. A number is
// taken as international if it begins with + or 00; else as one of the region,
// if that is given. Digits alone may be an international number that lost its
// +, which is taken for one only with plus set. Whatever can be read in two
// ways, and by the country of its row ("" = not known) is not settled, is
// refused: a wrong number is another person's.
func readPhone(v, region, country string, plus bool) phoneNumber {
	if !digitsOnly(v) && excelDecimal(v) {
		return noPhone(CodeExcelDecimal, "ends in .0, which programs add to a number they have read as a decimal one. export the column as text")
	}
	digits, code, message := dialled(v)
	if code != "" {
		return noPhone(code, message)
	}
	if digits[0] == '+' {
		return parsePhone(digits, "")
	}
	var national, international phoneNumber
	if region != "" {
		national = parsePhone(digits, region)
	}
	abroad := strings.HasPrefix(digits, "00")
	bare := len(digits) == utf8.RuneCountInString(v)
	switch {
	case national.e164 != "" && !plus && !abroad && !missesPrefix(digits, region):
		return national
	case abroad:
		international = otherReading(national, "+"+digits[2:])
		plus = true
	case bare && digits[0] != '0':
		international = otherReading(national, "+"+digits)
	}
	return choosePhone(digits, region, country, plus, national, international)
}

// choosePhone settles between the two readings of a number without +.
func choosePhone(digits, region, country string, plus bool, national, international phoneNumber) phoneNumber {
	lacksPrefix := missesPrefix(digits, region)
	if national.e164 != "" && international.e164 != "" && national.e164 != international.e164 && (plus || lacksPrefix) {
		isHere, isAbroad := country != "" && national.inCountry(country), country != "" && international.inCountry(country)
		switch {
		case plus && lacksPrefix, isAbroad && !isHere:
			national = phoneNumber{}
		case isHere && !isAbroad && !lacksPrefix:
			international = phoneNumber{}
		default:
			return noPhone(CodePhoneAmbiguous, "can be read as a national number and as an international one without its +. write it with + and country code")
		}
	}
	switch {
	case national.e164 != "":
		return national
	case international.e164 != "" && plus:
		return international
	case international.e164 != "":
		advice := "write it so, as text"
		if region == "" { // with a region, the flag may give other numbers a second reading
			advice += ", or take all such numbers with --phone-plus"
		}
		return noPhone(CodePhonePlusLost, fmt.Sprintf("has digits only, as Excel drops a leading +. with the + it would be a sound number of %s: %s", regionName(international), advice))
	case region == "" && strings.HasPrefix(digits, "00"):
		return international
	case region == "" && plus:
		return noPhone(CodePhoneNoCountry, "has no country code. write it with + and country code")
	case region == "":
		return noPhone(CodePhoneNoCountry, "has no country code. write it with + and country code, or name the country of all such numbers with --phone-region")
	case plus && international.code != "" && !strings.HasPrefix(digits, "00"):
		return noPhone(CodePhoneInvalid, "is neither a number of the country of --phone-region nor an international one. correct it")
	}
	return national
}

// missesPrefix tells whether people of the region write national numbers with
// a leading prefix (0, 8, 06) that this one lacks. Then it is hardly national:
// 4917... in Germany is +49 17..., not +49 4917...
func missesPrefix(digits, region string) bool {
	prefix := phonenumbers.GetNddPrefixForRegion(region, true)
	return prefix != "" && !phonenumbers.IsNANPACountry(region) && !strings.HasPrefix(digits, prefix)
}

// dialled takes separators away and turns the digits of any script into ASCII.
// What is left is digits, at most one + in front.
func dialled(v string) (digits, code, message string) {
	n := len(strings.TrimPrefix(v, "+"))
	if n >= 3 && n <= 15 && digitsOnly(v) {
		return v, "", ""
	}
	var b strings.Builder
	n = 0
	for i, r := range v {
		d := digitValue(r)
		switch {
		case d >= 0:
			b.WriteByte(byte('0' + d))
			n++
		case (r == '+' || r == '\uff0b') && b.Len() == 0:
			b.WriteByte('+')
		case r == '+' || r == '\uff0b':
			return "", CodePhoneFormat, fmt.Sprintf("has a + at position %d, where none can be. write one number only, with the + in front", position(v, i))
		case unicode.IsLetter(r) && n >= 6:
			return "", CodePhoneExtension, "has letters behind the number, as for an extension. write the number alone"
		case unicode.IsLetter(r):
			return "", CodePhoneLetters, "has letters. write the number in digits, and nothing else"
		case r == '#' && n >= 6:
			return "", CodePhoneExtension, "has an extension. write the number alone"
		case r == '(' || r == '\uff08' || b.Len() > 0 && separator(r):
		default:
			return "", CodePhoneFormat, fmt.Sprintf("has a character at position %d that no phone number has there. write one number only, as + and digits", position(v, i))
		}
	}
	switch digits = b.String(); {
	case n == 0:
		return "", CodePhoneFormat, "has no digits. write the number as + and digits"
	case n < 3:
		return "", CodePhoneInvalid, "is too short for a phone number. write it with + and country code"
	case n > 17 || n > 15 && !strings.HasPrefix(digits, "00"):
		return "", CodePhoneInvalid, fmt.Sprintf("has %d digits, and no phone number has more than 15. write one number only", n)
	}
	return digits, "", ""
}

// digitsOnly tells the clean cell, ASCII digits with or without a + in front,
// which needs no further look.
func digitsOnly(v string) bool {
	for i := 0; i < len(v); i++ {
		if !digit(v[i]) && (i > 0 || v[0] != '+') {
			return false
		}
	}
	return true
}

// digitValue is the value of a decimal digit of any script, or -1. The digits
// of each script stand together in Unicode, in groups of ten.
func digitValue(r rune) int {
	if r <= '9' {
		return int(max(r-'0', -1))
	}
	if r < 0x80 || !unicode.IsDigit(r) {
		return -1
	}
	if r >= 0x1d7ce && r <= 0x1d7ff { // mathematical digits: five alphabets in a row
		return int(r-0x1d7ce) % 10
	}
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return int(r - zero)
}

// separator tells what people put between groups of digits.
func separator(r rune) bool {
	switch r {
	case '-', '.', '/', ')', '\uff0d', '\uff0e', '\uff0f', '\uff09', '\u2212', '\u30fc':
		return true
	}
	return unicode.Is(unicode.Zs, r) || r >= '\u2010' && r <= '\u2015'
}

// parsePhone reads a number. digits are ASCII, with a + or of the region.
func parsePhone(digits, region string) phoneNumber {
	if n, read := tablePhone(digits, region); read == valid {
		return n
	}
	return askPhone(digits, region)
}

// otherReading reads as an international number what may be a national one.
// If it is, nobody will be told what is wrong with it as an international one.
func otherReading(national phoneNumber, digits string) phoneNumber {
	n, read := tablePhone(digits, "")
	switch {
	case read == valid:
		return n
	case read == invalid && national.e164 != "":
		return noPhone(CodePhoneInvalid, "")
	}
	return askPhone(digits, "")
}

// askPhone is parsePhone by libphonenumber.
func askPhone(digits, region string) phoneNumber {
	n, err := phonenumbers.Parse(digits, region)
	if err != nil {
		return noPhone(CodePhoneInvalid, parseFault(err))
	}
	if !phonenumbers.IsValidNumber(n) {
		return noPhone(CodePhoneInvalid, lengthFault(n))
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if len(e164) > maxE164 { // some plans of libphonenumber go beyond E.164
		return noPhone(CodePhoneInvalid, "has more than 15 digits with its country code, the most that a phone number has. correct it")
	}
	return phoneNumber{e164: e164, number: n}
}

func parseFault(err error) string {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "begins with no country code that exists. correct the number"
	case errors.Is(err, phonenumbers.ErrTooShortNSN), errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return "is too short for a phone number. correct it"
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "is too long for a phone number. write one number only"
	}
	return "is no phone number. write it as + and digits"
}

func lengthFault(n *phonenumbers.PhoneNumber) string {
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT:
		return "is too short for a number of its country. correct it"
	case phonenumbers.TOO_LONG:
		return "is too long for a number of its country. correct it"
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "begins with no country code that exists. correct the number"
	}
	return "is no number that its country gives out. correct it, and mind the country code"
}

// regionName names where a number belongs, for a message.
func regionName(n phoneNumber) string {
	if r := n.region(); len(r) == 2 {
		return r
	}
	return "an international service"
}

// phone reads the cell and compares the number with the row's country.
func (c *checking) phone(raw, country string) string {
	v, ok := c.required(fieldPhoneNumber, raw, strict)
	if !ok {
		return ""
	}
	n := readPhone(v, c.rules.PhoneRegion, country, c.rules.PhonePlus)
	if n.code != "" {
		c.bad(fieldPhoneNumber, n.code, n.message)
		return ""
	}
	if n.e164 != v {
		c.changed(fieldPhoneNumber, "e164")
	}
	if c.rules.Live {
		c.phoneWarnings(n)
	}
	if country != "" && !n.inCountry(country) {
		c.warn(fieldPhoneNumber, CodePhoneCountry, "is a number of another country than countryCode says. make sure that both are right")
	}
	return n.e164
}

func (c *checking) phoneWarnings(n phoneNumber) {
	if fictionalPhone(n.e164) {
		c.warn(fieldPhoneNumber, CodePhoneFictional, "is of a range for films and tests, and a real wallet pays for it. ask for the real number")
	}
	switch n.numberType() {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.TOLL_FREE, phonenumbers.UAN, phonenumbers.VOICEMAIL, phonenumbers.PAGER:
		c.warn(fieldPhoneNumber, CodePhoneService, "is a service number, not a person's own, and a real wallet pays for it. ask for the person's own number")
	}
}

// inCountry tells whether the number is of the country, or of none.
func (n phoneNumber) inCountry(country string) bool {
	code := n.callingCode()
	if phonenumbers.GetCountryCodeForRegion(country) != code {
		return phonenumbers.GetRegionCodeForCountryCode(code) == "001"
	}
	return n.validIn(country)
}

// fictionalPhone tells the ranges that national regulators keep free for films
// and examples: NANPA (555-0100 to 0199), Ofcom, ACMA, ARCEP, Bundesnetzagentur;
// and the number of the partner's own example.
func fictionalPhone(e164 string) bool {
	if len(e164) == len("+14155550100") && e164[:2] == "+1" && (e164[5:10] == "55501" || e164 == "+14155555555") {
		return true
	}
	for _, prefix := range [...]string{
		"+447700900", "+442079460", "+441134960", "+441144960", "+441154960", "+441164960", "+441174960", "+441184960",
		"+441214960", "+441314960", "+441414960", "+441514960", "+441614960", "+441914980", "+442896496", "+442920180", "+441632960",
		"+6149157015", "+61491571", "+61255501", "+61355501", "+61755501", "+61855501", "+61270101", "+61370101", "+61770101", "+61870101",
		"+3319900", "+3326191", "+3335301", "+3346571", "+3353649", "+3363998",
		"+493023125", "+496990009", "+494066969", "+492214710", "+498999998",
	} {
		if strings.HasPrefix(e164, prefix) {
			return true
		}
	}
	return false
}
