package main

import (
	"fmt"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// alike is how many notes of one kind are shown one by one.
const alike = 5

// noteLines are the notes of the reader; of many of one kind the first few.
func noteLines(notes []source.Note, files []source.File) []string {
	var lines []string
	count := map[string]int{}
	for _, n := range notes {
		if count[n.Code]++; count[n.Code] <= alike {
			lines = append(lines, noteText(n, files))
		}
	}
	seen := map[string]bool{}
	for _, n := range notes {
		if more := count[n.Code] - alike; more > 0 && !seen[n.Code] {
			seen[n.Code] = true
			lines = append(lines, fmt.Sprintf("%s more notes of this kind: %s", term.Number(more), n.Code))
		}
	}
	return lines
}

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
