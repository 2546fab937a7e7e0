package lists

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

const (
	maxEdits = 10_000 // cells of one change
	maxWhy   = 100    // letters
)

// EditCells corrects cells. All are changed or none.
func (s *Store) EditCells(ctx context.Context, e Editor, id string, cells []api.CellEdit) (api.Edited, error) {
	l, err := s.lockRows(e, id)
	if err != nil {
		return api.Edited{}, err
	}
	defer l.mu.Unlock()
	if len(cells) == 0 || len(cells) > maxEdits {
		return api.Edited{}, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	change := event{Kind: eventCells}
	var numbers []int
	seen := map[[2]int]bool{}
	for _, c := range cells {
		if seen[[2]int{c.Row, c.Column}] {
			return api.Edited{}, api.Refuse(http.StatusBadRequest, "bad_request")
		}
		seen[[2]int{c.Row, c.Column}] = true
		edit, err := l.planEdit(c)
		if err != nil {
			return api.Edited{}, err
		}
		change.Cells = append(change.Cells, edit)
		if !slices.Contains(numbers[max(0, len(numbers)-50):], c.Row) {
			numbers = append(numbers, c.Row)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	change.N, change.Text = len(cells), describeCells(cells)
	return l.changeRows(ctx, e, change, numbers)
}

// lockRows is lockFor for a change of rows: they must have been read.
func (s *Store) lockRows(e Editor, id string) (*list, error) {
	l, err := s.lockFor(e, id)
	if err != nil {
		return nil, err
	}
	if l.rows == nil {
		l.ensureCheck()
		l.mu.Unlock()
		return nil, api.Refuse(http.StatusConflict, "still_checking")
	}
	return l, nil
}

// planEdit checks an edit against the list as it is now.
func (l *list) planEdit(c api.CellEdit) (cellChange, error) {
	out := cellChange{Row: c.Row, Column: c.Column, To: c.To}
	i, isThere := l.rows.find(c.Row)
	if !isThere || c.Column < 0 || c.Column >= len(l.outl.file.Header) || !isCellText(c.To) {
		return out, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	rec, err := l.rows.read(i)
	if err != nil {
		return out, err
	}
	if c.Column < len(rec.Cells) {
		out.Was = rec.Cells[c.Column]
	}
	now, isEdited := l.state.overlay.cells[c.Row][c.Column]
	if !isEdited {
		now = out.Was
	}
	if now != c.From {
		return out, l.refuseStale(l.lastEditor(c.Row, c.Column))
	}
	return out, nil
}

// lastEditor returns who changed a cell last, "" if no user did.
func (l *list) lastEditor(row, column int) string {
	for _, e := range slices.Backward(l.history) {
		if slices.ContainsFunc(e.Cells, func(c cellChange) bool { return c.Row == row && c.Column == column }) {
			return e.By
		}
	}
	return ""
}

// isCellText reports whether a spreadsheet program could hold a text in a cell.
func isCellText(text string) bool {
	isControl := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limits.CellShown && !strings.ContainsFunc(text, isControl)
}

// describeCells names the cells of an edit.
func describeCells(cells []api.CellEdit) string {
	first := table.CellName(cells[0].Column+1, cells[0].Row)
	if len(cells) == 1 {
		return first
	}
	return fmt.Sprintf("%s and %s", first, table.FormatCount(len(cells)-1, "more cell"))
}

// changeRows makes a change of some rows. The list is locked, and its rows were read.
func (l *list) changeRows(ctx context.Context, e Editor, change event, numbers []int) (api.Edited, error) {
	before := l.state.overlay.clone()
	if len(numbers) <= maxRecheck {
		before = l.state.overlay.rowsOf(l.withAbove(numbers))
	}
	id, err := l.addEvent(e.Name, change)
	if err != nil {
		return api.Edited{}, err
	}
	return l.afterChange(ctx, id, numbers, before)
}

// withAbove returns rows with those above them.
func (l *list) withAbove(numbers []int) []int {
	all := slices.Clone(numbers)
	for _, number := range numbers {
		if i, isThere := l.rows.find(number); isThere && i > 0 {
			all = append(all, int(l.rows.numbers[i-1]))
		}
	}
	return all
}

// afterChange checks what a change of some rows concerns, and describes it.
func (l *list) afterChange(ctx context.Context, id int, numbers []int, before *overlay) (api.Edited, error) {
	if l.isChecking() || l.result == nil {
		l.startCheck()
		return view{l}.describeChange(id, nil)
	}
	isAwaited := l.job != nil && !l.job.isQuiet // the page waits for its proposals
	l.stopCheck()
	l.isOutOfDate = true
	// The change is made, whatever becomes of the request.
	changed, isDone, err := l.recheck(context.WithoutCancel(ctx), numbers, before)
	if err != nil {
		l.store.log.Error("checking rows again", "list", l.id, "error", PlainError(err))
	}
	if err != nil || !isDone {
		l.startCheck()
		return view{l}.describeChange(id, nil)
	}
	if isAwaited {
		if l.refresh(); l.job != nil {
			l.job.isQuiet = false
		}
	}
	return view{l}.describeChange(id, changed)
}

// LeaveOut leaves rows out, or takes them back in.
func (s *Store) LeaveOut(ctx context.Context, e Editor, id string, order api.LeaveOut) (api.Edited, error) {
	l, err := s.lockRows(e, id)
	if err != nil {
		return api.Edited{}, err
	}
	defer l.mu.Unlock()
	why := strings.TrimSpace(order.Why)
	if why == "" {
		why = "by hand"
	}
	isByFilter := order.Filter != "" || order.Find != "" || order.Value != ""
	if !isCellText(why) || utf8.RuneCountInString(why) > maxWhy || isByFilter == (len(order.Rows) > 0) {
		return api.Edited{}, api.Refuse(http.StatusBadRequest, "bad_request")
	}
	numbers, err := l.rowsToLeave(&order, isByFilter)
	if err != nil {
		return api.Edited{}, err
	}
	if len(numbers) == 0 {
		return api.Edited{}, api.Refuse(http.StatusUnprocessableEntity, "decides_nothing")
	}
	change := event{Kind: eventLeaveOut, LeaveOut: &leftRows{Rows: numbers, Why: why, Back: order.Back}, N: len(numbers), Text: table.FormatCount(len(numbers), "row") + " left out"}
	if order.Back {
		change.Text = table.FormatCount(len(numbers), "row") + " back in"
	}
	return l.changeRows(ctx, e, change, numbers)
}

// rowsToLeave returns the numbers of those rows of an order that it changes.
func (l *list) rowsToLeave(order *api.LeaveOut, isByFilter bool) ([]int, error) {
	var numbers []int
	if isByFilter {
		if l.result == nil {
			return nil, api.Refuse(http.StatusConflict, "still_checking")
		}
		indexes, err := view{l}.match(order.Filter, order.Find)
		if err != nil {
			return nil, err
		}
		if order.Value != "" {
			if indexes, err = (view{l}).withValue(indexes, order.Filter, order.Value); err != nil {
				return nil, err
			}
		}
		for _, i := range indexes {
			numbers = append(numbers, int(l.rows.numbers[i]))
		}
	}
	for _, number := range order.Rows {
		if _, isThere := l.rows.find(number); !isThere {
			return nil, api.Refuse(http.StatusBadRequest, "bad_request")
		}
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return slices.DeleteFunc(numbers, func(n int) bool {
		_, isLeft := l.state.overlay.left[n]
		return isLeft != order.Back
	}), nil
}

// Undo undoes a change by its ID.
func (s *Store) Undo(ctx context.Context, e Editor, id string, change int) (api.Edited, error) {
	l, err := s.lockFor(e, id)
	if err != nil {
		return api.Edited{}, err
	}
	defer l.mu.Unlock()
	if change < 2 || change > len(l.history) || l.state.undone[change] || l.history[change-1].Kind == eventUndo {
		return api.Edited{}, api.Refuse(http.StatusConflict, "not_a_change")
	}
	undone := &l.history[change-1]
	undo := event{Kind: eventUndo, Undoes: change, N: undone.N, Text: "undid " + undone.Text}
	if rows := rowsOfEvent(undone); len(rows) > 0 && l.rows != nil {
		return l.changeRows(ctx, e, undo, rows)
	}
	isSettings := undone.Settings != nil
	made, err := l.addEvent(e.Name, undo)
	if err != nil {
		return api.Edited{}, err
	}
	if isSettings {
		err = l.restart()
	} else {
		l.startCheck()
	}
	if err != nil {
		return api.Edited{}, err
	}
	return view{l}.describeChange(made, nil)
}

// rowsOfEvent returns the numbers of the rows that an event changed.
func rowsOfEvent(e *event) []int {
	var numbers []int
	for _, c := range e.Cells {
		numbers = append(numbers, c.Row)
	}
	if e.LeaveOut != nil {
		numbers = append(numbers, e.LeaveOut.Rows...)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}
