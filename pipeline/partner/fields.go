package partner

import (
	"slices"
	"strings"
)

// complained lists the fields of this request that a refusal names, in body
// order. The form of a refusal's list is not documented, so every key and text
// of the answer is searched, but only names of fields that were sent or could
// have been are given out: a value of the customer's is never mistaken for one.
func complained(m message, u User) []string {
	if m.root == nil {
		return nil
	}
	known := fieldNames()
	for _, x := range u.Extra {
		if isToken(x.Name, maxCode) {
			known = append(known, x.Name)
		}
	}
	hit := make(map[string]bool)
	search(m.root, known, hit)
	var names []string
	for _, name := range known {
		if hit[name] {
			names = append(names, name)
		}
	}
	return names
}

// search leaves out members that echo the request.
func search(v any, known []string, hit map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch k {
			case "body", "request", "input", "value", "received", "params", "user", "target":
				continue
			}
			if slices.Contains(known, k) {
				hit[k] = true
			}
			search(e, known, hit)
		}
	case []any:
		for _, e := range v {
			search(e, known, hit)
		}
	case string:
		for _, name := range known {
			if names(v, name) {
				hit[name] = true
			}
		}
	}
}

// names tells whether text speaks of the field. A name like address or city is
// an ordinary word too: it counts only at the start, alone, or in quotes.
func names(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		before, after := byte(0), byte(0)
		if i > 0 {
			before = text[i-1]
		}
		if end < len(text) {
			after = text[end]
		}
		camel := strings.ToLower(name) != name
		if !isWordByte(before) && !isWordByte(after) &&
			(camel || i == 0 || strings.IndexByte("\"'`./[", before) >= 0) {
			return true
		}
		from = end
	}
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
