package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding"
)

// errNotText marks the refusal of bytes that are no text in the encoding at
// hand. Whoever has the file adds how its words read in others.
var errNotText = errors.New("not text in this encoding")

const (
	maxWords     = 4_000 // different ones that are compared
	maxWordBytes = 64
	maxReadings  = 6 // shown
	shownWords   = 3 // of each
	shownLetters = 24
)

// candidates are the encodings that lists of customers come in, by the names
// that --encoding takes. Of two that read a file alike the first is proposed.
func candidates() []string {
	return []string{"windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1256", "windows-1255", "windows-1257", "windows-874",
		"gbk", "shift_jis", "big5", "euc-kr", "euc-jp", "iso-8859-2", "iso-8859-15", "koi8-r", "macintosh", "cp850", "cp852", "cp866"}
}

// foreignWord is a word of a file that is not all ASCII, as it stands in it.
type foreignWord struct {
	raw  string
	line int // where it is first, from 1
}

// foreignWords collects the different words of a text that are not all ASCII,
// in their order. It reads all of the text and keeps maxWords of them.
func foreignWords(r io.Reader) ([]foreignWord, error) {
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
		if err == io.EOF {
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

// foreignWords reads the file once more for them.
func (c *content) foreignWords() ([]foreignWord, error) {
	f, err := c.open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if c.kind != kindGzip {
		return foreignWords(f)
	}
	unzip, err := newGunzip(f)
	if err != nil {
		return nil, err
	}
	return foreignWords(unzip)
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
		text := decoded(enc, w.raw)
		if isMisread(text) || isRare(name, w.raw) {
			r.bad++
		}
		r.words = append(r.words, text)
	}
	return r, true
}

func decoded(enc encoding.Encoding, raw string) string {
	text, err := enc.NewDecoder().String(raw)
	if err != nil {
		return "\uFFFD"
	}
	return text
}

// likely gives the readings that make the best sense of the words, best first.
func likely(words []foreignWord) []reading {
	var all []reading
	for _, name := range candidates() {
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

// proposals words the readings, each with the first words that tell them apart:
// `--encoding windows-1250 (Michał, Żółty), --encoding windows-1254 (…)`. Of a
// word only its letters are shown.
func proposals(all []reading) string {
	if len(all) == 0 {
		return ""
	}
	var shown []int
	for _, telling := range []bool{true, false} { // first the words that differ
		for i := range all[0].words {
			differs := slices.ContainsFunc(all, func(r reading) bool { return r.words[i] != all[0].words[i] })
			if len(shown) < shownWords && differs == telling && showable(all[0].words[i]) {
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
			if word := printable(r.words[i]); word != "" {
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

// showable leaves out what is more than a word: e-mails, numbers, codes.
func showable(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r == '@' || unicode.IsDigit(r) || r == '/' || r == '\\' || r == '=' })
}

// printable makes a word fit for a message.
func printable(word string) string {
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

// propose adds to the refusal of bytes that are no text how the whole file's
// words would read, and the flag for each reading.
func (c *content) propose(e *Error) {
	words, err := c.foreignWords()
	if err != nil || len(words) == 0 { // then the refusal has to do without
		return
	}
	if utf8Words(words)*2 > len(words) {
		e.Reason += ", as most of the file is"
		e.Hint = "Correct that cell, or save the file again as CSV UTF-8. Two lists of different encodings may have been joined"
		return
	}
	if text := proposals(likely(words)); text != "" {
		e.Hint = "Pass the encoding that reads these words right, or save the file as CSV UTF-8: " + text
	}
}

// misread refuses an encoding that was asked for, and in which the words of
// the file are none while another one makes sense of them.
func (c *content) misread(name string) *Error {
	words, err := c.foreignWords()
	if err != nil || len(words) == 0 {
		return nil // whatever is wrong with the file comes back from its rows
	}
	given, ok := newReading(name, words)
	if ok && utf8Words(words) == len(words) && (len(words) > 1 || given.bad > 0) {
		return &Error{File: c.name, Line: words[0].line, Reason: "the text is not in " + name + " but in UTF-8", Hint: "Leave out --encoding"}
	}
	if !ok || given.bad == 0 || given.bad*10 < len(words) {
		return nil
	}
	var better []reading
	for _, r := range likely(words) {
		if r.bad*2 < given.bad {
			better = append(better, r)
		}
	}
	if len(better) == 0 {
		return nil
	}
	e := &Error{File: c.name, Reason: "the text is not in " + name}
	first := slices.IndexFunc(given.words, func(w string) bool { return isMisread(w) && showable(w) })
	if first >= 0 {
		e.Line = words[first].line
		e.Reason += fmt.Sprintf(", which reads a word as %s", printable(given.words[first]))
	}
	e.Hint = "Pass the encoding that reads these words right, or save the file as CSV UTF-8: " + proposals(better)
	return e
}
