package phone

import (
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// allPlans holds what is derived from libphonenumber's metadata, once for the
// process. It is a package variable because the metadata is a constant of that
// module: nothing in here depends on settings or ever changes.
var allPlans = sync.OnceValue(newPlans) //nolint:gochecknoglobals // a constant that takes time to work out

// plans are the numbering plans by calling code. Each is worked out when the
// first number of it is read, since most inputs have numbers of few countries.
type plans [1000]func() *countryPlan

// countryPlan is the plan of all regions that share a calling code.
type countryPlan struct {
	code    int
	digits  string        // the code as text
	regions []*regionPlan // in libphonenumber's order, the main one first
}

// The patterns of a region's table, one bit each. Those of the types are in
// the order in which libphonenumber tries them.
const (
	bitGeneral = iota
	bitPremium
	bitTollFree
	bitShared
	bitVoip
	bitPersonal
	bitPager
	bitUAN
	bitVoicemail
	bitFixed
	bitMobile
	bitLeading
)

// regionPlan is the plan of one region.
type regionPlan struct {
	name       string // "001" for a code of no country
	table      *digitTable
	allowed    [maxNational + 1]uint16 // by length, the bits that may be set at it
	leads      bool                    // known by its leading digits, not by a valid type
	oneRange   bool                    // mobile numbers are among those of fixed lines
	general    lengths
	trunk      prefix // that of calls inside the country, with carrier codes
	transforms bool   // what follows the prefix may be rewritten
	abroad     prefix // that of calls to other countries
}

// maxNational is the largest length of a number without its calling code, as
// libphonenumber has it.
const maxNational = phonenumbers.MAX_LENGTH_FOR_NSN

func newPlans() *plans {
	var p plans
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		return &p // then libphonenumber reads everything
	}
	all := metadata.GetMetadata()
	for code := range phonenumbers.GetSupportedCallingCodes() {
		p[code] = sync.OnceValue(func() *countryPlan { return newCountryPlan(code, all) })
	}
	return &p
}

// findCode splits digits behind a + into calling code and the rest, nil if there is
// no plan to go by. No code is the beginning of another.
func (p *plans) findCode(digits string) (*countryPlan, string) {
	code := 0
	for i := 0; i < 3 && i < len(digits) && digits[0] != '0'; i++ {
		code = code*10 + int(digits[i]-'0')
		if p[code] != nil {
			return p[code](), digits[i+1:]
		}
	}
	return nil, ""
}

// findRegion returns the plan of a region, nil if there is none to go by.
func (p *plans) findRegion(region string) (*countryPlan, *regionPlan) {
	code := phonenumbers.GetCountryCodeForRegion(region)
	if code == 0 || p[code] == nil {
		return nil, nil
	}
	c := p[code]()
	return c, c.regionPlan(region)
}

// newCountryPlan returns nil if anything about the code is beyond the tables.
func newCountryPlan(code int, all []*phonenumbers.PhoneMetadata) *countryPlan {
	c := countryPlan{code: code, digits: strconv.Itoa(code)}
	names := phonenumbers.GetRegionCodesForCountryCode(code)
	byName := map[string]*phonenumbers.PhoneMetadata{}
	for _, m := range all {
		if int(m.GetCountryCode()) != code {
			continue
		}
		if !slices.Contains(names, m.GetId()) {
			return nil
		}
		byName[m.GetId()] = m
	}
	for _, name := range names {
		m := byName[name]
		if m == nil {
			return nil
		}
		r := newRegionPlan(m)
		if r == nil {
			return nil
		}
		c.regions = append(c.regions, r)
	}
	return &c
}

func newRegionPlan(m *phonenumbers.PhoneMetadata) *regionPlan {
	r := regionPlan{name: m.GetId(), leads: m.GetLeadingDigits() != "", oneRange: m.GetSameMobileAndFixedLinePattern()}
	var patterns []string
	for bit, d := range [...]*phonenumbers.PhoneNumberDesc{
		bitGeneral: m.GetGeneralDesc(), bitPremium: m.GetPremiumRate(), bitTollFree: m.GetTollFree(), bitShared: m.GetSharedCost(),
		bitVoip: m.GetVoip(), bitPersonal: m.GetPersonalNumber(), bitPager: m.GetPager(), bitUAN: m.GetUan(),
		bitVoicemail: m.GetVoicemail(), bitFixed: m.GetFixedLine(), bitMobile: m.GetMobile(),
	} {
		if d == nil {
			return nil
		}
		patterns = append(patterns, d.GetNationalNumberPattern())
		if bit == bitMobile && r.oneRange {
			continue // then libphonenumber does not look at the mobile numbers
		}
		for length := range r.allowed {
			if len(d.GetPossibleLength()) == 0 || slices.Contains(d.GetPossibleLength(), int32(length)) {
				r.allowed[length] |= 1 << bit
			}
		}
	}
	if r.leads {
		patterns = append(patterns, "(?:"+m.GetLeadingDigits()+`)\d*`)
	}
	if r.table = newDigitTable(patterns); r.table == nil || len(m.GetGeneralDesc().GetPossibleLength()) == 0 {
		return nil
	}
	r.general = lengths{possible: m.GetGeneralDesc().GetPossibleLength(), local: m.GetGeneralDesc().GetPossibleLengthLocalOnly()}
	r.transforms = m.GetNationalPrefixTransformRule() != ""
	var ok1, ok2 bool
	r.trunk, ok1 = newPrefix(m.GetNationalPrefixForParsing())
	r.abroad, ok2 = newPrefix(m.GetInternationalPrefix())
	if !ok1 || !ok2 {
		return nil
	}
	return &r
}

// regionPlan returns the plan of one of the code's regions, or nil.
func (c *countryPlan) regionPlan(name string) *regionPlan {
	for _, r := range c.regions {
		if r.name == name {
			return r
		}
	}
	return nil
}

// ownerOf finds whose a number is, and of what kind, as GetRegionCodeForNumber
// and GetNumberType do. The kind is UNKNOWN if the number is valid nowhere.
func (c *countryPlan) ownerOf(national string) (*regionPlan, phonenumbers.PhoneNumberType) {
	for _, r := range c.regions {
		matched := r.table.match(national)
		kind := r.kindOfMatch(matched, len(national))
		if len(c.regions) == 1 || r.leads && matched&(1<<bitLeading) != 0 || !r.leads && kind != phonenumbers.UNKNOWN {
			return r, kind
		}
	}
	return nil, phonenumbers.UNKNOWN
}

// kindOf returns the type of a number of this region, as getNumberTypeHelper does.
func (r *regionPlan) kindOf(national string) phonenumbers.PhoneNumberType {
	return r.kindOfMatch(r.table.match(national), len(national))
}

func (r *regionPlan) kindOfMatch(matched uint16, length int) phonenumbers.PhoneNumberType {
	matched &= r.allowed[length]
	if matched&(1<<bitGeneral) == 0 {
		return phonenumbers.UNKNOWN
	}
	first := bits.TrailingZeros16(matched &^ (1 << bitGeneral))
	if first == bitFixed && (r.oneRange || matched&(1<<bitMobile) != 0) {
		return phonenumbers.FIXED_LINE_OR_MOBILE
	}
	kinds := [...]phonenumbers.PhoneNumberType{bitPremium: phonenumbers.PREMIUM_RATE, bitTollFree: phonenumbers.TOLL_FREE, bitShared: phonenumbers.SHARED_COST,
		bitVoip: phonenumbers.VOIP, bitPersonal: phonenumbers.PERSONAL_NUMBER, bitPager: phonenumbers.PAGER, bitUAN: phonenumbers.UAN,
		bitVoicemail: phonenumbers.VOICEMAIL, bitFixed: phonenumbers.FIXED_LINE, bitMobile: phonenumbers.MOBILE}
	if first >= len(kinds) {
		return phonenumbers.UNKNOWN
	}
	return kinds[first]
}

// isViable reports whether the region's general pattern matches, whatever the length.
func (r *regionPlan) isViable(number string) bool {
	return r.table.match(number)&(1<<bitGeneral) != 0
}

// prefix is what some numbers of a region begin with.
type prefix struct {
	literal string         // most are plain digits
	pattern *regexp.Regexp // else a pattern
}

func newPrefix(pattern string) (prefix, bool) {
	if strings.Trim(pattern, "0123456789") == "" {
		return prefix{literal: pattern}, true
	}
	re, err := regexp.Compile("^(?:" + pattern + ")")
	return prefix{pattern: re}, err == nil
}

func (p prefix) matches(number string) bool {
	if p.pattern != nil {
		return p.pattern.MatchString(number)
	}
	return strings.HasPrefix(number, p.literal)
}
