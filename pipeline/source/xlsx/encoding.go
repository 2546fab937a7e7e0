package xlsx

import (
	"bufio"
	"bytes"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// toUTF8 returns the text of a part in UTF-8. XML may be in UTF-16, and Excel
// reads it; everything behind this function knows UTF-8 only. Parts in another
// encoding pass unchanged, and are refused by the scanner.
func toUTF8(part io.Reader) (io.Reader, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(part, head)
	if err != nil && n == 0 || n < len(head) {
		return bytes.NewReader(head[:n]), ignoreEnd(err)
	}
	whole := io.MultiReader(bytes.NewReader(head), part)
	var order unicode.Endianness
	switch {
	case bytes.Equal(head, []byte("\xff\xfe\x00\x00")), bytes.Equal(head, []byte("\x00\x00\xfe\xff")): // UTF-32
		return whole, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), string(head) == "<\x00?\x00":
		order = unicode.LittleEndian
	case bytes.HasPrefix(head, []byte("\xfe\xff")), string(head) == "\x00<\x00?":
		order = unicode.BigEndian
	default:
		return whole, nil
	}
	text := bufio.NewReader(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(whole))
	return text, skipDeclaration(text)
}

// ignoreEnd returns nil for the end of a short part, which the scanner reports.
func ignoreEnd(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull returns these as they are
		return nil
	}
	return err
}

// skipDeclaration skips an XML declaration that names UTF-16, which the text is
// not in any more. One that names another encoding is left for the scanner to
// refuse.
func skipDeclaration(text *bufio.Reader) error {
	const longest = 200
	head, err := text.Peek(longest)
	if err != nil && len(head) == 0 {
		return ignoreEnd(err)
	}
	end := bytes.Index(head, []byte("?>"))
	if end < 0 || !bytes.HasPrefix(head, []byte("<?xml ")) {
		return nil
	}
	switch string(bytes.ToLower(declaredEncoding(head[:end]))) {
	case "utf-16", "utf-16le", "utf-16be", "":
		_, err := text.Discard(end + len("?>"))
		return err
	}
	return nil
}
