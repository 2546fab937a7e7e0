package settings

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// LogFlags say where the log goes. It never holds personal data, keys or links.
type LogFlags struct {
	format Choice
	File   string
}

// AddFlags adds the flags.
func (l *LogFlags) AddFlags(f *pflag.FlagSet) {
	l.format = Choice{Words: []string{"text", "json"}}
	f.Var(&l.format, "log-format", "log everything as text or json, not warnings alone")
	f.StringVar(&l.File, "log-file", "", "append the log to `FILE` (default standard error)")
	HideAdvanced(f, "log-format", "log-file")
}

// IsOn reports whether there is a log besides what operators are shown.
func (l *LogFlags) IsOn() bool { return l.File != "" || l.format.Value != "" }

// OpenLog returns the logger, and a function that closes its file.
func (l *LogFlags) OpenLog(stderr io.Writer) (*slog.Logger, func() error, error) {
	w := stderr
	closer := func() error { return nil }
	if l.File != "" {
		f, err := openLogFile(l.File)
		if err != nil {
			return nil, nil, exit.UsageErrorf("--log-file %s: %w", l.File, term.PlainError(err))
		}
		w, closer = f, f.Close
	}
	switch {
	case l.format.Value == "json":
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
		return errors.New("is not a regular file; leave the flag out and redirect standard error instead")
	case !ownedByUser(info) || writableByOthers(info):
		return errors.New("you do not own it, or others can write to it")
	case nameCount(info) > 1:
		return errors.New("has a second name (a hard link); name a file of its own")
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
	return errors.New("exists, and is not a log of this program; name another file")
}
