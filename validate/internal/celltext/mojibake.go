package celltext

import (
	"slices"
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
	v = "\x00" + v + "\x00"
	for from := 1; from < len(v); from++ {
		to := from
		for v[to] >= utf8.RuneSelf {
			to++
		}
		if to > from && isRunMisread(v[from:to], v[from-1], v[to]) {
			return true
		}
		from = to
	}
	return false
}

// isRunMisread reports whether a run is UTF-8 in one of the encodings, and no word
// has it where it is. before and after are the ASCII characters beside it, 0 if
// there is none.
func isRunMisread(run string, before, after byte) bool {
	first, size := utf8.DecodeRuneInString(run)
	if !mayBegin(first) || size == len(run) && !unicode.Is(unicode.Han, first) {
		return false
	}
	isOdd := hasSymbol(run) || isOddBeside(run, before, after)
	length := utf8.RuneCountInString(run)
	for _, e := range encodingsFor(first) {
		decoded, ok := encodedAs(run, e)
		if !ok {
			continue
		}
		letters := utf8.RuneCountInString(decoded)
		r, _ := utf8.DecodeRuneInString(decoded)
		switch {
		case letters == 1 && r >= 0x370 && r < 0x2000: // one letter of Greek or Cyrillic proves nothing
		case isOdd, letters > 1 && length >= 4 && !isOneScript(run), letters > 1 && length >= 6 && r >= 0x370:
			return true
		case r >= 0x2000 && isASCIILetter(before) && isASCIILetter(after): // an apostrophe
			return true
		}
	}
	return false
}

// isOddBeside reports whether a run cannot be part of a word with what is
// beside it: letters of another alphabet, or a capital inside a word in lower case.
func isOddBeside(run string, before, after byte) bool {
	first, size := utf8.DecodeRuneInString(run)
	next, _ := utf8.DecodeRuneInString(run[size:])
	isLower := func(b byte) bool { return 'a' <= b && b <= 'z' }
	switch {
	case !unicode.Is(unicode.Latin, first):
		return isASCIILetter(before) || isASCIILetter(after)
	case isLower(before) && unicode.IsUpper(first):
		return !unicode.IsUpper(next) || after == 0 || isLower(after)
	}
	return isASCIILetter(before) && isLower(after) && strings.ContainsFunc(run, unicode.IsUpper)
}

// mayBegin reports whether a run is worth a look into the tables: as what the first byte of two or three
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
	cyrillic := []encoding.Encoding{charmap.Windows1251, charmap.CodePage866, charmap.MacintoshCyrillic, charmap.KOI8R}
	latin := []encoding.Encoding{charmap.Macintosh, charmap.CodePage850, charmap.CodePage852, charmap.Windows1250, charmap.Windows1254, charmap.ISO8859_2}
	greek := []encoding.Encoding{charmap.CodePage437, charmap.Windows1253}
	switch {
	case unicode.Is(unicode.Cyrillic, first):
		return cyrillic
	case unicode.Is(unicode.Greek, first):
		return greek
	case unicode.Is(unicode.Latin, first):
		return append(latin, greek...)
	}
	return slices.Concat(latin, greek, cyrillic)
}

// encodedAs returns the bytes of a run in an encoding, if they are UTF-8 of letters
// and the marks between them.
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

// hasStraySign reports whether a sign is beside a letter where no name has one: what is left
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
		case strings.ContainsRune("÷”“„€™", r) && unicode.Is(unicode.Latin, last) && unicode.Is(unicode.Latin, next):
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

func isASCIIRune(r rune) bool { return r < utf8.RuneSelf && isASCIILetter(byte(r)) }

// isOtherAlphabet reports whether r is a letter of Greek or Cyrillic, which no word has beside
// Latin ones. The micro sign and the ohm sign are no letters here.
func isOtherAlphabet(r rune) bool {
	return r >= 0x391 && r <= 0x52f && unicode.In(r, unicode.Greek, unicode.Cyrillic)
}

// isAccentedOnly reports whether a word has three different letters or more that are all
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
