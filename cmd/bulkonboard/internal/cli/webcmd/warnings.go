package webcmd

import (
	"bytes"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// warnings is the standard error of a command that the page carries out. It passes on
// warnings to whoever runs the program; the page shows the rest in its own way. What the
// commands say of cells stays out of the process's log. One goroutine writes at a time.
type warnings struct {
	to   *term.Console
	line []byte
}

// Write passes on the lines that are warnings.
func (w *warnings) Write(p []byte) (int, error) {
	w.line = append(w.line, p...)
	for {
		line, rest, isWhole := bytes.Cut(w.line, []byte("\n"))
		if !isWhole {
			return len(p), nil
		}
		w.line = rest
		if text := string(line); strings.HasPrefix(text, "warning: ") {
			w.to.Sayf("%s", text)
		}
	}
}
