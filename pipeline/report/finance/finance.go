// Package finance words problems for readers who have the list and not the
// program: finance, and whoever sent the list. Its sentences name columns by
// the sender's own headings. They hold no flags, no commands and no names of
// the partner's API.
//
// Start at [Phrases]. The sentences of codes are in package messages. Messages with
// details of a row, such as a length, are reworded by rule.
package finance

import (
	"regexp"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
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
	words *messages.Catalogue
	known map[phrase]string
}

// phrase is what a sentence is made of.
type phrase struct{ field, code, message string }

// maxPhrases bounds memory. Sentences beyond it are made each time.
const maxPhrases = 2_000

// NewPhrases returns the phrases for a list with these headings, in English.
func NewPhrases(h Headings) *Phrases { return NewPhrasesIn(messages.English(), h) }

// NewPhrasesIn returns the phrases in the language of a catalogue. What is reworded
// by rule stays English.
func NewPhrasesIn(words *messages.Catalogue, h Headings) *Phrases {
	return &Phrases{h, words, map[phrase]string{}}
}

// Sentence returns what is wrong in a cell of a field, or in a row as a whole if
// field is "", and what to do. message is the operator's: "what is wrong. what
// to do".
func (p *Phrases) Sentence(field, code, message string) string {
	of := phrase{field, code, message}
	text, found := p.known[of]
	if !found {
		text = p.makeSentence(field, code, message)
		if len(p.known) < maxPhrases {
			p.known[of] = text
		}
	}
	return text
}

func (p *Phrases) makeSentence(field, code, message string) string {
	if about, found := p.words.Codes[code]; found && isForOperators(code) {
		return about.Meaning + " " + messages.Fill(about.Finance, p.Title(field))
	}
	message = strings.NewReplacer("the country of --phone-region", "the country that was given for the list", " code of ISO 3166-1", " code of a country").Replace(message)
	message = strings.TrimSpace(flagAdvice.ReplaceAllString(reporttext.Clean(message), ""))
	message, isForetold := strings.CutPrefix(message, "also: ")
	switch verb, _, _ := strings.Cut(message, " "); {
	case isForetold && isVerb(verb):
		message = "Also check this cell: it " + message
	case verb == "repeats", verb == "still", isVerb(verb) && field == "":
		message = "This row " + message
	case isVerb(verb):
		message = "This cell " + message
	}
	return capitalise(p.replaceNames(message))
}

// isForOperators reports whether the messages with a code do not serve other
// readers: they name what only the program or the partner's API has.
func isForOperators(code string) bool {
	switch code {
	case "phone_no_country", "terms_not_accepted", "example_row", "program_unknown", "wallet_checksum", "formula",
		"id_known", "looks_onboarded", "outcome_unknown", "link_lost", "details_changed", "being_recreated",
		"created_at_unproved", "absence_unproved", "similar_user_listed", "two_users_listed", "service_id_taken",
		"created_after_window", "key_used_unexplained", "duplicate_not_listed", "no_partner_time", "too_many_unanswered",
		"created_in_gap", "answer_mixed_up", "other_account", "email_differs", "user_deleted", "user_unlisted":
		return true
	}
	return false
}

// Meaning returns the meaning of a code in one sentence; of an unknown code the
// words of the code itself.
func (p *Phrases) Meaning(code string) string {
	if about, found := p.words.Codes[code]; found {
		return about.Meaning
	}
	return capitalise(strings.ReplaceAll(code, "_", " "))
}

// Advice returns what to do about a cause: about its code if that is known, else
// about its status. It is never empty.
func (p *Phrases) Advice(status ledger.Status, field, code string) string {
	if about := p.words.Explain(string(status), code); about.Finance != "" {
		return messages.Fill(about.Finance, p.Title(field))
	}
	return "See the message of the row."
}

// CauseTitle returns a cause in words: the column, and what is wrong with it.
func (p *Phrases) CauseTitle(status ledger.Status, field, code string) string {
	words := p.words.Codes[code].Title
	switch {
	case words != "":
	case code == "":
		words = p.words.Statuses[string(status)].Title
	case code == strings.ToUpper(code):
		words = "partner says " + code
	default:
		words = strings.ReplaceAll(code, "_", " ")
	}
	if field != "" {
		return p.Title(field) + ": " + words
	}
	return words
}

// StatusMeaning returns one sentence on a status.
func (p *Phrases) StatusMeaning(s ledger.Status) string {
	return p.words.Statuses[string(s)].Meaning
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
