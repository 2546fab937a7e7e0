package term

import (
	"strings"
	"testing"
)

// On a terminal lines break between words; tables and commands stay readable.
func TestWrapped(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"short\n", "short\n"},
		{"  a line that is longer than the forty columns we have\n", "  a line that is longer than the forty\n    columns we have\n"},
		{"  1  email  row 2  the cell is not one plain address\n", "  1  email  row 2  the cell is not one\n                   plain address\n"},
		{"next     bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\n", "next     bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\n"},
		{"  bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\nx\n", "  bulkonboard run --rate 5/s --sandbox a-very-long-name.csv\nx\n"},
		{strings.Repeat("y", 60) + "\n", strings.Repeat("y", 60) + "\n"},
	} {
		if got := wrapText(test.text, 40); strings.ReplaceAll(got, " \n", "\n") != strings.ReplaceAll(test.want, " \n", "\n") {
			t.Errorf("%q\ngives %q\nwant  %q", test.text, got, test.want)
		}
	}
}
