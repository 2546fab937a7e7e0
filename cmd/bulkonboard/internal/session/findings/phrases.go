package findings

import (
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/columns"
)

// phrases returns what the codes of cells mean, in a few words, so that a table
// of them fits a terminal. Codes that are missing have their meaning in full.
func phrases() map[string]string {
	return map[string]string{
		validate.CodeRequired:       "empty, but required",
		validate.CodePlaceholder:    "a dash, N/A or the like, but required",
		validate.CodeBadEncoding:    "letters lost in a conversion",
		validate.CodeControlChar:    "has a control character",
		validate.CodeLineBreak:      "has a line break",
		validate.CodeInvisibleChar:  "has an invisible character",
		validate.CodeTooLong:        "too long",
		validate.CodeExampleRow:     "the template's example row",
		validate.CodeNoCustomer:     "no customer: a total or a remark",
		validate.CodeExcelError:     "a spreadsheet error such as #N/A",
		validate.CodeExcelRounded:   "rounded by a spreadsheet, digits lost",
		validate.CodeExcelDate:      "turned into a date",
		validate.CodeExcelDecimal:   "turned into a number (.0 or separators)",
		validate.CodeDateAmbiguous:  "day and month may be swapped",
		validate.CodeEmailFormat:    "not one plain e-mail address",
		validate.CodeEmailNonASCII:  "a letter before the @ may be a look-alike",
		validate.CodeEmailHost:      "no public host after the @",
		validate.CodePhoneNoCountry: "no country code",
		validate.CodePhonePlusLost:  "missing its leading + (Excel drops it)",
		validate.CodePhoneAmbiguous: "national or international number?",
		validate.CodePhoneExtension: "has an extension",
		validate.CodePhoneLetters:   "has letters",
		validate.CodePhoneFormat:    "not one phone number",
		validate.CodePhoneInvalid:   "no such number in its country",
		validate.CodeIPFormat:       "not one plain IP address",
		validate.CodeIPNotPublic:    "not a public IP address",
		validate.CodeTerms:          "terms of service not accepted",
		validate.CodeProgram:        "not custodial or non_custodial",
		validate.CodeWalletFormat:   "not 0x and 40 hexadecimal digits",
		validate.CodeWalletChecksum: "checksum wrong: a character was changed",
		validate.CodeWalletZero:     "the zero address",
		validate.CodeRedirectURL:    "not an absolute https URL",
		validate.CodePostalShort:    "lost its leading zero",
		validate.CodeCountryUnknown: "not a two-letter ISO country code",
		validate.CodeCountryBarred:  "a country under sanctions",
		validate.CodeNotation:       "written in another format's notation",
		validate.CodeOtherField:     "holds the value of another field",

		validate.CodePlaceholderIgnored: "a dash, N/A or the like; read as empty",
		validate.CodeInvisibleKept:      "has an invisible character, which is sent",
		validate.CodeSpaceTrimmed:       "special spaces around it were removed",
		validate.CodeDoubleEncoded:      "letters garbled by a conversion",
		validate.CodeNameNull:           "Null or None: a name, or nothing?",
		validate.CodeEmailPlusTag:       "a plus tag: a second address?",
		validate.CodeEmailMixedScript:   "host mixes alphabets: a look-alike?",
		validate.CodeEmailOneLetter:     "host ends in a single letter",
		validate.CodeEmailExample:       "an example or test address",
		validate.CodeEmailDisposable:    "a throw-away address",
		validate.CodePhoneFictional:     "a number for films and tests",
		validate.CodePhoneService:       "a service or premium-rate number",
		validate.CodePhoneCountry:       "of another country than countryCode",
		validate.CodeIPDefault:          "the default, not the customer's own",
		validate.CodeIPExample:          "an address for documentation",
		validate.CodeWalletNoChecksum:   "no checksum: typing errors go unnoticed",
		validate.CodePostalZeroLost:     "seems to have lost its leading zero",
		validate.CodeNotationLikely:     "perhaps another format's notation",
		validate.CodeOtherFieldLikely:   "perhaps the value of another field",

		"columns":         "more or fewer cells than headers",
		"header_repeated": "column names, not a customer",
		"cell_error":      "an error of a formula",
		"struck_out":      "struck out",
		"struck_out_row":  "the whole row is struck out",
		"merged":          "merged with other cells",
		"number_rounded":  "more than 15 digits, rounded",
		"number_format":   "shown otherwise than it is stored",
		"other_meaning":   "not a value of this field",
		"date_number":     "a number where dates are",
		"date_impossible": "no such date",
		"date_short_year": "the year has two digits",
		"date_range":      "no such date",

		pipeline.CodeRepeats:      "repeats an earlier row, same details",
		pipeline.CodeRepeatsOther: "repeats an earlier row, other details",
		pipeline.CodeSharesEmail:  "valid rows have the same e-mail",
	}
}

// patternPhrases returns what the kinds of findings about whole columns mean, in a
// few words.
func patternPhrases() map[string]string {
	return map[string]string{
		columns.KindRounded:   "rounded by a spreadsheet, digits lost",
		columns.KindPlus:      "missing their leading +",
		columns.KindCountry:   "no country code",
		columns.KindDecimal:   "read as quantities (.0 or separators)",
		columns.KindDate:      "turned into dates",
		columns.KindZero:      "leading zeros lost",
		columns.KindDigits:    "only 15 digits kept, zeros after them",
		columns.KindError:     "spreadsheet errors such as #N/A",
		columns.KindTwice:     "letters garbled by a conversion",
		columns.KindLetters:   "letters lost in a conversion",
		columns.KindNotation:  "written in another format's notation",
		columns.KindOther:     "hold the values of another field",
		columns.KindNothing:   "a program's word for nothing (nan, NULL)",
		columns.KindCounting:  "count up by one from row to row",
		columns.SharedPhone:   "the same number in three rows or more",
		columns.SharedWallet:  "the same wallet in three rows or more",
		columns.SharedMailbox: "addresses that may be one mailbox",
		columns.SharedUnknown: "too many rows to look for shared values",
	}
}
