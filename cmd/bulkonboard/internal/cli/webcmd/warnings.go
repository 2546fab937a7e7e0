package webcmd

import (
	"bytes"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// warnings is the standard error of a command that the page carries out. It passes on
// warnings to whoever runs the program, and to the page, which shows the rest in its own
// way. What the
// commands say of cells stays out of the process's log. One goroutine writes at a time.
type warnings struct {
	to   *term.Console
	show func(text string) // for the page, without the word; nil = the page shows none
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
		text := string(line)
		warning, isWarning := strings.CutPrefix(text, "warning: ")
		if !isWarning {
			continue
		}
		w.to.Sayf("%s", text)
		if w.show != nil {
			w.show(term.Sentences(warning))
		}
	}
}
