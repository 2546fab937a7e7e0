package partner

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Frameworks refuse a body in forms of their own: Nest, FastAPI, RFC 9457,
// express-validator, Spring, Laravel, Rails, Django, ASP.NET, Zod, Ajv, Joi and
// more. They have in common that somewhere below a member like errors or detail
// there is either a map of fields, or a list of objects that say which field
// they are about, or a list of sentences. That is what is read here; a form that
// names no field of the request is none.

// complaint is one complaint of such a list.
type complaint struct {
	fields []string // of this request; nil if the complaint is about something else
	text   string   // the name of the member and what is said of it; may hold personal data
}

// findProblems returns the complaints of a JSON body, or of a plain text that
// plainly says them.
func (m message) findProblems(t fieldTable) []complaint {
	c := complaints{fields: t}
	switch m.form {
	case enveloped, object:
		c.readObject(m.root, noList)
		if data, ok := m.root["data"].(map[string]any); ok && (m.root["success"] == false || m.root["status"] == "fail") {
			c.readObject(data, possibleList) // JSend and its kin list the fields there
		}
	case plain:
	default:
		return nil
	}
	for _, line := range strings.Split(m.text, "\n") {
		if fields := t.inSentence(line); len(fields) > 0 {
			c.found = append(c.found, complaint{fields: fields})
		}
	}
	return c.found
}

// listKind is how sure it is that what is read belongs to a list of
// complaints.
type listKind uint8

const (
	noList       listKind = iota
	possibleList          // below a member like detail, which may echo what was sent
	sureList              // below a member like errors
)

// complaints collects what problems returns. It recurses as deep as the body
// does, which encoding/json bounds.
type complaints struct {
	fields fieldTable
	found  []complaint
}

func (c *complaints) add(field, text string) {
	c.found = append(c.found, complaint{fields: []string{field}, text: spacedName(field) + " " + text})
}

func (c *complaints) readObject(o map[string]any, list listKind) {
	if field, named := c.findSubject(o, list); field != "" {
		c.add(field, textOf(o))
	} else if named { // about a header, for example
		c.found = append(c.found, complaint{text: textOf(o)})
	}
	for key, v := range o {
		switch field := c.fields.findField(key); {
		case isEcho(key), list == noList && normalName(key) == "body":
		case field != "" && isComplaint(field, v, list):
			c.add(field, textOf(v))
		default:
			c.readValue(key, v, list)
		}
	}
}

// isComplaint reports whether what is under a field's name says that
// something is wrong with it, and does not just repeat its value. A list never
// repeats it, for no field of a request is one.
func isComplaint(field string, v any, list listKind) bool {
	text := textOf(v)
	switch v.(type) {
	case []any:
		return text != ""
	case map[string]any:
		return text != "" && list != noList
	case string:
		return text != "" && (list == sureList || list == possibleList && saysWrong(field, text))
	default:
		return false
	}
}

// saysWrong reports whether a text about a field says what is wrong with it.
func saysWrong(field, text string) bool {
	return saysUnacceptable(normalizeWords(text)) || textMeans(spacedName(field)+" "+text) != saysNothing
}

func (c *complaints) readValue(key string, v any, list listKind) {
	inner := max(list, kindOf(key))
	switch v := v.(type) {
	case map[string]any:
		c.readObject(v, inner)
	case []any:
		for _, e := range v {
			if s, isText := e.(string); isText && inner != noList {
				c.readElement(key, s)
			} else if !isText {
				c.readValue(key, e, inner)
			}
		}
	case string:
		var written any
		switch {
		case inner != noList && (strings.HasPrefix(v, "[") || strings.HasPrefix(v, "{")) && json.Unmarshal([]byte(v), &written) == nil:
			c.readValue("issues", written, sureList) // Zod writes its issues as JSON within a text
		case list != noList:
			c.addSentence(v)
		}
	}
}

// readElement reads a text of a list: a field's name, or a sentence.
func (c *complaints) readElement(key, text string) {
	if field := c.fields.findField(text); field != "" && isNameList(key) {
		c.add(field, "")
		return
	}
	c.addSentence(text)
}

func (c *complaints) addSentence(text string) {
	c.found = append(c.found, complaint{fields: c.fields.inSentence(text), text: text})
}

// findSubject returns the field that an object says it is about. named says that
// it is about some member, of this request or not.
func (c *complaints) findSubject(o map[string]any, list listKind) (field string, named bool) {
	try := func(o map[string]any, keys ...string) {
		for _, key := range keys {
			for _, path := range pathsOf(o[key]) {
				named = true
				if field == "" {
					field = c.fields.findField(path)
				}
			}
		}
	}
	try(o, "field", "fieldName", "param", "parameter", "property", "propertyPath", "propertyName", "attribute")
	if list == noList {
		return field, named
	}
	try(o, "path", "loc", "instancePath", "dataPath", "pointer", "target", "key", "label", "name")
	for _, key := range []string{"source", "params", "context"} { // JSON:API, Ajv, Joi
		if inner, ok := o[key].(map[string]any); ok {
			try(inner, "pointer", "parameter", "missingProperty", "additionalProperty", "key", "label")
		}
	}
	return field, named
}

// pathsOf returns the texts of a locator: one, or the steps of a path from its
// last on.
func pathsOf(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []any:
		var paths []string
		for i := len(v) - 1; i >= 0; i-- {
			if s, ok := v[i].(string); ok && s != "" {
				paths = append(paths, s)
			}
		}
		return paths
	}
	return nil
}

// kindOf returns what members of this name hold.
func kindOf(key string) listKind {
	switch normalName(key) {
	case "errors", "fielderrors", "formerrors", "validationerrors", "violations", "fieldviolations", "constraintviolations",
		"parameterviolations", "propertyviolations", "invalidparams", "invalidfields", "missingfields", "issues", "problems",
		"failures", "zoderror", "modelstate":
		return sureList
	case "error", "message", "messages", "detail", "details", "validation", "fields":
		return possibleList
	}
	return noList
}

// isNameList reports whether members of this name list bare names of fields.
func isNameList(key string) bool {
	return slices.Contains([]string{"fields", "keys", "invalidfields", "missingfields", "invalidparams", "missing"}, normalName(key))
}

// textOf joins all texts of a value but echoes.
func textOf(v any) string {
	var texts []string
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case []any:
			for _, e := range v {
				collect(e)
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				if !isEcho(key) {
					collect(v[key])
				}
			}
		}
	}
	collect(v)
	return strings.Join(texts, " ")
}
