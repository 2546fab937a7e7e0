package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// verdict is how sure the tables are of a number.
type verdict uint8

const (
	verdictOpen    verdict = iota // ask libphonenumber
	verdictValid                  // libphonenumber would say just the same
	verdictInvalid                // libphonenumber would refuse it; why, it has to say itself
)

// parseByTable is parse by the tables alone.
func parseByTable(digits, region string) (Number, verdict) {
	if len(digits) < 4 { // Parse has rules of its own for the shortest
		return Number{}, verdictOpen
	}
	if digits[0] == '+' {
		c, rest := allPlans().findCode(digits[1:])
		if c == nil || len(rest) < phonenumbers.MIN_LENGTH_FOR_NSN {
			return Number{}, verdictOpen
		}
		return c.parse(rest, c.regions[0], digits)
	}
	c, home := allPlans().findRegion(region)
	if home == nil || home.abroad.matches(digits) {
		return Number{}, verdictOpen
	}
	if rest, ok := strings.CutPrefix(digits, c.digits); ok {
		// Perhaps an international number that lost its +.
		rest, sure := home.trimTrunk(rest)
		if !sure {
			return Number{}, verdictOpen
		}
		if !home.isViable(digits) && home.isViable(rest) || home.general.compare(len(digits)) == phonenumbers.TOO_LONG {
			if len(rest) < phonenumbers.MIN_LENGTH_FOR_NSN {
				return Number{}, verdictOpen
			}
			return c.parse(rest, c.regions[0], "")
		}
	}
	return c.parse(digits, home, "")
}

// parse settles a number behind its calling code. written is the E.164 form
// if rest turns out to need no change.
func (c *countryPlan) parse(rest string, r *regionPlan, written string) (Number, verdict) {
	national, sure := r.trimTrunk(rest)
	if !sure {
		return Number{}, verdictOpen
	}
	switch r.general.compare(len(national)) {
	case phonenumbers.IS_POSSIBLE, phonenumbers.TOO_LONG:
	default: // what looks like a prefix belongs to the number
		national = rest
	}
	e164 := written
	if e164 == "" || len(national) != len(rest) {
		e164 = "+" + c.digits + national
	}
	if len(national) < phonenumbers.MIN_LENGTH_FOR_NSN || len(national) > maxNational || len(e164) > maxE164 {
		return Number{}, verdictOpen
	}
	owner, kind := c.ownerOf(national)
	if kind == phonenumbers.UNKNOWN {
		return Number{}, verdictInvalid
	}
	return Number{E164: e164, plan: c, owner: owner, kind: kind}, verdictValid
}

// callingCode is the country calling code, 49 for Germany.
func (n Number) callingCode() int {
	if n.parsed != nil {
		return int(n.parsed.GetCountryCode())
	}
	return n.plan.code
}

// numberType returns the type: mobile number, service number and so on.
func (n Number) numberType() phonenumbers.PhoneNumberType {
	if n.parsed != nil {
		return phonenumbers.GetNumberType(n.parsed)
	}
	return n.kind
}

// region is the code of ISO 3166-1 of where the number belongs, or "001".
func (n Number) region() string {
	if n.parsed != nil {
		return phonenumbers.GetRegionCodeForNumber(n.parsed)
	}
	return n.owner.name
}

// isValidIn reports whether the number is one of a region of its calling code.
func (n Number) isValidIn(region string) bool {
	if n.parsed != nil {
		return phonenumbers.IsValidNumberForRegion(n.parsed, region)
	}
	r := n.plan.regionPlan(region)
	return r != nil && r.kindOf(n.E164[1+len(n.plan.digits):]) != phonenumbers.UNKNOWN
}

// trimTrunk removes the national prefix and a carrier code, as
// maybeStripNationalPrefixAndCarrierCode does. It is not sure where the prefix
// asks for more digits in its place.
func (r *regionPlan) trimTrunk(number string) (rest string, sure bool) {
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
	if r.isViable(number) && !r.isViable(number[end:]) {
		return number, true
	}
	return number[end:], true
}

// lengths are those that a region's numbers can have.
type lengths struct {
	possible []int32 // ascending
	local    []int32 // without the area code
}

// compare is testNumberLength.
func (l lengths) compare(n int) phonenumbers.ValidationResult {
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
