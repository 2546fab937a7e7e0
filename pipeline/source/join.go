package source

import (
	"fmt"
	"slices"
	"strings"
)

// joinColumns gives the columns of Options.Join to their fields.
func (m *matcher) joinColumns(l *layout) *Error {
	if len(m.opt.Join) > 0 {
		l.joined = make([][]int, len(m.opt.Fields))
	}
	for _, join := range m.opt.Join {
		field := slices.IndexFunc(m.opt.Fields, func(f Field) bool { return f.Name == join.Field })
		for _, name := range join.Columns {
			column := findColumn(l.header, name)
			if column < 0 {
				return l.missingHeader("--join "+join.Field, name)
			}
			if other := l.mapped[column].Field; other != "" {
				return &Error{Column: column + 1, Reason: fmt.Sprintf("the header %s is joined twice: in %s and in %s",
					displayHeader(l.header[column], column+1), other, join.Field), Hint: "Correct --join"}
			}
			m.assignColumn(l, field, join.Field, column)
			l.joined[field] = append(l.joined[field], column)
		}
		l.values[field] = l.joined[field][0]
	}
	return nil
}

// checkJoins returns an *Error if a join means nothing, whatever the input.
func (o *Options) checkJoins(fields map[string]bool) error {
	seen := map[string]bool{}
	for _, join := range o.Join {
		switch {
		case !fields[join.Field]:
			return &Error{Reason: fmt.Sprintf("--join %q: there is no such field", join.Field), Hint: "The fields are " + strings.Join(o.fieldNames(), ", ")}
		case seen[join.Field]:
			return &Error{Reason: "--join names " + join.Field + " twice", Hint: "Name all its columns at once: FIELD=COLUMN+COLUMN"}
		case len(join.Columns) < 2 || slices.ContainsFunc(join.Columns, func(c string) bool { return strings.TrimSpace(c) == "" }):
			return &Error{Reason: "--join " + join.Field + " names fewer than two columns", Hint: "It is written FIELD=COLUMN+COLUMN"}
		}
		seen[join.Field] = true
	}
	for _, kind := range o.LeaveOut {
		if kind != StruckOutRows && kind != NoCustomerRows {
			return &Error{Reason: fmt.Sprintf("--leave-out %q: there is no such kind of rows", kind), Hint: "The kinds are " + StruckOutRows + ", " + NoCustomerRows}
		}
	}
	return nil
}

// isJoined reports whether a field, by its index, is joined.
func (l *layout) isJoined(field int) bool { return l.joined != nil && l.joined[field] != nil }

// addPart notes that a column holds a part of a field that is read from another one.
func (l *layout) addPart(field string, whole, column int) {
	i := slices.IndexFunc(l.parts, func(j Join) bool { return j.Field == field })
	if i < 0 {
		i = len(l.parts)
		l.parts = append(l.parts, Join{Field: field, Columns: []string{l.header[whole]}})
	}
	part := &l.parts[i]
	part.Columns = append(part.Columns, l.header[column])
	slices.SortFunc(part.Columns, func(a, b string) int { return slices.Index(l.header, a) - slices.Index(l.header, b) })
}

// joinCells replaces the values of joined fields by all their cells.
func (l *layout) joinCells(cells, values []string) {
	for i, columns := range l.joined {
		if columns == nil {
			continue
		}
		var parts []string
		for _, column := range columns {
			if part := strings.TrimSpace(cells[column]); part != "" {
				parts = append(parts, part)
			}
		}
		values[i] = strings.Join(parts, " ")
	}
}
