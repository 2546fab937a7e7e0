package source

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/source/csvfile"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// headRows is how many rows are searched for the headers.
const headRows = 20

// Open opens the files in paths, in order, as one batch: it hashes each of them,
// finds its header row and what its columns are. A path of "-" is stdin, which
// is kept in a private file until Close. Files are .csv, .tsv, .txt, .csv.gz, .jsonl
// and .xlsx.
//
// Structural errors are *Error. A pass can still find more of them.
func Open(ctx context.Context, paths []string, stdin io.Reader, opt Options) (*Input, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, &Error{Reason: "no input file", Hint: "Name a .csv, .jsonl or .xlsx file, or - for standard input"}
	}
	if first := slices.Index(paths, "-"); first >= 0 && slices.Contains(paths[first+1:], "-") {
		return nil, &Error{File: "-", Reason: "named twice", Hint: "It can be read only once"}
	}
	in := &Input{matcher: newMatcher(opt), columns: opt.fieldNames()}
	for i, path := range paths {
		f, err := in.openFile(ctx, path, stdin)
		if err != nil {
			return nil, errors.Join(err, in.Close())
		}
		for _, earlier := range in.files {
			if earlier.sum == f.sum {
				f.addNote("same_file", true, "has the same content as %s", table.DisplayName(earlier.name))
			}
		}
		for j := range f.notes {
			f.notes[j].File = i
		}
		in.files = append(in.files, f)
	}
	in.noteUnused(opt)
	if err := in.settleCarried(); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	for _, f := range in.files {
		if err := in.countDates(ctx, f); err != nil {
			return nil, errors.Join(err, in.Close())
		}
	}
	return in, nil
}

// noteUnused notes options that apply to none of the files.
func (in *Input) noteUnused(opt Options) {
	workbooks, texts := 0, 0
	for _, f := range in.files {
		switch {
		case f.kind == kindXLSX:
			workbooks++
		case f.isText():
			texts++
		}
	}
	first := in.files[0]
	unused := func(is bool, flag, why string) {
		if is {
			first.addNote("option_unused", true, "%s was not used: %s", flag, why)
		}
	}
	unused(workbooks == 0 && opt.Sheet != "", "--sheet", "no file is a workbook")
	unused(workbooks+texts == 0 && opt.HeaderRow > 0, "--header-row", "the keys of JSON lines are the headers")
	unused(texts == 0 && opt.Delimiter != 0, "--delimiter", "no file is a text file")
	unused(texts == 0 && opt.Encoding != "", "--encoding", "no file is a text file")
}

// Validate returns an *Error if an option means nothing, whatever the input. Open
// calls it.
func (o *Options) Validate() error {
	fields := map[string]bool{}
	for _, f := range o.Fields {
		if f.Name == "" || fields[f.Name] {
			return fmt.Errorf("source: Options.Fields has the name %q twice, or an empty one", f.Name)
		}
		fields[f.Name] = true
	}
	for name := range o.Map {
		if !fields[name] {
			return &Error{Reason: fmt.Sprintf("--map %q: there is no such field", name), Hint: "The fields are " + strings.Join(o.fieldNames(), ", ")}
		}
	}
	if err := o.checkJoins(fields); err != nil {
		return err
	}
	for _, send := range o.Send {
		if send.Field == "" || send.Column == "" {
			return &Error{Reason: "--send names no field or no column", Hint: "It is written FIELD=COLUMN"}
		}
	}
	if d := o.Delimiter; d == '"' || d == '\n' || d == '\r' || d == utf8.RuneError || !utf8.ValidRune(d) {
		return &Error{Reason: fmt.Sprintf("%q cannot be a --delimiter", d), Hint: `Pass , ; | or a tab`}
	}
	if refusal := csvfile.CheckEncodingName(o.Encoding); refusal != nil {
		return refusal
	}
	if o.HeaderRow < 0 {
		return &Error{Reason: "--header-row is below 1"}
	}
	switch o.Formulas {
	case "", "cached", "refuse":
		return nil
	}
	return &Error{Reason: "unknown --formulas", Hint: "Pass cached or refuse"}
}

func (o *Options) fieldNames() []string {
	var names []string
	for _, f := range o.Fields {
		names = append(names, f.Name)
	}
	return names
}

// Input is an ordered list of files that is read as one batch. It is made by
// Open and may be used by one goroutine at a time.
type Input struct {
	*matcher
	files   []*file
	columns []string // names of Options.Fields
	carried []string
	closed  bool
}

// Files describes the files in order.
func (in *Input) Files() []File {
	files := make([]File, len(in.files))
	for i, f := range in.files {
		kind := f.kind
		if f.isText() {
			kind = "csv"
			if f.Delimiter == "\t" {
				kind = "tsv"
			}
		}
		files[i] = File{Name: f.name, SHA256: hex.EncodeToString(f.sum[:]), Size: f.size, Kind: kind,
			Sheet: f.sheet, Header: slices.Clone(f.header), HeaderRow: f.headerRow, Hidden: slices.Clone(f.hidden), Mapped: slices.Clone(f.mapped), Parts: slices.Clone(f.parts)}
	}
	return files
}

// TakenFlags returns the flags that name the sheet and the header row that were
// taken because of Options.TakeFound. It returns nil where there are none, or where
// the files of the input need different ones.
func (in *Input) TakenFlags() []string {
	var first []string
	for i, f := range in.files {
		place := FoundHeader{Sheet: f.content.sheet}
		if in.opt.HeaderRow == 0 && f.headerRow > 1 && f.isHeaderFound {
			place.Row = f.headerRow
		}
		flags := place.Flags()
		if i > 0 && !slices.Equal(first, flags) {
			return nil
		}
		first = flags
	}
	return first
}

// Carried names the columns of Row.Carry, in order: those of Options.Carry, over
// all files.
func (in *Input) Carried() []string { return slices.Clone(in.carried) }

// Notes returns what Open noticed and accepted: mapping taken, delimiter found,
// hidden rows, ignored columns; after a pass also what that found.
func (in *Input) Notes() []Note {
	var notes []Note
	for _, f := range in.files {
		notes = append(notes, f.notes...)
	}
	return notes
}

// Settings returns a canonical text of every option that changes how bytes become
// rows, so that two readings can be compared. It holds what was found, not what
// was asked for: naming what would have been detected changes nothing.
func (in *Input) Settings() string {
	type settled struct {
		csvfile.Dialect
		Sheet  string           `json:"sheet"`
		Header int              `json:"header"`
		Width  int              `json:"width"`
		Fields map[string]int   `json:"fields"` // name → column
		Joined map[string][]int `json:"joined,omitempty"`
		ID     int              `json:"id"`
		Send   map[string]int   `json:"send"`
		Carry  []int            `json:"carry"`
	}
	all := struct {
		Version  int       `json:"source"`
		Formulas string    `json:"formulas"`
		Carry    []string  `json:"carry"`
		LeaveOut []string  `json:"leaveOut,omitempty"`
		Overlay  string    `json:"overlay,omitempty"`
		Files    []settled `json:"files"`
	}{Version: 3, Formulas: in.opt.Formulas, Carry: in.carried, LeaveOut: slices.Sorted(slices.Values(in.opt.LeaveOut))}
	if all.Formulas == "" {
		all.Formulas = "cached"
	}
	if in.opt.Overlay != nil {
		all.Overlay = in.opt.Overlay.Fingerprint()
	}
	for _, f := range in.files {
		s := settled{Dialect: f.Dialect, Sheet: f.sheet, Header: f.headerRow, Width: f.width, ID: f.id, Carry: f.carry,
			Fields: map[string]int{}, Send: map[string]int{}}
		for _, m := range f.mapped {
			if m.Field != "" {
				s.Fields[m.Field] = m.Column
			}
		}
		for i, columns := range f.joined {
			if columns == nil {
				continue
			}
			if s.Joined == nil {
				s.Joined = map[string][]int{}
			}
			s.Joined[in.opt.Fields[i].Name] = columns
		}
		for i, column := range f.send {
			s.Send[in.opt.Send[i].Field] = column
		}
		all.Files = append(all.Files, s)
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic("source: settings: " + err.Error()) // unreachable: strings and numbers always marshal
	}
	return string(text)
}

// Close frees what Open kept. Files of the sender are untouched.
func (in *Input) Close() error {
	if in.closed {
		return nil
	}
	in.closed = true
	var err error
	for _, f := range in.files {
		err = errors.Join(err, f.close())
	}
	return err
}

// settleCarried finds the columns that are handed on: of several files the union,
// by name. It then notes the columns that are not read.
func (in *Input) settleCarried() error {
	wanted := in.opt.Carry
	if slices.Equal(wanted, []string{"all"}) {
		wanted = nil
		for _, f := range in.files {
			for column, h := range f.header {
				if h = strings.TrimSpace(h); h != "" && !f.isUsed(column) {
					wanted = append(wanted, h)
				}
			}
		}
	}
	if slices.ContainsFunc(in.files, func(f *file) bool { return f.rejects }) {
		wanted = append(slices.Clone(wanted), OriginColumn) // so that the row of the first list is known
	}
	for i, name := range wanted {
		if findColumn(wanted[:i], name) >= 0 {
			continue
		}
		somewhere := false
		for _, f := range in.files {
			column := findColumn(f.header, name)
			f.carry = append(f.carry, column)
			somewhere = somewhere || column >= 0
		}
		if !somewhere {
			f := in.files[0]
			e := f.missingHeader("--carry", name)
			e.File, e.Sheet, e.Row = f.name, f.sheet, f.headerRow
			return e
		}
		in.carried = append(in.carried, strings.TrimSpace(name))
	}
	for i, f := range in.files {
		f.noteIgnored(i, in.carried)
		in.nameColumns(f)
	}
	return nil
}
