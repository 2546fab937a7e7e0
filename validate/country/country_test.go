package country

import (
	"strings"
	"testing"
)

func TestCodeOf(t *testing.T) {
	for name, want := range map[string]string{
		"Deutschland": "DE", "deutschland ": "DE", "D": "DE", "DEU": "DE", "276": "DE", "Germany": "DE", "Allemagne": "DE", "ドイツ": "DE",
		"France": "FR", "Frankreich": "FR", "Nigeria": "NG", "UK": "GB", "U.S.A.": "US", "usa": "US", "840": "US", "United States": "US",
		"Côte d’Ivoire": "CI", "Cote d'Ivoire": "CI", "Türkei": "TR", "Turkei": "TR", "Österreich": "AT", "The Netherlands": "NL",
		"Iran": "IR", "Россия": "RU", "España": "ES", "Schweiz": "CH",
		"DE": "", "de": "", "": "", "Germny": "", "Bavaria": "", "Null": "", "1": "", "|": "", "France\nGermany": "", "XK": "", "EU": "", "999": "",
	} {
		if got := CodeOf(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// TestNames holds the table to its form: every line has a code, every name is
// folded, and no name is that of two countries or the code of another one.
func TestNames(t *testing.T) {
	owner := map[string]string{}
	lines := strings.Split(strings.TrimSpace(names), "\n")
	for _, line := range lines {
		parts := strings.Split(line, "|")
		if code := parts[0]; !IsCode(code) || parts[len(parts)-1] != "" || len(parts) < 3 {
			t.Fatalf("line %q", line)
		}
		for _, name := range parts[1 : len(parts)-1] {
			if foldName(name) != name || name == "" {
				t.Errorf("%s: %q is not folded", parts[0], name)
			}
			if other := owner[name]; other != "" {
				t.Errorf("%q is %s and %s", name, other, parts[0])
			}
			owner[name] = parts[0]
			if got := CodeOf(name); got != parts[0] && !IsCode(strings.ToUpper(name)) {
				t.Errorf("%q is %q, want %q", name, got, parts[0])
			}
		}
	}
	if len(lines) < 249 {
		t.Errorf("%d countries", len(lines))
	}
}
