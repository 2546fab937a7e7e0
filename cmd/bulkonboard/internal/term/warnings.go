package term

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// warningHandler shows warnings and errors to people as plain lines, of many alike
// the first few.
type warningHandler struct {
	w     io.Writer
	attrs []slog.Attr
	seen  *repeatCounter
}

// NewWarningHandler returns a handler that writes to w.
func NewWarningHandler(w io.Writer) warningHandler {
	return warningHandler{w: w, seen: &repeatCounter{count: map[string]int{}}}
}

// maxAlike is how many warnings of one kind are shown one by one.
const maxAlike = 5

// repeatCounter counts warnings by their text without the figures. It is safe for
// concurrent use.
type repeatCounter struct {
	mu    sync.Mutex
	count map[string]int
}

// isShown counts a text and says whether it is shown.
func (r *repeatCounter) isShown(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count[text]++
	return r.count[text] <= maxAlike
}

// writeRest says how many were not shown.
func (r *repeatCounter) writeRest(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range slices.Sorted(maps.Keys(r.count)) {
		if more := r.count[text] - maxAlike; more > 0 {
			fmt.Fprintf(w, "%s more times: %s\n", Number(more), Printable(text))
		}
	}
	clear(r.count)
}

// End prints how many warnings were not shown.
func (h warningHandler) End() { h.seen.writeRest(h.w) }

var _ slog.Handler = warningHandler{}

func (h warningHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h warningHandler) Handle(_ context.Context, r slog.Record) error {
	if !h.seen.isShown(r.Message) {
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
	_, err := fmt.Fprintln(h.w, Printable(text))
	return err
}

func (h warningHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

func (h warningHandler) WithGroup(string) slog.Handler { return h }
