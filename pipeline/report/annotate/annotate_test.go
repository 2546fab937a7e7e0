package annotate

import (
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// A workbook saved by LibreOffice 7.4: styles, widths, formulas, comments, a
// hidden second sheet.
const libreOffice = "testdata/customers-libreoffice.xlsx"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listed(rows ...Row) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func bad(column int, field, code, text string) Mark {
	return Mark{Column: column, Field: field, Code: code, Text: text}
}

func odd(column int, field, code, text string) Mark {
	m := bad(column, field, code, text)
	m.Warning = true
	return m
}

// annotation is what a check would find in the workbook.
func annotation() Annotation {
	plus := "is missing its leading + (Excel drops it). With the + it is a valid number of GB: write it with the +, as text, or add the + to all such numbers with --phone-plus"
	return Annotation{
		Workbook: libreOffice, Sheet: "Customers",
		Header: []string{"First name", "Last name", "E-mail", "Mobile", "Purpose", "IP", "Terms", "Program", "Wallet", "ZIP", "Country", "Limit", "Since", "Double limit"},
		Rows: listed(
			Row{Number: 2, Status: "created", Link: "https://verify.example/inquiry?id=a"},
			Row{Number: 3, Status: "invalid", Marks: []Mark{bad(2, "email", "email_format", "has no @. Write one plain e-mail address")}},
			Row{Number: 4, Status: "invalid", Marks: []Mark{
				bad(3, "phoneNumber", "phone_plus_lost", plus),
				bad(5, "ipAddress", "ip_not_public", "is a private address. Write the public one that the person registered from"),
			}},
			Row{Number: 5, Status: "invalid", Marks: []Mark{
				bad(6, "isTermsOfServiceAccepted", "terms_not_accepted", "does not say that the terms of service were accepted. Write TRUE for a user who has accepted them, and leave out who has not"),
				odd(9, "postalCode", "postal_zero_lost", "is too short for its country, as when a spreadsheet drops a leading zero. Format the column as text, then enter the code again"),
			}},
			Row{Number: 6, Status: "invalid", Marks: []Mark{
				bad(4, "accountPurpose", "required", "is empty. Fill it in"),
				odd(8, "walletAddress", "wallet_no_checksum", "has no capitals, so that a typing error cannot be noticed. Compare it with the original"),
				odd(8, "walletAddress", "second", "is a second remark on one cell. Compare it"),
			}},
			Row{Number: 7, Status: "duplicate_in_input", Problem: "same e-mail as row 2", Marks: []Mark{bad(-1, "", "duplicate_in_input", "has the e-mail of row 2. Delete one of the two")}},
		),
	}
}

// annotate writes and opens the result.
func annotate(t *testing.T, a Annotation) (Result, *excelize.File) {
	t.Helper()
	done, err := Write(t.Context(), atomicfile.Writer{}, filepath.Join(booktest.Dir(t), "out.xlsx"), a)
	if err != nil {
		t.Fatal(err)
	}
	return done, booktest.OpenBook(t, done.Path)
}

// fillOf is the fill colour of a cell, "" without one.
func fillOf(t *testing.T, f *excelize.File, sheet, cell string) string {
	t.Helper()
	id, err := f.GetCellStyle(sheet, cell)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.GetStyle(id); err != nil { // has the styles read
		t.Fatal(err)
	}
	fill := f.Styles.Fills.Fill[*f.Styles.CellXfs.Xf[id].FillID].PatternFill
	if fill == nil || fill.FgColor == nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToUpper(fill.FgColor.RGB), "FF")
}

func TestAnnotateKeepsWorkbook(t *testing.T) {
	a := annotation()
	done, f := annotate(t, a)
	before := booktest.OpenBook(t, libreOffice)
	if done.Copy || done.Problems != 6 || done.Warnings != 3 || done.Rows != 5 || done.Comments != 8 || !done.Commented || done.Unlisted != 0 {
		t.Errorf("done: %+v", done)
	}
	for _, sheet := range before.GetSheetList() {
		was, err := before.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		is, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(was) != fmt.Sprint(is) {
			t.Errorf("sheet %s was\n%q\nis\n%q", sheet, was, is)
		}
		old, _ := before.GetSheetVisible(sheet)
		if now, _ := f.GetSheetVisible(sheet); now != old {
			t.Errorf("sheet %s is shown: %t, was %t", sheet, now, old)
		}
	}
	for _, at := range [][2]string{{"Customers", "N2"}, {"Rates", "B1"}} {
		if was, _ := before.GetCellFormula(at[0], at[1]); was == "" {
			t.Errorf("%s %s of the workbook is no formula", at[0], at[1])
		}
		if is, err := f.GetCellFormula(at[0], at[1]); err != nil || is != "" {
			t.Errorf("%s %s is still the formula %q (%v)", at[0], at[1], is, err)
		}
	}
	for _, column := range []string{"A", "C", "I"} {
		was, _ := before.GetColWidth("Customers", column)
		if is, _ := f.GetColWidth("Customers", column); is != was {
			t.Errorf("column %s is %v wide, was %v", column, is, was)
		}
	}
	for cell, want := range map[string]string{"C3": workbook.ProblemFill, "D4": workbook.ProblemFill, "F4": workbook.ProblemFill, "J5": workbook.WarningFill, "I6": workbook.WarningFill, "A7": workbook.ProblemFill,
		"C2": "E2F0D9", "A2": "", "B7": ""} {
		if got := fillOf(t, f, "Customers", cell); got != want {
			t.Errorf("fill of %s is %q, want %q", cell, got, want)
		}
	}
	id, _ := f.GetCellStyle("Customers", "C3")
	if style, err := f.GetStyle(id); err != nil || style.Font == nil || style.Font.Family != "Georgia" || style.Font.Size != 12 {
		t.Errorf("a marked cell lost its font: %+v, %v", style.Font, err)
	}
	if panes, err := f.GetPanes("Customers"); err != nil || !panes.Freeze || panes.YSplit != 1 {
		t.Errorf("header is not frozen: %+v, %v", panes, err)
	}
}

func TestAnnotateComments(t *testing.T) {
	_, f := annotate(t, annotation())
	got := booktest.SheetComments(t, f, "Customers")
	if want := []string{"A2", "A7", "C3", "D4", "E6", "F4", "G5", "I6", "J5"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Errorf("comments on %v", slices.Sorted(maps.Keys(got)))
	}
	for cell, want := range map[string]string{
		"A2": " |first customer",
		"C3": "bulkonboard|Correct this: E-mail\nThis cell has no @. Write one plain e-mail address.\n\nThe sender wrote here:\nasked her on Monday",
		"J5": "bulkonboard|Please check: ZIP\nThis cell is too short for its country, as when a spreadsheet drops a leading zero. Format the column as text, then enter the code again.\n",
		"A7": "bulkonboard|Correct this\nThis row has the e-mail of row 2. Delete one of the two.\n",
	} {
		if got[cell] != want {
			t.Errorf("%s: %q, want %q", cell, got[cell], want)
		}
	}
	if strings.Count(got["I6"], "Please check") != 2 {
		t.Errorf("two marks of a cell: %q", got["I6"])
	}
}

func TestAnnotateProblemSheet(t *testing.T) {
	_, f := annotate(t, annotation())
	if list := f.GetSheetList(); list[len(list)-1] != "Problems" || f.GetActiveSheetIndex() != len(list)-1 {
		t.Errorf("sheets %q, open on %d", list, f.GetActiveSheetIndex())
	}
	rows := booktest.SheetRows(t, f, "Problems")
	if !strings.HasPrefix(rows[0][0], workbook.SheetMark) {
		t.Errorf("first cell %q", rows[0][0])
	}
	if want := "6 problems in 5 rows must be corrected before they can be sent."; rows[1][0] != want {
		t.Errorf("%q, want %q", rows[1][0], want)
	}
	head := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 1 && r[1] == "Cell" })
	if head < 0 {
		t.Fatalf("no list: %q", rows)
	}
	var cells []string
	for i := head + 1; i < len(rows); i++ {
		cells = append(cells, rows[i][1])
		ok, to, err := f.GetCellHyperLink("Problems", workbook.CellName(1, i+1))
		if err != nil || !ok || to != "'Customers'!"+rows[i][1] {
			t.Errorf("row %d leads to %q (%v)", i+1, to, err)
		}
	}
	if got := strings.Join(cells, " "); got != "C3 D4 F4 G5 J5 E6 I6 I6 A7" {
		t.Errorf("list of %s", got)
	}
	counts := rows[head-9 : head]
	if counts[0][0] != "1" || counts[0][4] == "" || !strings.Contains(fmt.Sprint(rows), "The phone number is missing its leading + (Excel drops it).") {
		t.Errorf("counts: %q", counts)
	}
}

func TestAnnotateOutcome(t *testing.T) {
	a := annotation()
	a.Outcome = true
	done, f := annotate(t, a)
	rows := booktest.SheetRows(t, f, "Customers")
	if want := outcomeColumns(); !slices.Equal(rows[0][14:], want) {
		t.Errorf("added %q", rows[0][14:])
	}
	if got := rows[1][14:]; !slices.Equal(got, []string{"created", "https://verify.example/inquiry?id=a"}) {
		t.Errorf("row 2: %q", got)
	}
	if got := rows[6][14:]; !slices.Equal(got, []string{"duplicate_in_input", "", "same e-mail as row 2"}) {
		t.Errorf("row 7: %q", got)
	}
	// Once more, on what was written: nothing piles up.
	a.Workbook, a.Header = done.Path, rows[0]
	a.Rows = listed(Row{Number: 3, Status: "created"}, Row{Number: 4, Status: "invalid", Marks: []Mark{bad(3, "phoneNumber", "x", "is wrong. Correct it")}})
	_, again := annotate(t, a)
	if got := booktest.SheetRows(t, again, "Customers")[0]; !slices.Equal(got, rows[0]) {
		t.Errorf("headers now %q", got)
	}
	if !slices.Equal(again.GetSheetList(), f.GetSheetList()) {
		t.Errorf("sheets now %q", again.GetSheetList())
	}
	if got := slices.Sorted(maps.Keys(booktest.SheetComments(t, again, "Customers"))); !slices.Equal(got, []string{"A2", "C3", "D4"}) {
		t.Errorf("comments now on %v", got)
	}
	if got := booktest.SheetComments(t, again, "Customers")["C3"]; !strings.HasSuffix(got, "|asked her on Monday") {
		t.Errorf("the sender's comment is now %q", got)
	}
	for cell, want := range map[string]string{"C3": "", "D4": workbook.ProblemFill, "J5": "", "C2": "E2F0D9"} {
		if got := fillOf(t, again, "Customers", cell); got != want {
			t.Errorf("fill of %s is %q, want %q", cell, got, want)
		}
	}
}

// What is no workbook becomes one, and so does a workbook too large to keep.
func TestAnnotateCopy(t *testing.T) {
	rows := listed(
		Row{Number: 2, Cells: []string{"Ada", "=1+1", "02139"}},
		Row{Number: 5, Cells: []string{"Alan", "", "x", "beyond"}, Marks: []Mark{bad(1, "email", "required", "is empty. Fill it in"), odd(2, "", "w", "is odd. Look")}},
	)
	a := Annotation{Header: []string{"name", "mail", "zip"}, Rows: rows}
	done, f := annotate(t, a)
	if done.Copy || done.Problems != 1 || done.Comments != 2 {
		t.Errorf("done: %+v", done)
	}
	want := [][]string{{"name", "mail", "zip", "onboard_problem"}, {"Ada", "=1+1", "02139"}, nil, nil,
		{"Alan", "", "x", "mail: This cell is empty. Fill it in. Please check zip: This cell is odd. Look.", "beyond"}}
	if got := booktest.SheetRows(t, f, "List"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sheet is %q", got)
	}
	if formula, err := f.GetCellFormula("List", "B2"); err != nil || formula != "" {
		t.Errorf("text became the formula %q (%v)", formula, err)
	}
	if fillOf(t, f, "List", "B5") != workbook.ProblemFill || fillOf(t, f, "List", "C5") != workbook.WarningFill {
		t.Error("cells are not filled")
	}
	if got := booktest.SheetComments(t, f, "List"); !strings.Contains(got["B5"], "Correct this: mail\nThis cell is empty. Fill it in.") {
		t.Errorf("comments %q", got)
	}
	if panes, err := f.GetPanes("List"); err != nil || !panes.Freeze {
		t.Errorf("header is not frozen (%v)", err)
	}
	// The box of B5 ends after onboard_problem, which is wider than a box is.
	if vml := string(workbook.RawPart(f, "xl/drawings/vmlDrawing1.vml")); !strings.Contains(vml, "<x:Anchor>2, 12, 3, 4, 4, ") {
		t.Errorf("the box of a comment ignores the widths of the columns: %s", vml)
	}
	large := annotation()
	large.Rows = rows
	w, err := os.Create(filepath.Join(booktest.Dir(t), "x.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if done, err := large.write(w, filepath.Dir(w.Name()), 20); err != nil || !done.Copy {
		t.Errorf("a workbook of more than 20 cells: %+v, %v", done, err)
	}
}

// line 67: a sheet's name that no spreadsheet program writes does not keep the
// marks from being written.
func TestAnnotateCopyOfOddName(t *testing.T) {
	for name, want := range map[string]string{
		"": "List", "'": "List", "It's": "It's", "'quoted'": "quoted", `a:b\c/d?e*f[g]`: "a_b_c_d_e_f_g_", "a\nb": "a_b", "\xff": "_",
		strings.Repeat("名", 40): strings.Repeat("名", 31), strings.Repeat("😀", 40): strings.Repeat("😀", 15), "Problems": "Problems",
	} {
		a := Annotation{Sheet: name, Header: []string{"mail"}, Rows: listed(Row{Number: 2, Cells: []string{"x"}, Marks: []Mark{bad(0, "email", "required", "is empty. Fill it in")}})}
		_, f := annotate(t, a)
		if got := booktest.SheetRows(t, f, want); len(got) != 2 || f.GetSheetName(0) != want {
			t.Errorf("sheet %q became %q: %q", name, f.GetSheetList(), got)
		}
	}
}

func TestAnnotateTarget(t *testing.T) {
	dir := booktest.Dir(t)
	path := filepath.Join(dir, "out.xlsx")
	write := func() string {
		done, err := Write(t.Context(), atomicfile.Writer{}, path, annotation())
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(done.Path)
	}
	if got := write() + " " + write(); got != "out.xlsx out.xlsx" {
		t.Errorf("wrote %s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	f := booktest.OpenBook(t, path)
	if err := f.SetCellStr("Customers", "C3", "grace@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	if got := write(); got != "out-2.xlsx" {
		t.Errorf("an edited file was in the way, and %s was written", got)
	}
	a := annotation()
	a.Workbook = filepath.Join(dir, "out-2.xlsx")
	if _, err := Write(t.Context(), atomicfile.Writer{}, a.Workbook, a); err == nil {
		t.Error("the input was overwritten")
	}
	a.Rows = listed(Row{Number: 3}, Row{Number: 3})
	if _, err := Write(t.Context(), atomicfile.Writer{}, filepath.Join(dir, "new.xlsx"), a); err == nil {
		t.Error("rows out of order were taken")
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 2 {
		t.Errorf("directory holds %q, %v", names, err)
	}
}

// A workbook that excelize cannot take is copied; boxes of comments that
// cannot be read are drawn anew.
func TestAnnotateUnusual(t *testing.T) {
	a := annotation()
	a.Sheet = "Elsewhere"
	if done, f := annotate(t, a); !done.Copy || f.GetSheetList()[0] != "Elsewhere" {
		t.Errorf("%+v", done)
	}
	before := booktest.OpenBook(t, libreOffice)
	before.Pkg.Store("xl/drawings/vmlDrawing1.vml", []byte(`<y:xml xmlns:y="urn:x"/>`))
	odd := filepath.Join(booktest.Dir(t), "odd.xlsx")
	if err := before.SaveAs(odd); err != nil {
		t.Fatal(err)
	}
	a = annotation()
	a.Workbook = odd
	done, f := annotate(t, a)
	if done.Copy || done.Comments != 8 || done.Displaced != 0 || fillOf(t, f, "Customers", "C3") != workbook.ProblemFill {
		t.Errorf("%+v", done)
	}
	if got := booktest.SheetComments(t, f, "Customers"); len(got) != 9 || got["A2"] != " |first customer" {
		t.Errorf("comments %q", got)
	}
}

// A workbook without comments gets its parts; two annotations of one workbook
// with comments elsewhere do not mix them up.
func TestAnnotateOtherSheetsComments(t *testing.T) {
	f := excelize.NewFile()
	if _, err := f.NewSheet("Notes"); err != nil {
		t.Fatal(err)
	}
	for cell, text := range map[string]string{"A1": "name", "A2": "Ada"} {
		if err := f.SetCellStr("Sheet1", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.AddComment("Notes", excelize.Comment{Cell: "B2", Author: "Finance", Text: "stays"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(booktest.Dir(t), "in.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	done, out := annotate(t, Annotation{Workbook: path, Sheet: "Sheet1", Header: []string{"name"},
		Rows: listed(Row{Number: 2, Marks: []Mark{bad(0, "name", "x", "is <wrong> & odd. Mend it")}})})
	if done.Comments != 1 {
		t.Errorf("%+v", done)
	}
	if got := booktest.SheetComments(t, out, "Sheet1"); got["A2"] != "bulkonboard|Correct this: name\nThis cell is <wrong> & odd. Mend it.\n" || len(got) != 1 {
		t.Errorf("%q", got)
	}
	if got := booktest.SheetComments(t, out, "Notes"); got["B2"] != "Finance|stays" || len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// small makes a workbook whose headers stand in row 3, with a cell to the
// right of them, and panes as given.
func small(t *testing.T, panes *excelize.Panes) string {
	t.Helper()
	f := excelize.NewFile()
	for cell, text := range map[string]string{"A1": "Our list", "A3": "name", "B3": "mail", "A4": "Ada", "B4": "a@b", "D5": "stray"} {
		if err := f.SetCellStr("Sheet1", cell, text); err != nil {
			t.Fatal(err)
		}
	}
	if panes != nil {
		if err := f.SetPanes("Sheet1", panes); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(booktest.Dir(t), "small.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnnotatePanes(t *testing.T) {
	for _, tt := range []struct {
		name             string
		before           *excelize.Panes
		columns, rows, n int // n: HeaderRow
	}{
		{"none", nil, 0, 3, 0},
		{"none, told", nil, 0, 4, 4},
		{"too few rows", workbook.FrozenPanes(1, 1), 1, 3, 0},
		{"the sender's own", workbook.FrozenPanes(5, 2), 2, 5, 0},
		{"far down", nil, 0, 0, 40},
	} {
		a := Annotation{Workbook: small(t, tt.before), Sheet: "Sheet1", HeaderRow: tt.n, Header: []string{"name", "mail"}, Rows: listed()}
		_, f := annotate(t, a)
		if panes, err := f.GetPanes("Sheet1"); err != nil || panes.XSplit != tt.columns || panes.YSplit != tt.rows {
			t.Errorf("%s: %d columns and %d rows are frozen (%v)", tt.name, panes.XSplit, panes.YSplit, err)
		}
	}
}

// Nothing of the sender's is written over, wherever it stands.
func TestAnnotateStrayCells(t *testing.T) {
	a := Annotation{Workbook: small(t, nil), Sheet: "Sheet1", Header: []string{"name", "mail"}, Outcome: true,
		Rows: listed(Row{Number: 4, Status: "invalid"}, Row{Number: 5, Status: "invalid"})}
	_, f := annotate(t, a)
	want := "[[Our list] [] [name mail   onboard_status onboard_link onboard_problem] [Ada a@b   invalid] [   stray invalid]]"
	if got := fmt.Sprint(booktest.SheetRows(t, f, "Sheet1")); got != want {
		t.Errorf("%s", got)
	}
}

// A cell with a problem is red whatever else is said of it.
func TestAnnotateOneCellManyMarks(t *testing.T) {
	wrong, look := bad(0, "", "x", "is wrong. Correct it"), odd(0, "", "y", "is odd. Look")
	for _, marks := range [][]Mark{{wrong, look}, {look, wrong}, {look, wrong, look}} {
		a := Annotation{Workbook: small(t, nil), Sheet: "Sheet1", Header: []string{"name", "mail"}, Rows: listed(Row{Number: 4, Marks: marks})}
		_, f := annotate(t, a)
		if got := fillOf(t, f, "Sheet1", "A4"); got != workbook.ProblemFill {
			t.Errorf("%v: fill %s", marks, got)
		}
	}
}

// Each comment has one box, also after a second annotation.
func TestAnnotateBoxes(t *testing.T) {
	boxes := func(f *excelize.File) int {
		return strings.Count(string(workbook.RawPart(f, "xl/drawings/vmlDrawing1.vml")), `ObjectType="Note"`)
	}
	done, f := annotate(t, annotation())
	if got := boxes(f); got != 9 {
		t.Errorf("%d boxes", got)
	}
	a := annotation()
	a.Workbook = done.Path
	a.Rows = listed(Row{Number: 4, Marks: []Mark{bad(3, "", "x", "is wrong. Correct it")}})
	if _, f = annotate(t, a); boxes(f) != 3 {
		t.Errorf("%d boxes the second time", boxes(f))
	}
}

// Only what nobody signed, or we did, is taken for ours.
func TestOurComments(t *testing.T) {
	for _, tt := range []struct {
		comment workbook.Comment
		want    bool
	}{
		{workbook.Comment{Author: workbook.Author, Text: "<t>x</t>"}, true},
		{workbook.Comment{Author: " ", Text: "<r><t xml:space=\"preserve\">Correct this: Mobile&#10;</t></r>"}, true},
		{workbook.Comment{Text: "<t>Please check: Mobile</t>"}, true},
		{workbook.Comment{Author: "Finance", Text: "<t>Correct this: Mobile</t>"}, false},
		{workbook.Comment{Text: "<t>please, correct this</t>"}, false},
		{workbook.Comment{}, false},
	} {
		if got := isOurs(tt.comment); got != tt.want {
			t.Errorf("%+v: %t", tt.comment, got)
		}
	}
}
