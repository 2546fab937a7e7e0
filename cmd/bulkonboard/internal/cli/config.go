package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

func newConfigCommand(con *term.Console) *cobra.Command {
	return subcommand.GroupCommand(&cobra.Command{Use: "config", Short: "check and explain the settings", Long: configText}, newConfigCheckCommand(con))
}

func newConfigCheckCommand(con *term.Console) *cobra.Command {
	c := &cobra.Command{
		Use:   "check",
		Short: "read the configuration file and the environment, and list every mistake",
		Long: `Reads the configuration file and the BULKONBOARD_ environment variables, tries every
setting on every command that has it, checks the settings of run together, and lists
every mistake with its line. Nothing is sent or created.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runConfigCheck(con, c) },
	}
	settings.AddConfigFlag(c)
	c.Flags().Lookup("config").Hidden = false // it is the point of this command
	return c
}

// runConfigCheck tries every setting on every command that has the flag, and
// then all of them together on run.
func runConfigCheck(con *term.Console, c *cobra.Command) error {
	file, err := settings.ReadConfig(con, c, c.Root())
	all := settings.SplitErrors(err)
	if file == nil && err == nil {
		if _, err := os.Lstat(settings.DefaultConfigFile); err == nil {
			return exit.NewUsageError(fmt.Errorf("%s is ignored: you do not own it, or others can write to it", settings.DefaultConfigFile), "take ownership and run chmod go-w on it, or name it with --config")
		}
		con.Sayf("no configuration file")
	}
	fresh := NewRootCommand(con) // flags without values
	for _, name := range slices.Sorted(maps.Keys(file)) {
		all = append(all, settings.SplitErrors(tryEverywhere(fresh, name, file[name]))...)
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(settings.KnownFlags(fresh)))) {
		if set, ok := settings.ReadEnvironment(con, name); ok {
			all = append(all, settings.SplitErrors(tryEverywhere(fresh, name, set))...)
		}
	}
	warnStrays(con, settings.KnownFlags(fresh))
	t := newConfigCheck(con, file)
	all = append(all, t.findMistakes()...)
	// What is wrong by itself and together with others is listed once.
	slices.SortStableFunc(all, func(x, y error) int { return cmp.Compare(settings.LineOf(x), settings.LineOf(y)) })
	all = slices.CompactFunc(all, func(x, y error) bool { return x.Error() == y.Error() })
	if err := errors.Join(all...); err != nil {
		return exit.NewUsageError(err)
	}
	if file != nil {
		con.Sayf("%s: all good", term.Count(len(file), "setting"))
	}
	return nil
}

// warnStrays names variables that look like settings and are none: a mistyped
// one would be passed over in silence.
func warnStrays(con *term.Console, flags []string) {
	known := []string{settings.KeyVariable, settings.EnvPrefix + "CONFIG"}
	for _, f := range flags {
		known = append(known, settings.VariableOf(f))
	}
	for _, name := range slices.Sorted(maps.Keys(con.Env)) {
		if strings.HasPrefix(name, settings.EnvPrefix) && !slices.Contains(known, name) {
			fmt.Fprintf(con.Err, "warning: environment variable %s is not a setting; %s\n", term.Printable(name),
				settings.SuggestName(name, known, "settings are BULKONBOARD_ and a flag in capitals, with underscores for dashes"))
		}
	}
}

// tryEverywhere sets a flag on each command that has it, until one refuses.
func tryEverywhere(c *cobra.Command, name string, set settings.Setting) error {
	if f := c.Flags().Lookup(name); f != nil {
		if err := set.ApplyTo(c, name); err != nil {
			return err
		}
	}
	for _, sub := range c.Commands() {
		if err := tryEverywhere(sub, name, set); err != nil {
			return err
		}
	}
	return nil
}

const configText = `A setting comes from the first of these that has it:

  1. the flag
  2. the environment variable BULKONBOARD_<FLAG>: --max-new is BULKONBOARD_MAX_NEW
  3. the configuration file, in YAML: the flag without its leading dashes, and its
     value; repeatable flags take a list or FIELD: VALUE lines
  4. the default

The configuration file is the one that --config names, else bulkonboard.yaml in the
working directory if you own it and no other user can write to it. A file that you
did not name may set only rate, burst, workers, lock-timeout, quiet, json, log-format
and no-progress. Anything else in it is an error, because it could come with a
directory that you were given, and would decide where the key and the customers go.
Name it with --config.

bulkonboard config check lists every mistake with its line.

The API key is never a flag or a setting. It comes from --api-key-file FILE, else from
the environment variable BULKONBOARD_API_KEY, else from a prompt. Put the password of
a proxy into BULKONBOARD_PROXY, into HTTPS_PROXY with --proxy=env, or into a named
configuration file, never on the command line.

    # onboarding.yaml, named with --config
    rate: 10/s
    phone-region: DE
    report: [staff.xlsx, staff.csv]
    map:
      email: E-Mail (private)
`
