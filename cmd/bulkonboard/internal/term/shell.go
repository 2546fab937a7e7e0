package term

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shell is who will read a command that we print.
type shell int

const (
	Posix shell = iota
	cmdExe
	powerShell
)

// shellOf guesses the shell that a command line would be pasted into. On
// Windows cmd.exe hands PROMPT down, PowerShell does not, and Git Bash sets
// SHELL.
func shellOf(goos string, env map[string]string) shell {
	switch {
	case goos != "windows", env["SHELL"] != "":
		return Posix
	case env["PROMPT"] != "":
		return cmdExe
	}
	return powerShell
}

// QuoteLine quotes a program's arguments so that the shell hands them on unchanged,
// or in doubt as a word that means nothing: no part of one is ever read as a
// command. It holds nothing that printable changes, which would undo a quote.
func (s shell) QuoteLine(args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = s.QuoteWord(a)
	}
	return strings.Join(quoted, " ")
}

// QuoteWord quotes one word as QuoteLine does.
func (s shell) QuoteWord(a string) string {
	safe := "-_=+./:,"
	switch s {
	case Posix:
		safe += "@%"
	case cmdExe:
		safe += `\@`
	case powerShell:
		safe = `-_=+./:\`
	}
	plain := a != ""
	for _, r := range a {
		plain = plain && ('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(safe, r))
	}
	switch {
	case plain:
		return a
	case s == cmdExe:
		return quoteCmdExe(replaceUnprintable(a))
	case s == powerShell:
		return quotePowerShell(replaceUnprintable(a))
	case replaceUnprintable(a) != a:
		return quoteEscaped(a)
	}
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}

// replaceUnprintable replaces what a terminal does not show, line ends among it.
func replaceUnprintable(a string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(a, "_"))
}

// quoteEscaped writes what a terminal does not show in octal, as bash, zsh and
// ksh read it. A shell that does not know the form reads it as one word.
func quoteEscaped(a string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i, r := range a {
		if size := utf8.RuneLen(r); unicode.IsPrint(r) && r != '\'' && r != '\\' && strings.HasPrefix(a[i:], string(r)) {
			b.WriteString(a[i : i+size])
			continue
		}
		_, size := utf8.DecodeRuneInString(a[i:])
		for _, c := range []byte(a[i : i+size]) {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String() + "'"
}

// quoteCmdExe quotes a word for cmd.exe, and inside that for the C run-time. cmd.exe
// knows no escaped quotation mark, and expands %NAME% inside of them, so that a
// word with either has a caret before each character that means something.
func quoteCmdExe(a string) string {
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range a {
		if r == '"' {
			b.WriteString(strings.Repeat(`\`, slashes+1))
		}
		slashes++
		if r != '\\' {
			slashes = 0
		}
		b.WriteRune(r)
	}
	word := b.String() + strings.Repeat(`\`, slashes) + `"`
	if !strings.Contains(a, `"`) && strings.Count(a, "%") < 2 {
		return word
	}
	b.Reset()
	for _, r := range word {
		if strings.ContainsRune(`()%!^"<>&|`, r) {
			b.WriteByte('^')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// quotePowerShell quotes a word for PowerShell, which takes typographic quotation
// marks for its own. Versions before 7.3 hand an unescaped " on as the end of the
// argument; later ones then show a backslash, which names nothing.
func quotePowerShell(a string) string {
	var b strings.Builder
	for _, r := range a {
		switch r {
		case '\'', '\u2018', '\u2019', '\u201a', '\u201b':
			b.WriteRune(r)
		case '"':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return "'" + b.String() + "'"
}

// FileArguments makes names of files fit to be arguments: one that begins with a
// dash would be a flag.
func FileArguments(names []string) []string {
	words := slices.Clone(names)
	for i, name := range words {
		if len(name) > 1 && name[0] == '-' {
			words[i] = "./" + name
		}
	}
	return words
}

// WithoutFlags returns the words of a command line without some flags and without
// its files. The map says of each flag whether its value is a word of its own.
func WithoutFlags(words []string, flags map[string]bool, files []string) []string {
	var kept []string
	for i := 0; i < len(words); i++ {
		name, _, isJoined := strings.Cut(words[i], "=")
		takesValue, isDropped := flags[name]
		switch {
		case isDropped && takesValue && !isJoined:
			i++
		case isDropped, words[i] == "--", slices.Contains(files, words[i]):
		default:
			kept = append(kept, words[i])
		}
	}
	return kept
}

// SplitWords splits a line for POSIX shells into its words. It reads what
// QuoteLine writes.
func SplitWords(line string) []string {
	var words []string
	var word strings.Builder
	isInside := false
	parts := regexp.MustCompile(`(?s)( +)|\$'([^']*)'|'([^']*)'|\\(.)|([^ '\\$]+|\$)`)
	for _, part := range parts.FindAllStringSubmatch(line+" ", -1) {
		if part[1] == "" {
			isInside = true
			word.WriteString(unescapeWord(part[2]) + part[3] + part[4] + part[5])
			continue
		}
		if isInside {
			words = append(words, word.String())
		}
		word.Reset()
		isInside = false
	}
	return words
}

// unescapeWord reads what quoteEscaped writes between its quotation marks. Its
// octal escapes are those of Go.
func unescapeWord(escaped string) string {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(escaped, `"`, `\"`) + `"`)
	if err != nil {
		return escaped
	}
	return text
}
