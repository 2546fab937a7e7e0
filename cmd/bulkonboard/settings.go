package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"
)

// Where a setting came from; the larger beats the smaller.
const (
	fromDefault = iota
	fromFile
	fromEnvironment
	fromFlag
)

const (
	envPrefix   = "BULKONBOARD_"
	envKey      = "BULKONBOARD_API_KEY"
	defaultFile = "bulkonboard.yaml"
	annLevel    = "bulkonboard_level"
	annNamed    = "bulkonboard_named" // the file was named by --config
	annAdvanced = "bulkonboard_advanced"
)

// advanced hides flags from the everyday help; `help run-advanced` shows them.
func advanced(f *pflag.FlagSet, names ...string) {
	for _, n := range names {
		fl := f.Lookup(n)
		fl.Hidden = true
		if fl.Annotations == nil {
			fl.Annotations = map[string][]string{}
		}
		fl.Annotations[annAdvanced] = []string{"true"}
	}
}

// levels tells how strongly each flag of a command was set.
func levels(c *cobra.Command) func(string) int {
	return func(name string) int {
		f := c.Flags().Lookup(name)
		if f == nil || !f.Changed {
			return fromDefault
		}
		if at := f.Annotations[annLevel]; len(at) == 1 {
			level, err := strconv.Atoi(at[0])
			if err == nil {
				return level
			}
		}
		return fromFlag
	}
}

// loosely reports whether a flag was set by a config file that nobody named.
func loosely(c *cobra.Command, name string) bool {
	f := c.Flags().Lookup(name)
	return f != nil && f.Changed && levels(c)(name) == fromFile && len(f.Annotations[annNamed]) == 0
}

// settle fills in the flags that were not given: from the environment, then
// from the config file.
func (a *app) settle(c, root *cobra.Command) error {
	if c.Name() == "help" || c.Name() == "completion" || c.Parent() != nil && c.Parent().Name() == "completion" {
		return nil
	}
	file, named, err := a.configFile(c, root)
	if err != nil {
		return err
	}
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value, ok := a.env[name]; ok && value != "" {
			all = append(all, a.set(c, f, "environment variable "+name, fromEnvironment, false, value))
			return
		}
		if set, ok := file[f.Name]; ok {
			all = append(all, a.set(c, f, set.place(f.Name), fromFile, named, set.values...))
		}
	})
	return errors.Join(all...)
}

func (a *app) set(c *cobra.Command, f *pflag.Flag, where string, level int, named bool, values ...string) error {
	for _, v := range values {
		if err := c.Flags().Set(f.Name, v); err != nil {
			return usagef("%s: %w", where, errors.Unwrap(err))
		}
	}
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[annLevel] = []string{fmt.Sprint(level)}
	if named {
		f.Annotations[annNamed] = []string{"true"}
	}
	return nil
}

// setting is what a config file says of one flag.
type setting struct {
	values []string
	line   int
}

func (s setting) place(name string) string {
	return fmt.Sprintf("config file, line %d, %s", s.line, name)
}

// configFile reads the config file. A file that nobody named and that is not
// safely ours is passed over with a warning.
func (a *app) configFile(c, root *cobra.Command) (settings map[string]setting, named bool, err error) {
	path := defaultFile
	if f := c.Flags().Lookup("config"); f == nil {
		return nil, false, nil
	} else if f.Changed {
		path, named = f.Value.String(), true
	} else if v := a.env[envPrefix+"CONFIG"]; v != "" {
		path, named = v, true
	}
	info, err := os.Stat(path)
	if err != nil {
		if !named && errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
		return nil, named, usagef("config file %s: %w", path, plainError(err))
	}
	if !named && !trusted(info) {
		fmt.Fprintf(a.err, "warning: %s is not read: it is not ours, or others may write it\n", path)
		return nil, false, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, named, usagef("config file %s: %w", path, plainError(err))
	}
	settings, err = parseConfig(text, knownFlags(root))
	if err != nil {
		return nil, named, usagef("config file %s: %w", path, err)
	}
	return settings, named, nil
}

// parseConfig reads the YAML: flag names with a value, a list of values, or a
// map. All mistakes are told, each with its line.
func parseConfig(text []byte, known []string) (map[string]setting, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("is not YAML of the form `flag: value`: %w", err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		if top.Tag == "!!null" {
			return nil, nil
		}
		return nil, fmt.Errorf("line %d: is not YAML of the form `flag: value`", top.Line)
	}
	settings := map[string]setting{}
	var all []error
	for i := 0; i+1 < len(top.Content); i += 2 {
		name, line := top.Content[i].Value, top.Content[i].Line
		if !slices.Contains(known, name) {
			text := fmt.Sprintf("line %d: there is no setting %q; the settings are the flags without their dashes", line, name)
			if near := nearest(name, known); len(near) > 0 {
				text = fmt.Sprintf("line %d: there is no setting %q; did you mean %s?", line, name, strings.Join(near, " or "))
			}
			all = append(all, errors.New(text))
			continue
		}
		if first, twice := settings[name]; twice {
			all = append(all, fmt.Errorf("line %d: %s stands in line %d already", line, name, first.line))
			continue
		}
		values, err := scalars(top.Content[i+1])
		if err != nil {
			all = append(all, fmt.Errorf("line %d: %s %w", line, name, err))
			continue
		}
		settings[name] = setting{values, line}
	}
	return settings, errors.Join(all...)
}

// scalars reads a value, a list, or a map as FIELD=VALUE pairs.
func scalars(n *yaml.Node) ([]string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}, nil
	case yaml.SequenceNode, yaml.MappingNode:
		var out []string
		for i, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, fmt.Errorf("is nested too deeply")
			}
			if n.Kind == yaml.SequenceNode {
				out = append(out, item.Value)
			} else if i%2 == 1 {
				out = append(out, n.Content[i-1].Value+"="+item.Value)
			}
		}
		return out, nil
	}
	return nil, fmt.Errorf("is neither a value nor a list")
}

// knownFlags are the flags of all commands: one file serves them all.
func knownFlags(root *cobra.Command) []string {
	var names []string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && f.Name != "config" {
				names = append(names, f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return names
}
