package term

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// WarningHandler shows warnings and errors to operators as plain lines, of many alike
// the first few.
type WarningHandler struct {
	w     io.Writer
	attrs []slog.Attr
	seen  *repeatCounter
}

// NewWarningHandler returns a handler that writes to w.
func NewWarningHandler(w io.Writer) WarningHandler {
	return WarningHandler{w: w, seen: &repeatCounter{count: map[string]int{}}}
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
func (h WarningHandler) End() { h.seen.writeRest(h.w) }

var _ slog.Handler = WarningHandler{}

func (h WarningHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h WarningHandler) Handle(_ context.Context, r slog.Record) error {
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

func (h WarningHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

func (h WarningHandler) WithGroup(string) slog.Handler { return h }

// ShellSafeWriter writes log lines in which no shell that reads them finds anything
// to expand. The escapes are those of JSON and of Go's quoted texts, so that
// readers of either find the same text.
type ShellSafeWriter struct{ W io.Writer }

var _ io.Writer = ShellSafeWriter{}

func (i ShellSafeWriter) Write(line []byte) (int, error) {
	inert := bytes.ReplaceAll(line, []byte("$"), []byte(`\u0024`))
	inert = bytes.ReplaceAll(inert, []byte("`"), []byte(`\u0060`))
	if _, err := i.W.Write(inert); err != nil {
		return 0, err
	}
	return len(line), nil
}

// ShellSafeAttr escapes a shell's operators in a value that the text handler would
// not put into quotation marks by itself; the escape makes it do so.
func ShellSafeAttr(_ []string, a slog.Attr) slog.Attr {
	const operators = ";&|<>(){}[]*?!~#'"
	v := a.Value.Resolve()
	if v.Kind() != slog.KindString && v.Kind() != slog.KindAny {
		return a
	}
	text := v.String()
	if strings.ContainsAny(text, " =\"") || !strings.ContainsAny(text, operators) {
		return a
	}
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(operators, r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return slog.String(a.Key, b.String())
}
