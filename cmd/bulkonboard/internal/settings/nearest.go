package settings

import (
	"slices"
	"strings"
)

const maxName = 64 // bytes of a name for which similar ones are looked up

// shortenName cuts a name that no setting has to what is worth showing.
func shortenName(name string) string {
	if len(name) <= maxName {
		return name
	}
	return strings.ToValidUTF8(name[:maxName], "") + "..."
}

// SuggestName returns the hint that names what is near a mistyped name, or
// another hint if nothing is.
func SuggestName(typed string, names []string, otherwise string) string {
	if len(typed) > maxName {
		return otherwise
	}
	if near := NearestNames(typed, names); len(near) > 0 {
		return SuggestNames("", near)
	}
	return otherwise
}

// SuggestNames returns the hint that names what was probably meant.
func SuggestNames(prefix string, near []string) string {
	return "did you mean " + prefix + strings.Join(near, " or "+prefix) + "?"
}

// NearestNames returns the names that are close to what was typed.
func NearestNames(typed string, names []string) []string {
	var near []string
	closest := 1 + len(typed)/4
	for _, name := range names {
		switch d := editDistance(typed, name); {
		case slices.Contains(near, name):
		case d < closest:
			near, closest = []string{name}, d
		case d == closest, len(typed) > 3 && strings.HasPrefix(name, typed):
			near = append(near, name)
		}
	}
	return near
}

// editDistance returns how many letters to change, add, leave out or swap with their
// neighbour make b of a.
func editDistance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range len(a) {
		before, above, now := rows[i%3], rows[(i+1)%3], rows[(i+2)%3]
		now[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			now[j+1] = min(above[j]+change, above[j+1]+1, now[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
