package settings

import (
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// AddConfigFlag adds --config, which every command with settings has.
func AddConfigFlag(c *cobra.Command) {
	c.Flags().String("config", "", "read settings from `FILE` (default: ./bulkonboard.yaml, if you own it)")
	HideAdvanced(c.Flags(), "config")
}

// DescribeSettings returns what the ledger's log keeps of the flags that were set, as
// words for a POSIX shell, without files' contents. A link is a secret.
func DescribeSettings(c *cobra.Command) string {
	var words []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed, f.Name == OnEndFlag: // a command can hold a token
		case f.Name == "link":
			words = append(words, "--link=...")
		default:
			words = append(words, flagWords(f)...)
		}
	})
	return term.Posix.QuoteLine(words...)
}

// flagWords returns the words that set a flag to its value.
func flagWords(f *pflag.Flag) (words []string) {
	values := []string{f.Value.String()}
	switch v := f.Value.(type) {
	case pflag.SliceValue:
		values = v.GetSlice()
	case interface{ Texts() []string }:
		values = v.Texts()
	}
	for _, value := range values {
		words = append(words, "--"+f.Name+"="+value)
	}
	return words
}

// GivenWords returns the words of those flags that were given on the command line and
// have one of the names.
func GivenWords(c *cobra.Command, names []string) (words []string) {
	level := LevelsOf(c)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if level(f.Name) == FromFlag && slices.Contains(names, f.Name) {
			words = append(words, flagWords(f)...)
		}
	})
	return words
}

// CommandName returns the command without the program: "kyc sync".
func CommandName(c *cobra.Command) string {
	name := c.Name()
	for p := c.Parent(); p != nil && p.HasParent(); p = p.Parent() {
		name = p.Name() + " " + name
	}
	return name
}

// Where a setting came from; the larger beats the smaller.
const (
	fromDefault = iota
	fromFile
	fromEnvironment
	FromFlag
)

const (
	EnvPrefix          = "BULKONBOARD_"
	KeyVariable        = "BULKONBOARD_API_KEY"
	DefaultConfigFile  = "bulkonboard.yaml"
	levelAnnotation    = "bulkonboard_level"
	AdvancedAnnotation = "bulkonboard_advanced"
)

// HideAdvanced hides flags from the everyday help; `help run-advanced` shows them.
func HideAdvanced(f *pflag.FlagSet, names ...string) {
	for _, n := range names {
		fl := f.Lookup(n)
		fl.Hidden = true
		if fl.Annotations == nil {
			fl.Annotations = map[string][]string{}
		}
		fl.Annotations[AdvancedAnnotation] = []string{"true"}
	}
}

// ShowFlag shows a flag of one command that is advanced in others.
func ShowFlag(f *pflag.FlagSet, name string) {
	fl := f.Lookup(name)
	fl.Hidden = false
	delete(fl.Annotations, AdvancedAnnotation)
}

// HideOldOutput hides a flag that named an output before outputs were arguments.
// Scripts may go on using it.
func HideOldOutput(f *pflag.FlagSet, name string) { f.Lookup(name).Hidden = true }

// LevelsOf returns a function that says how strongly a flag was set.
func LevelsOf(c *cobra.Command) func(string) int {
	return func(name string) int {
		f := c.Flags().Lookup(name)
		if f == nil || !f.Changed {
			return fromDefault
		}
		if at := f.Annotations[levelAnnotation]; len(at) == 1 {
			level, err := strconv.Atoi(at[0])
			if err == nil {
				return level
			}
		}
		return FromFlag
	}
}
