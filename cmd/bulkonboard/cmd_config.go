package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	c := holding(&cobra.Command{Use: "config", Short: "check the config file", Long: configText})
	check := &cobra.Command{
		Use:   "check",
		Short: "read the config file, and say what it sets",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.runConfigCheck(c) },
	}
	configFlag(check)
	c.AddCommand(check)
	return c
}

// runConfigCheck tries every setting on every command that has the flag.
func (a *app) runConfigCheck(c *cobra.Command) error {
	file, named, err := a.configFile(c, c.Root())
	if err != nil {
		return err
	}
	if file == nil && !named {
		if info, err := os.Stat(defaultFile); err == nil && !trusted(info) {
			return usage(fmt.Errorf("%s is not read", defaultFile), "make it yours alone to write (chmod go-w), or name it with --config")
		} else if err != nil {
			fmt.Fprintln(a.err, "there is no config file")
			return nil
		}
	}
	fresh := a.root() // flags without values
	var all []error
	for _, name := range slices.SortedFunc(maps.Keys(file), func(x, y string) int { return file[x].line - file[y].line }) {
		if err := tryEverywhere(fresh, name, file[name]); err != nil {
			all = append(all, err)
		}
	}
	if err := errors.Join(all...); err != nil {
		return usage(err)
	}
	run, _, err := fresh.Find([]string{"run"})
	if err != nil {
		return err
	}
	if _, err := a.trialTarget(run); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "%s: all good\n", settingsCount(len(file)))
	return nil
}

// tryEverywhere sets a flag on each command that has it, until one refuses.
func tryEverywhere(c *cobra.Command, name string, set setting) error {
	if f := c.Flags().Lookup(name); f != nil {
		for _, v := range set.values {
			if err := c.Flags().Set(name, v); err != nil {
				return fmt.Errorf("%s: %w", set.place(name), errors.Unwrap(err))
			}
		}
	}
	for _, sub := range c.Commands() {
		if err := tryEverywhere(sub, name, set); err != nil {
			return err
		}
	}
	return nil
}

func settingsCount(n int) string {
	if n == 1 {
		return "1 setting"
	}
	return number(n) + " settings"
}

// trialTarget sees whether the settings name one target.
func (a *app) trialTarget(trial *cobra.Command) (target, error) {
	var t targetFlags
	t.env.value = trial.Flags().Lookup("env").Value.String()
	t.sandbox = trial.Flags().Lookup("sandbox").Value.String() == "true"
	t.baseURL = trial.Flags().Lookup("base-url").Value.String()
	t.ledger = trial.Flags().Lookup("ledger").Value.String()
	if t.ledger == "" {
		t.ledger = "any" // it may be given on the command line
	}
	return t.resolve(levels(trial))
}
