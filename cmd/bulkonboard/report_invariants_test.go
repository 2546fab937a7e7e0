package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// grid reads a CSV or the named sheet of a workbook as the cells that it holds.
func grid(t *testing.T, path, sheet string) [][]string {
	t.Helper()
	if filepath.Ext(path) == ".xlsx" {
		f, err := excelize.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := f.GetRows(cmp.Or(sheet, f.GetSheetName(0)))
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// exported is what the ledger itself says, by input file and row.
type exported struct {
	Type                                                           string
	File, Row                                                      int
	Customer                                                       int64
	Status, Email, FirstName, LastName, ServiceID, Verificationurl string
}

func exportOf(t *testing.T, dir string) (rows map[[2]int]exported, customers map[int64]exported) {
	t.Helper()
	text, err := command(t, dir, "ledger", "export", "--sandbox", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	rows, customers = map[[2]int]exported{}, map[int64]exported{}
	for line := range bytes.Lines(text) {
		var e exported
		if json.Unmarshal(line, &e) != nil {
			continue // a kind that is not looked at
		}
		switch e.Type {
		case "row":
			rows[[2]int{e.File, e.Row}] = e
		case "customer":
			customers[e.Customer] = e
		}
	}
	return rows, customers
}

// Invariants 10 and 11: every row of the input stands in the report once, in its
// order and under the number that a spreadsheet program shows; the counts add up;
// and CSV, workbook, JSON, page and ledger say the same of each.
func TestReportsHaveEveryRowAndAgree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const hand = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,address\n" +
		"Ann,Lee,ann@example.com,+14155550101,cards,203.0.113.1,TRUE,custodial,One Street\n" +
		"\n" + // row 3 is blank
		"Bea,Lee,bea@example.com,+14155550102,cards,203.0.113.1,TRUE,custodial,\"Flat 2\nTwo Street\"\n" + // row 4, two lines
		"Ann,Lee,ann@example.com,+14155550103,cards,203.0.113.1,TRUE,custodial,\n" + // row 5, repeats row 2
		",,,,,,,,\n" + // row 6 is blank as well
		"Cid,Lee,no address,+14155550104,cards,203.0.113.1,TRUE,custodial,\n" +
		"Dan,Lee,dan+dup@example.com,+14155550105,cards,203.0.113.1,TRUE,custodial,\n" +
		"Eve,Lee,eve@example.com,,cards,203.0.113.1,TRUE,custodial,\n" + // row 9, invalid, has the e-mail of row 10
		"Fay,Lee,eve@example.com,+14155550106,cards,203.0.113.1,TRUE,custodial,\n" +
		"Guy,Lee,ann@example.com,+14155550107,cards,203.0.113.1,no,custodial,\n" // row 11, invalid, has the e-mail of row 2
	if err := os.WriteFile(filepath.Join(dir, "hand.csv"), []byte(hand), 0o600); err != nil {
		t.Fatal(err)
	}
	const book = "customers-with-mistakes.xlsx"
	copySample(t, dir, book)
	var want []string
	for _, n := range []int{2, 4, 5, 7, 8, 9, 10, 11} {
		want = append(want, fmt.Sprint("hand.csv ", n))
	}
	for i, cells := range grid(t, filepath.Join(dir, book), "") {
		if i > 0 && strings.TrimSpace(strings.Join(cells, "")) != "" {
			want = append(want, fmt.Sprint(book, " ", i+1))
		}
	}
	c := command(t, dir, "run", "--sandbox", "--rate", "unlimited", "--carry", "all", "--json",
		"--report", "r.csv", "--report", "r.xlsx", "--report", "r.json", "--report", "r.html", "hand.csv", book)
	summary, err := c.Output()
	if code := exitOfProcess(t, err); code != 3 {
		t.Fatalf("exit %d", code)
	}
	var sum struct {
		Rows   int
		Counts map[string]int
	}
	if err := json.Unmarshal(summary, &sum); err != nil {
		t.Fatal(err)
	}

	cells := grid(t, filepath.Join(dir, "r.csv"), "")
	head := cells[0]
	at := func(row []string, name string) string { return row[slices.Index(head, name)] }
	var got []string
	counts, all := map[string]int{}, 0
	for _, row := range cells[1:] {
		got = append(got, at(row, "file")+" "+at(row, "row"))
		counts[at(row, "status")]++
	}
	if !slices.Equal(got, want) {
		t.Errorf("rows of the report\n%q\nof the input\n%q", got, want)
	}
	for status, n := range sum.Counts {
		if all += n; n != counts[status] {
			t.Errorf("%d rows %s in the summary, %d in the report", n, status, counts[status])
		}
	}
	if all != len(want) || sum.Rows != len(want) {
		t.Errorf("counts add up to %d, rows %d, want %d", all, sum.Rows, len(want))
	}

	workbook := grid(t, filepath.Join(dir, "r.xlsx"), "All rows")
	var doc struct{ Rows []map[string]any }
	text, err := os.ReadFile(filepath.Join(dir, "r.json"))
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil || len(workbook) != len(cells) || len(doc.Rows) != len(want) {
		t.Fatalf("%v; %d rows in the workbook, %d in JSON", err, len(workbook)-1, len(doc.Rows))
	}
	rows, customers := exportOf(t, dir)
	if len(rows) != len(want) {
		t.Errorf("the ledger holds %d rows", len(rows))
	}
	for i, row := range cells {
		for len(workbook[i]) < len(row) {
			workbook[i] = append(workbook[i], "") // a sheet leaves out what is empty at the end
		}
		if i > 0 { // the same problems, in words for finance
			for _, name := range []string{"field", "message"} {
				column := slices.Index(head, name)
				if strings.Count(workbook[i][column], "; ") != strings.Count(row[column], "; ") || (workbook[i][column] == "") != (row[column] == "") {
					t.Errorf("%s: %q, in the workbook %q", name, row[column], workbook[i][column])
				}
				workbook[i][column] = row[column]
			}
		}
		if !slices.Equal(workbook[i], row) {
			t.Errorf("%q\nin the workbook %q", row, workbook[i])
		}
		if i == 0 {
			continue
		}
		for j, name := range head {
			cell := ""
			if v := doc.Rows[i-1][name]; v != nil {
				cell = fmt.Sprint(v)
			}
			if reporttext.Guard(cell) != row[j] {
				t.Errorf("%s, %s: %q in JSON, %q in CSV", want[i-1], name, cell, row[j])
			}
		}
		file := slices.Index([]string{"hand.csv", book}, at(row, "file"))
		number, err := strconv.Atoi(at(row, "row"))
		if err != nil {
			t.Fatal(err)
		}
		of := rows[[2]int{file, number}]
		if reporttext.Guard(of.Email) != at(row, "email") || reporttext.Guard(of.FirstName) != at(row, "firstName") || of.Status != at(row, "status") {
			t.Errorf("%s: %q in the report, %+v in the ledger", want[i-1], row, of)
		}
		if who := customers[of.Customer]; at(row, "status") == string(ledger.Created) &&
			(who.ServiceID != at(row, "serviceId") || who.Verificationurl != at(row, "verificationUrl") || who.ServiceID == "") {
			t.Errorf("%s: user or link are not those of the ledger", want[i-1])
		}
	}
	page, err := os.ReadFile(filepath.Join(dir, "r.html"))
	if err != nil {
		t.Fatal(err)
	}
	counts["all rows"] = all
	for status, n := range counts {
		if line := fmt.Sprintf(`%s</td><td class="number">%d</td>`, strings.ReplaceAll(status, "_", " "), n); !bytes.Contains(page, []byte(line)) {
			t.Errorf("the page does not say %d %s", n, status)
		}
	}
}

// Invariant 30: whatever the input holds, no file of ours has a cell that a
// spreadsheet program takes for a formula, and the page holds nothing of it.
func TestNoFormulaLeavesUs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	evil := []string{`=HYPERLINK("http://x.test","y")`, "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1", "＝1+1", "＋1", "－1+1", "＠x", "'=1+1", "''@x", `javascript:alert(1)`, `<script>alert(1)</script>`}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.Write([]string{"No", "firstName", "lastName", "email", "phoneNumber", "accountPurpose", "ipAddress", "isTermsOfServiceAccepted", "program", "=note"})
	for i, e := range evil {
		for j, mail := range []string{fmt.Sprintf("p%d@example.com", i), "nobody"} {
			if err == nil {
				err = w.Write([]string{e + strconv.Itoa(2*i+j), e, "Roe " + e, mail, fmt.Sprintf("+1415555%04d", 100+i), "cards", "203.0.113.9", "TRUE", "custodial", e})
			}
		}
	}
	w.Flush()
	if err := cmp.Or(err, w.Error(), os.WriteFile(filepath.Join(dir, "in.csv"), b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"run", "--sandbox", "--rate", "unlimited", "--id", "No", "--carry", "all", "--report", "r.csv", "--report", "r.xlsx", "--report", "r.html", "--rejects", "rejects.xlsx", "--annotate", "marked.xlsx", "in.csv"},
		{"run", "--sandbox", "--rate", "unlimited", "--id", "No", "--carry", "all", "--report", "again.csv", "--rejects", "rejects.csv", "in.csv"},
		{"links", "export", "--sandbox", "--output", "links.csv"}, {"links", "export", "--sandbox", "--output", "links.xlsx"},
	} {
		if out, err := command(t, dir, args...).CombinedOutput(); exitOfProcess(t, err) != 0 && exitOfProcess(t, err) != 3 {
			t.Fatalf("%v\n%s", args, out)
		}
	}
	for _, name := range []string{"r.csv", "again.csv", "rejects.csv", "links.csv"} {
		seen := 0
		for _, row := range grid(t, filepath.Join(dir, name), "") {
			for _, cell := range row {
				if reporttext.Guard(reporttext.Unguard(cell)) != cell {
					t.Errorf("%s: %q", name, cell)
				}
				if strings.HasPrefix(cell, "'") {
					seen++
				}
			}
		}
		if seen == 0 {
			t.Errorf("%s holds nothing that was guarded", name)
		}
	}
	for _, name := range []string{"r.xlsx", "rejects.xlsx", "marked.xlsx", "links.xlsx"} {
		noFormulas(t, filepath.Join(dir, name), name == "marked.xlsx" || name == "rejects.xlsx")
	}
	page, err := os.ReadFile(filepath.Join(dir, "r.html"))
	if err != nil || bytes.Contains(page, []byte("script>")) || bytes.Contains(page, []byte("javascript:")) || bytes.Contains(page, []byte("HYPERLINK")) {
		t.Errorf("the page repeats the input: %v", err)
	}
}

// noFormulas holds every cell and link of a workbook to the rule. In the
// sender's own list, and in the rows of it to be corrected, the cells stay what
// they were, as text.
func noFormulas(t *testing.T, path string, own bool) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x, cell := range row {
				name, err := excelize.CoordinatesToCellName(x+1, y+1)
				if err != nil {
					t.Fatal(err)
				}
				formula, err := f.GetCellFormula(sheet, name)
				has, link, failed := f.GetCellHyperLink(sheet, name)
				if err != nil || failed != nil || formula != "" || !own && reporttext.Guard(reporttext.Unguard(cell)) != cell {
					t.Errorf("%s, %s!%s: %q, formula %q", filepath.Base(path), sheet, name, cell, formula)
				}
				if has && !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "#") && strings.Contains(link, ":") {
					t.Errorf("%s, %s!%s leads to %q", filepath.Base(path), sheet, name, link)
				}
				cells++
			}
		}
	}
	if cells < 20 {
		t.Errorf("%s holds %d cells", path, cells)
	}
}

// begun reports whether something that is being written in a directory holds a
// part of it already.
func begun(dir string) bool {
	found, err := filepath.Glob(filepath.Join(dir, ".*", "*"))
	return err == nil && slices.ContainsFunc(found, func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	})
}

// Invariant 27: killed while it writes, a report is the old one or the new one,
// whole, and the next report leaves nothing beside it.
func TestKilledReportIsOldOrNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const rows = 4000
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(customersCSV(rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, dir, "run", "--sandbox", "--rate", "unlimited", "--limit", "10", "--report", "first.csv", "in.csv").CombinedOutput(); exitOfProcess(t, err) != 8 {
		t.Fatalf("%s", out)
	}
	out := t.TempDir()
	names := func() []string {
		entries, err := os.ReadDir(out)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, e := range entries {
			list = append(list, e.Name())
		}
		return list
	}
	writing := func(only string, path string) *exec.Cmd {
		return command(t, dir, "report", "--sandbox", "--only", only, "--report", path)
	}
	for _, ext := range []string{".csv", ".xlsx"} {
		path := filepath.Join(out, "r"+ext)
		if said, err := writing("created", path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		before, killed := names(), 0
		for try := 0; try < 20 && killed < 4; try++ {
			c := writing("pending", path)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			for alive := true; alive; {
				select {
				case <-ended:
					alive = false
				default:
					if begun(out) { // it is at it
						_ = c.Process.Kill() // unless it has just ended
						if err := <-ended; err != nil {
							killed++
						}
						alive = false
					}
				}
			}
			sheet := ""
			if ext == ".xlsx" {
				sheet = "All rows"
			}
			if n := len(grid(t, path, sheet)) - 1; n != 10 && n != rows-10 {
				t.Fatalf("%s has %d rows after a kill", path, n)
			}
		}
		if killed == 0 {
			t.Errorf("%s: never killed in the middle", ext)
		}
		if said, err := writing("pending", path).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		if after := names(); !slices.Equal(after, before) {
			t.Errorf("beside the report there is %q", after)
		}
	}
}
