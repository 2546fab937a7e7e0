package settings

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/intake"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// InputFlags say how to read the input and which rules it is held to.
type InputFlags struct {
	ID          string
	Mapping     Pairs
	MapFile     string
	Defaults    Pairs
	Words       Words
	Joins       Joins
	LeftOut     LeftOut
	PhoneRegion string
	phonePlus   bool
	carry       []string
	Send        Pairs
	sheet       string
	HeaderRow   Count
	Delimiter   string
	Encoding    string
	formulas    Choice
	Strict      bool
	TakeFound   bool // no flag: the command sends nothing, so that a sheet and a header row that seem meant are read

	mapFile *MapFile // once it was read
}

// AddFlags adds the flags.
func (i *InputFlags) AddFlags(f *pflag.FlagSet) {
	i.HeaderRow = Count{Min: 1}
	i.formulas = Choice{Words: []string{"cached", "refuse"}}
	f.StringVar(&i.ID, "id", "", "`COLUMN` with your own customer number, shown in every report")
	f.Var(&i.Mapping, "map", "read a field from a column: `FIELD=COLUMN` (repeatable)")
	f.StringVar(&i.MapFile, "map-file", "", "read mapping and decisions from `FILE` (YAML, written by validate --save-map or --decide)")
	f.Var(&i.Defaults, "default", "value for empty cells or a missing column: `FIELD=VALUE` (repeatable)")
	f.Var(&i.Words, "value", "what a word of the list means: `FIELD:FROM=TO`, such as countryCode:Germany=DE (repeatable)")
	f.Var(&i.Joins, "join", "read a field from several columns: `FIELD=COLUMN+COLUMN` (repeatable)")
	f.Var(&i.LeftOut, "leave-out", "rows not to send: `KIND` is struck-out or no-customer (repeatable)")
	f.StringVar(&i.PhoneRegion, "phone-region", "", "country `CC` of phone numbers without a country code, such as DE, or column for that of each row (default none)")
	f.StringArrayVar(&i.carry, "carry", nil, "show input `COLUMN` in reports; all shows every unused one (repeatable; default: the --id column)")
	f.Var(&i.Send, "send", "add a string field to the request: `FIELD=COLUMN` (repeatable)")
	f.StringVar(&i.sheet, "sheet", "", "`NAME` or number of the sheet (default: the only one with data)")
	f.Var(&i.HeaderRow, "header-row", "row `N` of the headers (default 1)")
	f.StringVar(&i.Delimiter, "delimiter", "", "character `C` between the fields: , ; | or tab (default: detected)")
	f.StringVar(&i.Encoding, "encoding", "", "encoding `E` of a CSV file, such as windows-1252 (default: UTF-8, or UTF-16 by its byte order mark)")
	f.Var(&i.formulas, "formulas", "use the cached value of a formula, or refuse its row (default cached)")
	f.BoolVar(&i.phonePlus, "phone-plus", false, "read all-digit phone numbers as international numbers that lost their leading +")
	f.BoolVar(&i.Strict, "strict", false, "hold rows whose postal code lost its leading zero, and exit 3 also for rows reported before")
	HideAdvanced(f, "strict", "carry", "send", "sheet", "header-row", "delimiter", "encoding", "formulas", "phone-plus")
}

// Rules returns the field rules of these flags and of the map file.
func (i *InputFlags) Rules(live bool) (*validate.Rules, error) {
	file, err := i.readMapFile()
	if err != nil {
		return nil, err
	}
	r := &validate.Rules{Defaults: i.defaults(file), Live: live, Strict: i.Strict}
	for _, m := range i.mergeDecisions(file.Decisions) {
		if err := m.ApplyRules(r); err != nil {
			return nil, exit.NewUsageError(err)
		}
	}
	for _, s := range i.Send.list {
		r.Extra = append(r.Extra, s.name)
	}
	if err := r.Validate(); err != nil {
		return nil, exit.NewUsageError(err)
	}
	return r, nil
}

// defaults returns the default values; a flag beats the map file.
func (i *InputFlags) defaults(file *MapFile) map[string]string {
	given := i.Defaults.Map()
	if len(file.Defaults) == 0 {
		return given
	}
	all := maps.Clone(file.Defaults)
	maps.Copy(all, given)
	return all
}

// MapFileOf returns how a list was read and what is decided about it, to be saved.
func (i *InputFlags) MapFileOf(in *source.Input, made []decisions.Made) (*MapFile, error) {
	file, err := i.readMapFile()
	if err != nil {
		return nil, err
	}
	m := NewMapFile(in.Files(), made, i.defaults(file))
	m.ID = i.ID
	return m, nil
}

// OpenInput opens the files as one batch.
func (i *InputFlags) OpenInput(ctx context.Context, files []string, stdin io.Reader) (*source.Input, error) {
	opt, err := i.SourceOptions()
	if err != nil {
		return nil, err
	}
	return source.Open(ctx, files, stdin, opt)
}

// SetFound reads the sheet and the header row from where they were found.
func (i *InputFlags) SetFound(place *source.FoundHeader) {
	if place.Sheet != "" {
		i.sheet = place.Sheet
	}
	if place.Row > 0 {
		i.HeaderRow.N = place.Row
	}
}

// SourceOptions returns how these flags have the input read.
func (i *InputFlags) SourceOptions() (source.Options, error) {
	file, err := i.readMapFile()
	if err != nil {
		return source.Options{}, err
	}
	opt := source.Options{
		Fields: intake.Fields(validate.Fields()),
		Map:    i.Mapping.Map(), ID: i.ID, Carry: slices.Clone(i.carry), Sheet: i.sheet,
		HeaderRow: i.HeaderRow.N, Encoding: i.Encoding, Formulas: i.formulas.Value, TakeFound: i.TakeFound,
	}
	if i.ID != "" && !slices.Contains(i.carry, "all") && len(i.carry) == 0 {
		opt.Carry = []string{i.ID}
	}
	opt.Optional = slices.Sorted(maps.Keys(i.defaults(file)))
	for _, m := range i.mergeDecisions(file.Decisions) {
		m.ApplyReading(&opt)
	}
	opt.EarlierSheet, opt.EarlierHeaderRow = file.Sheet, file.HeaderRow
	for _, s := range i.Send.list {
		opt.Send = append(opt.Send, source.SendColumn{Field: s.name, Column: s.value})
	}
	if opt.Delimiter, err = parseDelimiter(i.Delimiter); err != nil {
		return opt, err
	}
	if i.MapFile != "" {
		all := maps.Clone(file.Columns)
		maps.Copy(all, opt.Map) // --map beats it
		opt.Map = all
	}
	return opt, nil
}

func parseDelimiter(text string) (rune, error) {
	switch strings.ToLower(text) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	if runes := []rune(text); len(runes) == 1 {
		return runes[0], nil
	}
	return 0, exit.UsageErrorf("--delimiter: write one character, or tab")
}

// KeepInputFlags returns the flags of a command line that say how the input is read,
// with their values: they mean the same to every command that reads it.
func KeepInputFlags(words []string) []string {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(InputFlags).AddFlags(set)
	var kept []string
	for i := 0; i < len(words) && words[i] != "--"; i++ {
		name, _, isJoined := strings.Cut(words[i], "=")
		flag := set.Lookup(strings.TrimPrefix(name, "--"))
		if flag == nil || !strings.HasPrefix(name, "--") {
			continue
		}
		kept = append(kept, words[i])
		if !isJoined && flag.NoOptDefVal == "" && i+1 < len(words) {
			i++
			kept = append(kept, words[i])
		}
	}
	return kept
}
