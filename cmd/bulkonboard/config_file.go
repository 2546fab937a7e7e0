package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
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

// parseConfig reads the YAML: flag names with a value, a list of values, or a
// map. All mistakes are told, each with its line, and what is right is returned
// along with them.
func parseConfig(path string, text []byte, known []string) (map[string]setting, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: is not YAML of the form `flag: value`: %w", path, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		if top.Tag == "!!null" {
			return nil, nil
		}
		return nil, place{path, top.Line}.wrong("", errors.New("is not YAML of the form `flag: value`"))
	}
	settings := map[string]setting{}
	var all []error
	for i := 0; i+1 < len(top.Content); i += 2 {
		name, at := top.Content[i].Value, place{path, top.Content[i].Line}
		if !slices.Contains(known, name) {
			all = append(all, at.wrong("", fmt.Errorf("there is no setting %q; %s", name, orNearest(name, known, "the settings are the flags without their dashes"))))
			continue
		}
		if first, twice := settings[name]; twice {
			all = append(all, at.wrong(name, fmt.Errorf("stands in line %d already", first.places[0].line)))
			continue
		}
		set, err := scalars(path, top.Content[i+1])
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

// orNearest suggests what is near a mistyped name, or says something else.
func orNearest(typed string, names []string, otherwise string) string {
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
