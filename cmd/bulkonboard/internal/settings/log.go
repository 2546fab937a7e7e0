package settings

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

const (
	logFormatFlag = "log-format"
	formatJSON    = "json"
)

// WantsJSONLog reports whether a command line asks for JSON on standard error. It
// answers before the flags are parsed, because a mistake in them is reported so, too.
func WantsJSONLog(args []string) bool {
	wanted := false
	for i, arg := range args {
		switch value, isFlag := strings.CutPrefix(arg, "--"+logFormatFlag+"="); {
		case arg == "--":
			return wanted
		case isFlag:
			wanted = value == formatJSON
		case arg == "--"+logFormatFlag && i+1 < len(args):
			wanted = args[i+1] == formatJSON
		}
	}
	return wanted
}

// ApplyLogFormat makes standard error what the flags, the environment and the
// configuration file of a command say.
func ApplyLogFormat(con *term.Console, c *cobra.Command) {
	if f := c.Flags().Lookup(logFormatFlag); f != nil {
		con.Err.WriteJSON(f.Value.String() == formatJSON)
	}
}

// LogFlags say where the log goes. It never holds personal data, keys or links.
type LogFlags struct {
	format Choice
	File   string
}

// AddFlags adds the flags.
func (l *LogFlags) AddFlags(f *pflag.FlagSet) {
	l.format = Choice{Words: []string{"text", formatJSON}}
	f.Var(&l.format, logFormatFlag, "log every event as text or json; with json, standard error holds JSON lines only")
	f.StringVar(&l.File, "log-file", "", "append the log to `FILE` (default: standard error)")
	HideAdvanced(f, "log-format", "log-file")
}

// IsOn reports whether there is a log besides what operators are shown.
func (l *LogFlags) IsOn() bool { return l.File != "" || l.format.Value != "" }

// IsJSON reports whether the log is JSON, so that standard error is, too.
func (l *LogFlags) IsJSON() bool { return l.format.Value == formatJSON }

// OpenLog returns the logger, and a function that closes its file. JSON goes to
// standard error even with a file, because programs read it there.
func (l *LogFlags) OpenLog(stderr *term.Stream) (*slog.Logger, func() error, error) {
	w := io.Writer(stderr)
	closer := func() error { return nil }
	if l.File != "" {
		f, err := openLogFile(l.File)
		if err != nil {
			return nil, nil, exit.UsageErrorf("--log-file %s: %w", l.File, term.PlainError(err))
		}
		w, closer = f, f.Close
	}
	switch {
	case l.IsJSON():
		if stderr.WriteJSON(true); l.File == "" {
			w = stderr.LogWriter()
		} else {
			w = io.MultiWriter(stderr.LogWriter(), w)
		}
		return slog.New(slog.NewJSONHandler(term.ShellSafeWriter{W: w}, nil)), closer, nil
	case l.format.Value == "text", l.File != "":
		return slog.New(slog.NewTextHandler(term.ShellSafeWriter{W: w}, &slog.HandlerOptions{ReplaceAttr: term.ShellSafeAttr})), closer, nil
	}
	shown := term.NewWarningHandler(stderr)
	return slog.New(shown), func() error { shown.End(); return nil }, nil
}

// logStarts returns what the first line of a log of this program begins with.
func logStarts() []string { return []string{"time=", `{"time":"`} }

// openLogFile opens a log to append to, or makes it, mode 0600. It accepts a file
// of the user's own that is empty or a log already: a name that was mistyped or
// slipped in must not put lines into a shell's start file or a list of keys.
func openLogFile(path string) (*os.File, error) {
	f, err := openForAppend(path)
	if isLinkError(err) {
		return nil, errors.New("is a symbolic link; name the file itself")
	}
	if err != nil {
		return nil, err
	}
	if err := checkLog(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkLog reports why an open file is not to be appended to.
func checkLog(f *os.File) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file; leave out the flag and redirect standard error instead")
	case !ownedByUser(info) || writableByOthers(info):
		return errors.New("you do not own it, or others can write to it")
	case nameCount(info) > 1:
		return errors.New("has a second name (a hard link); name another file")
	}
	start := make([]byte, len(logStarts()[1]))
	n, err := f.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, s := range logStarts() {
		if n == 0 || strings.HasPrefix(string(start[:n]), s) {
			return nil
		}
	}
	return errors.New("exists and is not a log of this program; name another file")
}
