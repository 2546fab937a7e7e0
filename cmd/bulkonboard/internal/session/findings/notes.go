package findings

import (
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// alike is how many notes of one kind are shown one by one.
const alike = 5

func noteText(n source.Note, files []source.File) string {
	text := n.Message
	if n.File < len(files) {
		text = term.FileLabel(files[n.File].Name) + ": " + text
	}
	if n.Warning {
		text = "warning: " + text
	}
	return text
}
