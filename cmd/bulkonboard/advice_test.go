package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// adviceNames are names of files that a shell, or the program, may read
// otherwise than they are meant.
func adviceNames() []string {
	return []string{"list.csv", "my list.csv", "it's.csv", `a "quoted" list.csv`, "--phone-plus.csv", "-x.csv", "$HOME.csv", "`date`.csv", "a;b&c.csv", "é ü.csv", "two\nlines.csv", "tab\there.csv", `back\slash.csv`, "a=b.csv", "*.csv"}
}

// phoneCell writes a number that exists as people and programs do.
func phoneCell(t *rapid.T, country string) string {
	last := rapid.IntRange(100_000, 999_999).Draw(t, "last digits")
	switch country {
	case "DE":
		return rapid.SampledFrom([]string{"+49170%d9", "49170%d9", "0170 %d9", "0170%d9", "170%d9", "0049170%d9", "49170%d9.0", "4.9170%dE+12"}).Draw(t, "phone") + fmt.Sprintf("\x00%d", last)
	case "GB":
		return rapid.SampledFrom([]string{"+447400%d", "447400%d", "07400 %d", "7400%d", "4.4740%dE+11"}).Draw(t, "phone") + fmt.Sprintf("\x00%d", last)
	}
	return rapid.SampledFrom([]string{"+1656%d1", "1656%d1", "656%d1", "(656) %d1", "+1479%d1", "479%d1", "1479%d1.0"}).Draw(t, "phone") + fmt.Sprintf("\x00%d", last)
}

// adviceList draws a list of people of one country or two, whose phone numbers
// went through several hands.
func adviceList(t *rapid.T) [][]string {
	countries := rapid.SliceOfN(rapid.SampledFrom([]string{"DE", "GB", "US"}), 1, 2).Draw(t, "countries")
	rows := [][]string{goodHeader()}
	for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
		country := rapid.SampledFrom(countries).Draw(t, "country")
		form, last, _ := strings.Cut(phoneCell(t, country), "\x00")
		row := good(i)
		row[slices.Index(goodHeader(), "phoneNumber")] = strings.ReplaceAll(form, "%d", last)
		if rapid.Bool().Draw(t, "names its country") {
			row[slices.Index(goodHeader(), "countryCode")] = country
		}
		rows = append(rows, row)
	}
	return rows
}

// checkedList is what validate says of a list.
type checkedList struct {
	code    int
	good    int
	command []string // that is proposed, without the program's name; nil = none
}

func checkList(t *rapid.T, args []string) checkedList {
	check := func(args []string) (code int, out, people string) {
		var o, p bytes.Buffer
		code = cli.Run(t.Context(), args, []string{"SHELL=/bin/bash"}, strings.NewReader(""), &o, &p)
		return code, o.String(), p.String()
	}
	i := slices.Index(args, "validate") + 1
	code, summaryText, people := check(slices.Insert(slices.Clone(args), i, "--json"))
	c := checkedList{code: code}
	var summary struct {
		Rows   int            `json:"rows"`
		Counts map[string]int `json:"counts"`
	}
	if err := json.Unmarshal([]byte(summaryText), &summary); err != nil || c.code != 0 && c.code != 3 {
		t.Fatalf("%q: exit %d, %v\n%s", args, c.code, err, people)
	}
	c.good = summary.Rows - summary.Counts["invalid"] - summary.Counts["duplicate_in_input"]
	asText, findings, _ := check(args)
	if asText != code {
		t.Fatalf("%q: exit %d, with --json %d", args, asText, code)
	}
	isNext := false
	for line := range strings.SplitSeq(findings, "\n") {
		wasNext := isNext
		isNext = strings.HasSuffix(line, "If these guesses about the whole list are right, run:")
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "bulkonboard "); ok && wasNext {
			if c.command != nil {
				t.Fatalf("two commands are proposed:\n%s", findings)
			}
			c.command = term.SplitWords(rest)
		}
	}
	return c
}

// A printed command runs as printed, proposes no flag twice, and never leaves
// fewer good rows.
func TestAdviceCommandsHelp(t *testing.T) {
	t.Chdir(t.TempDir())
	followed := 0
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(adviceNames()).Draw(t, "name")
		var b strings.Builder
		for _, row := range adviceList(t) {
			fmt.Fprintln(&b, `"`+strings.Join(row, `","`)+`"`)
		}
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(name)
		args := []string{"validate"}
		if rapid.Bool().Draw(t, "a flag comes first") {
			args = []string{"--env=production", "validate"}
		}
		if strings.HasPrefix(name, "-") {
			args = append(args, "--")
		}
		before := checkList(t, append(args, name))
		for range 4 {
			if before.command == nil {
				return
			}
			followed++
			after := checkList(t, before.command)
			if after.good <= before.good {
				t.Fatalf("%q leaves %d good rows of %d", before.command, after.good, before.good)
			}
			before = after
		}
		t.Fatalf("there is always another proposal: %q", before.command)
	})
	if followed < 10 {
		t.Errorf("%d commands were proposed only", followed)
	}
}
