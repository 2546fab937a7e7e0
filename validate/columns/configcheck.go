package columns

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
	"github.com/bulkonboard/bulkonboard/validate/phone"
)

// maxUntried is how many sound phone numbers wait until the country is known
// that a flag would read them by.
const maxUntried = 100_000

// configCheck tries the flags that the findings are about to propose on the rows
// that are sound already. A flag that makes one number wrong, or another customer's,
// is not proposed.
type configCheck struct {
	plusHarms   int // rows whose sound number --phone-plus would change or refuse
	regionHarms int // rows whose sound number --phone-region would
	region      string
	untried     []soundPhone // before the region is known
	isOverfull  bool         // there were more than that
	encodeHarms int          // cells that --encoding utf-8 could not read
}

// soundPhone is a number without its + that the rules in use can read.
type soundPhone struct{ cell, country, e164 string }

// addPhone tries the number of a row. e164 is how the rules in use read it.
func (c *configCheck) addPhone(rules *validate.Rules, cell, country, e164 string) {
	cell = strings.TrimSpace(cell)
	if e164 == "" || strings.HasPrefix(cell, "+") {
		return // with its +, a number reads the same under all flags
	}
	p := soundPhone{cell, country, e164}
	if !rules.PhonePlus && p.isHarmed(rules.RegionOf(country), true) {
		c.plusHarms++
	}
	switch {
	case rules.PhoneRegion != "": // the flag is in use
	case c.region != "":
		c.tryRegion(rules, p)
	case len(c.untried) < maxUntried:
		// The cells of a batch share one text, which must not be kept for a few of them.
		c.untried = append(c.untried, soundPhone{strings.Clone(cell), strings.Clone(country), strings.Clone(e164)})
	default:
		c.isOverfull = true
	}
}

// setRegion names the country that --phone-region may be proposed for.
func (c *configCheck) setRegion(rules *validate.Rules, region string) {
	if c.region != "" || rules.PhoneRegion != "" {
		return
	}
	c.region = region
	for _, p := range c.untried {
		c.tryRegion(rules, p)
	}
	c.untried = nil
}

func (c *configCheck) tryRegion(rules *validate.Rules, p soundPhone) {
	if p.isHarmed(c.region, rules.PhonePlus) {
		c.regionHarms++
	}
}

// isHarmed reports whether the number would be refused or become another one.
func (p soundPhone) isHarmed(region string, plus bool) bool {
	return phone.Read(p.cell, phone.Options{Region: region, Country: p.country, AddPlus: plus}).E164 != p.e164
}

// hasLostPlus reports whether an ambiguous number is one that --phone-plus would read as one of
// its row's country.
func hasLostPlus(cell, region, country string) bool {
	n := phone.Read(strings.TrimSpace(cell), phone.Options{Region: region, Country: country, AddPlus: true})
	return country != "" && n.E164 != "" && n.InCountry(country)
}

// isPlusSafe and isRegionSafe report whether the flag leaves all sound numbers
// as they are.
func (c *configCheck) isPlusSafe() bool { return c.plusHarms == 0 }

func (c *configCheck) isRegionSafe() bool { return c.regionHarms == 0 && !c.isOverfull }

// addCells tries --encoding utf-8: what a wrong encoding made of the bytes must
// lead back to valid UTF-8 in every cell.
func (c *configCheck) addCells(name string, cells []string) {
	encoding, unknown := htmlindex.Get(name)
	for _, cell := range cells {
		if cell == "" || celltext.IsPlain(cell) {
			continue
		}
		if unknown != nil {
			c.encodeHarms++
			return
		}
		if bytes, err := encoding.NewEncoder().String(cell); err != nil || !utf8.ValidString(bytes) {
			c.encodeHarms++
		}
	}
}
