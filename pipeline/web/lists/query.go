package lists

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Query selects rows, see api.Rows.
type Query struct {
	Filter, Find string
	From, N      int
}

// maxFind is how many bytes a text to look for has at most.
const maxFind = 200

// matches are the rows that matched the last query, for the next page of them.
type matches struct {
	filter, find string
	revision     int
	result       *result
	indexes      []int
}

// Rows returns the rows that match a query, a page at a time.
func (s *Store) Rows(_ context.Context, id string, q Query) (api.Rows, error) {
	l, err := s.lock(id)
	if err != nil {
		return api.Rows{}, err
	}
	defer l.mu.Unlock()
	if l.result == nil {
		l.ensureCheck()
		return api.Rows{}, api.Refuse(http.StatusConflict, "still_checking")
	}
	indexes, err := view{l}.match(q.Filter, q.Find)
	if err != nil {
		return api.Rows{}, err
	}
	page := api.Rows{Revision: l.revision(), Total: len(indexes), From: q.From, Rows: []api.Row{}}
	if q.From < len(indexes) {
		page.Rows, err = view{l}.describeRows(indexes[q.From:min(len(indexes), q.From+min(q.N, MaxRows))])
	}
	return page, err
}

// Numbered returns the rows with these numbers, as far as there are any.
func (s *Store) Numbered(id string, numbers []int) ([]api.Row, error) {
	l, err := s.lock(id)
	if err != nil {
		return nil, err
	}
	defer l.mu.Unlock()
	if l.result == nil {
		l.ensureCheck()
		return nil, api.Refuse(http.StatusConflict, "still_checking")
	}
	var indexes []int
	for _, n := range numbers {
		if i, isThere := l.rows.find(n); isThere {
			indexes = append(indexes, i)
		}
	}
	return view{l}.describeRows(indexes)
}

// match returns the indexes of the rows that match.
func (l view) match(filter, find string) ([]int, error) {
	find = strings.ToLower(strings.TrimSpace(find))
	if last := &l.lastMatch; last.result == l.result && last.revision == l.revision() && last.filter == filter && last.find == find {
		return last.indexes, nil
	}
	isWanted, err := l.rowFilter(filter)
	if err != nil {
		return nil, err
	}
	if len(find) > maxFind {
		return nil, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	var indexes []int
	for i := range l.result.rows {
		if isWanted(i) {
			indexes = append(indexes, i)
		}
	}
	if find != "" {
		if indexes, err = l.findText(indexes, find); err != nil {
			return nil, err
		}
	}
	l.lastMatch = matches{filter, find, l.revision(), l.result, indexes}
	return indexes, nil
}

// rowFilter returns what a filter asks of a row.
func (l view) rowFilter(filter string) (func(i int) bool, error) {
	rows := l.result.rows
	if kind, isKind := strings.CutPrefix(filter, "kind:"); isKind {
		return func(i int) bool {
			return !rows[i].isLeftOut() && slices.ContainsFunc(rows[i].findings, func(f ledger.Finding) bool { return kindID(f.Field, f.Code) == kind })
		}, nil
	}
	hasStatus := func(s ledger.Status) func(int) bool { return func(i int) bool { return rows[i].status == s } }
	switch filter {
	case "", "all":
		return func(int) bool { return true }, nil
	case "correct":
		return hasStatus(ledger.Invalid), nil
	case "ready":
		return hasStatus(ledger.Pending), nil
	case "repeat":
		return hasStatus(ledger.DuplicateInInput), nil
	case "look":
		return func(i int) bool { return rows[i].hasWarn && !rows[i].isLeftOut() }, nil
	case "left-out":
		return func(i int) bool { return rows[i].isLeftOut() }, nil
	case "edited":
		return func(i int) bool { return len(l.state.overlay.cells[int(l.rows.numbers[i])]) > 0 }, nil
	}
	return nil, api.Refuse(http.StatusBadRequest, "bad_request")
}

// findText returns those of the rows that have a text, in lower case, in a cell. Rows
// are kept as JSON, which may have the text elsewhere, so each hit is looked at again.
func (l view) findText(among []int, text string) ([]int, error) {
	quoted, err := json.Marshal(text)
	if err != nil {
		return nil, err
	}
	hits := map[int]bool{}
	if err := l.rows.search(strings.Trim(string(quoted), `"`), func(i int) { hits[i] = true }); err != nil {
		return nil, err
	}
	var found []int
	for _, i := range among {
		if _, isEdited := l.state.overlay.cells[int(l.rows.numbers[i])]; !hits[i] && !isEdited {
			continue
		}
		cells, _, err := l.cellsOf(i)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(strings.ToLower(cell), text) }) {
			found = append(found, i)
		}
	}
	return found, nil
}

// withValue returns those of the rows whose cell that a kind is about has a value.
func (l view) withValue(among []int, filter, value string) ([]int, error) {
	kind, _ := strings.CutPrefix(filter, "kind:")
	field, _, _ := strings.Cut(kind, ".")
	column := l.columnOf(field)
	if column < 0 {
		return nil, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	var found []int
	for _, i := range among {
		cells, _, err := l.cellsOf(i)
		if err != nil {
			return nil, err
		}
		if validate.FoldWord(cells[column]) == validate.FoldWord(value) {
			found = append(found, i)
		}
	}
	return found, nil
}

// cellsOf returns the cells of a row as they are now, one for each column, and as the
// file has them.
func (l *list) cellsOf(i int) (now, was []string, err error) {
	rec, err := l.rows.read(i)
	if err != nil {
		return nil, nil, err
	}
	was = fitCells(&rec, len(l.outl.file.Header))
	now = was
	if edits := l.state.overlay.cells[rec.Number]; len(edits) > 0 {
		now = slices.Clone(was)
		for column, text := range edits {
			if column < len(now) {
				now[column] = text
			}
		}
	}
	return now, was, nil
}

func fitCells(rec *table.Record, columns int) []string {
	cells := rec.Cells[:min(len(rec.Cells), columns)]
	for len(cells) < columns {
		cells = append(cells, "")
	}
	return cells
}

// columnOf returns the column that a name of findings is about, -1 = none.
func (l *list) columnOf(field string) int {
	if field == "" {
		return -1
	}
	return slices.IndexFunc(l.outl.file.Mapped, func(m source.Mapping) bool { return m.Name == field })
}

// describeRows returns rows for the page.
func (l view) describeRows(indexes []int) ([]api.Row, error) {
	rows := []api.Row{}
	for _, i := range indexes {
		row, err := l.describeRow(i)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (l view) describeRow(i int) (api.Row, error) {
	st := &l.result.rows[i]
	now, was, err := l.cellsOf(i)
	row := api.Row{Number: int(l.rows.numbers[i]), Cells: now, Status: string(st.status), LeftOut: st.why, Was: map[int]string{}, Findings: []api.Finding{}, Repeats: int(st.repeats)}
	for column := range l.state.overlay.cells[row.Number] {
		if column < len(was) {
			row.Was[column] = was[column]
		}
	}
	for _, f := range st.findings {
		row.Findings = append(row.Findings, api.Finding{Column: l.columnOf(f.Field), Field: f.Field, Code: f.Code, Kind: kindID(f.Field, f.Code), Message: f.Message, Warning: f.Warning})
	}
	return row, err
}

// kindID returns the ID of a kind of findings.
func kindID(field, code string) string {
	if field == "" {
		field = "row"
	}
	return field + "." + code
}
