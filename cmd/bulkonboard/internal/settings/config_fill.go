package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// SetByFoundConfig reports whether a settings file that was only found may set a
// flag: only what changes how fast or how loudly the same is done. Whatever says
// where the key, customers, links, files or money go, how rows are read or what
// is sent needs a file that --config names, and so does every new flag.
func SetByFoundConfig(flag string) bool {
	switch flag {
	case "rate", "background", "burst", "workers", "lock-timeout", // how fast
		"quiet", "json", "log-format", "no-progress": // how loudly
		return true
	}
	return false
}

// FillFlags fills in the flags that were not given: from the environment, then
// from the config file.
func FillFlags(con *term.Console, c, root *cobra.Command) error {
	if err := refuseSecretsInArguments(c); err != nil {
		return err
	}
	switch CommandName(c) {
	case "help", "completion", "completion bash", "completion zsh", "completion fish", "completion powershell",
		"config check": // it reads the file itself, and on after a mistake
		return nil
	}
	file, err := ReadConfig(con, c, root)
	if err != nil {
		return err
	}
	return FillFrom(con, c, file)
}

// FillFrom sets the flags that were not given. Its error has all mistakes.
func FillFrom(con *term.Console, c *cobra.Command, file map[string]Setting) error {
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		if set, ok := ReadEnvironment(con, f.Name); ok {
			all = append(all, setFlag(con, c, f, set, fromEnvironment))
		} else if set, ok := file[f.Name]; ok {
			all = append(all, setFlag(con, c, f, set, fromFile))
		}
	})
	return errors.Join(all...)
}

// ReadEnvironment returns what the environment says of a flag; an empty variable says nothing.
func ReadEnvironment(con *term.Console, flag string) (Setting, bool) {
	name := VariableOf(flag)
	value := con.Env[name]
	return Setting{Places: []Place{{file: name}}, Values: []string{value}}, value != ""
}

// VariableOf returns the environment variable of a flag.
func VariableOf(flag string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func setFlag(con *term.Console, c *cobra.Command, f *pflag.Flag, set Setting, level int) error {
	if err := set.ApplyTo(c, f.Name); err != nil {
		return exit.NewUsageError(err)
	}
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[levelAnnotation] = []string{fmt.Sprint(level)}
	return nil
}
