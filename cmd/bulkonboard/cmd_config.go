package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	c := holding(&cobra.Command{Use: "config", Short: "check the config file", Long: configText})
	check := &cobra.Command{
		Use:   "check",
		Short: "read the config file, and say what it sets",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.runConfigCheck(c) },
	}
	configFlag(check)
	c.AddCommand(check)
	return c
}

// runConfigCheck tries every setting on run, whose flags are nearly all there are.
func (a *app) runConfigCheck(c *cobra.Command) error {
	file, _, err := a.configFile(c, c.Root())
	if err != nil {
		return err
	}
	if _, err := os.Stat(defaultFile); file == nil && err != nil && !c.Flags().Lookup("config").Changed {
		fmt.Fprintln(a.err, "there is no config file")
		return nil
	}
	trial := a.runCommand()
	var all []error
	for name, values := range file {
		if trial.Flags().Lookup(name) == nil {
			continue
		}
		for _, v := range values {
			if err := trial.Flags().Set(name, v); err != nil {
				all = append(all, usagef("config file, %s: %w", name, errors.Unwrap(err)))
			}
		}
	}
	if err := errors.Join(all...); err != nil {
		return err
	}
	if _, err := a.trialTarget(trial); err != nil {
		return err
	}
	fmt.Fprintf(a.err, "%s: all good\n", settingsCount(len(file)))
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
