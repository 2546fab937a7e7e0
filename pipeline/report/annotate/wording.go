package annotate

import (
	"cmp"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// problemText returns the row's cell in the column onboard_problem.
func (a *Annotation) problemText(r *Row) string {
	if r.Problem != "" {
		return r.Problem
	}
	var all []string
	for _, isWarning := range []bool{false, true} {
		for i := range r.Marks {
			if m := &r.Marks[i]; m.Warning == isWarning {
				all = append(all, a.prefix(m)+a.sentence(m))
			}
		}
	}
	return strings.Join(all, " ")
}

// prefix names the column of a mark, with a colon.
func (a *Annotation) prefix(m *Mark) string {
	title := ""
	if m.Column >= 0 || m.Field != "" {
		title = a.columnTitle(a.columnHeader(m.Column), m.Field)
	}
	switch {
	case m.Warning && title != "":
		return "Please check " + title + ": "
	case m.Warning:
		return "Please check: "
	case title != "":
		return title + ": "
	}
	return ""
}

// sentence returns what is wrong and what to do, for the sender.
func (a *Annotation) sentence(m *Mark) string {
	field := m.Field
	if m.Column >= 0 {
		field = cmp.Or(field, a.columnTitle(a.columnHeader(m.Column), ""))
	}
	return a.phrases.Sentence(field, m.Code, m.Text)
}

// columnTitle returns the sender's header, or the title of the field in a list
// without that column.
func (a *Annotation) columnTitle(header, field string) string {
	return cmp.Or(strings.TrimSpace(reporttext.Clean(header)), a.Headings.Title(field), "(whole row)")
}
