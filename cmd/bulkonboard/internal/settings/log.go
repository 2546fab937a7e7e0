package settings

import (
	"io"
	"log/slog"

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

// IsOn reports whether there is a log beside what people are shown.
func (l *LogFlags) IsOn() bool { return l.File != "" || l.format.Value != "" }

// OpenLog returns the logger, and a function that closes its file.
func (l *LogFlags) OpenLog(people io.Writer) (*slog.Logger, func() error, error) {
	var w = people
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
	shown := term.NewWarningHandler(people)
	return slog.New(shown), func() error { shown.End(); return nil }, nil
}
