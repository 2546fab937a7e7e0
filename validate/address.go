package validate

import (
	"net/url"
	"strings"

	"golang.org/x/text/language"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// checkAddressPart checks an optional address field, which is sent as it is.
func (c *rowCheck) checkAddressPart(field, raw string) string {
	t := proseText
	if field == FieldAddress {
		t = multilineText
	}
	v, _ := c.readOptional(field, raw, t)
	return v
}

// checkPostalCode checks the postal code and notices a lost leading zero.
func (c *rowCheck) checkPostalCode(raw, country string) string {
	v, ok := c.readOptional(FieldPostalCode, raw, proseText)
	if !ok {
		return ""
	}
	if celltext.HasLostZero(v, country) {
		const message = "is too short for its country: a spreadsheet may have dropped a leading zero. Format the column as text, then enter the code again"
		if c.rules.Strict {
			c.addProblem(FieldPostalCode, CodePostalShort, message)
			return ""
		}
		c.addWarning(FieldPostalCode, CodePostalZeroLost, message)
	}
	return v
}

// checkCountry checks a code of ISO 3166-1 alpha-2.
func (c *rowCheck) checkCountry(raw string) string {
	v, ok := c.readOptional(FieldCountryCode, raw, strictText)
	if !ok {
		return ""
	}
	code := strings.ToUpper(v)
	if !isCountryCode(code) {
		c.addProblem(FieldCountryCode, CodeCountryUnknown, explainCountry(code))
		return ""
	}
	switch code {
	case "CU", "IR", "KP":
		c.addProblem(FieldCountryCode, CodeCountryBarred, "is a country under comprehensive sanctions. Ask the partner before you onboard this customer")
		return ""
	}
	if code != v {
		c.addChange(FieldCountryCode, "spelling")
	}
	return code
}

// RowCountry returns the country that a row's other fields are compared with, by
// its cell of the country code; "" if it has no sound one.
func (r *Rules) RowCountry(raw string) string {
	code := raw
	if len(code) != 2 {
		code = strings.TrimSpace(raw)
	}
	if code == "" && len(r.Defaults) > 0 {
		code = r.Defaults[FieldCountryCode]
	}
	if code = strings.ToUpper(code); !isCountryCode(code) {
		return ""
	}
	return code
}

func explainCountry(code string) string {
	hint := ""
	switch code {
	case "UK":
		hint = "GB"
	case "EL":
		hint = "GR"
	case "XK":
		return "is a private-use code, not one of ISO 3166-1. Ask the partner which code to use"
	default:
		if region, err := language.ParseRegion(code); err == nil && len(code) == 3 && isCountryCode(region.String()) {
			hint = region.String()
		}
	}
	if hint != "" {
		return "is not the two-letter code of ISO 3166-1. Write " + hint
	}
	return "is not a two-letter code of ISO 3166-1. Write the code, such as GB or US"
}

// isCountryCode reports whether a code is an officially assigned one of ISO 3166-1
// alpha-2.
func isCountryCode(code string) bool {
	const assigned = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
		"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
		"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
		"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
		"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
		"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
		"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return false
	}
	return strings.Index(assigned, code+" ")%3 == 0
}

// checkRedirect checks an absolute https URL in ASCII (RFC 3986).
func (c *rowCheck) checkRedirect(raw string) string {
	v, ok := c.readOptional(FieldRedirectURL, raw, strictText)
	if !ok {
		return ""
	}
	if fault := explainRedirect(v); fault != "" {
		c.addProblem(FieldRedirectURL, CodeRedirectURL, fault)
		return ""
	}
	return v
}

func explainRedirect(v string) string {
	if !isASCII(v) || strings.ContainsAny(v, " \"<>\\^`{|}") {
		return "has a character that is not allowed in a URL. Percent-encode it, or write the host in punycode"
	}
	u, err := url.Parse(v)
	switch {
	case err != nil:
		return "is not a URL. Write the whole address, beginning with https://"
	case u.Scheme == "http":
		return "is http, but the partner accepts only https. Write https://"
	case u.Scheme != "https":
		return "is not an absolute https URL. Write the whole address, beginning with https://"
	case u.Hostname() == "" || strings.Trim(u.Hostname(), ".") == "":
		return "has no host. Write the whole address, beginning with https://"
	case u.User != nil:
		return "has a user name before the host. Remove it"
	}
	return ""
}

// checkExtra checks the fields that --send adds: texts of one or several lines,
// left out where empty.
func (c *rowCheck) checkExtra(raw []string) []Extra {
	var out []Extra
	for i, name := range c.rules.Extra {
		if i == len(raw) {
			break
		}
		v, ok := c.cleanCell(name, raw[i], extraText)
		if !ok || v == "" {
			continue
		}
		out = append(out, Extra{Name: name, Value: v})
	}
	return out
}
