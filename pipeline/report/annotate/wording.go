package annotate

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// problemText returns the row's cell in the column onboard_problem.
func (r *Row) problemText() string {
	if r.Problem != "" {
		return sentence(r.Problem)
	}
	var all []string
	for _, warning := range []bool{false, true} {
		for _, m := range r.Marks {
			if m.Warning == warning {
				all = append(all, m.prefix()+sentence(m.Text))
			}
		}
	}
	return strings.Join(all, " ")
}

// prefix names the field of a mark, with a colon.
func (m *Mark) prefix() string {
	switch {
	case m.Warning && m.Field != "":
		return "Warning, " + m.Field + ": "
	case m.Warning:
		return "Warning: "
	case m.Field != "":
		return m.Field + ": "
	}
	return ""
}

var flagAdvice = regexp.MustCompile(`(, (or|and) [^,;.]*|; )--[a-z][^.;]*`)

// sentence gives a message, "what is wrong. what to do", capitals and a full
// stop. It removes advice about flags: the sender does not run the program.
func sentence(s string) string {
	b := []byte(strings.TrimSpace(flagAdvice.ReplaceAllString(reporttext.Clean(s), "")))
	for i := range b {
		start := i == 0 || i >= 2 && b[i-1] == ' ' && b[i-2] == '.' && (i < 4 || b[i-4] != '.')
		if start && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	if n := len(b); n > 0 && !strings.ContainsRune(".!?", rune(b[n-1])) {
		b = append(b, '.')
	}
	return string(b)
}

// columnTitle returns the header that the sender knows, and the field if that
// has another name.
func columnTitle(header, field string) string {
	header = strings.TrimSpace(reporttext.Clean(header))
	switch {
	case header == "" && field == "":
		return "(whole row)"
	case header == "" || field == "" || strings.EqualFold(header, field):
		return cmp.Or(header, field)
	}
	return header + " (" + field + ")"
}
