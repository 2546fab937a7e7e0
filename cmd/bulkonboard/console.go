package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// app is what one invocation was handed and what it prints to.
type app struct {
	args    []string
	env     map[string]string
	stdin   io.Reader
	out     *stream // what was asked for
	err     *stream // everything else that operators read
	stop    *stopper
	dropped bool // there is no subcommand: a file was dropped on the program
}

// newConsole returns the console of a process. env has the form of os.Environ.
func newConsole(args, env []string, stdin io.Reader, stdout, stderr io.Writer) *app {
	return &app{args: args, env: environ(env), stdin: stdin, out: &stream{w: stdout}, err: &stream{w: stderr, wrap: isTerminal(stderr)}}
}

// tell prints a line on standard error.
func (con *app) tell(format string, args ...any) {
	fmt.Fprintln(con.err, printable(fmt.Sprintf(format, args...)))
}

// ask puts a question to the person at the terminal; only yes is yes.
func (con *app) ask(question string) bool {
	con.err.release()
	fmt.Fprintf(con.err, "%s Type yes to go on: ", question)
	line, err := bufio.NewReader(con.stdin).ReadString('\n')
	return (err == nil || line != "") && strings.TrimSpace(strings.ToLower(line)) == "yes"
}

// readPassword asks for a secret without showing it. Standard input must be a
// terminal.
func (con *app) readPassword(prompt string) (string, error) {
	in, ok := con.stdin.(*os.File)
	if !ok {
		return "", errors.New("standard input is not a terminal")
	}
	con.err.release()
	fmt.Fprint(con.err, prompt)
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(con.err)
	return strings.TrimSpace(string(text)), err
}

// subcommand is the command line with the subcommand that a dropped file means.
func (con *app) subcommand() []string {
	if con.dropped {
		return append([]string{"validate"}, con.args...)
	}
	return con.args
}

// continuing is the command that continues this one.
func (con *app) continuing() string {
	var args []string
	for _, arg := range con.args {
		if arg != "--fresh" && !strings.HasPrefix(arg, "--fresh=") {
			args = append(args, arg)
		}
	}
	return con.commandLine(args...)
}

// commandLine is a command of this program, to be pasted.
func (con *app) commandLine(args ...string) string {
	return "bulkonboard " + con.shellLine(args...)
}

// shellLine quotes words for the shell in use.
func (con *app) shellLine(words ...string) string {
	return shellOf(runtime.GOOS, con.env).line(words...)
}

// environ makes a map of os.Environ's form.
func environ(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, kv := range list {
		if name, value, ok := strings.Cut(kv, "="); ok && name != "" {
			m[name] = value
		}
	}
	return m
}
