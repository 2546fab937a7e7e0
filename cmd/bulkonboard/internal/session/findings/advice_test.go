package findings

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// adviceNames are names of files that a shell, or the program, may read
// otherwise than they are meant.
func adviceNames() []string {
	return []string{"list.csv", "my list.csv", "it's.csv", `a "quoted" list.csv`, "--phone-plus.csv", "-x.csv", "$HOME.csv", "`date`.csv", "a;b&c.csv", "é ü.csv", "two\nlines.csv", "tab\there.csv", `back\slash.csv`, "a=b.csv", "*.csv"}
}

// A shell reads every printed command as it is meant.
func TestAdviceInShell(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, name := range append(adviceNames(), "l\xe9gende.csv", "\u00a0.csv", "'", `\`, "!x", "~", "#x") {
		words := AddFlags([]string{"validate", "--", name}, []string{"--phone-region", "DE"})
		cmd := exec.CommandContext(t.Context(), shell, "-c", `printf '%s\0' `+term.Posix.QuoteLine(words...))
		cmd.Dir = t.TempDir()
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, words) {
			t.Errorf("%q is read as %q", words, got)
		}
	}
}

func TestWithFlags(t *testing.T) {
	for _, tt := range []struct{ args, flags, want []string }{
		{[]string{"validate", "x.csv"}, []string{"--phone-plus"}, []string{"validate", "--phone-plus", "x.csv"}},
		{[]string{"run", "--json", "x.csv"}, []string{"--phone-region", "DE"}, []string{"run", "--phone-region", "DE", "--json", "x.csv"}},
		{[]string{"validate", "--encoding", "windows-1252", "x.csv"}, []string{"--encoding", "utf-8"}, []string{"validate", "--encoding", "utf-8", "x.csv"}},
		{[]string{"validate", "--encoding=windows-1252", "x.csv"}, []string{"--encoding", "utf-8"}, []string{"validate", "--encoding", "utf-8", "x.csv"}},
		{[]string{"validate", "x.csv", "--encoding", "windows-1252"}, []string{"--encoding", "utf-8", "--phone-plus"}, []string{"validate", "--encoding", "utf-8", "--phone-plus", "x.csv"}},
		{[]string{"validate", "--", "--phone-plus"}, []string{"--phone-plus"}, []string{"validate", "--phone-plus", "--", "--phone-plus"}},
		{[]string{"--config", "c.yaml", "validate", "x.csv"}, []string{"--phone-plus"}, []string{"--config", "c.yaml", "validate", "x.csv", "--phone-plus"}},
	} {
		if got := AddFlags(tt.args, tt.flags); !slices.Equal(got, tt.want) {
			t.Errorf("%q with %q: %q, want %q", tt.args, tt.flags, got, tt.want)
		}
	}
}
