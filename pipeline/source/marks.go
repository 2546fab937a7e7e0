package source

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// removeMarks returns a value without the marks by which programs keep
// spreadsheets from changing it, which the sender does not mean: ="02139", the
// apostrophe of '02139, and quotation marks around all of it.
func removeMarks(cell string) string {
	text := strings.TrimSpace(cell)
	if inner, ok := strings.CutPrefix(text, `="`); ok {
		inner, ok = strings.CutSuffix(inner, `"`)
		if rest := strings.ReplaceAll(inner, `""`, ""); ok && !strings.Contains(rest, `"`) {
			return strings.ReplaceAll(inner, `""`, `"`)
		}
		return cell
	}
	first, n := utf8.DecodeRuneInString(text)
	last, m := utf8.DecodeLastRuneInString(text)
	closing := map[rune]rune{'\'': '\'', '"': '"', '“': '”', '„': '“', '‘': '’', '«': '»'}[first]
	if closing != 0 && last == closing && len(text) > n+m {
		if inner := text[n : len(text)-m]; !strings.ContainsRune(inner, first) && !strings.ContainsRune(inner, last) {
			return inner
		}
	}
	if first == '\'' && isTextMark(text[1:]) {
		return removeMarks(text[1:])
	}
	return cell
}

// isTextMark reports whether an apostrophe before this text is the mark by which
// spreadsheet programs keep a value as text: before a number, a formula of that
// kind, an e-mail or a capitalised word. Names like 't Hooft and 's-Gravenhage
// begin with an apostrophe of their own.
func isTextMark(rest string) bool {
	first, n := utf8.DecodeRuneInString(rest)
	second, _ := utf8.DecodeRuneInString(rest[n:])
	switch {
	case unicode.IsDigit(first), strings.HasPrefix(rest, `="`):
		return true
	case first == '+', first == '-':
		return unicode.IsDigit(second)
	case strings.IndexByte(rest, '@') > 0:
		return true
	case unicode.IsUpper(first):
		return unicode.IsLetter(second)
	}
	return false
}

// canHaveMarks reports whether a value with marks, or a space before them, can
// begin with this byte.
func canHaveMarks(first byte) bool {
	switch first {
	case '=', '\'', '"', ' ', 0xc2, 0xe2: // the last two begin « and “ in UTF-8
		return true
	}
	return false
}

// removeRowMarks returns the cells of a row without such marks in the columns
// that decide or are sent, and where they were. It leaves the given cells as they
// are: reports show a row as its sender wrote it.
func (f *file) removeRowMarks(cells []string) (read []string, found []Issue) {
	read = cells
	for column, cell := range cells {
		if cell == "" || !canHaveMarks(cell[0]) {
			continue
		}
		value := removeMarks(cell)
		if value == cell || !f.isDeciding(column) {
			continue
		}
		if len(found) == 0 {
			read = slices.Clone(cells)
		}
		read[column] = value
		found = append(found, Issue{Column: column, Code: "marks_removed", Warning: true,
			Message: "is written with marks that stop a spreadsheet from changing it, such as =\"02139\" or '02139. The value is read without them"})
	}
	return read, found
}
