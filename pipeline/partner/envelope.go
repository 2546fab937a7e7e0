package partner

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

const (
	maxCode    = 64   // of a partner's code, in bytes
	maxExcerpt = 2048 // in bytes
)

// form is what kind of body came with an answer.
type form uint8

const (
	cut       form = iota // not read to its end; the zero value proves least
	empty                 // nothing but white space
	html                  // a page: some gateway speaks, not the partner
	enveloped             // a JSON object whose status is a text other than success
	contrary              // a JSON object that speaks of success
	object                // any other JSON object or list: a framework or a gateway speaks
	plain                 // anything else
)

// message is the body of an answer that is not a success, as far as it can be
// read.
type message struct {
	form  form
	codes []string // printable ASCII, at most maxCode bytes each, the documented place first
	text  string   // what it says in words; may hold personal data
	root  map[string]any
}

// readMessage reads a body. A body without any meaning is a message, too.
func readMessage(body []byte, whole bool) message {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	var m message
	switch {
	case whole && len(body) == 0:
		m.form = empty
	case whole && m.readJSON(body):
	case isHTML(body):
		m.form = html
	case !whole:
		m.form = cut
		m.text = string(body)
	default:
		m.form = plain
		m.text = string(body)
		m.addCode(m.text)
	}
	return m
}

// readJSON reads an object or a list. A list, which some frameworks answer
// with, is one of errors. Other JSON is read as the text that it is.
func (m *message) readJSON(body []byte) bool {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		m.root = v
	case []any:
		m.root = map[string]any{"errors": v}
	default:
		return false
	}
	m.readObject()
	return true
}

func (m *message) readObject() {
	data, _ := m.root["data"].(map[string]any)
	status, ok := m.root["status"].(string)
	switch {
	case strings.EqualFold(status, "success") || m.root["success"] == true || data["serviceId"] != nil:
		m.form = contrary
	case ok && !allDigits(status):
		m.form = enveloped
	default:
		m.form = object
	}
	// The documented place of the code is message, that of the text data.error.
	for _, v := range []any{m.root["message"], m.root["code"], m.root["errorCode"], m.root["error"], data["code"], data["error"]} {
		s, _ := v.(string)
		m.addCode(s)
	}
	inner, _ := m.root["error"].(map[string]any)
	for _, v := range []any{inner["code"], inner["message"]} {
		s, _ := v.(string)
		m.addCode(s)
	}
	fault, _ := m.root["fault"].(map[string]any) // Apigee
	var texts []string
	for _, v := range []any{m.root["message"], m.root["Message"], m.root["error"], m.root["errors"], m.root["detail"], m.root["title"],
		m.root["error_description"], m.root["description"], m.root["reason"], m.root["msg"], m.root["errorMessage"],
		data["error"], data["message"], data["errors"], data["detail"],
		inner["message"], inner["description"], inner["status"], fault["faultstring"]} {
		if s, isText := v.(string); isText && s != "" {
			texts = append(texts, s)
		}
	}
	m.text = strings.Join(texts, "\n")
}

// isRefusal reports whether the body is an object in which a gateway or a
// framework says why it refuses.
func (m *message) isRefusal() bool {
	if m.form != object {
		return false
	}
	reasons := []string{"message", "Message", "error", "errors", "detail", "title", "fault", "error_description",
		"description", "reason", "msg", "errorMessage", "code", "statusCode", "status"}
	return slices.ContainsFunc(reasons, func(key string) bool { return m.root[key] != nil && m.root[key] != false })
}

// addCode adds s if it is written as codes are: capitals, or words joined by
// underscores. Other text is never added: it may name the customer.
func (m *message) addCode(s string) {
	const capitals, small, rest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789_"
	if len(s) < 3 || len(s) > maxCode || strings.Trim(s[:1], capitals+small) != "" {
		return
	}
	if strings.Trim(s, capitals+rest) == "" || strings.Contains(s, "_") && strings.Trim(s, capitals+small+rest) == "" {
		m.codes = append(m.codes, s)
	}
}

func (m *message) firstCode() string {
	if len(m.codes) == 0 {
		return ""
	}
	return m.codes[0]
}

// isHTML reports whether a body looks like HTML. The header does not count: some
// frameworks label plain text as HTML.
func isHTML(body []byte) bool {
	head := strings.ToLower(string(body[:min(len(body), 1024)]))
	return strings.HasPrefix(head, "<") || containsAny(head, "<html", "<!doctype", "<head", "<body", "<title", "<center")
}
