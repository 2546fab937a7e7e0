package main

import (
	"runtime"
	"strings"
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
	return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
}

// split takes a line of posix apart into its words; it reads what line writes.
func split(line string) []string {
	var words []string
	var word strings.Builder
	inside, quoted, escaped := false, false, false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\'':
			inside, quoted = true, !quoted
		case quoted:
			word.WriteRune(r)
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
			word.WriteRune(r)
		}
	}
	if inside {
		words = append(words, word.String())
	}
	return words
}

// commandLine is a command of this program, to be pasted.
func (a *app) commandLine(args ...string) string {
	return "bulkonboard " + a.shellLine(args...)
}

// shellLine quotes words for the shell in use.
func (a *app) shellLine(words ...string) string { return shellOf(runtime.GOOS, a.env).line(words...) }
