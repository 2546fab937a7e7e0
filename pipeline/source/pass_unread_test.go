package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

// TestUnreadColumns: what is wrong in a column that nobody reads holds no
// customer back.
func TestUnreadColumns(t *testing.T) {
	const header = `<row r="1"><c r="A1" t="str"><v>firstName</v></c><c r="B1" t="str"><v>lastName</v></c><c r="C1" t="str"><v>email</v></c><c r="D1" t="str"><v>note</v></c><c r="E1" t="str"><v>more</v></c></row>`
	row := func(more string) string {
		return header + `<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2" t="str"><v>b</v></c>` + more + `</row>`
	}
	const email = `<c r="C2" t="str"><v>c</v></c>`
	merge := func(ref string) string { return `<mergeCells><mergeCell ref="` + ref + `"/></mergeCells>` }
	for name, test := range map[string]struct {
		sheet  string
		opt    Options
		want   string // code, column and field
		unread int    // as the note counts
	}{
		"error":                {xlsxtest.Rows(row(email + `<c r="D2" t="e"><v>#N/A</v></c>`)), Options{}, "", 1},
		"error, beyond":        {xlsxtest.Rows(row(email + `<c r="F2" t="e"><v>#N/A</v></c>`)), Options{}, "columns_beyond/-1/", 1},
		"error, read":          {xlsxtest.Rows(row(`<c r="C2" t="e"><v>#N/A</v></c>`)), Options{}, "cell_error/2/email", 0},
		"error, carried":       {xlsxtest.Rows(row(email + `<c r="D2" t="e"><v>#N/A</v></c>`)), Options{Carry: []string{"note"}}, "cell_error/3/note", 0},
		"error, id":            {xlsxtest.Rows(row(email + `<c r="D2" t="e"><v>#N/A</v></c>`)), Options{ID: "note"}, "cell_error/3/note", 0},
		"error, sent":          {xlsxtest.Rows(row(email + `<c r="D2" t="e"><v>#N/A</v></c>`)), Options{Send: []SendColumn{{"x", "note"}}}, "cell_error/3/x", 0},
		"rounded and uncached": {xlsxtest.Rows(row(email + `<c r="D2"><v>1234567890123456</v></c><c r="E2"><f>1</f></c>`)), Options{}, "", 2},
		"formula":              {xlsxtest.Rows(row(email + `<c r="D2"><f>1</f><v>1</v></c>`)), Options{Formulas: "refuse"}, "", 1},
		"date":                 {xlsxtest.Rows(row(email + `<c r="D2" s="1"><v>45351</v></c>`)), Options{}, "", 0},
		"merged":               {xlsxtest.Rows(row(email+`<c r="D2"><v>1</v></c>`), merge("D2:E2")), Options{}, "", 1},
		"merged, the second":   {xlsxtest.Rows(row(email+`<c r="D2"><v>1</v></c>`), merge("D2:E2")), Options{Carry: []string{"more"}}, "merged/4/more", 0},
		"merged, read":         {xlsxtest.Rows(row(email), merge("C2:E2")), Options{}, "merged/2/email", 0},
	} {
		t.Run(name, func(t *testing.T) {
			in, rows, err := read(t, test.opt, "a.xlsx", string(xlsxtest.New(test.sheet).Zip(t)))
			if err != nil || len(rows) != 1 {
				t.Fatal(len(rows), err)
			}
			if _, err := readPass(t, in); err != nil { // which says nothing again
				t.Fatal(err)
			}
			var got []string
			for _, is := range rows[0].Issues {
				got = append(got, fmt.Sprintf("%s/%d/%s", is.Code, is.Column, is.Field))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			var notes []string
			for _, n := range in.Notes() {
				if n.Code == "unread_cells" {
					notes = append(notes, n.Message)
				}
			}
			if told := strings.Join(notes, "|"); (told == "") != (test.unread == 0) || len(notes) > 1 || test.unread > 0 && !strings.HasSuffix(told, fmt.Sprintf(": %d", test.unread)) {
				t.Errorf("notes %q, want %d counted", notes, test.unread)
			}
		})
	}
}
