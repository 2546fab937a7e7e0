package main

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// logFlags say where the log goes. It never holds personal data, keys or links.
type logFlags struct {
	format choice
	file   string
}

func (l *logFlags) flags(f *pflag.FlagSet) {
	l.format = choice{of: []string{"text", "json"}}
	f.Var(&l.format, "log-format", "log everything as text or json, not warnings alone")
	f.StringVar(&l.file, "log-file", "", "append the log to `FILE` (default standard error)")
	advanced(f, "log-format", "log-file")
}

// isOn reports whether there is a log beside what people are shown.
func (l *logFlags) isOn() bool { return l.file != "" || l.format.value != "" }

// open is the logger; close closes its file.
func (l *logFlags) open(people io.Writer) (*slog.Logger, func() error, error) {
	var w = people
	closer := func() error { return nil }
	if l.file != "" {
		f, err := openLogFile(l.file)
		if err != nil {
			return nil, nil, exit.UsageErrorf("--log-file %s: %w", l.file, term.PlainError(err))
		}
		w, closer = f, f.Close
	}
	switch {
	case l.format.value == "json":
		return slog.New(slog.NewJSONHandler(term.ShellSafeWriter{W: w}, nil)), closer, nil
	case l.format.value == "text", l.file != "":
		return slog.New(slog.NewTextHandler(term.ShellSafeWriter{W: w}, &slog.HandlerOptions{ReplaceAttr: term.ShellSafeAttr})), closer, nil
	}
	shown := term.NewWarningHandler(people)
	return slog.New(shown), func() error { shown.End(); return nil }, nil
}
