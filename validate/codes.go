package validate

import "github.com/bulkonboard/bulkonboard/validate/phone"

// The codes of all problems. Scripts may rely on them: a code keeps its meaning, and
// a rule that changes gets a new one.
const (
	CodeRequired       = "required"
	CodePlaceholder    = "placeholder"
	CodeBadEncoding    = "bad_encoding"
	CodeControlChar    = "control_char"
	CodeLineBreak      = "line_break"
	CodeInvisibleChar  = "invisible_char"
	CodeTooLong        = "too_long"
	CodeExampleRow     = "example_row"
	CodeNoCustomer     = "no_customer"
	CodeExcelError     = "excel_error"
	CodeExcelRounded   = "excel_rounded"
	CodeExcelDate      = "excel_date"
	CodeExcelDecimal   = phone.CodeDecimal
	CodeDateAmbiguous  = "date_ambiguous"
	CodeEmailFormat    = "email_format"
	CodeEmailNonASCII  = "email_non_ascii"
	CodeEmailHost      = "email_host"
	CodePhoneNoCountry = phone.CodeNoCountry
	CodePhonePlusLost  = phone.CodePlusLost
	CodePhoneAmbiguous = phone.CodeAmbiguous
	CodePhoneExtension = phone.CodeExtension
	CodePhoneLetters   = phone.CodeLetters
	CodePhoneFormat    = phone.CodeFormat
	CodePhoneInvalid   = phone.CodeInvalid
	CodeIPFormat       = "ip_format"
	CodeIPNotPublic    = "ip_not_public"
	CodeTerms          = "terms_not_accepted"
	CodeProgram        = "program_unknown"
	CodeWalletFormat   = "wallet_format"
	CodeWalletChecksum = "wallet_checksum"
	CodeWalletZero     = "wallet_zero"
	CodeRedirectURL    = "redirect_url"
	CodePostalShort    = "postal_short"
	CodeCountryUnknown = "country_unknown"
	CodeCountryBarred  = "country_sanctioned"
	CodeNotation       = "foreign_notation"
	CodeOtherField     = "other_field"
)

// The codes of warnings.
const (
	CodePlaceholderIgnored = "placeholder_ignored"
	CodeInvisibleKept      = "invisible_kept"
	CodeSpaceTrimmed       = "space_trimmed"
	CodeDoubleEncoded      = "double_encoded"
	CodeNameNull           = "name_null"
	CodeEmailPlusTag       = "email_plus_tag"
	CodeEmailMixedScript   = "email_mixed_script"
	CodeEmailOneLetter     = "email_one_letter_host"
	CodeEmailExample       = "email_example"
	CodeEmailDisposable    = "email_disposable"
	CodePhoneFictional     = "phone_fictional"
	CodePhoneService       = "phone_service"
	CodePhoneCountry       = "phone_country"
	CodeIPDefault          = "ip_default"
	CodeIPExample          = "ip_example"
	CodeWalletNoChecksum   = "wallet_no_checksum"
	CodePostalZeroLost     = "postal_zero_lost"
	CodeNotationLikely     = "foreign_notation_likely"
	CodeOtherFieldLikely   = "other_field_likely"
)

// Code is one kind of problem, for help texts.
type Code struct {
	Code    string
	Warning bool
	Meaning string // one sentence for operators
}

// Codes returns every code that [Rules.Check] can give, problems before warnings.
func Codes() []Code {
	return []Code{
		{CodeRequired, false, "the cell is empty, and the partner requires the field"},
		{CodePlaceholder, false, "a required cell holds a dash, N/A or the like instead of a value"},
		{CodeBadEncoding, false, "the cell has bytes that are not UTF-8, or a letter that an earlier conversion lost"},
		{CodeControlChar, false, "the cell has a control character"},
		{CodeLineBreak, false, "the cell has a line break where the field allows none"},
		{CodeInvisibleChar, false, "the cell has an invisible character where the field allows none"},
		{CodeTooLong, false, "the value has more characters than the field may have"},
		{CodeExampleRow, false, "the row is the example of the template"},
		{CodeNoCustomer, false, "the row holds next to nothing of a customer, as a total or a remark below a list does"},
		{CodeExcelError, false, "the cell shows a spreadsheet error such as #N/A or #REF!"},
		{CodeExcelRounded, false, "a spreadsheet has rounded the number (1.4E+10), so that digits are lost"},
		{CodeExcelDate, false, "a spreadsheet has made a date of the value"},
		{CodeDateAmbiguous, false, "the date can be read with the day or with the month first"},
		{CodeExcelDecimal, false, "a program has read digits as a number and added .0 or a separator of thousands"},
		{CodeEmailFormat, false, "the cell is not one plain e-mail address"},
		{CodeEmailNonASCII, false, "the e-mail has a character outside ASCII before the @, often a look-alike"},
		{CodeEmailHost, false, "the part of the e-mail after the @ is no public host name"},
		{CodePhoneNoCountry, false, "the phone number has no country code, and --phone-region does not name a country"},
		{CodePhonePlusLost, false, "missing its leading + (Excel drops it). --phone-plus adds it"},
		{CodePhoneAmbiguous, false, "the phone number can be read as a national and as an international one"},
		{CodePhoneExtension, false, "the phone number has an extension"},
		{CodePhoneLetters, false, "the phone number has letters"},
		{CodePhoneFormat, false, "the cell is not one phone number"},
		{CodePhoneInvalid, false, "no such phone number can exist in its country, as libphonenumber knows it"},
		{CodeIPFormat, false, "the cell is not one plain IPv4 or IPv6 address"},
		{CodeIPNotPublic, false, "the IP address is private, loopback, unspecified or otherwise not one that a user registers from"},
		{CodeTerms, false, "terms of service not accepted"},
		{CodeProgram, false, "the program is neither custodial nor non_custodial"},
		{CodeWalletFormat, false, "the wallet address is not 0x and 40 hexadecimal digits"},
		{CodeWalletChecksum, false, "the capitals of the wallet address do not match its EIP-55 checksum, so that a character is wrong"},
		{CodeWalletZero, false, "the wallet address is the zero address"},
		{CodeRedirectURL, false, "the redirect address is not an absolute https URL"},
		{CodePostalShort, false, "the postal code seems to have lost its leading zero, and --strict is set"},
		{CodeCountryUnknown, false, "the country is not a two-letter code of ISO 3166-1"},
		{CodeCountryBarred, false, "the country is under comprehensive sanctions"},
		{CodeNotation, false, "the value is written as another format writes it: HTML entities, percent-encoding, backslash escapes or the like"},
		{CodeOtherField, false, "the cell holds what belongs in another field, such as an e-mail address as a name"},

		{CodeForetold, true, "will be wrong once the other problems of the row are corrected"},
		{CodePlaceholderIgnored, true, "an optional cell holds a dash, N/A or the like, and counts as empty"},
		{CodeInvisibleKept, true, "the value has an invisible character, which is sent"},
		{CodeSpaceTrimmed, true, "no-break or other special spaces around the value were taken away"},
		{CodeDoubleEncoded, true, "the value looks as if a program once read it in another encoding, such as UTF-8 as windows-1252"},
		{CodeNameNull, true, "the name is Null, None or the like: a surname, or what a program writes for nothing"},
		{CodeEmailPlusTag, true, "the e-mail has a plus tag, so that it may be a second address of one customer"},
		{CodeEmailMixedScript, true, "the host of the e-mail mixes Latin with Cyrillic or Greek letters, often a look-alike"},
		{CodeEmailOneLetter, true, "the host of the e-mail ends in a single letter, which no public host does"},
		{CodeEmailExample, true, "the e-mail is of a domain for examples and tests, and a real wallet pays"},
		{CodeEmailDisposable, true, "the e-mail is of a service for throw-away addresses, and a real wallet pays"},
		{CodePhoneFictional, true, "the phone number is of a range for films and tests, and a real wallet pays"},
		{CodePhoneService, true, "the phone number is a premium-rate, toll-free or other service number, and a real wallet pays"},
		{CodePhoneCountry, true, "the phone number is of another country than countryCode"},
		{CodeIPDefault, true, "the IP address is the default value and not the one that the user registered from"},
		{CodeIPExample, true, "the IP address is of a range for documentation, and a real wallet pays"},
		{CodeWalletNoChecksum, true, "the wallet address is all lower or all upper case, so that a typing error cannot be noticed"},
		{CodePostalZeroLost, true, "the postal code seems to have lost its leading zero"},
		{CodeNotationLikely, true, "the value may be written as another format writes it, such as with backslash escapes"},
		{CodeOtherFieldLikely, true, "the cell may hold what belongs in another field"},
	}
}
