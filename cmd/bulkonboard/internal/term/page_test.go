package term

import (
	"fmt"
	"strings"
	"testing"
)

// samplePage has a table with wide and long names, a table that is cut first, a
// part that may be left out, and what to do.
func samplePage(kinds int) *Page {
	p := &Page{MaxLines: 13}
	p.Part("Checked").Text("list.csv, 3 rows")
	problems := p.Section("Problems").CutWith(func(hidden int) string { return fmt.Sprintf("and %d more", hidden) })
	problems.Text(Count(kinds, "kind") + ":")
	for i := range kinds {
		problems.WideRow(Cell{Text: Number(i * 1000), Right: true}, Cell{Text: "住所の市区町村名の列の見出し"},
			Cell{Text: "a phrase that is too long for what is left of a line of 40", Code: "code_1", Style: Attention})
	}
	columns := p.Section("Columns").CutWith(func(hidden int) string { return fmt.Sprintf("and %d more columns", hidden) }).CutFirst(2)
	columns.Text("how it is read:")
	for range 4 {
		columns.WideRow(Cell{Text: "email", Max: -1}, Cell{Text: "E-Mail", Max: 10}, Cell{Text: "all"})
	}
	extra := p.Part("Extra").CutWith(func(int) string { return "" }).CutFirst(1).LeaveOut()
	extra.Text("one")
	extra.Text("two")
	next := p.Next()
	next.Styled(Good, "Done.")
	next.Command("bulkonboard run 'a very long name of a file that fills more than a line.csv'")
	return p
}

func TestPage(t *testing.T) {
	for name, test := range map[string]struct {
		page   *Page
		layout Layout
		want   string
	}{
		"on a terminal": {samplePage(3), Layout{Columns: 40, Cut: true}, `Checked   list.csv, 3 rows

Problems  3 kinds:
      0  住所の市区町村名…  a phrase
          that is too long for what is
          left of a line of 40
          and 2 more

Columns   how it is read:
  email  E-Mail  all
          and 3 more columns

Next      Done.
            bulkonboard run 'a very long name of a file that fills more than a line.csv'
`},
		"without a terminal": {samplePage(1), Layout{}, `Checked   list.csv, 3 rows

Problems  1 kind:
  0  住所の市区町村名の列の見出し  a phrase that is too long for what is left of a line of 40 [code_1]

Columns   how it is read:
  email  E-Mail  all
  email  E-Mail  all
  email  E-Mail  all
  email  E-Mail  all
Extra     one
          two

Next      Done.
            bulkonboard run 'a very long name of a file that fills more than a line.csv'
`},
		"hostile": {func() *Page {
			p := &Page{}
			p.Part("List").Text("\x1b[31mred\nnext\u202e.csv")
			p.Part("").Row(Cell{Text: "a\x07", Style: Good}, Cell{Text: "b", Style: Bad})
			return p
		}(), Layout{Columns: 80, Colour: true}, "\x1b[1mList\x1b[0m      \\x1b[31mred\\nnext\\u202e.csv\n          \x1b[32ma\\a\x1b[0m  \x1b[31mb\x1b[0m\n"},
	} {
		got := test.page.Render(test.layout)
		if got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimSuffix(line, "\n"); test.layout.Columns > 0 && width(line) > test.layout.Columns && !isCommandLine(line) {
				t.Errorf("%s: %d cells: %s", name, width(line), line)
			}
		}
	}
}

// A word that ends at the last column stays on its line, and colour fills no cell.
func TestWidths(t *testing.T) {
	if got := wrapUnder("  ", strings.Repeat("x", 20)+" "+strings.Repeat("y", 17), 40); len(got) != 1 || width(got[0]) != 40 {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]int{"": 0, "abc": 3, "中文": 4, "e\u0301": 1, "\x1b[1mab\x1b[0mc": 3} {
		if got := width(text); got != want {
			t.Errorf("%q has %d cells, want %d", text, got, want)
		}
	}
	for text, want := range map[string]string{"1000000.00": "1,000,000.00 USD", "0.50": "0.50 USD", "-1234.5": "-1,234.5 USD", "-0.25": "-0.25 USD", "7": "7 USD"} {
		if got := Money(text, "USD"); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

func TestWithoutFlags(t *testing.T) {
	words := []string{"run", "--limit", "5", "--report=a.csv", "--fresh", "--rate", "5/s", "--", "-x.csv", "y.csv"}
	got := WithoutFlags(words, map[string]bool{"--limit": true, "--report": true, "--fresh": false}, []string{"-x.csv", "y.csv"})
	if want := "run --rate 5/s"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
