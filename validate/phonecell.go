package validate

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

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
