package partner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/validate"
)

var errNotUTF8 = errors.New("text is not UTF-8")

// encodeBody returns the create-user body: the fields in the order of the table,
// which is that of the vendor's example, and the added ones. What is optional
// and empty is left out. It refuses what JSON would change or leave open: text
// that is not UTF-8, and a field that is given twice.
func encodeBody(u *validate.User, fields validate.FieldTable) ([]byte, error) {
	var w bodyWriter
	for i := range fields {
		f := &fields[i]
		switch value := f.Value(u); {
		case f.IsBool:
			w.addMember(f.Name, json.RawMessage(value))
		case value != "" || f.Required:
			w.addText(f.Name, value)
		}
	}
	names := fields.Names()
	for _, x := range u.Extra {
		if slices.Contains(names, x.Name) || x.Name == "" {
			return nil, fmt.Errorf("added field %s is given twice or has no name", strconv.Quote(toPrintable(x.Name, maxCode)))
		}
		names = append(names, x.Name)
		if x.Value != "" {
			w.addText(x.Name, x.Value)
		}
	}
	return w.closeObject()
}

// bodyWriter writes one JSON object as a browser's JSON.stringify would: &, <
// and > as they are. The zero value is ready.
type bodyWriter struct {
	members bytes.Buffer
	err     error // the first
}

func (w *bodyWriter) addText(name, value string) {
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		w.err = errors.Join(w.err, errNotUTF8)
	}
	w.addMember(name, value)
}

func (w *bodyWriter) addMember(name string, value any) {
	w.addValue(name, ':')
	w.addValue(value, ',')
}

// addValue writes a value and what follows it.
func (w *bodyWriter) addValue(v any, end byte) {
	e := json.NewEncoder(&w.members)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		w.err = errors.Join(w.err, fmt.Errorf("body cannot be written: %w", err))
		return
	}
	w.members.Bytes()[w.members.Len()-1] = end // in place of the encoder's line end
}

func (w *bodyWriter) closeObject() ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	return slices.Concat([]byte("{"), bytes.TrimSuffix(w.members.Bytes(), []byte(",")), []byte("}")), nil
}
