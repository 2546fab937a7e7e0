package lists

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/validate"
)

// defaultsOf returns the default values: those of the list beat those of all lists.
func (s *Store) defaultsOf(st *state) map[string]string {
	all := map[string]string{}
	maps.Copy(all, s.opt.Defaults)
	maps.Copy(all, st.settings.Defaults)
	return all
}

// rulesOf returns the rules that a list is checked by.
func (s *Store) rulesOf(st *state) (*validate.Rules, error) {
	rules := &validate.Rules{Defaults: s.defaultsOf(st), Live: s.opt.Live, Strict: s.opt.Strict}
	for _, d := range st.decided {
		if err := d.ApplyRules(rules); err != nil {
			return nil, err
		}
	}
	return rules, rules.Validate()
}

// optionsOf returns how a list is read, as the flags of its command would have it read,
// and the corrections that apply to its rows.
func (s *Store) optionsOf(st *state) (source.Options, *overlayRef) {
	opt, ref := s.baseOptions(st), &overlayRef{st.overlay}
	for _, d := range st.decided {
		d.ApplyReading(&opt)
	}
	opt.Overlay = ref
	return opt, ref
}

// baseOptions is optionsOf without decisions and corrections.
func (s *Store) baseOptions(st *state) source.Options {
	set := &st.settings
	opt := source.Options{Fields: intake.Fields(validate.Fields()), Map: maps.Clone(set.Columns), ID: set.ID, Sheet: set.Sheet, HeaderRow: set.HeaderRow, Encoding: set.Encoding,
		Optional: slices.Sorted(maps.Keys(s.defaultsOf(st))), TakeFound: true}
	if set.ID != "" {
		opt.Carry = []string{set.ID}
	}
	if r := []rune(set.Delimiter); len(r) == 1 {
		opt.Delimiter = r[0]
	}
	return opt
}

// openLeniently opens a list that is refused for its columns, so that they can be shown:
// without the fields that it needs, and without those that two columns may be, which it
// returns.
func openLeniently(ctx context.Context, path string, opt source.Options) (in *source.Input, unclear []string, err error) {
	opt.Fields = slices.Clone(opt.Fields)
	for i := range opt.Fields {
		opt.Fields[i].Required = false
	}
	for {
		in, err = source.Open(ctx, []string{path}, nil, opt)
		var e *source.Error
		if !errors.As(err, &e) {
			return in, unclear, err
		}
		at := slices.IndexFunc(opt.Fields, func(f source.Field) bool { return f.Name == e.Unclear })
		if at < 0 {
			return nil, unclear, err
		}
		opt.Fields = slices.Delete(opt.Fields, at, at+1)
		unclear = append(unclear, e.Unclear)
	}
}

// nameInput gives an error about the kept copy of a file the name that its sender knows.
func nameInput(err error, name string) error {
	var e *source.Error
	if !errors.As(err, &e) {
		return err
	}
	return nameError(e, name)
}

func nameError(e *source.Error, name string) *source.Error {
	named := *e
	named.File = name
	return &named
}

// InputRefusal returns what the browser is shown of a file that cannot be read: what
// the command line says of it, the advice apart.
func InputRefusal(e *source.Error) api.Error {
	shown := *e
	shown.Hint = ""
	body := api.Error{Code: "input_refused", Sentence: shown.Error() + ".", WhatToDo: e.Hint}
	if e.Hint != "" && !strings.HasSuffix(e.Hint, ".") {
		body.WhatToDo += "."
	}
	if errors.Is(e, source.ErrChanged) {
		body.Code = "file_changed"
	}
	return body
}

// readingsOf returns how a text reads in the encodings that a refusal proposes.
func readingsOf(refusal *api.Error) []api.Reading {
	readings := []api.Reading{}
	if refusal == nil {
		return readings
	}
	for _, m := range regexp.MustCompile(`--encoding ([a-z0-9_-]+)(?: \(([^)]*)\))?`).FindAllStringSubmatch(refusal.WhatToDo, -1) {
		words := []string{}
		if m[2] != "" {
			words = strings.Split(m[2], ", ")
		}
		readings = append(readings, api.Reading{Encoding: m[1], Words: words})
	}
	return readings
}

// PlainError returns an error for the log, without the path and the headers that an
// error about an input may have.
func PlainError(err error) string {
	var e *source.Error
	if errors.As(err, &e) {
		plain := source.Error{Row: e.Row, Line: e.Line, Field: e.Field, Reason: cmp.Or(codeOf(e), "the input was refused")}
		return plain.Error()
	}
	return err.Error()
}

func codeOf(e *source.Error) string {
	if errors.Is(e, source.ErrChanged) {
		return source.ErrChanged.Error()
	}
	return ""
}
