package source

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/source/xlsx/xlsxtest"
)

func TestRoundedNumbers(t *testing.T) {
	const names = "firstName,lastName,email,phoneNumber,notes\n"
	exact := "Ann,Lee,a@b.example,14155551234,1\nBob,Fox,b@b.example,+14155552671,2\n"
	for name, test := range map[string]struct{ rows, want string }{
		"among exact ones":            {exact + "Cid,Roe,c@b.example,14155600000,x\n", "||excel_rounded"},
		"with its +":                  {exact + "Cid,Roe,c@b.example,+14155600000,x\n", "||"},
		"written apart":               {exact + "Cid,Roe,c@b.example,1415 560 0000,x\n", "||"},
		"four zeros":                  {exact + "Cid,Roe,c@b.example,14155610000,x\n", "||"},
		"short":                       {exact + "Cid,Roe,c@b.example,800000,x\n", "||"},
		"in a column that counts not": {exact + "Cid,Roe,c@b.example,14155551235,14155600000\n", "||"},
		"all of them":                 {"Ann,Lee,a@b.example,14155500000,1\nBob,Fox,b@b.example,14155600000,2\n", "|"},
		"below the first rows":        {exact + strings.Repeat("Cid,Roe,c@b.example,14155551235,x\n", 20) + "Dee,Roe,d@b.example,14155600000,x\n", strings.Repeat("|", 22) + "excel_rounded"},
	} {
		t.Run(name, func(t *testing.T) {
			_, rows, err := read(t, Options{}, "a.csv", names+test.rows)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, codes(row))
				if codes(row) != "" && row.Values[3] != "" {
					t.Errorf("%q counts as a value", row.Values[3])
				}
			}
			if strings.Join(got, "|") != test.want {
				t.Errorf("got %q, want %q", strings.Join(got, "|"), test.want)
			}
		})
	}
}

// A number that the sheet shows as a power of ten is rounded for its sender. In a
// column that is only carried along it is of no account.
func TestScientificForm(t *testing.T) {
	book := xlsxtest.New(xlsxtest.Rows(`<row r="1">` + xlsxtest.Inline("A1", "firstName") + xlsxtest.Inline("B1", "lastName") + xlsxtest.Inline("C1", "email") + xlsxtest.Inline("D1", "phoneNumber") + xlsxtest.Inline("E1", "balance") + `</row>` +
		`<row r="2">` + xlsxtest.Inline("A2", "Ann") + xlsxtest.Inline("B2", "Lee") + xlsxtest.Inline("C2", "a@b.example") + `<c r="D2" s="1"><v>14155551234</v></c><c r="E2" s="2"><v>14155551234</v></c></row>` +
		`<row r="3">` + xlsxtest.Inline("A3", "Bob") + xlsxtest.Inline("B3", "Fox") + xlsxtest.Inline("C3", "b@b.example") + `<c r="D3" s="2"><v>14155500000</v></c></row>` +
		`<row r="4">` + xlsxtest.Inline("A4", "Cid") + xlsxtest.Inline("B4", "Roe") + xlsxtest.Inline("C4", "c@b.example") + `<c r="D4"><v>14155551234</v></c></row>`))
	book["xl/styles.xml"] = `<styleSheet xmlns="` + xlsxtest.MainNS + `"><numFmts count="1"><numFmt numFmtId="164" formatCode="##0.0E+0"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="11"/><xf numFmtId="164"/></cellXfs></styleSheet>`
	_, rows, err := read(t, Options{Carry: []string{"balance"}}, "a.xlsx", string(book.Zip(t)))
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(rows[0]) + "|" + codes(rows[1]) + "|" + codes(rows[2]); got != "excel_rounded|excel_rounded|" || rows[0].Carry[0] != "14155551234" || rows[2].Values[3] != "14155551234" {
		t.Errorf("%q, %+v", got, rows)
	}
	// Fed back as a rejects file, it is not forgotten.
	_, rows, err = read(t, Options{}, "a.rejects.csv", "firstName,lastName,email,phoneNumber,onboard_row,onboard_status,onboard_problem\nAnn,Lee,a@b.example,,2,invalid,phoneNumber: The number is rounded: enter it again\n")
	if err != nil || codes(rows[0]) != "excel_rounded" {
		t.Errorf("%+v, %v", rows, err)
	}
}
