package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shell is who will read a command that we print.
type shell int

const (
	posix shell = iota
	cmdExe
	powerShell
)

// shellOf guesses the shell that a command line would be pasted into. On
// Windows cmd.exe hands PROMPT down, PowerShell does not, and Git Bash sets
// SHELL.
func shellOf(goos string, env map[string]string) shell {
	switch {
	case goos != "windows", env["SHELL"] != "":
		return posix
	case env["PROMPT"] != "":
		return cmdExe
	}
	return powerShell
}

// line quotes a program's arguments so that the shell hands them on unchanged.
func (s shell) line(args ...string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = s.word(a)
	}
	return strings.Join(quoted, " ")
}

func (s shell) word(a string) string {
	safe := "-_=+./:,"
	switch s {
	case posix:
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
		// A file name of Windows has no quotation mark, so that a word needs
		// nothing else; of a backslash at the end the C run-time takes two.
		if strings.HasSuffix(a, `\`) {
			a += `\`
		}
		return `"` + strings.ReplaceAll(a, `"`, `\"`) + `"`
	case s == powerShell:
		return "'" + strings.ReplaceAll(a, "'", "''") + "'"
	}
	if !isPrintable(a) {
		return escaped(a)
	}
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}

// isPrintable reports whether a terminal can show a word as it is.
func isPrintable(a string) bool {
	return utf8.ValidString(a) && !strings.ContainsFunc(a, func(r rune) bool { return !unicode.IsPrint(r) })
}

// escaped writes a word with line ends and the like as $'a\012b', which shells
// read since POSIX.1-2024, and bash and zsh always have.
func escaped(a string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(a); i++ {
		r, size := utf8.DecodeRuneInString(a[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(a[i])
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r):
			for _, octet := range []byte(a[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, octet)
			}
		default:
			b.WriteString(a[i : i+size])
		}
		i += size - 1
	}
	return b.String() + "'"
}

// split takes a line of posix apart into its words; it reads what line writes.
func split(line string) []string {
	var words []string
	var word strings.Builder
	inside, quoted, escaped := false, false, false
	for i := 0; i < len(line); i++ {
		r := line[i]
		if r == '$' && !quoted && !escaped && strings.HasPrefix(line[i:], "$'") {
			text, size := unescaped(line[i+2:])
			word.WriteString(text)
			inside = true
			i += 1 + size
			continue
		}
		switch {
		case escaped:
			word.WriteByte(r)
			escaped = false
		case r == '\'':
			inside, quoted = true, !quoted
		case quoted:
			word.WriteByte(r)
		case r == '\\':
			inside, escaped = true, true
		case r == ' ':
			if inside {
				words = append(words, word.String())
			}
			word.Reset()
			inside = false
		default:
			inside = true
			word.WriteByte(r)
		}
	}
	if inside {
		words = append(words, word.String())
	}
	return words
}

// unescaped reads what escaped writes, from behind $' on. size counts the
// closing quotation mark.
func unescaped(line string) (text string, size int) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\'':
			return b.String(), i + 1
		case line[i] == '\\' && i+3 < len(line) && '0' <= line[i+1] && line[i+1] <= '3':
			octet, err := strconv.ParseUint(line[i+1:i+4], 8, 8)
			if err == nil {
				b.WriteByte(byte(octet))
			}
			i += 3
		case line[i] == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String(), len(line)
}

// commandLine is a command of this program, to be pasted.
func (a *app) commandLine(args ...string) string {
	return "bulkonboard " + a.shellLine(args...)
}

// shellLine quotes words for the shell in use.
func (a *app) shellLine(words ...string) string { return shellOf(runtime.GOOS, a.env).line(words...) }
