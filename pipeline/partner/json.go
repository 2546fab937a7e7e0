package partner

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// decodeWhole decodes a whole body into v and refuses anything after it.
func decodeWhole(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// textIn returns a text, or a number as it is written; "" for anything else. raw
// is part of a document that is valid.
func textIn(raw json.RawMessage) string {
	switch {
	case len(raw) == 0:
		return ""
	case raw[0] == '"':
		var s string
		_ = json.Unmarshal(raw, &s) // it is part of a document that is valid
		return s
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw)
	default:
		return ""
	}
}

// countIn returns a number that counts something, or a text of one.
func countIn(raw json.RawMessage) (n int, ok bool) {
	text := textIn(raw)
	if whole, fraction, point := strings.Cut(text, "."); point && strings.Trim(fraction, "0") == "" {
		text = whole
	}
	if !allDigits(text) {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}

// objectIn returns an object, nil for anything else.
func objectIn(raw json.RawMessage) map[string]json.RawMessage {
	var o map[string]json.RawMessage
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(raw), []byte("null")) }

// flagIn returns a truth value, also one written as a text or as 0 and 1.
func flagIn(raw json.RawMessage) (is, given bool) {
	switch s := strings.ToLower(strings.Trim(string(raw), "\" \t\r\n")); s {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
