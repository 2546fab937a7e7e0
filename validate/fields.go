package validate

// Canonical field names, as in the request body.
const (
	fieldFirstName      = "firstName"
	fieldLastName       = "lastName"
	fieldEmail          = "email"
	fieldPhoneNumber    = "phoneNumber"
	fieldAccountPurpose = "accountPurpose"
	fieldIPAddress      = "ipAddress"
	fieldTerms          = "isTermsOfServiceAccepted"
	fieldProgram        = "program"
	fieldWalletAddress  = "walletAddress"
	fieldRedirectURL    = "redirectUrl"
	fieldAddress        = "address"
	fieldCity           = "city"
	fieldRegion         = "region"
	fieldPostalCode     = "postalCode"
	fieldCountryCode    = "countryCode"
)

// defaultable tells the fields that --default may fill. Who somebody is, and
// what somebody has agreed to, has no default value.
func defaultable(field string) bool {
	switch field {
	case fieldAccountPurpose, fieldIPAddress, fieldProgram, fieldRedirectURL,
		fieldAddress, fieldCity, fieldRegion, fieldPostalCode, fieldCountryCode:
		return true
	}
	return false
}

// DefaultableFields are the canonical names that Rules.Defaults may have, in
// body order. The slice is the caller's.
func DefaultableFields() []string {
	var names []string
	for _, f := range Fields() {
		if f.Defaultable {
			names = append(names, f.Name)
		}
	}
	return names
}

// Fields describes every field in the order of the request body. The slice is
// the caller's. The examples pass Check together.
func Fields() []Field {
	fields := []Field{
		{Name: fieldFirstName, Required: true, Example: "Jane",
			Rule:    "1 to 100 characters.",
			Aliases: firstNameAliases()},
		{Name: fieldLastName, Required: true, Example: "Doe",
			Rule:    "1 to 100 characters.",
			Aliases: lastNameAliases(), Parts: lastNameParts()},
		{Name: fieldEmail, Required: true, Example: "jane.doe@example.com",
			Rule:    "One plain e-mail address, a different one for each person.",
			Aliases: emailAliases()},
		{Name: fieldPhoneNumber, Required: true, Example: "+14155550123",
			Rule:    "International phone number with + and country code, in a text cell.",
			Aliases: phoneAliases(), Parts: phoneParts()},
		{Name: fieldAccountPurpose, Required: true, Example: "personal use",
			Rule:    "What the account is for, 1 to 200 characters.",
			Aliases: purposeAliases()},
		{Name: fieldIPAddress, Required: true, Example: "203.0.113.42",
			Rule:    "Public IPv4 or IPv6 address that the person registered from.",
			Aliases: ipAliases()},
		{Name: fieldTerms, Required: true, Example: "TRUE",
			Rule:    "TRUE if the person has accepted the terms of service; nobody else can be onboarded.",
			Aliases: termsAliases()},
		{Name: fieldProgram, Required: true, Example: custodial,
			Rule:    "custodial or non_custodial.",
			Aliases: programAliases()},
		{Name: fieldWalletAddress, Example: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
			Rule:    "Ethereum address, 0x and 40 hexadecimal digits; needed if program is non_custodial.",
			Aliases: walletAliases()},
		{Name: fieldRedirectURL, Example: "https://example.com/welcome",
			Rule:    "Optional https address where the person arrives after the identity check.",
			Aliases: redirectAliases()},
		{Name: fieldAddress, Example: "1 Main Street",
			Rule:    "Optional street and number.",
			Aliases: addressAliases(), Parts: addressParts(), PartsBeside: []string{"number", "no", "nr", "num", "numero", "numer", "hnr", "nummer"}},
		{Name: fieldCity, Example: "San Francisco",
			Rule:    "Optional town.",
			Aliases: cityAliases()},
		{Name: fieldRegion, Example: "CA",
			Rule:    "Optional state or region.",
			Aliases: regionAliases(), Foreign: statusWords()},
		{Name: fieldPostalCode, Example: "94105",
			Rule:    "Optional postal code, in a text cell.",
			Aliases: postalAliases()},
		{Name: fieldCountryCode, Example: "US",
			Rule:    "Optional country as a two-letter code of ISO 3166-1, such as GB.",
			Aliases: countryAliases()},
	}
	for i := range fields {
		fields[i].Defaultable = defaultable(fields[i].Name)
	}
	return fields
}
