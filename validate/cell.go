package validate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// MaxCell is the largest length of one value, in code points: what a
// spreadsheet cell holds.
const MaxCell = celltext.MaxLength

// tolerance is what the text of a field may contain.
type tolerance uint8

const (
	strictText    tolerance = iota // a grammar of its own: nothing invisible, and no NFC that would fold a look-alike
	proseText                      // names and other free text: NFC, invisible characters are kept with a warning
	multilineText                  // prose of several lines
	extraText                      // lines of a field that --send adds, whose meaning is not known
)

// readRequired reads a cell that must have a value. Default values apply. ok is
// false if there is no usable value. Then a problem was added.
func (c *rowCheck) readRequired(field, raw string, t tolerance) (v string, ok bool) {
	if v, ok = c.readCell(field, raw, t); !ok {
		return "", false
	}
	if v == "" {
		if isDefaultable(field) {
			c.addProblem(field, CodeRequired, "is empty. Fill it in, or give a value for all empty cells with --default")
		} else {
			c.addProblem(field, CodeRequired, "is empty. Fill it in")
		}
		return "", false
	}
	if isNothing(field, v, c.rowCountry) {
		c.addProblem(field, CodePlaceholder, "has a dash, N/A or the like instead of a value. Fill it in")
		return "", false
	}
	return v, true
}

// readOptional reads a cell that may be empty. ok is false if there is nothing to
// send, whether or not a problem was added.
func (c *rowCheck) readOptional(field, raw string, t tolerance) (v string, ok bool) {
	if v, ok = c.readCell(field, raw, t); !ok || v == "" {
		return "", false
	}
	if isNothing(field, v, c.rowCountry) {
		c.addWarning(field, CodePlaceholderIgnored, "has a dash, N/A or the like, which is read as empty. Leave the cell empty")
		return "", false
	}
	return v, true
}

// readCell cleans a cell, or the default value if the cell is empty.
func (c *rowCheck) readCell(field, raw string, t tolerance) (string, bool) {
	v, ok := c.cleanCell(field, raw, t)
	if !ok || v != "" {
		return v, ok
	}
	d := c.rules.Defaults[field]
	if d == "" || !isDefaultable(field) {
		return "", true
	}
	c.addChange(field, "default")
	if field == FieldIPAddress {
		c.addWarning(field, CodeIPDefault, "is empty and gets the default value, not the address that the user registered from. Fill it in if you know it")
	}
	return c.cleanCell(field, d, t)
}

// cleanCell returns the value of a cell, trimmed and in NFC. ok is false if it has
// control characters or the damage of a spreadsheet. Then a problem was added. An
// empty cell is "" and true.
func (c *rowCheck) cleanCell(field, raw string, t tolerance) (v string, ok bool) {
	if raw == "" {
		return "", true
	}
	v = raw
	if !celltext.IsPlain(raw) {
		if v, ok = c.cleanText(field, raw, t); !ok || v == "" {
			return "", ok
		}
	}
	return v, !c.hasDamage(field, v, t)
}

func (c *rowCheck) cleanText(field, raw string, t tolerance) (string, bool) {
	if n := utf8.RuneCountInString(raw); n > MaxCell {
		c.addProblem(field, CodeTooLong, fmt.Sprintf("has %d characters, more than a spreadsheet cell can hold. Shorten it to %d at most", n, MaxCell))
		return "", false
	}
	if i := badTextAt(raw); i >= 0 {
		c.addProblem(field, CodeBadEncoding, fmt.Sprintf("character %d was lost in an earlier conversion. Type it again, and save the file as UTF-8", celltext.Position(raw, i)))
		return "", false
	}
	if !strings.ContainsFunc(raw, isVisible) {
		return "", true
	}
	v := c.trimSpace(field, raw)
	first := celltext.Position(raw, strings.Index(raw, v))
	if !c.refuseControls(field, v, first, t) || !c.checkInvisibles(field, v, first, t) {
		return "", false
	}
	if t == strictText {
		return v, true
	}
	if t >= multilineText {
		v = c.unifyLineEnds(field, v)
	}
	if n := norm.NFC.String(v); n != v {
		v = n
		c.addChange(field, "nfc")
	}
	switch {
	case celltext.IsDoubleEncoded(v):
		c.addWarning(field, CodeDoubleEncoded, "looks double-encoded, as if UTF-8 had been read as windows-1252. Compare it with the original")
	case t.isText() && celltext.IsMisread(v):
		c.addWarning(field, CodeDoubleEncoded, "looks as if a program read it in the wrong encoding. Compare it with the original")
	}
	return v, true
}

// trimSpace removes white space at both ends. Space that no keyboard writes is worth
// a warning: it is seldom the only one in a file.
func (c *rowCheck) trimSpace(field, raw string) string {
	v := strings.TrimFunc(raw, unicode.IsSpace)
	if len(v) == len(raw) {
		return v
	}
	c.addChange(field, "trimmed")
	if len(strings.Trim(raw, " \t\r\n\v\f")) != len(v) {
		c.addWarning(field, CodeSpaceTrimmed, "had no-break or other special spaces around it, which are not sent. Remove them from the sheet")
	}
	return v
}

// unifyLineEnds replaces all forms of line ends inside a cell by one.
func (c *rowCheck) unifyLineEnds(field, v string) string {
	n := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(v)
	if n != v {
		c.addChange(field, "line_ends")
	}
	return n
}

// refuseControls reports whether v is free of control characters, and of line ends
// where the field has none. first is the position in the cell of v's first character.
func (c *rowCheck) refuseControls(field, v string, first int, t tolerance) bool {
	for i, r := range v {
		lineEnd := r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029'
		switch {
		case lineEnd && t >= multilineText:
		case lineEnd:
			c.addProblem(field, CodeLineBreak, fmt.Sprintf("has a line break at character %d. Write it on one line", first+utf8.RuneCountInString(v[:i])))
			return false
		case unicode.IsControl(r):
			c.addProblem(field, CodeControlChar, fmt.Sprintf("has %s at character %d. Type the value again", controlName(r), first+utf8.RuneCountInString(v[:i])))
			return false
		}
	}
	return true
}

func controlName(r rune) string {
	switch r {
	case 0:
		return "a NUL"
	case '\t':
		return "a tab"
	case 0x1b:
		return "an escape character"
	}
	return "a control character"
}

// checkInvisibles refuses invisible characters where the value has a grammar,
// because a look-alike would be a second identity. In free text, some scripts and
// emoji need them.
func (c *rowCheck) checkInvisibles(field, v string, first int, t tolerance) bool {
	i := strings.IndexFunc(v, func(r rune) bool { return isInvisible(r) && (t == strictText || r != emojiStyle) })
	if i < 0 {
		return true
	}
	at := first + utf8.RuneCountInString(v[:i])
	if t == strictText {
		c.addProblem(field, CodeInvisibleChar, fmt.Sprintf("has an invisible character at position %d. Type the value again by hand", at))
		return false
	}
	c.addWarning(field, CodeInvisibleKept, fmt.Sprintf("has an invisible character at position %d, which is sent. Type the value again if it should not be there", at))
	return true
}

// emojiStyle is the character that phones write behind a symbol drawn in colour.
const emojiStyle = 0xfe0f

// isInvisible reports whether r is a format character (zero-width, bidi, soft
// hyphen, byte-order mark), a variation selector or a letter that is drawn as nothing.
func isInvisible(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return r > 0x7f && unicode.In(r, unicode.Cf, unicode.Variation_Selector)
}

func isVisible(r rune) bool { return !unicode.IsSpace(r) && !isInvisible(r) }

// badTextAt returns the byte at which s is not UTF-8, or has the character that
// decoders write for what they cannot read; -1 if there is none.
func badTextAt(s string) int {
	return strings.IndexRune(s, utf8.RuneError) // finds invalid bytes too
}
