package validate

import "strconv"

// Fields returns the table of the fields. The examples pass Check together. A
// further field is a member of Raw and of User, a line here, and its rule in
// [Rules.Check].
func Fields() FieldTable {
	return FieldTable{
		{Name: FieldFirstName, Required: true, IsDetail: true, IsText: true, MinCounting: 3, Example: "Jane", Rule: "1 to 100 characters.",
			Cell: func(r *Raw) *string { return &r.FirstName }, Value: func(u *User) string { return u.FirstName },
			aliases: firstNameAliases},
		{Name: FieldLastName, Required: true, IsDetail: true, IsText: true, MinCounting: 3, Example: "Doe", Rule: "1 to 100 characters.",
			Cell: func(r *Raw) *string { return &r.LastName }, Value: func(u *User) string { return u.LastName },
			aliases: lastNameAliases, parts: lastNameParts},
		{Name: FieldEmail, Required: true, Example: "jane.doe@example.com", Rule: "One plain e-mail address, a different one for each customer.",
			Cell: func(r *Raw) *string { return &r.Email }, Value: func(u *User) string { return u.Email },
			aliases: emailAliases},
		{Name: FieldPhoneNumber, Required: true, IsDetail: true, MinCounting: 5, Example: "+14155550123", Rule: "International phone number with + and country code, in a text cell.",
			Cell: func(r *Raw) *string { return &r.PhoneNumber }, Value: func(u *User) string { return u.PhoneNumber },
			aliases: phoneAliases, parts: phoneParts},
		{Name: FieldAccountPurpose, Required: true, Defaultable: true, IsDetail: true, IsText: true, MinCounting: 3, Example: "personal use", Rule: "What the account is for, 1 to 200 characters.",
			Cell: func(r *Raw) *string { return &r.AccountPurpose }, Value: func(u *User) string { return u.AccountPurpose },
			aliases: purposeAliases},
		{Name: FieldIPAddress, Required: true, Defaultable: true, IsDetail: true, MinCounting: 5, Example: "203.0.113.42", Rule: "Public IPv4 or IPv6 address that the customer registered from.",
			Cell: func(r *Raw) *string { return &r.IPAddress }, Value: func(u *User) string { return u.IPAddress },
			aliases: ipAliases},
		{Name: FieldTerms, Required: true, IsBool: true, Example: "TRUE", Rule: "TRUE if the customer has accepted the terms of service; no other customer can be onboarded.",
			Cell: func(r *Raw) *string { return &r.Terms }, Value: func(u *User) string { return strconv.FormatBool(u.Terms) },
			aliases: termsAliases, choices: "TRUE"},
		{Name: FieldProgram, Required: true, Defaultable: true, IsDetail: true, Example: custodial, Rule: "custodial or non_custodial.",
			Cell: func(r *Raw) *string { return &r.Program }, Value: func(u *User) string { return u.Program },
			aliases: programAliases, choices: custodial + " " + nonCustodial},
		{Name: FieldWalletAddress, IsDetail: true, Example: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Rule: "Ethereum address, 0x and 40 hexadecimal digits; needed if program is non_custodial.",
			Cell: func(r *Raw) *string { return &r.WalletAddress }, Value: func(u *User) string { return u.WalletAddress },
			aliases: walletAliases},
		{Name: FieldRedirectURL, Defaultable: true, IsDetail: true, Example: "https://example.com/welcome", Rule: "Optional https address where the customer arrives after the identity check.",
			Cell: func(r *Raw) *string { return &r.RedirectURL }, Value: func(u *User) string { return u.RedirectURL },
			aliases: redirectAliases},
		{Name: FieldAddress, Defaultable: true, IsDetail: true, IsText: true, MinCounting: 5, Example: "1 Main Street", Rule: "Optional street and number.",
			Cell: func(r *Raw) *string { return &r.Address }, Value: func(u *User) string { return u.Address },
			aliases: addressAliases, parts: addressParts, adjacentParts: addressAdjacentParts},
		{Name: FieldCity, Defaultable: true, IsDetail: true, IsText: true, MinCounting: 3, Example: "San Francisco", Rule: "Optional town.",
			Cell: func(r *Raw) *string { return &r.City }, Value: func(u *User) string { return u.City },
			aliases: cityAliases},
		{Name: FieldRegion, Defaultable: true, IsDetail: true, IsText: true, MinCounting: 3, Example: "CA", Rule: "Optional state or region.",
			Cell: func(r *Raw) *string { return &r.Region }, Value: func(u *User) string { return u.Region },
			aliases: regionAliases, foreign: statusWords},
		{Name: FieldPostalCode, Defaultable: true, IsDetail: true, IsText: true, MinCounting: 5, Example: "94105", Rule: "Optional postal code, in a text cell.",
			Cell: func(r *Raw) *string { return &r.PostalCode }, Value: func(u *User) string { return u.PostalCode },
			aliases: postalAliases},
		{Name: FieldCountryCode, Defaultable: true, IsDetail: true, Example: "US", Rule: "Optional country as a two-letter code of ISO 3166-1, such as GB.",
			Cell: func(r *Raw) *string { return &r.CountryCode }, Value: func(u *User) string { return u.CountryCode },
			aliases: countryAliases},
	}
}
