package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const maxSettings = limits.Settings // settings, or fields of a mapping

const maxValues = 2 * limits.Settings // values of all settings together

// Setting is what a config file, or the environment, says of one flag: values,
// and where each is written.
type Setting struct {
	Values []string
	Places []Place
}

// ApplyTo sets the flag.
func (s Setting) ApplyTo(c *cobra.Command, flag string) error {
	var all []error
	for i, v := range s.Values {
		if err := c.Flags().Set(flag, v); err != nil {
			all = append(all, s.Places[i].Locate(flag, errors.Unwrap(err)))
		}
	}
	return errors.Join(all...)
}

// Place is a line of a config file, or with line 0 an environment variable.
type Place struct {
	file string
	line int
}

func (p Place) String() string {
	if p.line == 0 {
		return "environment variable " + p.file
	}
	return p.file + ":" + strconv.Itoa(p.line)
}

// Locate adds the place, and the flag if any, to an error.
func (p Place) Locate(flag string, err error) error {
	if flag == "" || p.line == 0 {
		return &locatedError{p, err}
	}
	return &locatedError{p, fmt.Errorf("%s: %w", flag, err)}
}

// locatedError is a mistake with its place.
type locatedError struct {
	Place
	err error
}

func (m *locatedError) Error() string { return m.String() + ": " + m.err.Error() }

func (m *locatedError) Unwrap() error { return m.err }

// parseMapping reads YAML that is one mapping, and returns its keys and values in
// turn; none for an empty file. It expands no alias and quotes no value.
func parseMapping(path string, text []byte, form string) ([]*yaml.Node, error) {
	notThis := func(line int, why string) error {
		return Place{path, max(line, 1)}.Locate("", fmt.Errorf("is not YAML of the form `%s`%s", form, why))
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("%s: %w: at most %s are read", path, limits.ErrTooLarge, limits.FormatSize(maxConfig))
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		line, why := yamlMistake(err)
		return nil, notThis(line, why)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, notThis(second.Line, ": a second document starts here")
	} else if !errors.Is(err, io.EOF) {
		line, why := yamlMistake(err)
		return nil, notThis(line, why)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	top := doc.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
		return nil, nil
	case top.Kind != yaml.MappingNode:
		return nil, notThis(top.Line, "")
	}
	if n := len(top.Content) / 2; n > maxSettings {
		return nil, Place{path, top.Content[2*maxSettings].Line}.Locate("", fmt.Errorf("the file has %s entries; the limit is %s", term.Number(n), term.Number(maxSettings)))
	}
	values := 0
	for i := 1; i < len(top.Content); i += 2 {
		if values += max(1, len(top.Content[i].Content)); values > maxValues {
			return nil, Place{path, top.Content[i].Line}.Locate("", fmt.Errorf("the file has more than %s values", term.Number(maxValues)))
		}
	}
	return top.Content, nil
}

// yamlMistake says in which line YAML breaks its rules, and how. The library
// quotes the name of an alias, which can be a mistyped password.
func yamlMistake(err error) (line int, why string) {
	var e *yaml.LoadError
	switch {
	case !errors.As(err, &e):
		return 1, ""
	case strings.Contains(e.Message, "anchor"):
		return e.Mark.Line, ": a value that begins with * or & needs quotation marks"
	case strings.Contains(e.Message, "tag"):
		return e.Mark.Line, ": a value that begins with ! needs quotation marks"
	}
	return e.Mark.Line, ": " + e.Message
}

// parseConfig reads the YAML: flag names with a value, a list of values, or a
// map. It returns every mistake with its line, and what is right along with them.
func parseConfig(path string, text []byte, known []string) (map[string]Setting, error) {
	entries, err := parseMapping(path, text, "flag: value")
	if err != nil {
		return nil, err
	}
	flags := make(map[string]bool, len(known))
	for _, name := range known {
		flags[name] = true
	}
	settings := map[string]Setting{}
	var all []error
	for i := 0; i+1 < len(entries); i += 2 {
		name, at := entries[i].Value, Place{path, entries[i].Line}
		if !flags[name] {
			all = append(all, at.Locate("", fmt.Errorf("unknown setting %q; %s", shortenName(name), SuggestName(name, known, "settings are flags without their leading dashes"))))
			continue
		}
		if first, twice := settings[name]; twice {
			all = append(all, at.Locate(name, fmt.Errorf("is already set in line %d", first.Places[0].line)))
			continue
		}
		set, err := parseValues(path, entries[i+1])
		if err != nil {
			all = append(all, at.Locate(name, err))
			continue
		}
		if len(set.Places) > 0 {
			settings[name] = set
		}
	}
	return settings, errors.Join(all...)
}

// parseValues reads a value, a list, or a map as FIELD=VALUE pairs.
func parseValues(path string, n *yaml.Node) (Setting, error) {
	var out Setting
	add := func(n *yaml.Node, value string) {
		out.Values, out.Places = append(out.Values, value), append(out.Places, Place{path, n.Line})
	}
	switch n.Kind {
	case yaml.ScalarNode:
		add(n, n.Value)
	case yaml.SequenceNode, yaml.MappingNode:
		for i, item := range n.Content {
			switch {
			case item.Kind != yaml.ScalarNode:
				return out, errors.New("is nested too deeply")
			case n.Kind == yaml.SequenceNode:
				add(item, item.Value)
			case i%2 == 1:
				add(item, n.Content[i-1].Value+"="+item.Value)
			}
		}
	default:
		return out, errors.New("is neither a value nor a list")
	}
	return out, nil
}

// SplitErrors returns a joined error in its parts.
func SplitErrors(err error) []error {
	var wrapped *exit.UsageError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	}
	return []error{err}
}

// LineOf sorts mistakes: the file's as a whole, its lines, the environment.
func LineOf(err error) int {
	var m *locatedError
	switch {
	case !errors.As(err, &m):
		return 0
	case m.line == 0:
		return 1 << 30
	}
	return m.line
}
