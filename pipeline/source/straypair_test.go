package source

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestS01QuotePairChimera(t *testing.T) {
	_, _, err := readCase(t, "s01-quote-pair-chimera.csv", Options{})
	refused(t, err, Error{Row: 3, Line: 3, Column: 4, Reason: "the quotation mark opened on line 3", Hint: "stray pair"})
}

// pairHeader and pairRow make lists of ten columns.
const pairHeader = "firstName,lastName,email,notes,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,walletAddress"

func pairRow(i int) []string {
	return []string{"Ann", fmt.Sprintf("Annson%c", 'a'+i%26), fmt.Sprintf("jane%d@mail.example", i), "ok", fmt.Sprintf("+120255501%02d", i%100), "personal use",
		fmt.Sprintf("203.0.113.%d", i%256), "TRUE", "non_custodial", fmt.Sprintf("0x%040d", i)}
}

func TestStrayPairForms(t *testing.T) {
	list := func(lines ...string) string { return pairHeader + "\n" + strings.Join(lines, "\n") + "\n" }
	row := func(i int, notes string) string {
		cells := pairRow(i)
		cells[3] = notes
		return strings.Join(cells, ",")
	}
	for _, c := range []struct {
		name, text string
		line       int // 0 = sound
	}{
		{"two rows", list(row(1, "ok"), row(2, `"x`), row(3, `y"`), row(4, "")), 3},
		{"doubled marks", list(row(1, `"""x`), row(2, ""), row(3, `y"""`)), 2},
		{"CR line ends", strings.ReplaceAll(list(row(1, "ok"), row(2, `"x`), row(3, `y"`)), "\n", "\r"), 3},
		{"CRLF line ends", strings.ReplaceAll(list(row(1, "ok"), row(2, `"x`), row(3, `y"`)), "\n", "\r\n"), 3},
		{"semicolons", strings.ReplaceAll(list(row(1, `"x`), row(2, `y"`)), ",", ";"), 2},
		{"tabs", strings.ReplaceAll(list(row(1, `"x`), row(2, `y"`)), ",", "\t"), 2},
		{"pipes", strings.ReplaceAll(list(row(1, `"x`), row(2, `y"`)), ",", "|"), 2},
		{"from the last column", list(strings.Replace(row(1, ""), ",0x", `,"0x`, 1), row(2, "")+`"`), 2},
		{"from the first column", list(`"`+row(1, ""), strings.Replace(row(2, ""), "Ann", `Ann"`, 1)), 2},
		{"closes in another column", list(row(1, `"x`), row(2, ""), strings.Replace(row(3, ""), "TRUE", `TRUE"`, 1)), 2},
		{"closes in the e-mail", list(row(1, `"x`), strings.Replace(row(2, ""), "@mail.example", `@mail.example"`, 1)), 2},
		{"on one line", list(row(1, ""), strings.Replace(row(2, `"x`), "personal use", `personal use"`, 1)), 3},
		{"behind a sound cell of several lines", list(strings.Replace(row(1, `"x`), "Ann", "\"Ann\nMaria\"", 1), row(2, `y"`)), 3},
		{"a short row swallowed", list(row(1, `"x`), "Ann,Annson,jane9@mail.example", row(3, `y"`)), 2},
		{"spaces behind the delimiters", list(row(1, `"x`), strings.ReplaceAll(row(2, ""), ",", ", "), row(3, `y"`)), 2},

		{"rows of another width, with spaces", list(row(1, `"x`), "Ann, Annson, jane9@mail.example", row(3, `y"`)), 2},

		{"address", list(row(1, "\"1 Main Street, Apt 4\nBoston, MA, 02139\nUS\"")), 0},
		{"note with an e-mail", list(row(1, "\"called, no answer\nwrote to bob@x.example, who will call back\n\"")), 0},
		{"prose of many commas", list(row(1, "\"likes red, green, blue, pink, grey, black, white, beige, brown, teal\nand more\"")), 0},
		{"note of one word a line", list(row(1, "\"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\"")), 0},
		{"note with a phone number in a short row", list(`Ann,Annson,jane1@mail.example,"call Bob, +12025550199",+12025550101,personal use,203.0.113.1,TRUE,custodial`), 0},
		{"quoted comma in a short row", list(`Ann,"Annson, Mrs",jane1@mail.example,,+12025550101,personal use,203.0.113.1,TRUE,custodial`), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := read(t, Options{Fields: listFields()}, "a.csv", c.text)
			if c.line == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			refused(t, err, Error{Line: c.line, Reason: fmt.Sprintf("opened on line %d", c.line)})
		})
	}
}

// Wherever a stray pair stands, the file is refused; nothing of the rows it
// swallows is read as part of another.
func TestStrayPairAnywhere(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows := make([][]string, rapid.IntRange(2, 8).Draw(r, "rows"))
		for i := range rows {
			rows[i] = pairRow(i)
		}
		delim := rapid.SampledFrom([]string{",", ";", "\t", "|"}).Draw(r, "delimiter")
		from := rapid.IntRange(0, len(rows)-2).Draw(r, "from")
		to := rapid.IntRange(from+1, len(rows)-1).Draw(r, "to")
		open, closing := rapid.IntRange(0, 9).Draw(r, "open"), rapid.IntRange(0, 9).Draw(r, "close")
		rows[from][open] = `"` + rows[from][open]
		rows[to][closing] += `"`
		text := strings.ReplaceAll(pairHeader, ",", delim) + "\n"
		for _, row := range rows {
			text += strings.Join(row, delim) + "\n"
		}
		_, _, err := read(t, Options{Fields: listFields()}, "a.csv", text)
		var e *Error
		if !errors.As(err, &e) || e.Line != from+2 {
			r.Fatalf("%v\n%s", err, text)
		}
	})
}

// Sound addresses and notes of several lines are no stray pairs, whatever
// column they are in and however many commas they have.
func TestStrayPairSpares(t *testing.T) {
	amounts := pairRow(0) // as many commas as the header row, most of them in amounts
	amounts[3] = "c/o Smith, Building C\nwill pay 1,50, 12 Main Street, will pay 1,50, will pay 1,50, will pay 1,50"
	if _, got, err := read(t, Options{Fields: listFields()}, "a.csv", pairHeader+"\n"+csvLine(t, amounts)); err != nil || len(got) != 1 {
		t.Errorf("amounts: %d rows, %v", len(got), err)
	}
	words := []string{"Apt 4", "12 Main Street", "c/o Smith", "Boston", "MA 02139", "Building C", "2nd floor", "called twice", "wrote to bob@x.example", "will pay 1,50", "France", "+1 202 555 0101 does not answer"}
	rapid.Check(t, func(r *rapid.T) {
		rows := make([][]string, rapid.IntRange(1, 5).Draw(r, "rows"))
		for i := range rows {
			rows[i] = pairRow(i)
			for _, column := range []int{1, 3, 5} {
				lines := make([]string, rapid.IntRange(1, 4).Draw(r, "lines"))
				for j := range lines {
					lines[j] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 12).Draw(r, "words"), ", ")
				}
				rows[i][column] = strings.Join(lines, "\n")
			}
		}
		var text strings.Builder
		w := csv.NewWriter(&text)
		if err := errors.Join(w.Write(strings.Split(pairHeader, ",")), w.WriteAll(rows)); err != nil {
			r.Fatal(err)
		}
		_, got, err := read(t, Options{Fields: listFields()}, "a.csv", text.String())
		if err != nil {
			r.Fatalf("%v\n%s", err, text.String())
		}
		if len(got) != len(rows) {
			r.Fatalf("%d rows of %d", len(got), len(rows))
		}
	})
}

func csvLine(t *testing.T, row []string) string {
	t.Helper()
	var text strings.Builder
	w := csv.NewWriter(&text)
	if err := w.Write(row); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return text.String()
}
