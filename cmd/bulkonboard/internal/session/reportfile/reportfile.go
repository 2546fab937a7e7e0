package reportfile

import (
	"strings"
)

// Record is one row of a table that is imported: its number in the file, and
// its cells by the folded name of their column.
type Record struct {
	Row   int
	Cells map[string]string
}

// Get returns the first cell that is filled of the columns with these names.
func (r Record) Get(names ...string) string {
	for _, n := range names {
		if v := strings.TrimSpace(r.Cells[n]); v != "" {
			return v
		}
	}
	return ""
}

// IsReport reports whether a record has the columns of a report.
func (r Record) IsReport() bool {
	_, key := r.Cells["idempotencykey"]
	_, id := r.Cells["serviceid"]
	return key && id
}
