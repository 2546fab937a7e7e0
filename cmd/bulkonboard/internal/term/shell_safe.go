package term

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

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
