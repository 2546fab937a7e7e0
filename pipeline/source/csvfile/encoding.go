package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// utf8Name is the encoding that needs no conversion.
const utf8Name = "utf-8"

// decodeText returns the text of r as UTF-8 without byte-order mark, and the
// name of its encoding. wanted is Options.Encoding. Invalid bytes pass: the
// reader refuses them with their place.
func decodeText(r *bufio.Reader, wanted string) (*bufio.Reader, string, error) {
	head, err := r.Peek(textBuffer)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
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

// CheckEncodingName refuses a name that is no Options.Encoding.
func CheckEncodingName(name string) *table.Error {
	known, _, refusal := detectEncoding(nil, name)
	if refusal == nil && known != utf8Name {
		_, refusal = encodingByName(known)
	}
	return refusal
}

// detectEncoding finds the encoding by the byte-order mark, whose length it
// returns, or by what was asked for. Without either it is UTF-8.
func detectEncoding(head []byte, wanted string) (name string, mark int, refusal *table.Error) {
	wanted = strings.ToLower(strings.TrimSpace(wanted))
	marked := ""
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		marked, mark = utf8Name, 3
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		return "", 0, &table.Error{Reason: "the text is in UTF-32", Hint: "Save it as CSV UTF-8"}
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
		return "", 0, &table.Error{Reason: "the file declares that it is in " + marked, Hint: "Leave out --encoding"}
	}
	switch {
	case marked != "":
		return marked, mark, nil
	case wanted != "":
		return wanted, 0, nil
	}
	if at := findISO2022(head); at >= 0 {
		return "", 0, refuseISO2022(head[at:])
	}
	if guess := guessWideEncoding(head[:min(len(head), 1024)]); guess != "" {
		hint := "Save it as CSV UTF-8"
		if guess != "utf-32" {
			hint += ", or pass --encoding " + guess
		}
		return "", 0, &table.Error{Reason: "the text is in " + guess + ", without the mark that says so", Hint: hint}
	}
	return utf8Name, 0, nil
}

// guessWideEncoding recognises UTF-16 and UTF-32 by the zero bytes of their
// ASCII characters. A stray NUL in UTF-8 is no such pattern.
func guessWideEncoding(head []byte) string {
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

// encodingByName returns the encoding of a name in the WHATWG Encoding Standard,
// where latin1 and iso-8859-1 are windows-1252.
func encodingByName(name string) (encoding.Encoding, *table.Error) {
	switch name {
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), nil
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	case "cp850", "ibm850": // not in the standard: DOS programs of banks still write it
		return charmap.CodePage850, nil
	case "cp437", "ibm437":
		return charmap.CodePage437, nil
	case "cp852", "ibm852":
		return charmap.CodePage852, nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil || enc == encoding.Replacement || enc == charmap.XUserDefined {
		return nil, &table.Error{Reason: "unknown --encoding", Hint: "Known are utf-8, utf-16le, utf-16be, windows-1250 to windows-1258, iso-8859-1 to -16, koi8-r, macintosh, cp437, cp850, cp852, cp866, shift_jis, euc-jp, iso-2022-jp, euc-kr, gbk, gb18030, big5"}
	}
	return enc, nil
}

// errNotText marks the refusal of bytes that are no text in their encoding.
// ProposeEncodings adds how the words of the file read in others.
var errNotText = errors.New("not text in this encoding")

// checkEncoding refuses a record with bytes that are not text, and returns the
// offset of the first one.
func checkEncoding(raw []byte, name string) (at int, refusal *table.Error) {
	if name != utf8Name {
		if at := bytes.Index(raw, []byte("\uFFFD")); at >= 0 {
			return at, &table.Error{Reason: "bytes that are not " + name, Hint: "Pass the --encoding the file was saved in, or save it as CSV UTF-8", Err: errNotText}
		}
		return 0, nil
	}
	if at := findISO2022(raw); at >= 0 {
		return at, refuseISO2022(raw[at:])
	}
	if utf8.Valid(raw) {
		return 0, nil
	}
	_, at, _ = transform.Bytes(encoding.UTF8Validator, raw) // fails at the first such byte
	return at, &table.Error{Reason: fmt.Sprintf("byte 0x%02X is not UTF-8", raw[at]), Hint: "Save it as CSV UTF-8", Err: errNotText}
}

// findISO2022 finds the first escape sequence of ISO-2022-JP, by which Japanese
// mail programs write kanji in ASCII bytes. -1 = there is none.
func findISO2022(text []byte) int {
	for _, escape := range []string{"\x1b$B", "\x1b$@", "\x1b(I", "\x1b$(D"} {
		if at := bytes.Index(text, []byte(escape)); at >= 0 {
			return at
		}
	}
	return -1
}

// refuseISO2022 names the encoding, and shows the first word it yields.
func refuseISO2022(text []byte) *table.Error {
	e := &table.Error{Reason: "the text is in ISO-2022-JP", Hint: "Pass --encoding iso-2022-jp, or save it as CSV UTF-8"}
	if end := bytes.Index(text, []byte("\x1b(")); end > 0 {
		if enc, refusal := encodingByName("iso-2022-jp"); refusal == nil {
			e.Hint = "Pass --encoding iso-2022-jp (" + cleanWord(decodeWord(enc, string(text[:end+3]))) + "), or save it as CSV UTF-8"
		}
	}
	return e
}
