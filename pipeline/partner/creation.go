package partner

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// creation is what a 2xx answer to a create-user request says. A value that is
// given twice, differently, counts as not given.
type creation struct {
	valid  bool // one whole JSON document
	status string
	id     string // "" unless a sane token
	link   string // "" unless absolute https
}

// readCreation reads an answer that breaks off after the link, too: that one
// token by token, for which a whole document is a waste.
func readCreation(body []byte, whole bool) creation {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	var m members
	c := creation{valid: whole && json.Valid(body)}
	if c.valid {
		m.readValid(body)
	} else {
		m.readTokens(body)
	}
	c.status, c.id, c.link = m.status.text, m.id.text, m.link.text
	if !ledger.ValidToken(c.id) {
		c.id = ""
	}
	if !ledger.ValidLink(c.link) {
		c.link = ""
	}
	return c
}

// members are those that count, of the body and of its member data.
type members struct{ status, id, link member }

// member is the text of one. What is not a text is "", and so is a member that
// stands twice with different values.
type member struct {
	text  string
	given bool
}

func (m *member) take(s string, isText bool) {
	if m.given && (!isText || m.text != s) {
		s = ""
	}
	m.text, m.given = s, true
}

// named is the member of that name, nil if it does not count.
func (m *members) named(name string, inData bool) *member {
	switch {
	case !inData && name == "status":
		return &m.status
	case inData && name == "serviceId":
		return &m.id
	case inData && name == "verificationUrl":
		return &m.link
	}
	return nil
}

// readTokens takes what stands before the first fault.
func (m *members) readTokens(body []byte) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err == nil && t == json.Delim('{') {
		_ = m.tokens(dec, false) // where it breaks off is no news
	}
}

// tokens reads the object that dec stands in.
func (m *members) tokens(dec *json.Decoder, inData bool) error {
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name := token.(string) // the decoder lets nothing else stand there
		value, err := dec.Token()
		if err != nil {
			return err
		}
		s, isText := value.(string)
		if to := m.named(name, inData); to != nil {
			to.take(s, isText)
		}
		switch {
		case value == json.Delim('{') && !inData && name == "data":
			err = m.tokens(dec, true)
		case value == json.Delim('{') || value == json.Delim('['):
			err = skip(dec)
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.Token() // the closing brace
	return err
}

// skip passes the rest of an object or array. It does not recurse: the depth
// is the partner's choice.
func skip(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

// readValid reads what is known to be one JSON document, several times faster
// than tokens do.
func (m *members) readValid(body []byte) {
	v := valid{rest: body}
	v.space()
	if v.rest[0] == '{' {
		m.object(&v, false)
	}
}

// object reads the object that v stands before.
func (m *members) object(v *valid, inData bool) {
	v.rest = v.rest[1:]
	for {
		c := v.rest[0]
		if c != '"' { // between members, or the rest of a number or a word
			v.rest = v.rest[1:]
			if c == '}' {
				return
			}
			continue
		}
		name := unquoted(v.quoted())
		v.space()
		v.rest = v.rest[1:] // the colon
		v.space()
		to := m.named(name, inData)
		if v.rest[0] == '"' {
			if text := v.quoted(); to != nil {
				to.take(unquoted(text), true)
			}
			continue
		}
		if to != nil {
			to.take("", false)
		}
		if v.rest[0] == '{' && !inData && name == "data" {
			m.object(v, true)
		} else {
			v.skip()
		}
	}
}

// valid is the rest of a document that is known to be whole and sound.
type valid struct{ rest []byte }

func (v *valid) space() {
	for len(v.rest) > 0 && (v.rest[0] == ' ' || v.rest[0] == '\n' || v.rest[0] == '\r' || v.rest[0] == '\t') {
		v.rest = v.rest[1:]
	}
}

// quoted takes a text with its quotes.
func (v *valid) quoted() []byte {
	end := 1
	for v.rest[end] != '"' {
		if v.rest[end] == '\\' {
			end++
		}
		end++
	}
	text := v.rest[:end+1]
	v.rest = v.rest[end+1:]
	return text
}

// skip passes a value. It does not recurse.
func (v *valid) skip() {
	for depth := 0; ; {
		switch c := v.rest[0]; c {
		case '"':
			v.quoted()
		case '{', '[':
			depth++
			v.rest = v.rest[1:]
		case '}', ']':
			depth--
			v.rest = v.rest[1:]
		default: // of a number or a word, or between values
			v.rest = v.rest[1:]
		}
		if depth == 0 {
			return
		}
	}
}

// unquoted is what a text between quotes says.
func unquoted(text []byte) string {
	inner := text[1 : len(text)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(text, &s) // it stands in a document that is valid
	return s
}
