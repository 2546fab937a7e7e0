package findings

import (
	"slices"
	"strings"
)

// addFlags adds flags, each with its value if it has one, to a command line:
// behind the subcommand, in place of the same flags with other values. What
// comes after -- is a file, whatever it looks like.
func addFlags(args, flags []string) []string {
	files := len(args)
	if i := slices.Index(args, "--"); i >= 0 {
		files = i
	}
	var kept []string
	for i := 0; i < files; i++ {
		name, _, joined := strings.Cut(args[i], "=")
		at := slices.Index(flags, name)
		switch {
		case at < 0 || !strings.HasPrefix(name, "--"):
			kept = append(kept, args[i])
		case !joined && at+1 < len(flags) && !strings.HasPrefix(flags[at+1], "--"):
			i++ // its value
		}
	}
	first := min(1, len(kept))
	if first == 1 && strings.HasPrefix(kept[0], "-") { // the subcommand comes later
		first = len(kept)
	}
	return slices.Concat(kept[:first], flags, kept[first:], args[files:])
}
