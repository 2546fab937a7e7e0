package source

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// utf8Name is the encoding that needs no conversion.
const utf8Name = "utf-8"

// decode gives the text of r as UTF-8 without byte-order mark, and the name of
// the encoding it was in. wanted is Options.Encoding. What is not valid passes
// here; the reader of the rows refuses it with its place.
func decode(r *bufio.Reader, wanted string) (*bufio.Reader, string, error) {
	head, err := r.Peek(textBuffer)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, "", err
	}
	name, mark, refusal := detectEncoding(head, wanted)
	if refusal != nil {
		return nil, "", refusal
	}
	if _, err := r.Discard(mark); err != nil {
		return nil, "", err
	}
	if name == utf8Name {
		return r, name, nil
	}
	enc, refusal := encodingByName(name)
	if refusal != nil {
		return nil, "", refusal
	}
	return bufio.NewReaderSize(transform.NewReader(r, enc.NewDecoder()), textBuffer), name, nil
}

// detectEncoding settles the encoding by byte-order mark, then by what was
// asked for. Without either it is UTF-8.
func detectEncoding(head []byte, wanted string) (name string, mark int, refusal *Error) {
	wanted = strings.ToLower(strings.TrimSpace(wanted))
	marked := ""
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		marked, mark = utf8Name, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		return "", 0, &Error{Reason: "the text is in UTF-32", Hint: "Save it as CSV UTF-8"}
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		marked, mark = "utf-16le", 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		marked, mark = "utf-16be", 2
	}
	switch wanted {
	case "utf8":
		wanted = utf8Name
	case "utf-16", "utf16":
		wanted = "utf-16le"
		if strings.HasPrefix(marked, "utf-16") {
			wanted = marked
		}
	}
	if marked != "" && wanted != "" && wanted != marked {
		return "", 0, &Error{Reason: "the file says itself that it is in " + marked, Hint: "Leave out --encoding"}
	}
	switch {
	case marked != "":
		return marked, mark, nil
	case wanted != "":
		return wanted, 0, nil
	}
	if at := iso2022(head); at >= 0 {
		return "", 0, iso2022Refusal(head[at:])
	}
	if guess := wideWithoutMark(head[:min(len(head), 1024)]); guess != "" {
		hint := "Save it as CSV UTF-8"
		if guess != "utf-32" {
			hint += ", or pass --encoding " + guess
		}
		return "", 0, &Error{Reason: "the text is in " + guess + ", without the mark that says so", Hint: hint}
	}
	return utf8Name, 0, nil
}

// wideWithoutMark recognises UTF-16 and UTF-32 by the zero bytes of their
// ASCII characters. A stray NUL in UTF-8 is no such pattern.
func wideWithoutMark(head []byte) string {
	quarter := len(head) / 4
	if quarter == 0 {
		return ""
	}
	var zeros [4]int
	for i, b := range head[:quarter*4] {
		if b == 0 {
			zeros[i%4]++
		}
	}
	mostly := func(n int) bool { return n*10 >= quarter*6 }
	switch even, odd := zeros[0]+zeros[2], zeros[1]+zeros[3]; {
	case mostly(zeros[1]) && mostly(zeros[2]) && (mostly(zeros[0]) || mostly(zeros[3])):
		return "utf-32"
	case mostly(odd/2) && even == 0:
		return "utf-16le"
	case mostly(even/2) && odd == 0:
		return "utf-16be"
	}
	return ""
}

// encodingByName finds an encoding by its name in the WHATWG Encoding
// Standard, under which latin1 and iso-8859-1 are windows-1252.
func encodingByName(name string) (encoding.Encoding, *Error) {
	switch name {
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	case "cp850", "ibm850": // the standard lacks what DOS programs of banks still write
		return charmap.CodePage850, nil
	case "cp437", "ibm437":
		return charmap.CodePage437, nil
	case "cp852", "ibm852":
		return charmap.CodePage852, nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement || enc == charmap.XUserDefined {
		return nil, &Error{Reason: "unknown --encoding", Hint: "Known are utf-8, utf-16le, utf-16be, windows-1250 to windows-1258, iso-8859-1 to -16, koi8-r, macintosh, cp437, cp850, cp852, cp866, shift_jis, euc-jp, iso-2022-jp, euc-kr, gbk, gb18030, big5"}
	}
	return enc, nil
}

// checkEncoding refuses the bytes of one record that are not text; see
// content.propose for what is added.
func checkEncoding(raw []byte, encoding string) (at int, refusal *Error) {
	if encoding != utf8Name {
		if at := bytes.Index(raw, []byte("\uFFFD")); at >= 0 {
			return at, &Error{Reason: "bytes that are not " + encoding, Hint: "Pass the --encoding the file was saved in, or save it as CSV UTF-8", Err: errNotText}
		}
		return 0, nil
	}
	if at := iso2022(raw); at >= 0 {
		return at, iso2022Refusal(raw[at:])
	}
	if utf8.Valid(raw) {
		return 0, nil
	}
	for at < len(raw) {
		r, n := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at, &Error{Reason: fmt.Sprintf("byte 0x%02X is not UTF-8", raw[at]), Hint: "Save it as CSV UTF-8", Err: errNotText}
}

// iso2022 finds the first escape sequence of ISO-2022-JP, by which Japanese
// mail programs write kanji in ASCII bytes. -1 = there is none.
func iso2022(text []byte) int {
	for _, escape := range []string{"\x1b$B", "\x1b$@"} {
		if at := bytes.Index(text, []byte(escape)); at >= 0 {
			return at
		}
	}
	return -1
}

// iso2022Refusal names the encoding, with the first word that it gives.
func iso2022Refusal(text []byte) *Error {
	e := &Error{Reason: "the text is in ISO-2022-JP", Hint: "Pass --encoding iso-2022-jp, or save it as CSV UTF-8"}
	if end := bytes.Index(text, []byte("\x1b(")); end > 0 {
		if enc, refusal := encodingByName("iso-2022-jp"); refusal == nil {
			e.Hint = "Pass --encoding iso-2022-jp (" + printable(decoded(enc, string(text[:end+3]))) + "), or save it as CSV UTF-8"
		}
	}
	return e
}
