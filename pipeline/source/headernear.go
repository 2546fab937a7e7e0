package source

import (
	"slices"
	"strings"
	"unicode"
)

// findNear returns the field whose name or alias a header is, contains, or is a
// typing error away from. -1 = none.
func (m *matcher) findNear(header string) (index int, exact bool) {
	if i, found := m.findField(header); found {
		return i, true
	}
	key := foldHeader(header)
	if len(key) < 4 || len(header) > 200 {
		return -1, false
	}
	if i := m.findWithin(header); i >= 0 {
		return i, false
	}
	index, closest := -1, 1+min(2, len(key)/4)
	for i, f := range m.opt.Fields {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if name = foldHeader(name); len(name) < 4 || isAnotherWord(key, name) {
				continue
			}
			if d := editDistance(key, name); d < closest && (d < 2 || key[0] == name[0]) {
				index, closest = i, d
			}
		}
	}
	return index, false
}

// isAnotherWord reports whether two words are a letter or two apart and no typing
// errors of each other: note and nome, customer ID and customer IP, address.zip and
// address IP.
func isAnotherWord(key, name string) bool {
	if len(key) < 6 && len(name) == len(key) && !hasSameLetters(key, name) {
		return true
	}
	return strings.HasSuffix(name, "ip") && (!strings.HasSuffix(key, "ip") || strings.HasSuffix(key, "zip"))
}

// findWithin returns the field that a part of a header names: one side of a
// slash, what is before a bracket, or the last words. Postcode/ZIP, City or Town,
// Country (ISO), customerCity, and address.zip as JSON lines have it. -1 = none.
func (m *matcher) findWithin(header string) int {
	if bracket := strings.IndexAny(header, "(["); bracket > 0 {
		header = header[:bracket]
	}
	for _, side := range strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune("/|,;&+", r) }) {
		for _, name := range []string{side, side[strings.LastIndexByte(side, '.')+1:]} {
			if i, found := m.findField(name); found {
				return i
			}
		}
		words := splitWords(side)
		for first := 1; first < len(words); first++ {
			last := strings.Join(words[first:], "")
			if i, found := m.findField(last); found && len(last) >= 4 {
				return i
			}
		}
	}
	return -1
}

// splitWords splits at what is neither letter nor digit, and between a small
// letter and a capital.
func splitWords(s string) []string {
	var split strings.Builder
	before := ' '
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			split.WriteByte(' ')
		}
		split.WriteRune(r)
		before = r
	}
	return strings.FieldsFunc(split.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

func hasSameLetters(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return string(x) == string(y)
}
