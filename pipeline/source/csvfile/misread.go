package csvfile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// countUTF8 counts the words that are UTF-8.
func countUTF8(words []foreignWord) int {
	n := 0
	for _, w := range words {
		if utf8.ValidString(w.raw) {
			n++
		}
	}
	return n
}

// isMisread reports whether a word that is not all ASCII looks read in a wrong
// encoding: it has characters that no encoding has, signs next to letters
// (Micha³, D³uga, £ódŸ), accented letters only (Èâàí), a capital behind a small
// letter (JosÈ), letters of two scripts (Josй), or letters where its language
// has none.
func isMisread(word string) bool {
	for part := range strings.FieldsFuncSeq(word, isBetweenWords) {
		if isMisreadPart([]rune(part)) {
			return true
		}
	}
	return false
}

// isBetweenWords reports whether a character separates two words, as a space
// does.
func isBetweenWords(r rune) bool {
	return r < 0x80 && !unicode.IsLetter(r) || r == '\u00a0' || r == '–' || r == '—' || r == '·' || r == '・' || r == '’' || r == '‘' || r == '´' || r == 'ʼ'
}

func isMisreadPart(word []rune) bool {
	letters, ascii, foreign, vowels := 0, 0, 0, 0
	kind := noScript
	for i, r := range word {
		switch {
		case r == unicode.ReplacementChar, r >= 0x80 && r < 0xa0, unicode.Is(unicode.Co, r):
			return true
		case unicode.IsMark(r):
			continue
		case !unicode.IsLetter(r):
			if isStraySign(word, i) {
				return true
			}
			continue
		}
		letters++
		if r < 0x80 {
			ascii++
		} else {
			foreign++
		}
		s := findScript(r)
		if kind != noScript && s != kind {
			return true
		}
		kind = s
		if strings.ContainsRune("аеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄαεηιουωάέήίόύώΑΕΗΙΟΥΩΆΈΉΊΌΎΏϊϋΐΰ", r) {
			vowels++
		}
		if i > 0 && r >= 0x80 && unicode.IsUpper(r) && unicode.IsLower(word[i-1]) || isMisplacedLetter(word, i) {
			return true
		}
	}
	switch kind {
	case latin:
		return foreign >= 2 && ascii == 0
	case cyrillic, greek:
		return letters >= 4 && vowels == 0
	}
	return false
}

// isStraySign reports whether a character is a sign that no language puts next
// to letters. Marks of quotation, trade and numbers may begin or end a word.
func isStraySign(word []rune, i int) bool {
	if word[i] < 0x80 {
		return false
	}
	before, after := i > 0 && unicode.IsLetter(word[i-1]), i+1 < len(word) && unicode.IsLetter(word[i+1])
	switch {
	case before && after:
		return true
	case after:
		return !strings.ContainsRune("¿¡«»“”„‚‹›…§©®™•°ºª№€", word[i])
	case before && i >= 2:
		return !strings.ContainsRune("«»“”„‹›…®™©°ºª€!?", word[i])
	}
	return false
}

// isMisplacedLetter reports whether a letter is where no word has it: the œ of French is
// never behind a vowel (Wiœniewski), nor is the ø of Danish (Dvoøák), the ò of
// Italian (Plzeò) or the þ of Icelandic (Ayþe); no word ends in þ (Güneþ), and
// the ς of Greek is only at the end.
func isMisplacedLetter(word []rune, i int) bool {
	last := i == len(word)-1
	behindVowel := i > 0 && strings.ContainsRune("aeiouyáéíóúýAEIOUYÁÉÍÓÚÝ", word[i-1])
	switch word[i] {
	case 'ø', 'ò':
		return behindVowel
	case 'þ':
		return behindVowel || last
	case 'œ', 'Œ':
		if behindVowel {
			return true
		}
		return last || strings.ContainsRune("wlmkcbpgzWLMKCBPGZ", word[i+1])
	case 'ς':
		return !last
	case 'σ':
		return last && i > 0
	}
	return false
}

type script int

const (
	noScript script = iota
	latin
	cyrillic
	greek
	eastAsian
	otherScript
)

func findScript(r rune) script {
	switch {
	case unicode.Is(unicode.Latin, r):
		return latin
	case unicode.Is(unicode.Cyrillic, r):
		return cyrillic
	case unicode.Is(unicode.Greek, r):
		return greek
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul), r == 'ー', r == '々':
		return eastAsian
	}
	return otherScript
}

// isRare reports whether most characters of a word in an East Asian encoding
// are outside the part of its table that names and places are written with.
// Other encodings' letters fall all over these tables.
func isRare(name, raw string) bool {
	var common func(lead, trail byte) bool
	switch name {
	case "gbk":
		common = func(lead, trail byte) bool { return lead >= 0xb0 && lead <= 0xd7 && trail >= 0xa1 }
	case "big5":
		common = func(lead, _ byte) bool { return lead >= 0xa4 && lead <= 0xc6 }
	case "euc-kr":
		common = func(lead, trail byte) bool { return lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1 }
	case "euc-jp":
		common = func(lead, _ byte) bool { return lead == 0xa4 || lead == 0xa5 || lead >= 0xb0 && lead <= 0xcf }
	case "shift_jis":
		common = func(lead, _ byte) bool { return lead == 0x82 || lead == 0x83 || lead >= 0x88 && lead <= 0x97 }
	default:
		return false
	}
	chars, rare := 0, 0
	for i := 0; i < len(raw); i++ {
		if raw[i] < 0x80 {
			continue
		}
		chars++
		if i+1 == len(raw) || !common(raw[i], raw[i+1]) {
			rare++
		}
		i++
	}
	return rare*2 > chars
}
