package validate

import "github.com/bulkonboard/bulkonboard/validate/phone"

// checkPhone checks the phone number and compares it with the row's country.
func (c *rowCheck) checkPhone(raw, country string) string {
	v, ok := c.readRequired(FieldPhoneNumber, raw, strictText)
	if !ok {
		return ""
	}
	n := phone.Read(v, phone.Options{Region: c.rules.RegionOf(country), Country: country, AddPlus: c.rules.PhonePlus})
	if n.Code == CodePhoneNoCountry && c.rules.PhoneRegion == RegionColumn {
		n.Message = "has no country code, and the country of its row is missing or not known. Write it with + and country code, or correct the country"
	}
	if n.Code != "" {
		c.addProblem(FieldPhoneNumber, n.Code, n.Message)
		return ""
	}
	if n.E164 != v {
		c.addChange(FieldPhoneNumber, "e164")
	}
	if c.rules.Live && n.IsFictional() {
		c.addWarning(FieldPhoneNumber, CodePhoneFictional, "is from a range for films and tests, and the fee is real. Ask for the real number")
	}
	if c.rules.Live && n.IsService() {
		c.addWarning(FieldPhoneNumber, CodePhoneService, "is a service number, not the customer's own, and the fee is real. Ask for the customer's own number")
	}
	if country != "" && !n.InCountry(country) {
		c.addWarning(FieldPhoneNumber, CodePhoneCountry, "is a number of "+n.RegionName()+", and countryCode says "+country+". Make sure that both are right")
	}
	return n.E164
}
