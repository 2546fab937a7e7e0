package validate

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// libphonenumber takes some 20 µs to read a number, most of it in regular
// expressions that it runs again and again, and every row has a number. So its
// own metadata is compiled into tables of digits (phonePlans), and its steps
// are gone through here with those. Only what they settle is answered;
// whatever is rare, odd or wrong goes to libphonenumber itself, which also
// finds the words for what is wrong.

// reading is how sure the tables are of a number.
type reading uint8

const (
	unsettled reading = iota // ask libphonenumber
	valid                    // libphonenumber would say just the same
	invalid                  // libphonenumber would refuse it; why, it has to say itself
)

// tablePhone does what parsePhone does, if it can. digits are those of
// dialled, with a + or of the region.
func tablePhone(digits, region string) (phoneNumber, reading) {
	if len(digits) < 4 { // Parse has rules of its own for the shortest
		return phoneNumber{}, unsettled
	}
	if digits[0] == '+' {
		c, rest := phonePlans().find(digits[1:])
		if c == nil || len(rest) < phonenumbers.MIN_LENGTH_FOR_NSN {
			return phoneNumber{}, unsettled
		}
		return c.number(rest, c.regions[0], digits)
	}
	c, home := phonePlans().home(region)
	if home == nil || home.abroad.begins(digits) {
		return phoneNumber{}, unsettled
	}
	if rest, ok := strings.CutPrefix(digits, c.digits); ok {
		// Perhaps an international number that lost its +.
		rest, sure := home.withoutTrunk(rest)
		if !sure {
			return phoneNumber{}, unsettled
		}
		if !home.viable(digits) && home.viable(rest) || home.general.of(len(digits)) == phonenumbers.TOO_LONG {
			if len(rest) < phonenumbers.MIN_LENGTH_FOR_NSN {
				return phoneNumber{}, unsettled
			}
			return c.number(rest, c.regions[0], "")
		}
	}
	return c.number(digits, home, "")
}

// number settles a number behind its calling code. written is the E.164 form
// if rest turns out to need no change.
func (c *callingCode) number(rest string, r *regionPlan, written string) (phoneNumber, reading) {
	national, sure := r.withoutTrunk(rest)
	if !sure {
		return phoneNumber{}, unsettled
	}
	switch r.general.of(len(national)) {
	case phonenumbers.IS_POSSIBLE, phonenumbers.TOO_LONG:
	default: // what looks like a prefix belongs to the number
		national = rest
	}
	e164 := written
	if e164 == "" || len(national) != len(rest) {
		e164 = "+" + c.digits + national
	}
	if len(national) < phonenumbers.MIN_LENGTH_FOR_NSN || len(national) > maxNational || len(e164) > maxE164 {
		return phoneNumber{}, unsettled
	}
	owner, kind := c.owner(national)
	if kind == phonenumbers.UNKNOWN {
		return phoneNumber{}, invalid
	}
	return phoneNumber{e164: e164, calling: c, owner: owner, kind: kind}, valid
}

// callingCode is the country calling code, 49 for Germany.
func (n phoneNumber) callingCode() int {
	if n.number != nil {
		return int(n.number.GetCountryCode())
	}
	return n.calling.code
}

// numberType tells mobile numbers, service numbers and so on.
func (n phoneNumber) numberType() phonenumbers.PhoneNumberType {
	if n.number != nil {
		return phonenumbers.GetNumberType(n.number)
	}
	return n.kind
}

// region is the code of ISO 3166-1 of where the number belongs, or "001".
func (n phoneNumber) region() string {
	if n.number != nil {
		return phonenumbers.GetRegionCodeForNumber(n.number)
	}
	return n.owner.name
}

// validIn tells whether the number is one of a region of its calling code.
func (n phoneNumber) validIn(region string) bool {
	if n.number != nil {
		return phonenumbers.IsValidNumberForRegion(n.number, region)
	}
	r := n.calling.region(region)
	return r != nil && r.kind(n.e164[1+len(n.calling.digits):]) != phonenumbers.UNKNOWN
}

// withoutTrunk takes the national prefix and a carrier code away, as
// maybeStripNationalPrefixAndCarrierCode does. It is not sure where the prefix
// asks for more digits in its place.
func (r *regionPlan) withoutTrunk(number string) (rest string, sure bool) {
	end := len(r.trunk.literal)
	switch {
	case number == "":
		return "", true
	case r.trunk.pattern != nil:
		if groups := r.trunk.pattern.FindStringSubmatchIndex(number); groups == nil {
			return number, true
		} else if end = groups[1]; r.transforms && groups[len(groups)-2] >= 0 {
			return "", false
		}
	case end == 0 || !strings.HasPrefix(number, r.trunk.literal):
		return number, true
	case r.transforms:
		return "", false
	}
	if r.viable(number) && !r.viable(number[end:]) {
		return number, true
	}
	return number[end:], true
}

// lengths are those that a region's numbers can have.
type lengths struct {
	possible []int32 // ascending
	local    []int32 // without the area code
}

// of is testNumberLength.
func (l lengths) of(n int) phonenumbers.ValidationResult {
	length := int32(n)
	switch shortest, longest := l.possible[0], l.possible[len(l.possible)-1]; {
	case shortest == -1:
		return phonenumbers.INVALID_LENGTH
	case slices.Contains(l.local, length):
		return phonenumbers.IS_POSSIBLE_LOCAL_ONLY
	case length < shortest:
		return phonenumbers.TOO_SHORT
	case length > longest:
		return phonenumbers.TOO_LONG
	case slices.Contains(l.possible, length):
		return phonenumbers.IS_POSSIBLE
	}
	return phonenumbers.INVALID_LENGTH
}
