package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// ReadConfig reads the settings file: the one that --config or the environment
// names, else the one in the working directory. It returns nil if there is none,
// or if that one is not safely ours, which it warns of.
func ReadConfig(con *term.Console, c, root *cobra.Command) (map[string]Setting, error) {
	flag := c.Flags().Lookup("config")
	switch {
	case flag == nil:
		return nil, nil
	case flag.Changed:
		return readNamedConfig(con, flag.Value.String(), root)
	case con.Env[EnvPrefix+"CONFIG"] != "":
		return readNamedConfig(con, con.Env[EnvPrefix+"CONFIG"], root)
	}
	return readFoundConfig(con, root)
}

// readNamedConfig reads a settings file that the operator named.
func readNamedConfig(con *term.Console, path string, root *cobra.Command) (map[string]Setting, error) {
	text, info, err := readNamedFile(path, maxConfig)
	if err != nil {
		return nil, exit.UsageErrorf("configuration file %s: %w", path, err)
	}
	WarnIfWritable(con, path, info)
	settings, err := parseConfig(path, text, KnownFlags(root))
	if err != nil {
		return settings, exit.NewUsageError(err)
	}
	return settings, nil
}

// readFoundConfig reads the settings file of the working directory. Whoever filled
// the directory may have written it, so it decides nothing.
func readFoundConfig(con *term.Console, root *cobra.Command) (map[string]Setting, error) {
	text, ignored, err := readFoundFile(DefaultConfigFile, maxConfig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, exit.UsageErrorf("configuration file %s: %w", DefaultConfigFile, err)
	case ignored != "":
		con.Sayf("warning: %s is ignored: %s", DefaultConfigFile, ignored)
		return nil, nil
	}
	settings, err := parseConfig(DefaultConfigFile, text, KnownFlags(root))
	all := SplitErrors(err)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if !SetByFoundConfig(name) {
			all = append(all, settings[name].Places[0].Locate(name, errNeedsNamedConfig()))
			delete(settings, name)
		}
	}
	slices.SortStableFunc(all, func(x, y error) int { return cmp.Compare(LineOf(x), LineOf(y)) })
	if err := errors.Join(all...); err != nil {
		return settings, exit.NewUsageError(err)
	}
	return settings, nil
}

// errNeedsNamedConfig refuses a setting of a file that was only found.
func errNeedsNamedConfig() error {
	return fmt.Errorf("a %s that you did not name cannot set this; name it with --config %s", DefaultConfigFile, DefaultConfigFile)
}

// KnownFlags returns the flags of all commands: one file serves them all.
func KnownFlags(root *cobra.Command) []string {
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
