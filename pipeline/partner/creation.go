package partner

import (
	"bytes"
	"encoding/json"

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

// readCreation reads token by token, so that an answer that breaks off after the
// link is read too.
func readCreation(body []byte, whole bool) creation {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // do not fail on a number that fits no float64
	m := memberTexts{}
	if t, err := dec.Token(); err == nil && t == json.Delim('{') {
		_ = m.readObject(dec, false) // where it breaks off is no news
	}
	c := creation{valid: whole && json.Valid(body), status: m[memberName{"status", false}],
		id: m[memberName{"serviceId", true}], link: m[memberName{"verificationUrl", true}]}
	if !ledger.ValidToken(c.id) {
		c.id = ""
	}
	if !ledger.ValidLink(c.link) {
		c.link = ""
	}
	return c
}

// memberTexts are the texts of the members of a body and of its member data. What
// is not a text is "", and so is a member that is given twice with different
// values.
type memberTexts map[memberName]string

type memberName struct {
	name   string
	inData bool
}

func (m memberTexts) add(name memberName, text string) {
	if old, given := m[name]; given && old != text {
		text = ""
	}
	m[name] = text
}

// readObject reads the rest of an object, whose brace was read.
func (m memberTexts) readObject(dec *json.Decoder, inData bool) error {
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		value, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := name.(string) // the decoder lets nothing else be there
		text, _ := value.(string)
		m.add(memberName{key, inData}, text)
		switch {
		case value == json.Delim('{') && !inData && key == "data":
			err = m.readObject(dec, true)
		case value == json.Delim('{') || value == json.Delim('['):
			err = skipValue(dec)
		}
		if err != nil {
			return err
		}
	}
	_, err := dec.Token() // the closing brace
	return err
}

// skipValue reads the rest of an object or array. It does not recurse: the depth
// is the partner's choice.
func skipValue(dec *json.Decoder) error {
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

// Salvage reads from a kept excerpt of an OKBroken answer the serviceId, and the
// verification link if it is whole and absolute https. Both are "" where they
// cannot be read. It proves nothing by itself: only a list of users that shows
// the serviceId does.
func Salvage(excerpt []byte) (serviceID, link string) {
	c := readCreation(excerpt, false)
	return c.id, c.link
}

// Keep makes an excerpt that Salvage reads, of an answer that was whole but
// cannot count yet.
func Keep(serviceID, link string) []byte {
	b, err := json.Marshal(map[string]any{"data": map[string]string{"serviceId": serviceID, "verificationUrl": link}})
	if err != nil {
		return nil // strings always marshal
	}
	return b
}
