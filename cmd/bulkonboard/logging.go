package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
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
			return nil, nil, exit.UsageErrorf("--log-file %s: %w", l.file, plainError(err))
		}
		w, closer = f, f.Close
	}
	switch {
	case l.format.value == "json":
		return slog.New(slog.NewJSONHandler(inertWriter{w: w}, nil)), closer, nil
	case l.format.value == "text", l.file != "":
		return slog.New(slog.NewTextHandler(inertWriter{w: w}, &slog.HandlerOptions{ReplaceAttr: inertAttr})), closer, nil
	}
	shown := newWarnings(people)
	return slog.New(shown), func() error { shown.end(); return nil }, nil
}

// warnings shows warnings and errors to people as plain lines, of many alike
// the first few.
type warnings struct {
	w     io.Writer
	attrs []slog.Attr
	seen  *repeated
}

func newWarnings(w io.Writer) warnings {
	return warnings{w: w, seen: &repeated{count: map[string]int{}}}
}

// maxAlike is how many warnings of one kind are shown one by one.
const maxAlike = 5

// repeated counts warnings by their text without the figures. It is safe for
// concurrent use.
type repeated struct {
	mu    sync.Mutex
	count map[string]int
}

// again counts a text and says whether it is shown.
func (r *repeated) again(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[text]++
	return r.count[text] <= maxAlike
}

// rest says how many were not shown.
func (r *repeated) rest(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range slices.Sorted(maps.Keys(r.count)) {
		if more := r.count[text] - maxAlike; more > 0 {
			fmt.Fprintf(w, "%s more times: %s\n", number(more), printable(text))
		}
	}
	clear(r.count)
}

// end prints how many warnings were not shown.
func (h warnings) end() { h.seen.rest(h.w) }

var _ slog.Handler = warnings{}

func (h warnings) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h warnings) Handle(_ context.Context, r slog.Record) error {
	if !h.seen.again(r.Message) {
		return nil
	}
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
