package lists

import (
	"context"
	"net/http"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// ChangeSettings changes how a list is read, and begins a new check.
func (s *Store) ChangeSettings(_ context.Context, e Editor, id string, patch api.SettingsPatch) (api.List, error) {
	l, err := s.lockFor(e, id)
	if err != nil {
		return api.List{}, err
	}
	defer l.mu.Unlock()
	next := *l.state
	next.change(&patch)
	if err := s.checkSettings(&next); err != nil {
		return api.List{}, err
	}
	if _, err := l.addEvent(e.Name, event{Kind: eventSettings, Settings: &patch, Text: "settings"}); err != nil {
		return api.List{}, err
	}
	if err := l.restart(); err != nil {
		return api.List{}, err
	}
	return view{l}.describe(e.Name), nil
}

// checkSettings refuses settings that mean nothing, whatever the file.
func (s *Store) checkSettings(st *state) error {
	bad := api.Refuse(http.StatusBadRequest, "bad_request")
	if d := []rune(st.settings.Delimiter); len(d) > 1 || st.settings.HeaderRow < 0 {
		return bad
	}
	names := validate.Fields().Names()
	for field := range st.settings.Columns {
		if !slices.Contains(names, field) {
			return bad
		}
	}
	opt := s.baseOptions(st)
	if err := opt.Validate(); err != nil {
		return err
	}
	if _, err := s.rulesOf(st); err != nil {
		bad.Body.Sentence = sentence(err.Error())
		return bad
	}
	return nil
}
