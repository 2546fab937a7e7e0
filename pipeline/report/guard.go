package report

import (
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/formula"
)

// Guard makes a cell inert for spreadsheet programs, also for one that splits
// lines at another delimiter than ours: see formula.Guard.
func Guard(cell string) string { return formula.Guard(cell) }

// Unguard undoes Guard: Unguard(Guard(s)) == s for every s.
func Unguard(cell string) string { return formula.Unguard(cell) }

// LinkCell returns a link as it stands in a cell. An apostrophe of Guard inside
// it would break it, so that a ; or , or | before a formula is written as a
// URL may write it: %3B, %2C, %7C.
func LinkCell(link string) string {
	if Guard(link) == link {
		return link
	}
	link = strings.NewReplacer(";", "%3B", ",", "%2C", "|", "%7C").Replace(link)
	return clean(link)
}

// clean makes text fit for every format, so that they agree: characters that a
// terminal obeys or that reorder what is read (control characters but TAB, LF and
// CR; DEL and C1; the marks of bidirectional text), those that no XML 1.0 file
// holds, and broken UTF-8 become U+FFFD. The line ends of a cell become one form,
// LF, but for a lone CR.
func clean(s string) string {
	ok := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if r != '\t' && r != '\n' && r != '\r' && IsUnsafe(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// IsUnsafe reports whether a character must not reach a terminal or a file that
// people read: it is obeyed, or reorders what stands around it, or is no character.
// TAB and line ends are among them.
func IsUnsafe(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r == '\uFFFE', r == '\uFFFF':
		return true
	case r == '\u061C', r == '\u200E', r == '\u200F', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return true // Unicode's property Bidi_Control
	case r == '\u2028', r == '\u2029':
		return true // line ends that only some programs see
	}
	return false
}
