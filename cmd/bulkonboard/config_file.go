package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Limits of what a settings file says.
const (
	maxSettings = limits.Settings     // settings, or fields of a mapping
	maxValues   = 2 * limits.Settings // values of all settings together
	maxName     = 64                  // bytes of a name for which similar ones are looked up
)

// setting is what a config file, or the environment, says of one flag: values,
// and where each stands.
type setting struct {
	values []string
	places []place
}

// to sets the flag.
func (s setting) to(c *cobra.Command, flag string) error {
	var all []error
	for i, v := range s.values {
		if err := c.Flags().Set(flag, v); err != nil {
			all = append(all, s.places[i].wrong(flag, errors.Unwrap(err)))
		}
	}
	return errors.Join(all...)
}

// place is a line of a config file, or with line 0 an environment variable.
type place struct {
	file string
	line int
}

func (p place) String() string {
	if p.line == 0 {
		return "environment variable " + p.file
	}
	return p.file + ":" + strconv.Itoa(p.line)
}

func (p place) wrong(flag string, err error) error {
	if flag == "" || p.line == 0 {
		return &misplaced{p, err}
	}
	return &misplaced{p, fmt.Errorf("%s: %w", flag, err)}
}

// misplaced is a mistake with its place.
type misplaced struct {
	place
	err error
}

func (m *misplaced) Error() string { return m.place.String() + ": " + m.err.Error() }
func (m *misplaced) Unwrap() error { return m.err }

// parseMapping reads YAML that is one mapping, and returns its keys and values in
// turn; none for an empty file. It expands no alias and quotes no value.
func parseMapping(path string, text []byte, form string) ([]*yaml.Node, error) {
	notThis := func(line int, why string) error {
		return place{path, max(line, 1)}.wrong("", fmt.Errorf("is not YAML of the form `%s`%s", form, why))
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
		return nil, notThis(second.Line, ": a second document begins here")
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
		return nil, place{path, top.Content[2*maxSettings].Line}.wrong("", fmt.Errorf("the file has %s entries; at most %s are read", number(n), number(maxSettings)))
	}
	values := 0
	for i := 1; i < len(top.Content); i += 2 {
		if values += max(1, len(top.Content[i].Content)); values > maxValues {
			return nil, place{path, top.Content[i].Line}.wrong("", fmt.Errorf("the file has more than %s values", number(maxValues)))
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
func parseConfig(path string, text []byte, known []string) (map[string]setting, error) {
	entries, err := parseMapping(path, text, "flag: value")
	if err != nil {
		return nil, err
	}
	flags := make(map[string]bool, len(known))
	for _, name := range known {
		flags[name] = true
	}
	settings := map[string]setting{}
	var all []error
	for i := 0; i+1 < len(entries); i += 2 {
		name, at := entries[i].Value, place{path, entries[i].Line}
		if !flags[name] {
			all = append(all, at.wrong("", fmt.Errorf("there is no setting %q; %s", shortened(name), orNearest(name, known, "the settings are the flags without their dashes"))))
			continue
		}
		if first, twice := settings[name]; twice {
			all = append(all, at.wrong(name, fmt.Errorf("stands in line %d already", first.places[0].line)))
			continue
		}
		set, err := scalars(path, entries[i+1])
		if err != nil {
			all = append(all, at.wrong(name, err))
			continue
		}
		if len(set.places) > 0 {
			settings[name] = set
		}
	}
	return settings, errors.Join(all...)
}

// shortened cuts a name that no setting has to what is worth showing.
func shortened(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "..."
}

// orNearest suggests what is near a mistyped name, or says something else.
func orNearest(typed string, names []string, otherwise string) string {
	if len(typed) > maxName {
		return otherwise
	}
	if near := nearest(typed, names); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	return otherwise
}

// scalars reads a value, a list, or a map as FIELD=VALUE pairs.
func scalars(path string, n *yaml.Node) (setting, error) {
	var out setting
	add := func(n *yaml.Node, value string) {
		out.values, out.places = append(out.values, value), append(out.places, place{path, n.Line})
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
