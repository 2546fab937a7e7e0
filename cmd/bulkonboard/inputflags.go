package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// inputFlags say how to read the input and which rules it is held to.
type inputFlags struct {
	id          string
	mapping     pairs
	mapFile     string
	defaults    pairs
	phoneRegion string
	phonePlus   bool
	carry       []string
	send        pairs
	sheet       string
	headerRow   count
	delimiter   string
	encoding    string
	formulas    choice
	strict      bool
}

func (i *inputFlags) flags(f *pflag.FlagSet) {
	i.headerRow = count{least: 1}
	i.formulas = choice{of: []string{"cached", "refuse"}}
	f.StringVar(&i.id, "id", "", "the `COLUMN` of your own customer number")
	f.Var(&i.mapping, "map", "read the field from this column: `FIELD=COLUMN` (repeatable)")
	f.StringVar(&i.mapFile, "map-file", "", "header mapping in `FILE` (YAML, FIELD: COLUMN)")
	f.Var(&i.defaults, "default", "value for empty cells or a missing column: `FIELD=VALUE` (repeatable)")
	f.StringVar(&i.phoneRegion, "phone-region", "", "country `CC` of phone numbers written without one, such as DE")
	f.StringArrayVar(&i.carry, "carry", nil, "input `COLUMN` that reports show too; all = every unused one (repeatable)")
	f.Var(&i.send, "send", "add a string field to the request: `FIELD=COLUMN` (repeatable)")
	f.StringVar(&i.sheet, "sheet", "", "`NAME` or number of the sheet (default the only one with data)")
	f.Var(&i.headerRow, "header-row", "where the headers stand (default 1)")
	f.StringVar(&i.delimiter, "delimiter", "", "`C` between the fields: , ; | or tab (default detected)")
	f.StringVar(&i.encoding, "encoding", "", "`E` of a CSV, such as windows-1252 (default UTF-8, or UTF-16 by its mark)")
	f.Var(&i.formulas, "formulas", "take the cached value of a formula, or refuse its row (default cached)")
	f.BoolVar(&i.phonePlus, "phone-plus", false, "take all-digit phone numbers as international ones that lost their +")
	f.BoolVar(&i.strict, "strict", false, "hold back rows whose postal code lost its zero; of a run, exit 3 also for rows that an earlier one has reported")
	advanced(f, "strict", "carry", "send", "sheet", "header-row", "delimiter", "encoding", "formulas", "phone-plus")
}

// rules are the field rules of these flags.
func (i *inputFlags) rules(live bool) (*validate.Rules, error) {
	r := &validate.Rules{PhoneRegion: i.phoneRegion, PhonePlus: i.phonePlus, Defaults: i.defaults.Map(), Live: live, Strict: i.strict}
	for _, s := range i.send.list {
		r.Extra = append(r.Extra, s.name)
	}
	if err := r.Validate(); err != nil {
		return nil, usage(err)
	}
	return r, nil
}

// open opens the files as one batch.
func (i *inputFlags) open(ctx context.Context, files []string, stdin io.Reader) (*source.Input, error) {
	opt, err := i.options()
	if err != nil {
		return nil, err
	}
	return source.Open(ctx, files, stdin, opt)
}

// options are how these flags have the input read.
func (i *inputFlags) options() (source.Options, error) {
	opt := source.Options{
		Fields: intake.Fields(validate.Fields()),
		Map:    i.mapping.Map(), ID: i.id, Carry: slices.Clone(i.carry), Sheet: i.sheet,
		HeaderRow: i.headerRow.n, Encoding: i.encoding, Formulas: i.formulas.value,
	}
	if i.id != "" && !slices.Contains(i.carry, "all") && len(i.carry) == 0 {
		opt.Carry = []string{i.id}
	}
	for _, d := range i.defaults.list {
		opt.Optional = append(opt.Optional, d.name)
	}
	for _, s := range i.send.list {
		opt.Send = append(opt.Send, source.SendColumn{Field: s.name, Column: s.value})
	}
	var err error
	if opt.Delimiter, err = delimiterOf(i.delimiter); err != nil {
		return opt, err
	}
	opt.Map, err = i.withMapFile(opt.Map)
	return opt, err
}

func delimiterOf(text string) (rune, error) {
	switch strings.ToLower(text) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	if runes := []rune(text); len(runes) == 1 {
		return runes[0], nil
	}
	return 0, usage(fmt.Errorf("--delimiter is one character, or tab"))
}

// withMapFile adds the mapping of --map-file; --map beats it.
func (i *inputFlags) withMapFile(given map[string]string) (map[string]string, error) {
	if i.mapFile == "" {
		return given, nil
	}
	text, _, err := readNamed(i.mapFile, maxConfig)
	if err != nil {
		return nil, usagef("--map-file %s: %w", i.mapFile, err)
	}
	all, err := parseMapFile(i.mapFile, text)
	if err != nil {
		return nil, usage(err)
	}
	for field, column := range given {
		all[field] = column
	}
	return all, nil
}

// parseMapFile reads a mapping of fields to columns.
func parseMapFile(path string, text []byte) (map[string]string, error) {
	entries, err := parseMapping(path, text, "FIELD: COLUMN")
	if err != nil {
		return nil, fmt.Errorf("--map-file %w", err)
	}
	all := map[string]string{}
	for i := 0; i+1 < len(entries); i += 2 {
		field, column, at := entries[i].Value, entries[i+1], place{path, entries[i].Line}
		if len(field) > maxName {
			return nil, fmt.Errorf("--map-file %w", at.wrong("", fmt.Errorf("there is no field %q", shortened(field))))
		}
		if _, twice := all[field]; twice {
			return nil, fmt.Errorf("--map-file %w", at.wrong(field, errors.New("stands in an earlier line already")))
		}
		if entries[i].Kind != yaml.ScalarNode || column.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("--map-file %w", at.wrong("", errors.New("is not of the form `FIELD: COLUMN`")))
		}
		if all[field] = column.Value; column.ShortTag() == "!!null" {
			all[field] = ""
		}
	}
	return all, nil
}

// saveMap writes the mapping that was taken, for --map-file.
func saveMap(path string, in *source.Input) error {
	all := map[string]string{}
	for _, f := range in.Files() {
		for _, m := range f.Mapped {
			if m.Field != "" {
				all[m.Field] = m.Header
			}
		}
	}
	text, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usagef("--save-map %s: %w", path, plainError(err))
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
