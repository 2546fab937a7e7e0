// Package term writes what operators read: streams that no terminal obeys,
// progress, wrapped text, warnings, and commands quoted for their shell. It also
// turns signals into the two-step stop. Start at [Console].
package term

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// Console is what one invocation was handed and what it prints to.
type Console struct {
	Args        []string
	Env         map[string]string
	In          io.Reader
	Out         *Stream // what was asked for
	Err         *Stream // everything else that operators read
	Stop        *Stopper
	AtEnd       func(context.Context, exit.Code) // called last of all, if it is set
	FileDropped bool                             // there is no subcommand: a file was dropped on the program
}

// NewConsole returns the console of a process. env has the form of os.Environ.
func NewConsole(args, env []string, stdin io.Reader, stdout, stderr io.Writer) *Console {
	return &Console{Args: args, Env: parseEnviron(env), In: stdin, Out: &Stream{W: stdout}, Err: &Stream{W: stderr, wrap: IsTerminal(stderr)}}
}

// Sayf prints a line on standard error.
func (con *Console) Sayf(format string, args ...any) {
	fmt.Fprintln(con.Err, Printable(fmt.Sprintf(format, args...)))
}

// Show prints a page on a stream, in colour unless the environment forbids it, and
// returns how many lines of a terminal it filled.
func (con *Console) Show(to *Stream, p *Page) (lines int) {
	return to.Show(p, con.Env["NO_COLOR"] == "" && con.Env["TERM"] != "dumb")
}

// HoldBack keeps what is printed until the exit code is known (--quiet). With
// asJSON the one JSON on standard output is printed all the same.
func (con *Console) HoldBack(asJSON bool) {
	con.Err.HoldBack()
	if !asJSON {
		con.Out.HoldBack()
	}
}

// Release prints what was held back.
func (con *Console) Release() {
	con.Out.Release()
	con.Err.Release()
}

// Confirm asks the operator a question on the terminal, and reports whether the
// answer is yes.
func (con *Console) Confirm(question string) bool {
	con.Err.Release()
	fmt.Fprintf(con.Err, "%s Type yes to continue: ", question)
	con.Err.EndLine()
	line, err := bufio.NewReader(con.In).ReadString('\n')
	return (err == nil || line != "") && strings.TrimSpace(strings.ToLower(line)) == "yes"
}

// ReadPassword asks for a secret without showing it. Standard input must be a
// terminal.
func (con *Console) ReadPassword(prompt string) (string, error) {
	in, ok := con.In.(*os.File)
	if !ok {
		return "", errors.New("standard input is not a terminal")
	}
	con.Err.Release()
	fmt.Fprint(con.Err, prompt)
	con.Err.EndLine()
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(con.Err)
	return strings.TrimSpace(string(text)), err
}

// CommandWords returns the command line with the subcommand that a dropped file means.
func (con *Console) CommandWords() []string {
	if con.FileDropped {
		return append([]string{"validate"}, con.Args...)
	}
	return con.Args
}

// ContinueCommand returns the command that continues this one.
func (con *Console) ContinueCommand() string {
	var args []string
	for _, arg := range con.Args {
		if arg != "--fresh" && !strings.HasPrefix(arg, "--fresh=") {
			args = append(args, arg)
		}
	}
	return con.CommandLine(args...)
}

// CommandLine returns a command of this program, to be pasted.
func (con *Console) CommandLine(args ...string) string {
	return "bulkonboard " + con.QuoteWords(args...)
}

// QuoteWords quotes words for the shell in use.
func (con *Console) QuoteWords(words ...string) string {
	return shellOf(runtime.GOOS, con.Env).QuoteLine(words...)
}

// parseEnviron makes a map of os.Environ's form.
func parseEnviron(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			m[name] = value
		}
	}
	return m
}
