package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
	switch commandName(c) {
	case "help", "completion", "completion bash", "completion zsh", "completion fish", "completion powershell",
		"config check": // it reads the file itself, and on after a mistake
		return nil
	}
	file, named, err := a.configFile(c, root)
	if err != nil {
		return err
	}
	return a.fill(c, file, named)
}

// fill sets the flags that were not given. All mistakes are told.
func (a *app) fill(c *cobra.Command, file map[string]setting, named bool) error {
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		if set, ok := a.fromEnv(f.Name); ok {
			all = append(all, a.set(c, f, set, fromEnvironment, false))
		} else if set, ok := file[f.Name]; ok {
			all = append(all, a.set(c, f, set, fromFile, named))
		}
	})
	return errors.Join(all...)
}

// fromEnv is what the environment says of a flag; an empty variable says nothing.
func (a *app) fromEnv(flag string) (setting, bool) {
	name := envName(flag)
	value := a.env[name]
	return setting{places: []place{{file: name}}, values: []string{value}}, value != ""
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func (a *app) set(c *cobra.Command, f *pflag.Flag, set setting, level int, named bool) error {
	if err := set.to(c, f.Name); err != nil {
		return usage(err)
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
	settings, err = parseConfig(path, text, knownFlags(root))
	if err != nil {
		return settings, named, usage(err)
	}
	return settings, named, nil
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
