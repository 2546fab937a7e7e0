package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"
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

// open is the logger; close closes its file.
func (l *logFlags) open(people io.Writer) (*slog.Logger, func() error, error) {
	var w = people
	closer := func() error { return nil }
	if l.file != "" {
		f, err := os.OpenFile(l.file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, usagef("--log-file %s: %w", l.file, plainError(err))
		}
		w, closer = f, f.Close
	}
	switch {
	case l.format.value == "json":
		return slog.New(slog.NewJSONHandler(w, nil)), closer, nil
	case l.format.value == "text", l.file != "":
		return slog.New(slog.NewTextHandler(w, nil)), closer, nil
	}
	return slog.New(warnings{w: people}), closer, nil
}

// warnings shows warnings and errors to people as plain lines.
type warnings struct {
	w     io.Writer
	attrs []slog.Attr
}

var _ slog.Handler = warnings{}

func (h warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	var notes []string
	note := func(a slog.Attr) bool {
		notes = append(notes, a.Key+" "+a.Value.String())
		return true
	}
	for _, a := range h.attrs {
		note(a)
	}
	r.Attrs(note)
	text := "warning: " + r.Message
	if r.Level >= slog.LevelError {
		text = "error: " + r.Message
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, ", ") + ")"
	}
	_, err := fmt.Fprintln(h.w, printable(text))
	return err
}

func (h warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

func (h warnings) WithGroup(string) slog.Handler { return h }
