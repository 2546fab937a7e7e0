package validate

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Largest lengths in code points after NFC, from the partner's create-user
// page. A page that says "characters" may count bytes or UTF-16 units. Code points
// are what senders count; the partner's 422 shows the rest.
const (
	MaxName    = 100
	MaxPurpose = 200
)

// ExampleFirstName marks the example row of a template. Such a row is refused
// by its own code, so that it is not onboarded by accident.
const ExampleFirstName = "Example (delete this row)"

// checkName checks one name of a user. other is the cell of the other name.
func (c *rowCheck) checkName(field, raw, other string) string {
	v, ok := c.readRequired(field, raw, proseText)
	if !ok || !c.fitsLength(field, v, MaxName) {
		return ""
	}
	if c.refuseWordForNothing(field, v, other) {
		return ""
	}
	if field == FieldFirstName && len(v) == len(ExampleFirstName) && strings.EqualFold(v, ExampleFirstName) {
		c.addProblem(field, CodeExampleRow, "is the example row of the template. Delete the row")
		return ""
	}
	return v
}

func (c *rowCheck) checkPurpose(raw string) string {
	v, ok := c.readRequired(FieldAccountPurpose, raw, proseText)
	if !ok || !c.fitsLength(FieldAccountPurpose, v, MaxPurpose) {
		return ""
	}
	return v
}

// fitsLength reports whether a value has at most limit code points.
func (c *rowCheck) fitsLength(field, v string, limit int) bool {
	n := utf8.RuneCountInString(v)
	if n > limit {
		c.addProblem(field, CodeTooLong, fmt.Sprintf("has %d characters. Shorten it to %d at most", n, limit))
	}
	return n <= limit
}
