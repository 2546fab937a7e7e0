package main

import (
	"bytes"
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
		if values, ok := file[f.Name]; ok {
			all = append(all, a.set(c, f, "config file, "+f.Name, fromFile, named, values...))
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

// configFile reads the config file: setting → values.
func (a *app) configFile(c, root *cobra.Command) (settings map[string][]string, named bool, err error) {
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

// parseConfig reads the YAML: flag names with a value or a list of values.
func parseConfig(text []byte, known []string) (map[string][]string, error) {
	var raw map[string]yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&raw); err != nil {
		if len(bytes.TrimSpace(text)) == 0 || err.Error() == "EOF" {
			return nil, nil
		}
		return nil, fmt.Errorf("is not YAML of the form `flag: value`: %w", err)
	}
	settings := map[string][]string{}
	for name, node := range raw {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("line %d: there is no setting %q; the settings are the flags without their dashes", node.Line, name)
		}
		values, err := scalars(&node)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", node.Line, name, err)
		}
		settings[name] = values
	}
	return settings, nil
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
