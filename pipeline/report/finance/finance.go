// Package finance words problems for readers who have the list and not the
// program: finance, and whoever sent the list. Its sentences name columns by
// the sender's own headings. They hold no flags, no commands and no names of
// the partner's API.
//
// Start at [Headings.Sentence]. What a code needs in words of its own is in
// sentences.go and advice.go; every other message is reworded by rule.
package finance

import (
	"regexp"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Headings maps the name of a field to the heading that the sender gave its
// column. A nil map is valid: each field then has a plain English title.
type Headings map[string]string

// Title returns what a reader calls a field: the sender's heading, else a plain
// English title. Names of other columns are returned as they are, "" as "".
func (h Headings) Title(field string) string {
	if own := strings.TrimSpace(reporttext.Clean(h[field])); own != "" {
		return own
	}
	return fieldTitle(field)
}

// fieldTitle returns the plain title of a field, else its name.
func fieldTitle(field string) string {
	switch field {
	case "firstName":
		return "First name"
	case "lastName":
		return "Last name"
	case "email":
		return "E-mail"
	case "phoneNumber":
		return "Phone number"
	case "accountPurpose":
		return "Account purpose"
	case "ipAddress":
		return "IP address"
	case "isTermsOfServiceAccepted":
		return "Terms of service accepted"
	case "program":
		return "Program"
	case "walletAddress":
		return "Wallet address"
	case "redirectUrl":
		return "Redirect address"
	case "address":
		return "Address"
	case "city":
		return "City"
	case "region":
		return "Region"
	case "postalCode":
		return "Postal code"
	case "countryCode":
		return "Country"
	}
	return field
}

// Phrases words the problems of one list. It remembers its sentences, because
// most problems of a list are alike. It is for one goroutine.
type Phrases struct {
	Headings
	known map[phrase]string
}

// phrase is what a sentence is made of.
type phrase struct{ field, code, message string }

// maxPhrases bounds memory. Sentences beyond it are made each time.
const maxPhrases = 2_000

// NewPhrases returns the phrases for a list with these headings.
func NewPhrases(h Headings) *Phrases { return &Phrases{h, map[phrase]string{}} }

// Sentence is Headings.Sentence.
func (p *Phrases) Sentence(field, code, message string) string {
	of := phrase{field, code, message}
	text, found := p.known[of]
	if !found {
		text = p.Headings.Sentence(field, code, message)
		if len(p.known) < maxPhrases {
			p.known[of] = text
		}
	}
	return text
}

// Sentence returns what is wrong in a cell of a field, or in a row as a whole if
// field is "", and what to do. message is the operator's: "what is wrong. what
// to do".
func (h Headings) Sentence(field, code, message string) string {
	if own := sentences()[code]; own != "" {
		return own
	}
	message = strings.NewReplacer("the country of --phone-region", "the country that was given for the list", " code of ISO 3166-1", " code of a country").Replace(message)
	message = strings.TrimSpace(flagAdvice.ReplaceAllString(reporttext.Clean(message), ""))
	switch verb, _, _ := strings.Cut(message, " "); {
	case verb == "repeats", verb == "still", isVerb(verb) && field == "":
		message = "This row " + message
	case isVerb(verb):
		message = "This cell " + message
	}
	return capitalise(h.replaceNames(message))
}

// Meaning returns the meaning of a code in one sentence. operators is what
// operators read; "" stands for the words of the code itself.
func (h Headings) Meaning(code, operators string) string {
	if own := meanings()[code]; own != "" {
		return own
	}
	if operators == "" {
		operators = strings.ReplaceAll(code, "_", " ")
	}
	return capitalise(h.replaceNames(flagAdvice.ReplaceAllString(reporttext.Clean(operators), "")))
}

// flagAdvice matches advice about flags.
var flagAdvice = regexp.MustCompile(`(,? (or|and) [^,;.]*|; |, )--[a-z][^.;]*`)

// isVerb reports whether a word begins a message about a cell or a row without
// naming it.
func isVerb(word string) bool {
	switch word {
	case "is", "has", "had", "does", "looks", "holds", "shows", "can", "begins", "ends", "differs", "was":
		return true
	}
	return false
}

// apiName matches the names of the partner's API: the fields, and what it calls
// its answers.
var apiName = regexp.MustCompile(`\b[a-z]+(?:[A-Z][a-z]*)+\b`)

// replaceNames replaces the names of the partner's API.
func (h Headings) replaceNames(text string) string {
	return apiName.ReplaceAllStringFunc(text, func(name string) string {
		if words := answerWords()[name]; words != "" {
			return words
		}
		if title := h.Title(name); title != name {
			return `"` + title + `"`
		}
		return name
	})
}

// answerWords returns what the partner's answers hold, in words.
func answerWords() map[string]string {
	return map[string]string{
		"serviceId":       "customer number of the partner",
		"verificationUrl": "verification link",
		"createdAt":       "time of creation",
		"partnerId":       "account number",
	}
}

// capitalise gives the sentences of a text their capitals and a full stop.
func capitalise(s string) string {
	b := []byte(strings.TrimSpace(s))
	for i := range b {
		isStart := i == 0 || i >= 2 && b[i-1] == ' ' && b[i-2] == '.' && (i < 4 || b[i-4] != '.')
		if isStart && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	if n := len(b); n > 0 && !strings.ContainsRune(".!?", rune(b[n-1])) {
		b = append(b, '.')
	}
	return string(b)
}
