package settings

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// FuzzConfig holds the readers of settings and of mappings to this: they neither
// fail by panic nor say more than they were given, each mistake has its place,
// and what they return is within the limits.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{"", "rate: 5/s\n", "map:\n  email: E-Mail\n", "report: [a.csv, b.json]\n", "a: *b\n", "- x\n", "rate: 1\nrate: 2\n", "---\n---\n", "? a\n: b\n", "<<: {a: b}\n", "\xff", "rate: |\n  5/s\n"} {
		f.Add([]byte(text))
	}
	var known []string
	fresh := &cobra.Command{Use: "run"}
	new(RunFlags).AddFlags(fresh)
	fresh.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	f.Fuzz(func(t *testing.T, text []byte) {
		settings, err := parseConfig("c.yaml", text, known)
		for _, one := range SplitErrors(err) {
			if !strings.HasPrefix(one.Error(), "c.yaml:") {
				t.Errorf("%q has no place", one)
			}
		}
		values := 0
		c := &cobra.Command{Use: "run"}
		var flags RunFlags
		flags.AddFlags(c)
		for name, set := range settings {
			if !slices.Contains(known, name) || len(set.Values) != len(set.Places) || len(set.Values) == 0 {
				t.Errorf("%q is set to %q at %v", name, set.Values, set.Places)
			}
			values += len(set.Values)
			if c.Flags().Lookup(name) != nil {
				_ = set.ApplyTo(c, name) // a wrong value is an error
			}
		}
		if len(settings) > maxSettings || values > maxValues {
			t.Errorf("%d settings, %d values", len(settings), values)
		}
		if fields, err := parseMapFile("m.yaml", text); err == nil && len(fields.Columns) > maxSettings {
			t.Errorf("%d fields", len(fields.Columns))
		}
	})
}
