package validate

import (
	"net/url"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/country"
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
		const message = "is too short for its country, as when a spreadsheet drops a leading zero. format the column as text, then enter the code again"
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
	if !country.IsCode(code) {
		c.addProblem(FieldCountryCode, CodeCountryUnknown, explainCountry(code))
		return ""
	}
	switch code {
	case "CU", "IR", "KP":
		c.addProblem(FieldCountryCode, CodeCountryBarred, "is a country under comprehensive sanctions. ask the partner before you onboard this customer")
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
	if words := r.Values[FieldCountryCode]; len(words) > 0 {
		if meant, isWord := words[FoldWord(code)]; isWord {
			code = meant
		}
	}
	if code = strings.ToUpper(code); !country.IsCode(code) {
		return ""
	}
	return code
}

func explainCountry(code string) string {
	if code == "XK" {
		return "is a code for private use that ISO 3166-1 does not have. ask the partner which code to write"
	}
	if hint := country.CodeOf(code); hint != "" {
		return "is not the two-letter code of ISO 3166-1. write " + hint
	}
	return "is not a two-letter code of ISO 3166-1. write the code, such as GB or US"
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
		return "has a character that no URL has. write it percent-encoded, or the host in punycode"
	}
	u, err := url.Parse(v)
	switch {
	case err != nil:
		return "is no URL. write the whole address, beginning with https://"
	case u.Scheme == "http":
		return "is http, and the partner takes https only. write https://"
	case u.Scheme != "https":
		return "is no absolute https URL. write the whole address, beginning with https://"
	case u.Hostname() == "" || strings.Trim(u.Hostname(), ".") == "":
		return "has no host. write the whole address, beginning with https://"
	case u.User != nil:
		return "has a user name before the host. leave it out"
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
