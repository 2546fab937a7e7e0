package csvfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

const (
	maxWords     = 4_000 // different ones that are compared
	maxWordBytes = 64
	maxReadings  = 6 // shown
	shownWords   = 3 // of each
	shownLetters = 24
)

// candidateEncodings are the encodings that lists of customers come in, by the names
// that --encoding accepts. Of two that read a file alike the first is proposed.
func candidateEncodings() []string {
	return []string{"windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1256", "windows-1255", "windows-1257", "windows-874",
		"gbk", "shift_jis", "big5", "euc-kr", "euc-jp", "iso-8859-2", "iso-8859-15", "koi8-r", "macintosh", "cp850", "cp852", "cp866"}
}

// foreignWord is a word that is not all ASCII, in the bytes of its file.
type foreignWord struct {
	raw  string
	line int // where it is first, from 1
}

// readForeignWords returns the different words of a text that are not all ASCII,
// in their order, at most maxWords of them. It reads all of the text.
func readForeignWords(r io.Reader) ([]foreignWord, error) {
	var (
		in    = bufio.NewReaderSize(r, textBuffer)
		seen  = map[string]bool{}
		words []foreignWord
		word  []byte
		wide  bool // a byte of word is not ASCII
		line  = 1
		last  byte
	)
	end := func() {
		if wide && len(words) < maxWords && len(word) <= maxWordBytes && !seen[string(word)] {
			seen[string(word)] = true
			words = append(words, foreignWord{string(word), line})
		}
		word, wide = word[:0], false
	}
	for {
		b, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			end()
			return words, nil
		}
		if err != nil {
			return nil, err
		}
		// The bytes from 0x40 on may be second halves of characters of Asia.
		if b > ' ' && b != ',' && b != ';' && b != '"' && b != 0x7f {
			if len(word) <= maxWordBytes {
				word = append(word, b)
			}
			wide = wide || b >= 0x80
			continue
		}
		end()
		if b == '\r' || b == '\n' && last != '\r' {
			line++
		}
		last = b
	}
}

// reading is what the words of a file are in one encoding.
type reading struct {
	name  string
	words []string
	bad   int // words that are none in any language, see isMisread
}

func newReading(name string, words []foreignWord) (reading, bool) {
	enc, refusal := encodingByName(name)
	if refusal != nil {
		return reading{}, false
	}
	r := reading{name: name}
	for _, w := range words {
		text := decodeWord(enc, w.raw)
		if isMisread(text) || isRare(name, w.raw) {
			r.bad++
		}
		r.words = append(r.words, text)
	}
	return r, true
}

func decodeWord(enc encoding.Encoding, raw string) string {
	text, err := enc.NewDecoder().String(raw)
	if err != nil {
		return "\uFFFD"
	}
	return text
}

// rankReadings returns the readings that make the most sense of the words, best
// first.
func rankReadings(words []foreignWord) []reading {
	var all []reading
	for _, name := range candidateEncodings() {
		r, ok := newReading(name, words)
		if !ok || slices.ContainsFunc(all, func(other reading) bool { return slices.Equal(other.words, r.words) }) {
			continue
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b reading) int { return a.bad - b.bad })
	n := 0
	for n < len(all) && n < maxReadings && all[n].bad <= all[0].bad+len(words)/10 {
		n++
	}
	return all[:n]
}

// formatReadings lists the readings, each with the first words that differ:
// `--encoding windows-1250 (Michał, Żółty), --encoding windows-1254 (…)`. Of a
// word only its letters are shown.
func formatReadings(all []reading) string {
	if len(all) == 0 {
		return ""
	}
	var shown []int
	for _, different := range []bool{true, false} { // first the words that differ
		for i := range all[0].words {
			differs := slices.ContainsFunc(all, func(r reading) bool { return r.words[i] != all[0].words[i] })
			if len(shown) < shownWords && differs == different && isShowable(all[0].words[i]) {
				shown = append(shown, i)
			}
		}
	}
	slices.Sort(shown)
	var texts []string
	for _, r := range all {
		text := "--encoding " + r.name
		var words []string
		for _, i := range shown {
			if word := cleanWord(r.words[i]); word != "" {
				words = append(words, word)
			}
		}
		if len(words) > 0 {
			text += " (" + strings.Join(words, ", ") + ")"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// isShowable reports whether this is a plain word: no e-mail, number or code.
func isShowable(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r == '@' || unicode.IsDigit(r) || r == '/' || r == '\\' || r == '=' })
}

// cleanWord makes a word fit for a message.
func cleanWord(word string) string {
	word = strings.Trim(word, " '.()[]|-:")
	runes := []rune(word)
	for i, r := range runes {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar || r == ';' {
			runes[i] = '?'
		}
	}
	if len(runes) > shownLetters {
		runes = append(runes[:shownLetters], '…')
	}
	return string(runes)
}

// ProposeEncodings adds to a refusal of bytes that are no text how the words of
// the whole text read in other encodings, with the flag for each. It leaves
// other errors as they are. If r fails, the refusal has to do without.
func ProposeEncodings(e *table.Error, r io.Reader) {
	if !errors.Is(e, errNotText) {
		return
	}
	words, err := readForeignWords(r)
	if err != nil || len(words) == 0 {
		return
	}
	if countUTF8(words)*2 > len(words) {
		e.Reason += ", as most of the file is"
		e.Hint = "Correct that cell, or save the file again as CSV UTF-8. Two lists of different encodings may have been joined"
		return
	}
	if text := formatReadings(rankReadings(words)); text != "" {
		e.Hint = proposalHint + text
	}
}

const proposalHint = "Pass the encoding that reads these words right, or save the file as CSV UTF-8: "

// CheckEncoding refuses an encoding that was asked for, if the words of the text
// make no sense in it and another one makes sense of them. An error of r is
// left to the reader of the rows.
func CheckEncoding(r io.Reader, name string) *table.Error {
	if strings.HasPrefix(name, "utf-") {
		return nil
	}
	words, err := readForeignWords(r)
	if err != nil || len(words) == 0 {
		return nil
	}
	given, ok := newReading(name, words)
	if ok && countUTF8(words) == len(words) && (len(words) > 1 || given.bad > 0) {
		return &table.Error{Line: words[0].line, Reason: "the text is not in " + name + " but in UTF-8", Hint: "Leave out --encoding"}
	}
	if !ok || given.bad == 0 || given.bad*10 < len(words) {
		return nil
	}
	better := slices.DeleteFunc(rankReadings(words), func(r reading) bool { return r.bad*2 >= given.bad })
	if len(better) == 0 {
		return nil
	}
	e := &table.Error{Reason: "the text is not in " + name, Hint: proposalHint + formatReadings(better)}
	if first := slices.IndexFunc(given.words, func(w string) bool { return isMisread(w) && isShowable(w) }); first >= 0 {
		e.Line = words[first].line
		e.Reason += fmt.Sprintf(", which reads a word as %s", cleanWord(given.words[first]))
	}
	return e
}
