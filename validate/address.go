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
	if !country.IsCode(code) {
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
		return "is a private-use code, not one of ISO 3166-1. Ask the partner which code to use"
	}
	if hint := country.CodeOf(code); hint != "" {
		return "is not the two-letter code of ISO 3166-1. Write " + hint
	}
	return "is not a two-letter code of ISO 3166-1. Write the code, such as GB or US"
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
