package source

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// repeatsHeader reports whether a row is the header row again.
func (f *file) repeatsHeader(cells []string) bool {
	same := false
	for i, cell := range cells {
		if i >= len(f.header) {
			if strings.TrimSpace(cell) != "" {
				return false
			}
			continue
		}
		if cell != f.header[i] && !strings.EqualFold(strings.TrimSpace(cell), strings.TrimSpace(f.header[i])) {
			return false
		}
		same = same || cell != ""
	}
	return same && (len(cells) >= len(f.header) || table.IsBlank(f.header[len(cells):]))
}

// isOtherHeader reports whether a row is the header row of another list that was
// pasted below: most of its cells name fields, and at least three do.
func (m *matcher) isOtherHeader(cells []string) bool {
	filled := 0
	for _, cell := range cells {
		if strings.Contains(cell, "@") { // a customer
			return false
		}
		if strings.TrimSpace(cell) != "" {
			filled++
		}
	}
	named := m.countKnown(cells)
	return named >= 3 && named*2 > filled
}
