package plans

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
)

// RunArguments returns the arguments of the run that carries out a plan, given those
// with which it was made.
func RunArguments(args []string, plan string) []string {
	out := slices.Clone(args)
	if at := slices.Index(out, "plan"); at >= 0 {
		out[at] = "run"
	}
	kept := out[:0]
	for i := 0; i < len(out); i++ {
		name, _, hasValue := strings.Cut(out[i], "=")
		switch {
		case name == "--save" || filepath.Ext(out[i]) == settings.PlanFileExtension && !strings.HasPrefix(out[i], "-"):
		case name == "--report" && hasValue:
		case name == "--report":
			i++
		default:
			kept = append(kept, out[i])
		}
	}
	at := slices.Index(kept, "run") + 1
	return slices.Insert(kept, at, "--plan", plan)
}
