package celltext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// IsMisread reports whether v looks like text that a program read in another
// encoding than its own: Jos√© (UTF-8 as Mac Roman), M├╝ller (as a code page
// of DOS), Jos茅 (as GBK), Micha³ (Windows-1250 as 1252). It may err, so it
// deserves a warning only. v is valid UTF-8.
func IsMisread(v string) bool {
	return isMisreadUTF8(v) || hasStraySign(v) || isAccentedOnly(v)
}

// isMisreadUTF8 looks at each run of characters outside ASCII: misread UTF-8
// consists of nothing else but sequences of it.
func isMisreadUTF8(v string) bool {
	for from := 0; from < len(v); {
		if v[from] < utf8.RuneSelf {
			from++
			continue
		}
		to := from
		for to < len(v) && v[to] >= utf8.RuneSelf {
			to++
		}
		run := v[from:to]
		if isRunMisread(run, before(v, from), after(v, to)) {
			return true
		}
		from = to
	}
	return false
}

// before and after are the ASCII characters beside a run, 0 if there is none.
func before(v string, at int) byte {
	if at == 0 {
		return 0
	}
	return v[at-1]
}

func after(v string, at int) byte {
	if at == len(v) {
		return 0
	}
	return v[at]
}

func isRunMisread(run string, before, after byte) bool {
	first, size := utf8.DecodeRuneInString(run)
	if !mayBegin(first) || size == len(run) && !unicode.Is(unicode.Han, first) {
		return false
	}
	symbol, second := hasSymbol(run), run[size:]
	next, _ := utf8.DecodeRuneInString(second)
	for _, e := range encodingsFor(first) {
		decoded, ok := encodedAs(run, e)
		if !ok {
			continue
		}
		r, n := utf8.DecodeRuneInString(decoded)
		several := n < len(decoded)
		switch {
		case r >= 0x370 && r < 0x2000 && !several: // one letter of Greek or Cyrillic alone proves nothing
		case symbol, several && utf8.RuneCountInString(run) >= 4 && !isOneScript(run):
			return true
		case !unicode.Is(unicode.Latin, first) && (isASCIILetter(before) || isASCIILetter(after)):
			return true
		case 'a' <= before && before <= 'z' && unicode.IsUpper(first) && !unicode.IsUpper(next):
			return true
		case 'a' <= before && before <= 'z' && unicode.IsUpper(first) && (after == 0 || 'a' <= after && after <= 'z'):
			return true
		case isASCIILetter(before) && 'a' <= after && after <= 'z' && strings.ContainsFunc(run, unicode.IsUpper):
			return true
		case r >= 0x2000 && isASCIILetter(before) && isASCIILetter(after):
			return true
		case several && r >= 0x370 && utf8.RuneCountInString(run) >= 6:
			return true
		}
	}
	return false
}

// mayBegin spares most runs the tables: as what the first byte of two or three
// (0xc2 to 0xc5, 0xce to 0xd1, 0xe2) is read in the encodings below.
func mayBegin(r rune) bool {
	return strings.ContainsRune("ÂÃÄÅÎÏÐÑâ¬√ƒ≈Œœ–—‚┬├─┼╬╧╨╤Γ¤ðÔĂĹĎĐŃВГДЕОПРСвΒΔΕΞΟΠβÒ", r) ||
		unicode.Is(unicode.Han, r) || r >= 0xff61 && r <= 0xff9f
}

// encodingsFor lists those in which a program may have read UTF-8. Windows-1252
// is not among them: see the caller's own test for it.
func encodingsFor(first rune) []encoding.Encoding {
	switch {
	case unicode.Is(unicode.Han, first):
		return []encoding.Encoding{simplifiedchinese.GBK}
	case first >= 0xff61 && first <= 0xff9f:
		return []encoding.Encoding{japanese.ShiftJIS}
	}
	return []encoding.Encoding{charmap.Macintosh, charmap.CodePage437, charmap.CodePage850, charmap.CodePage852, charmap.CodePage866,
		charmap.Windows1250, charmap.Windows1251, charmap.Windows1253, charmap.Windows1254, charmap.ISO8859_2, charmap.MacintoshCyrillic, charmap.KOI8R}
}

// encodedAs gives the bytes of a run in an encoding, if they are UTF-8 of
// letters and the marks that stand between them.
func encodedAs(run string, e encoding.Encoding) (decoded string, ok bool) {
	decoded, err := e.NewEncoder().String(run)
	if err != nil || !utf8.ValidString(decoded) {
		return "", false
	}
	for _, r := range decoded {
		if r < 0xa0 || r > 0x2122 || !unicode.IsLetter(r) && !strings.ContainsRune("\u00a0’‘“”–—…«»ºª°·", r) || r >= 0x530 && r < 0x1e00 {
			return "", false
		}
	}
	return decoded, true
}

func hasSymbol(run string) bool {
	return strings.ContainsFunc(run, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune("’‘“”–—", r)
	})
}

// isOneScript reports whether all letters are of one script, as in a word.
func isOneScript(run string) bool {
	for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Han, unicode.Katakana} {
		if !strings.ContainsFunc(run, func(r rune) bool { return !unicode.Is(script, r) }) {
			return true
		}
	}
	return false
}

// hasStraySign tells a sign beside a letter where no name has one: what is left
// of a letter of a code page that was read as another.
func hasStraySign(v string) bool {
	var last rune
	for i, r := range v {
		if r < utf8.RuneSelf {
			last = r
			continue
		}
		next, _ := utf8.DecodeRuneInString(v[i+utf8.RuneLen(r):])
		switch {
		case r >= 0x2500 && r <= 0x259f: // what DOS drew tables with
			return true
		case strings.ContainsRune("£¥¤¢¦¬¹³¶±√ƒ≈∫∂∑◊†‡‰ⁿ", r) && (unicode.IsLetter(last) || unicode.IsLetter(next) && !unicode.IsDigit(last)):
			return true
		case strings.ContainsRune("÷”“„€™", r) && isLatinLetter(last) && isLatinLetter(next):
			return true
		case r == '¿' && (unicode.IsLetter(last) || unicode.IsLower(next)):
			return true
		case r == '‚' && unicode.IsLetter(last):
			return true
		case isOtherAlphabet(r) && (isASCIIRune(last) || isASCIIRune(next)):
			return true
		}
		last = r
	}
	return false
}

func isLatinLetter(r rune) bool { return unicode.Is(unicode.Latin, r) }

func isASCIIRune(r rune) bool { return r < utf8.RuneSelf && isASCIILetter(byte(r)) }

// isOtherAlphabet tells letters of Greek and Cyrillic, which no word has beside
// Latin ones. The micro sign and the ohm sign are no letters here.
func isOtherAlphabet(r rune) bool {
	return r >= 0x391 && r <= 0x52f && unicode.In(r, unicode.Greek, unicode.Cyrillic)
}

// isAccentedOnly tells a word with three different letters or more that are all
// of the upper half of Latin-1: Èâàí, which is Иван in Windows-1251 read as 1252.
func isAccentedOnly(v string) bool {
	for word := range strings.FieldsFuncSeq(v, func(r rune) bool { return !unicode.IsLetter(r) }) {
		first, _ := utf8.DecodeRuneInString(word)
		different := strings.TrimLeft(word, string(first))
		second, size := utf8.DecodeRuneInString(different)
		if different == "" || strings.Trim(different[size:], string([]rune{first, second})) == "" {
			continue
		}
		if !strings.ContainsFunc(word, func(r rune) bool { return r < 0xc0 || r > 0xff }) {
			return true
		}
	}
	return false
}
