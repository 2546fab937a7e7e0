package lists

import (
	"maps"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// state is what the events of a list say. It is made again from the events when one of
// them is undone.
type state struct {
	settings api.ListSettings
	overlay  *overlay
	decided  []madeDecision
	undone   map[int]bool // by ID of the event
}

// madeDecision is a decision and the event that made it.
type madeDecision struct {
	decisions.Made

	event int
}

// newState returns the state after all events.
func newState(events []event) *state {
	st := &state{settings: api.ListSettings{Columns: map[string]string{}, Defaults: map[string]string{}}, overlay: newOverlay(), undone: map[int]bool{}}
	for i := range events {
		if events[i].Kind == eventUndo {
			st.undone[events[i].Undoes] = true
		}
	}
	for i := range events {
		if !st.undone[i+1] {
			st.apply(i+1, &events[i])
		}
	}
	return st
}

// apply adds an event that undoes no other one.
func (st *state) apply(id int, e *event) {
	switch e.Kind {
	case eventSettings:
		st.change(e.Settings)
	case eventCells:
		for _, c := range e.Cells {
			st.overlay.setCell(c)
		}
	case eventLeaveOut:
		for _, row := range e.LeaveOut.Rows {
			st.overlay.leaveOut(row, e.LeaveOut.Why, e.LeaveOut.Back)
		}
	case eventDecision, eventMapping:
		if e.Settings != nil {
			st.change(e.Settings)
		}
		for _, d := range e.Decisions {
			st.decided = append(withoutReplaced(st.decided, d), madeDecision{decisions.Made{Decision: d, By: e.By, At: e.At}, id})
		}
	}
}

// withoutReplaced returns the decisions but for those that answer the same question.
func withoutReplaced(list []madeDecision, d decisions.Decision) []madeDecision {
	return slices.DeleteFunc(slices.Clone(list), func(m madeDecision) bool {
		switch {
		case m.Kind != d.Kind || m.Field != d.Field:
			return false
		case d.Kind == decisions.LeaveOut:
			return m.To == d.To
		}
		return validate.FoldWord(m.From) == validate.FoldWord(d.From)
	})
}

// change applies a patch of the settings. Corrections are of rows and columns of one
// sheet: they do not count in another one, or where the columns are cut elsewhere.
func (st *state) change(p *api.SettingsPatch) {
	isOther := func(now string, next *string) bool { return next != nil && *next != now }
	if isOther(st.settings.Sheet, p.Sheet) || isOther(st.settings.Delimiter, p.Delimiter) {
		st.overlay = newOverlay()
	}
	set(&st.settings.Sheet, p.Sheet)
	set(&st.settings.HeaderRow, p.HeaderRow)
	set(&st.settings.Encoding, p.Encoding)
	set(&st.settings.Delimiter, p.Delimiter)
	set(&st.settings.ID, p.ID)
	st.settings.Columns = merge(st.settings.Columns, p.Columns)
	st.settings.Defaults = merge(st.settings.Defaults, p.Defaults)
	if p.Sheet != nil && p.HeaderRow == nil {
		st.settings.HeaderRow = 0 // that of another sheet
	}
}

func set[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

// merge returns a map with further entries; those without a value are removed.
func merge(old, further map[string]string) map[string]string {
	out := maps.Clone(old)
	for name, value := range further {
		if out[name] = value; value == "" {
			delete(out, name)
		}
	}
	return out
}
