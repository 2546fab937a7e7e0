package lists

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// maxDecided is how many words one request decides on at most.
const maxDecided = 200

// Decide settles at once what many cells have in common. It tries the decision on every
// row first: one that makes a good row bad is refused, and one that changes nothing, too.
func (s *Store) Decide(ctx context.Context, e Editor, id string, order api.Decide) (api.Edited, error) {
	wanted, err := readDecisions(&order)
	if err != nil {
		return api.Edited{}, err
	}
	tried, err := s.tryDecisions(ctx, e, id, wanted)
	if err != nil {
		return api.Edited{}, err
	}
	change, err := eventOf(wanted, tried)
	if err != nil {
		return api.Edited{}, err
	}
	l, err := s.lockRows(e, id) // compares the revision once more
	if err != nil {
		return api.Edited{}, err
	}
	defer l.mu.Unlock()
	made, err := l.addEvent(e.Name, change)
	if err != nil {
		return api.Edited{}, err
	}
	l.startCheck()
	return view{l}.describeChange(made, nil)
}

// readDecisions returns the decisions of a request.
func readDecisions(order *api.Decide) ([]decisions.Decision, error) {
	bad := api.Refuse(http.StatusBadRequest, "bad_request")
	d := decisions.Decision{Kind: decisions.Kind(order.Kind), Field: order.Field, To: order.To, Columns: order.Columns}
	isOnly := func(hasField, hasTo, hasColumns bool) bool {
		return (d.Field != "") == hasField && (d.To != "") == hasTo && (len(d.Columns) > 0) == hasColumns && len(order.Values) == 0
	}
	switch d.Kind {
	case decisions.Word:
		if d.Field == "" || d.To != "" || len(d.Columns) > 0 || len(order.Values) > maxDecided {
			return nil, bad
		}
		var list []decisions.Decision
		for _, word := range slices.Sorted(maps.Keys(order.Values)) {
			if d.From, d.To = word, order.Values[word]; d.To != "" {
				list = append(list, d)
			}
		}
		return list, checkWords(list)
	case decisions.PhoneRegion:
		if isOnly(false, true, false) {
			return []decisions.Decision{d}, checkRules(d)
		}
	case decisions.PhonePlus:
		if isOnly(false, false, false) {
			return []decisions.Decision{d}, nil
		}
	case decisions.LeaveOut:
		if isOnly(false, true, false) && (d.To == source.StruckOutRows || d.To == source.NoCustomerRows) {
			return []decisions.Decision{d}, nil
		}
	case decisions.Join:
		if isOnly(true, false, true) && len(d.Columns) > 1 {
			return []decisions.Decision{d}, nil
		}
	}
	return nil, bad
}

// checkWords refuses words that may not mean what they are to mean, in the words of the
// command line.
func checkWords(list []decisions.Decision) error {
	if len(list) == 0 {
		return api.Refuse(http.StatusUnprocessableEntity, "decides_nothing")
	}
	return checkRules(list...)
}

func checkRules(list ...decisions.Decision) error {
	rules := &validate.Rules{}
	for _, d := range list {
		err := d.ApplyRules(rules)
		if err == nil {
			err = rules.Validate()
		}
		if err != nil {
			refusal := api.Refuse(http.StatusUnprocessableEntity, "bad_request")
			refusal.Body.Sentence = sentence(err.Error())
			return refusal
		}
	}
	return nil
}

// sentence makes an error a sentence.
func sentence(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	if field, _, isField := strings.Cut(text, ": "); !isField || !slices.Contains(validate.Fields().Names(), field) {
		text = string(unicode.ToUpper(first)) + text[n:]
	}
	return strings.TrimSuffix(text, ".") + "."
}

// tryDecisions tries decisions on every row of a list, without those of earlier ones that
// they replace. The list is not locked meanwhile.
func (s *Store) tryDecisions(ctx context.Context, e Editor, id string, list []decisions.Decision) ([]decisions.Proposal, error) {
	l, err := s.lockRows(e, id)
	if err != nil {
		return nil, err
	}
	st := *l.state
	st.overlay = l.state.overlay.clone()
	path, name := l.filePath(), l.name()
	l.mu.Unlock()
	for _, d := range list {
		st.decided = withoutReplaced(st.decided, d)
	}
	rules, err := s.rulesOf(&st)
	if err != nil {
		return nil, err
	}
	opt, _ := s.optionsOf(&st)
	in, err := source.Open(ctx, []string{path}, nil, opt)
	if err != nil {
		return nil, nameInput(err, name)
	}
	tried, err := decisions.Evaluate(ctx, in, rules, list)
	return tried, errors.Join(nameInput(err, name), in.Close())
}

// eventOf returns the event of decisions that were tried.
func eventOf(list []decisions.Decision, tried []decisions.Proposal) (event, error) {
	change := event{Kind: eventDecision}
	harmed, harm := 0, ""
	for i, p := range tried {
		if harmed += p.Harmed; harm == "" && p.Harmed > 0 {
			harm = describeHarm(&p.Harm)
		}
		if p.Settled > 0 {
			change.N += p.Settled
			change.Decisions = append(change.Decisions, list[i])
		}
	}
	switch {
	case harmed > 0:
		refusal := api.Refuse(http.StatusConflict, "harms_rows")
		refusal.Body.Sentence = fmt.Sprintf("This decision would make %s wrong that can be read now, so it was not made. %s", table.FormatCount(harmed, "row"), harm)
		return change, refusal
	case len(change.Decisions) == 0:
		return change, api.Refuse(http.StatusUnprocessableEntity, "decides_nothing")
	}
	change.Text = string(change.Decisions[0].Kind)
	if field := change.Decisions[0].Field; field != "" {
		change.Text += " " + field
	}
	return change, nil
}
