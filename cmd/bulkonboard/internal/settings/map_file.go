package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// MapFile is how a kind of list is read: what --map-file reads and --save-map writes.
type MapFile struct {
	Columns   map[string]string // field → header; "" = of no column
	Decisions []decisions.Made
	Defaults  map[string]string // as --default
	ID        string            // as --id
	Sheet     string            // as --sheet
	HeaderRow int               // as --header-row
}

// mapFileText is the YAML form of a map file.
type mapFileText struct {
	Sheet       string                       `yaml:"sheet,omitempty"`
	HeaderRow   int                          `yaml:"headerRow,omitempty"`
	ID          string                       `yaml:"id,omitempty"`
	Columns     map[string]string            `yaml:"columns,omitempty"`
	Join        map[string][]string          `yaml:"join,omitempty"`
	Values      map[string]map[string]string `yaml:"values,omitempty"`
	PhoneRegion string                       `yaml:"phoneRegion,omitempty"`
	PhonePlus   bool                         `yaml:"phonePlus,omitempty"`
	LeaveOut    []string                     `yaml:"leaveOut,omitempty"`
	Defaults    map[string]string            `yaml:"defaults,omitempty"`
	Decided     []decidedText                `yaml:"decided,omitempty"`
}

// decidedText says who made a decision, and when.
type decidedText struct {
	What string `yaml:"what"`
	By   string `yaml:"by"`
	At   string `yaml:"at"`
}

// ReadMapFile reads a map file.
func ReadMapFile(path string) (*MapFile, error) {
	text, _, err := readNamedFile(path, maxConfig)
	if err != nil {
		return nil, exit.UsageErrorf("--map-file %s: %w", path, err)
	}
	m, err := parseMapFile(path, text)
	if err != nil {
		return nil, exit.NewUsageError(err)
	}
	return m, nil
}

// readMapFile reads the file of --map-file, once. Without the flag it is empty. --id
// beats the file.
func (i *InputFlags) readMapFile() (*MapFile, error) {
	if i.MapFile == "" {
		return &MapFile{}, nil
	}
	if i.mapFile != nil {
		return i.mapFile, nil
	}
	m, err := ReadMapFile(i.MapFile)
	if err != nil {
		return nil, err
	}
	i.mapFile, i.ID = m, cmp.Or(i.ID, m.ID)
	return m, nil
}

// UseMapFile makes a map file that was just written that of --map-file.
func (i *InputFlags) UseMapFile(path string) { i.MapFile, i.mapFile = path, nil }

// parseMapFile reads a map file. One of an earlier version is a mapping of fields to
// columns and nothing else.
func parseMapFile(path string, text []byte) (*MapFile, error) {
	entries, err := parseMapping(path, text, "FIELD: COLUMN")
	if err != nil {
		return nil, fmt.Errorf("--map-file %w", err)
	}
	p := mapFileParser{path: path, file: &MapFile{Columns: map[string]string{}}, made: map[string]decisions.Made{}}
	for i := 0; i+1 < len(entries); i += 2 {
		if err := p.addEntry(entries[i], entries[i+1]); err != nil {
			return nil, fmt.Errorf("--map-file %w", err)
		}
	}
	p.sign()
	return p.file, nil
}

// mapFileParser collects the entries of a map file.
type mapFileParser struct {
	path string
	file *MapFile
	made map[string]decisions.Made // by their text
	seen []string
}

func (p *mapFileParser) addEntry(key, value *yaml.Node) error {
	at := Place{p.path, key.Line}
	name := key.Value
	if len(name) > maxName {
		return at.Locate("", fmt.Errorf("unknown field %q", shortenName(name)))
	}
	if slices.Contains(p.seen, name) {
		return at.Locate(name, errors.New("is already set in an earlier line"))
	}
	p.seen = append(p.seen, name)
	if key.Kind != yaml.ScalarNode {
		return at.Locate("", errors.New("is not of the form FIELD: COLUMN"))
	}
	if add := p.sections()[name]; add != nil {
		if err := add(value); err != nil {
			return at.Locate(name, err)
		}
		return nil
	}
	if value.Kind != yaml.ScalarNode {
		return at.Locate("", errors.New("is not of the form FIELD: COLUMN"))
	}
	return p.addColumn(name, value)
}

func (p *mapFileParser) addColumn(field string, column *yaml.Node) error {
	if _, isTwice := p.file.Columns[field]; isTwice {
		return Place{p.path, column.Line}.Locate(field, errors.New("is already set in an earlier line"))
	}
	if p.file.Columns[field] = column.Value; column.ShortTag() == "!!null" {
		p.file.Columns[field] = ""
	}
	return nil
}

// sections returns how the entries are read that are no fields.
func (p *mapFileParser) sections() map[string]func(*yaml.Node) error {
	decide := func(d decisions.Decision) { p.file.Decisions = append(p.file.Decisions, decisions.Made{Decision: d}) }
	return map[string]func(*yaml.Node) error{
		"columns": func(n *yaml.Node) error {
			return eachEntry(n, func(field string, column *yaml.Node) error { return p.addColumn(field, column) })
		},
		"defaults": func(n *yaml.Node) error {
			p.file.Defaults = map[string]string{}
			return eachEntry(n, func(field string, value *yaml.Node) error {
				p.file.Defaults[field] = value.Value
				return nil
			})
		},
		"values": func(n *yaml.Node) error {
			return eachEntry(n, func(field string, words *yaml.Node) error {
				return eachEntry(words, func(from string, to *yaml.Node) error {
					decide(decisions.Decision{Kind: decisions.Word, Field: field, From: from, To: to.Value})
					return nil
				})
			})
		},
		"join": func(n *yaml.Node) error {
			return eachEntry(n, func(field string, columns *yaml.Node) error {
				var list []string
				if err := columns.Decode(&list); err != nil {
					return errors.New("is not of the form FIELD: [COLUMN, COLUMN]")
				}
				decide(decisions.Decision{Kind: decisions.Join, Field: field, Columns: list})
				return nil
			})
		},
		"leaveOut": func(n *yaml.Node) error {
			var l LeftOut
			var list []string
			if err := n.Decode(&list); err != nil {
				return errors.New("is not a list of kinds of rows")
			}
			for _, kind := range list {
				if err := l.Set(kind); err != nil {
					return err
				}
				decide(decisions.Decision{Kind: decisions.LeaveOut, To: kind})
			}
			return nil
		},
		"phoneRegion": func(n *yaml.Node) error {
			decide(decisions.Decision{Kind: decisions.PhoneRegion, To: n.Value})
			return nil
		},
		"phonePlus": func(n *yaml.Node) error {
			var isOn bool
			if err := n.Decode(&isOn); err != nil {
				return errors.New("is neither true nor false")
			}
			if isOn {
				decide(decisions.Decision{Kind: decisions.PhonePlus})
			}
			return nil
		},
		"id": func(n *yaml.Node) error {
			p.file.ID = n.Value
			return nil
		},
		"sheet": func(n *yaml.Node) error {
			p.file.Sheet = n.Value
			return nil
		},
		"headerRow": func(n *yaml.Node) error {
			row := Count{Min: 1}
			err := row.Set(n.Value)
			p.file.HeaderRow = row.N
			return err
		},
		"decided": p.addDecided,
	}
}

// addDecided reads who made which decision.
func (p *mapFileParser) addDecided(n *yaml.Node) error {
	var list []decidedText
	if err := n.Decode(&list); err != nil {
		return errors.New("is not a list of decisions with what, by and at")
	}
	for _, d := range list {
		at, err := time.Parse(time.RFC3339, d.At)
		if err != nil {
			return errors.New("at is not a time such as 2026-01-31T09:30:00Z")
		}
		p.made[d.What] = decisions.Made{By: d.By, At: at}
	}
	return nil
}

// sign adds to each decision who made it, and when. One that was written by hand has
// neither: the operator who uses the file decides now.
func (p *mapFileParser) sign() {
	for i := range p.file.Decisions {
		m := &p.file.Decisions[i]
		if made, isKnown := p.made[m.Decision.String()]; isKnown {
			m.By, m.At = made.By, made.At
			continue
		}
		*m = NewDecision(m.Decision)
	}
}

// eachEntry calls f with each entry of a mapping.
func eachEntry(n *yaml.Node, f func(key string, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return errors.New("is not a mapping")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind != yaml.ScalarNode {
			return errors.New("is not a mapping of names")
		}
		if err := f(n.Content[i].Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// NewMapFile returns how a list was read, and what was decided about it.
func NewMapFile(files []source.File, made []decisions.Made, defaults map[string]string) *MapFile {
	m := &MapFile{Columns: map[string]string{}, Decisions: made, Defaults: defaults}
	joined := map[string]bool{}
	for _, d := range made {
		joined[d.Field] = joined[d.Field] || d.Kind == decisions.Join
	}
	for i, f := range files {
		for _, column := range f.Mapped {
			if column.Field != "" && !joined[column.Field] {
				m.Columns[column.Field] = column.Header
			}
		}
		if i == 0 {
			m.Sheet, m.HeaderRow = f.Sheet, f.HeaderRow
		}
		if f.Sheet != m.Sheet {
			m.Sheet = ""
		}
		if f.HeaderRow != m.HeaderRow || f.HeaderRow == 1 { // 1 is the default
			m.HeaderRow = 0
		}
	}
	return m
}

// text returns the file as YAML.
func (m *MapFile) text() ([]byte, error) {
	out := mapFileText{Sheet: m.Sheet, HeaderRow: m.HeaderRow, ID: m.ID, Columns: m.Columns, Defaults: maps.Clone(m.Defaults)}
	for _, d := range m.Decisions {
		switch d.Kind {
		case decisions.Word:
			if out.Values == nil {
				out.Values = map[string]map[string]string{}
			}
			if out.Values[d.Field] == nil {
				out.Values[d.Field] = map[string]string{}
			}
			out.Values[d.Field][d.From] = d.To
		case decisions.PhoneRegion:
			out.PhoneRegion = d.To
		case decisions.PhonePlus:
			out.PhonePlus = true
		case decisions.Join:
			if out.Join == nil {
				out.Join = map[string][]string{}
			}
			out.Join[d.Field] = d.Columns
		case decisions.LeaveOut:
			out.LeaveOut = append(out.LeaveOut, d.To)
		}
		out.Decided = append(out.Decided, decidedText{What: d.Decision.String(), By: d.By, At: d.At.UTC().Format(time.RFC3339)})
	}
	text, err := yaml.Marshal(out)
	return bytes.Join([][]byte{[]byte("# How this kind of list is read by bulkonboard: use it with --map-file.\n"), text}, nil), err
}

// Save writes the file for --map-file. A file of that name is replaced only if the
// caller says so.
func (m *MapFile) Save(path string, replace bool) error {
	text, err := m.text()
	if err != nil {
		return err
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if replace {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, how, 0o600)
	if err != nil {
		return exit.UsageErrorf("--save-map %s: %w", path, term.PlainError(err))
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
