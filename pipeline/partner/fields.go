package partner

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/validate"
)

// fieldTable finds the fields of one request by the names that an answer uses: firstName,
// first_name, "First name", body.firstName, $.FirstName. It returns only the names of
// fields that can be sent, so that no value of a customer is mistaken for a name.
type fieldTable struct {
	names  []string          // as documented, in body order
	byName map[string]string // documented name by normalised name
}

// fieldsOf returns the fields of a create-user request.
func fieldsOf(u *validate.User, fields validate.FieldTable) fieldTable {
	names := fields.Names()
	for _, x := range u.Extra {
		if isToken(x.Name, maxCode) {
			names = append(names, x.Name)
		}
	}
	return newFieldTable(names)
}

func newFieldTable(names []string) fieldTable {
	t := fieldTable{byName: make(map[string]string, len(names))}
	for _, name := range names {
		if key := normalName(name); key != "" && t.byName[key] == "" {
			t.byName[key] = name
			t.names = append(t.names, name)
		}
	}
	return t
}

// normalName returns a name without case and punctuation, in which notations differ.
func normalName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// findField returns the field that a name or a path denotes, "" if none. It searches a
// path from its end: /data/attributes/email, body.address.line1, errors[0].city.
func (t fieldTable) findField(path string) string {
	if len(path) > 4*maxCode {
		return ""
	}
	steps := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("./[]'\"$#", r) })
	for i := len(steps) - 1; i >= 0; i-- {
		if name := t.byName[normalName(steps[i])]; name != "" {
			return name
		}
	}
	return ""
}

// inSentence returns the fields whose values a sentence rejects: "email must be an
// email", "The phone number field is required.", "Invalid city". A name that is also an
// ordinary word, such as address or city, counts only as the subject or in quotes.
func (t fieldTable) inSentence(text string) []string {
	if !saysUnacceptable(normalizeWords(text)) {
		return nil
	}
	clauses := []string{normalizeWords(text)}
	ends := strings.NewReplacer(": ", "\n", "; ", "\n", ", ", "\n", ". ", "\n") // where a new subject may follow
	for _, clause := range strings.Split(ends.Replace(text), "\n") {
		clauses = append(clauses, normalizeWords(clause))
	}
	var found []string
	for _, name := range t.names {
		if isNamedIn(" "+text, name) || isNamedIn(" "+text, strings.ToUpper(name[:1])+name[1:]) || slices.ContainsFunc(clauses, func(clause string) bool {
			return isSubject(clause, spacedName(name)) || isSubject(clause, strings.ToLower(name))
		}) {
			found = append(found, name)
		}
	}
	return found
}

var capital = regexp.MustCompile(`\p{Lu}`)

// spacedName returns a name as words in lower case: "first name" for firstName.
func spacedName(name string) string {
	return strings.TrimSpace(normalizeWords(capital.ReplaceAllString(name, " $0")))
}

// isSubject reports whether a clause, as normalizeWords returns it, is about the field.
func isSubject(s, field string) bool {
	if s == " "+field+" " { // of an enumeration
		return true
	}
	for _, before := range []string{" invalid ", " missing ", " property ", " parameter ", " required field ", " missing field ", " invalid field ", " for field ", " value for "} {
		if strings.Contains(s, before+field+" ") {
			return true
		}
	}
	starts := []string{" the ", " body ", " field ", " user "}
	if strings.HasPrefix(s, " "+field+" ") {
		starts = append(starts, " ")
	}
	for _, start := range starts {
		for _, verb := range []string{"must", "is", "are", "should", "cannot", "can t", "has", "field", "too", "not", "may", "required", "invalid", "length", "format"} {
			if strings.Contains(s, start+field+" "+verb+" ") {
				return true
			}
		}
	}
	return false
}

// saysUnacceptable reports whether a text, as normalizeWords returns it, says that a
// value is not accepted.
func saysUnacceptable(s string) bool {
	return containsAny(s, " must ", " should ", " required ", " invalid ", " valid ", " cannot ", " can t ", " may not ", " not allowed ",
		" missing ", " too long ", " too short ", " expected ", " blank ", " empty ", " malformed ", " not supported ", " unsupported ",
		" at least ", " at most ", " unknown ", " unrecognized ", " exceed", " longer ", " shorter ", " incorrect ", " does not match ", " failed on the ")
}

// complainedFields returns the fields of this request that a refusal names, in body order.
// The form of a refusal is not documented, so it searches every key and text.
func complainedFields(m message, t fieldTable) []string {
	hit := make(map[string]bool)
	if m.root != nil {
		t.searchFields(m.root, hit)
	}
	for _, p := range m.findProblems(t) {
		for _, name := range p.fields {
			hit[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(t.names), func(name string) bool { return !hit[name] })
}

// searchFields adds the fields that v names to hit. It skips members that echo the request.
func (t fieldTable) searchFields(v any, hit map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if isEcho(k) || k == "body" || k == "params" || k == "user" {
				continue
			}
			for _, name := range t.names {
				if k == name && textOf(e) != "" {
					hit[name] = true
				}
			}
			t.searchFields(e, hit)
		}
	case []any:
		for _, e := range v {
			t.searchFields(e, hit)
		}
	case string:
		for _, name := range t.names {
			if isNamedIn(v, name) {
				hit[name] = true
			}
		}
	}
}

// isEcho reports whether members of this name repeat what was sent.
func isEcho(key string) bool {
	return slices.Contains([]string{"request", "input", "value", "received", "target", "rejectedvalue", "attemptedvalue", "originalvalue",
		"submitted", "actual", "arguments", "ctx", "context"}, normalName(key))
}

// isNamedIn reports whether text names the field. A name that is also an ordinary word,
// such as address or city, counts only at the start, by itself, or in quotes.
func isNamedIn(text, name string) bool {
	if !strings.Contains(text, name) {
		return false
	}
	before := "(?:^|[\"'`./\\[])"
	if isCamelCase := strings.ToLower(name[1:]) != name[1:]; isCamelCase {
		before = `(?:^|\W)`
	}
	return regexp.MustCompile(before + regexp.QuoteMeta(name) + `(?:\W|$)`).MatchString(text)
}
