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
	CodeTermsTime      = "terms_time"
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
	CodeEmailHostTypo      = "email_host_typo"
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

// Code is one kind of problem. Its words are in package pipeline/messages.
type Code struct {
	Code    string
	Warning bool
}

// Codes returns every code that [Rules.Check] can give, problems before warnings.
func Codes() []Code {
	return []Code{
		{CodeRequired, false},
		{CodePlaceholder, false},
		{CodeBadEncoding, false},
		{CodeControlChar, false},
		{CodeLineBreak, false},
		{CodeInvisibleChar, false},
		{CodeTooLong, false},
		{CodeExampleRow, false},
		{CodeNoCustomer, false},
		{CodeExcelError, false},
		{CodeExcelRounded, false},
		{CodeExcelDate, false},
		{CodeDateAmbiguous, false},
		{CodeExcelDecimal, false},
		{CodeEmailFormat, false},
		{CodeEmailNonASCII, false},
		{CodeEmailHost, false},
		{CodePhoneNoCountry, false},
		{CodePhonePlusLost, false},
		{CodePhoneAmbiguous, false},
		{CodePhoneExtension, false},
		{CodePhoneLetters, false},
		{CodePhoneFormat, false},
		{CodePhoneInvalid, false},
		{CodeIPFormat, false},
		{CodeIPNotPublic, false},
		{CodeTerms, false},
		{CodeTermsTime, false},
		{CodeProgram, false},
		{CodeWalletFormat, false},
		{CodeWalletChecksum, false},
		{CodeWalletZero, false},
		{CodeRedirectURL, false},
		{CodePostalShort, false},
		{CodeCountryUnknown, false},
		{CodeCountryBarred, false},
		{CodeNotation, false},
		{CodeOtherField, false},

		{CodeForetold, true},
		{CodePlaceholderIgnored, true},
		{CodeInvisibleKept, true},
		{CodeSpaceTrimmed, true},
		{CodeDoubleEncoded, true},
		{CodeNameNull, true},
		{CodeEmailPlusTag, true},
		{CodeEmailMixedScript, true},
		{CodeEmailOneLetter, true},
		{CodeEmailHostTypo, true},
		{CodeEmailExample, true},
		{CodeEmailDisposable, true},
		{CodePhoneFictional, true},
		{CodePhoneService, true},
		{CodePhoneCountry, true},
		{CodeIPDefault, true},
		{CodeIPExample, true},
		{CodeWalletNoChecksum, true},
		{CodePostalZeroLost, true},
		{CodeNotationLikely, true},
		{CodeOtherFieldLikely, true},
	}
}
