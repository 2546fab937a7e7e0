package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
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

// setByFoundConfig reports whether a settings file that nobody named may set a
// flag: only what changes how fast or how loudly the same is done. Whatever says
// where the key, customers, links, files or money go, how rows are read or what
// is sent needs a file that --config names, and so does every new flag.
func setByFoundConfig(flag string) bool {
	switch flag {
	case "rate", "burst", "workers", "lock-timeout", // how fast
		"quiet", "json", "log-format", "no-progress": // how loudly
		return true
	}
	return false
}

// fillFlags fills in the flags that were not given: from the environment, then
// from the config file.
func fillFlags(con *term.Console, c, root *cobra.Command) error {
	if err := refuseSecretsInArguments(c); err != nil {
		return err
	}
	switch commandName(c) {
	case "help", "completion", "completion bash", "completion zsh", "completion fish", "completion powershell",
		"config check": // it reads the file itself, and on after a mistake
		return nil
	}
	file, err := readConfig(con, c, root)
	if err != nil {
		return err
	}
	return fillFrom(con, c, file)
}

// fillFrom sets the flags that were not given. All mistakes are told.
func fillFrom(con *term.Console, c *cobra.Command, file map[string]setting) error {
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		if set, ok := fromEnv(con, f.Name); ok {
			all = append(all, setFlag(con, c, f, set, fromEnvironment))
		} else if set, ok := file[f.Name]; ok {
			all = append(all, setFlag(con, c, f, set, fromFile))
		}
	})
	return errors.Join(all...)
}

// fromEnv is what the environment says of a flag; an empty variable says nothing.
func fromEnv(con *term.Console, flag string) (setting, bool) {
	name := envName(flag)
	value := con.Env[name]
	return setting{places: []place{{file: name}}, values: []string{value}}, value != ""
}

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func setFlag(con *term.Console, c *cobra.Command, f *pflag.Flag, set setting, level int) error {
	if err := set.to(c, f.Name); err != nil {
		return exit.NewUsageError(err)
	}
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[annLevel] = []string{fmt.Sprint(level)}
	return nil
}

// readConfig reads the settings file: the one that --config or the environment
// names, else the one in the working directory. It returns nil if there is none,
// or if that one is not safely ours, which it warns of.
func readConfig(con *term.Console, c, root *cobra.Command) (map[string]setting, error) {
	flag := c.Flags().Lookup("config")
	switch {
	case flag == nil:
		return nil, nil
	case flag.Changed:
		return namedConfig(con, flag.Value.String(), root)
	case con.Env[envPrefix+"CONFIG"] != "":
		return namedConfig(con, con.Env[envPrefix+"CONFIG"], root)
	}
	return foundConfig(con, root)
}

// namedConfig reads a settings file that the operator named.
func namedConfig(con *term.Console, path string, root *cobra.Command) (map[string]setting, error) {
	text, info, err := readNamed(path, maxConfig)
	if err != nil {
		return nil, exit.UsageErrorf("config file %s: %w", path, err)
	}
	warnWritable(con, path, info)
	settings, err := parseConfig(path, text, knownFlags(root))
	if err != nil {
		return settings, exit.NewUsageError(err)
	}
	return settings, nil
}

// foundConfig reads the settings file of the working directory. Whoever filled
// the directory may have written it, so it decides nothing.
func foundConfig(con *term.Console, root *cobra.Command) (map[string]setting, error) {
	text, ignored, err := readFound(defaultFile, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, exit.UsageErrorf("config file %s: %w", defaultFile, err)
	case ignored != "":
		fmt.Fprintf(con.Err, "warning: %s is ignored: %s\n", defaultFile, ignored)
		return nil, nil
	}
	settings, err := parseConfig(defaultFile, text, knownFlags(root))
	all := flattened(err)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !setByFoundConfig(name) {
			all = append(all, settings[name].places[0].wrong(name, errFound()))
			delete(settings, name)
		}
	}
	slices.SortStableFunc(all, func(x, y error) int { return cmp.Compare(lineOf(x), lineOf(y)) })
	if err := errors.Join(all...); err != nil {
		return settings, exit.NewUsageError(err)
	}
	return settings, nil
}

// errFound refuses a setting of a file that nobody named.
func errFound() error {
	return fmt.Errorf("a %s that was only found cannot set this; name it with --config %s", defaultFile, defaultFile)
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
