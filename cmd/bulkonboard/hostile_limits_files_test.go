//go:build linux

package main

import (
	archive "archive/zip"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const hostileHeader = "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,note\n"

const hostileRow = "Ann,Lee,ann%d@example.com,+14155552%03d,personal use,203.0.113.7,true,custodial,"

// packed writes through gzip.
func packed(write func(*hostileFile)) func(*hostileFile) {
	return func(f *hostileFile) {
		z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
		if err != nil {
			f.t.Fatal(err)
		}
		w := bufio.NewWriterSize(z, 1<<20)
		write(&hostileFile{w, f.t})
		if err := errors.Join(w.Flush(), z.Close()); err != nil {
			f.t.Fatal(err)
		}
	}
}

// wide writes rows with so many bytes in the column note, which nothing reads.
func wide(rows, note int) func(*hostileFile) {
	return func(f *hostileFile) {
		f.print("%s", hostileHeader)
		for n := range rows {
			f.print(hostileRow, n, n%1000)
			f.filler(n, note)
			f.print("\n")
		}
	}
}

// filler writes text that packs about thirty times.
func (f *hostileFile) filler(seed, size int) {
	block := fmt.Sprintf("%032x", uint64(seed+1)*0x9e3779b97f4a7c15)
	for at := 0; at < size; at += 1024 {
		piece := strings.Repeat(fmt.Sprintf("%s%08x", block, at*(seed+3)), 26)
		f.print("%s", piece[:min(1024, size-at)])
	}
}

// TestHostileLimitsText is about CSV, in every door that reads it.
func TestHostileLimitsText(t *testing.T) {
	long(t)
	const validate = "validate FILE"
	ledger := hostileLedger(t)
	imports := "email,serviceId,verificationUrl\n"
	runHostile(t, []hostileInput{
		{name: "line of 8 MiB", file: "in.csv", args: validate, exit: 2, says: []string{"in.csv", "row 2", "4 MiB"},
			write: wide(1, 2*limits.Record)},
		{name: "row of cells below the limit", file: "in.csv", args: validate, exit: 2, says: []string{"in.csv", "row 2", "4 MiB"},
			write: func(f *hostileFile) {
				f.print("%s", hostileHeader)
				f.print(hostileRow, 1, 1)
				for range 5 {
					f.repeat("x", limits.Cell-1)
					f.print(",")
				}
				f.print("\n")
			}},
		{name: "cell", file: "in.csv", args: validate, exit: 2, says: []string{"in.csv", "row 2", "1 MiB"}, write: wide(1, limits.Cell+1)},
		{name: "cell that no spreadsheet holds", file: "in.csv", args: validate + " --carry note", exit: 3, says: []string{"row 2", "32767 characters"}, write: wide(1, limits.CellShown+1)},
		{name: "columns", file: "in.csv", args: validate, exit: 2, says: []string{"in.csv", "1000"}, write: func(f *hostileFile) {
			f.print("%s", strings.TrimSpace(hostileHeader))
			f.repeat(",c", limits.Columns)
			f.print("\n")
		}},
		{name: "quotation mark without an end", file: "in.csv", args: validate, exit: 2, says: []string{"in.csv", "4 MiB"}, write: func(f *hostileFile) {
			f.print("%s\"", hostileHeader)
			f.repeat("x\n", 32<<20)
		}},
		{name: "gzip of line ends", file: "in.csv.gz", args: validate, exit: 2, says: []string{"in.csv.gz", "200 times"},
			write: packed(func(f *hostileFile) { f.print("%s", hostileHeader); f.repeat("\n", 32<<20) })},
		{name: "gzip of line ends in another encoding", file: "in.csv.gz", args: validate + " --encoding windows-1252", exit: 2, says: []string{"in.csv.gz", "200 times"},
			write: packed(func(f *hostileFile) { f.print("%s", hostileHeader); f.repeat("\n", 32<<20) })},
		{name: "rejects fed back", file: "in.rejects.csv", args: validate, exit: 2, says: []string{"in.rejects.csv", "row 2", "1 MiB"}, write: func(f *hostileFile) {
			f.print("onboard_row,onboard_status,onboard_problem,%s", hostileHeader)
			f.print("1,invalid,bad,"+hostileRow, 1, 1)
			f.repeat("x", limits.Cell+1)
			f.print("\n")
		}},
		{name: "import, line", file: "old.csv", args: "ledger import FILE", exit: 2, says: []string{"old.csv", "row 2", "4 MiB"},
			write: func(f *hostileFile) { f.print("%sa@example.com,", imports); f.repeat("x", 256<<20) }},
		{name: "import, quoted cell", file: "old.csv", args: "ledger import FILE", exit: 2, says: []string{"old.csv", "4 MiB"},
			write: func(f *hostileFile) { f.print("%sa@example.com,\"", imports); f.repeat("x\n", 128<<20) }},
		{name: "import, cell", file: "old.csv", args: "ledger import FILE", exit: 2, says: []string{"old.csv", "row 2", "32767 characters"},
			write: func(f *hostileFile) { f.print("%sa@example.com,", imports); f.repeat("x", limits.CellShown+1) }},
		{name: "import, header", file: "old.csv", args: "ledger import FILE", exit: 2, says: []string{"old.csv", "1000"},
			write: func(f *hostileFile) { f.repeat("email,", limits.Columns+1); f.print("\n") }},
		{name: "forget", file: "/dev/zero", args: "ledger forget --ledger " + ledger + " -", stdin: true, exit: 2, says: []string{"8 MiB"}},
		{name: "sandbox", file: "users.csv", args: "sandbox --preexist FILE", exit: 2, says: []string{"4 MiB"},
			write: func(f *hostileFile) { f.print("email,program\na@example.com,\""); f.repeat("x\n", 64<<20) }},
		{name: "certificates", file: "/dev/zero", args: "run --ca-file FILE in.csv", exit: 2, says: []string{"ca-file", "4 MiB"}},
		{name: "configuration", file: "/dev/zero", args: "validate --config FILE in.csv", exit: 2, says: []string{"/dev/zero", "1 MiB"}},
		{name: "settings", file: "c.yaml", args: "validate --config FILE in.csv", exit: 2, says: []string{"c.yaml", "1,000"}, write: func(f *hostileFile) {
			for n := range 60_000 {
				f.print("key%d: 1\n", n)
			}
		}},
		{name: "mapping", file: "/dev/zero", args: "validate --map-file FILE in.csv", exit: 2, says: []string{"/dev/zero", "1 MiB"}},
		{name: "key", file: "/dev/zero", args: "run --api-key-file FILE --ca-file none in.csv", exit: 2, says: []string{"/dev/zero", "16 KiB"}},
		{name: "secret", file: "/dev/zero", args: "kyc listen --ledger " + ledger + " --secret-file FILE", exit: 2, says: []string{"/dev/zero", "16 KiB"}},
		{name: "input", file: "/dev/zero", args: validate, exit: 2, says: []string{"/dev/zero", "not a regular file"}},

		// The largest that are accepted.
		{name: "widest rows", file: "in.csv.gz", args: validate, exit: 3, write: packed(wide(100, limits.Cell-1)), heavy: true},
		{name: "import, fullest rows", file: "old.csv", args: "ledger import FILE", exit: 0, heavy: true, write: func(f *hostileFile) {
			f.print("email,serviceId,verificationUrl,firstName,lastName,id\n")
			for n := range 1000 {
				f.print("a%d@example.com,s%d,https://example.com/%d,", n, n, n)
				f.filler(n, limits.CellShown)
				f.print(",")
				f.filler(n, limits.CellShown)
				f.print(",")
				f.filler(n, limits.CellShown)
				f.print("\n")
			}
		}},
		{name: "forget, shortest names", heavy: true, file: "names.txt", args: "ledger forget --ledger " + ledger + " FILE", exit: -1, write: func(f *hostileFile) { f.repeat("a@b.co\n", limits.Names/7) }},
	})
}

// TestHostileLimitsJSON is about JSON that is read a record at a time.
func TestHostileLimitsJSON(t *testing.T) {
	text := func(before string, n int) func(*hostileFile) {
		return func(f *hostileFile) { f.print("%s", before); f.repeat("x", n) }
	}
	runHostile(t, []hostileInput{
		{name: "report, one text", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json", "row 1", "4 MiB"}, write: text(`{"rows":[{"email":"`, 256<<20)},
		{name: "report, name of a member", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json", "4 MiB"}, write: text(`{"`, 64<<20)},
		{name: "report, white space", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json", "4 MiB"},
			write: func(f *hostileFile) { f.repeat(" ", 64<<20) }},
		{name: "report, nested", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json"}, write: func(f *hostileFile) { f.print(`{"rows":[{"a":`); f.repeat("[", 64<<20) }},
		{name: "report, cut short", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json"},
			write: func(f *hostileFile) { f.print(`{"rows":[{"email":"a@example.com","serviceId":"s1"}`) }},
		{name: "report, small members", file: "r.json", args: "ledger import FILE", exit: 2, says: []string{"r.json", "no column email"}, write: func(f *hostileFile) {
			f.print(`{"rows":[{"a":0`)
			for n := range 300_000 {
				f.print(`,"%d":0`, n)
			}
			f.print("}]}")
		}},
	})
}

// TestHostileLimitsEvents is about kyc import, which needs a ledger.
func TestHostileLimitsEvents(t *testing.T) {
	ledger := hostileLedger(t)
	kyc := "kyc import --ledger " + ledger + " FILE"
	event := `{"event":"user.kyc-event","timestamp":"2026-01-31T12:00:00Z","data":{"serviceId":"s1","status":"denied","reasons":[`
	runHostile(t, []hostileInput{
		{name: "one text", file: "e.json", args: kyc, exit: 2, says: []string{"e.json", "event 1", "4 MiB"},
			write: func(f *hostileFile) { f.print(`[{"event":"`); f.repeat("x", 256<<20) }},
		{name: "second event", file: "e.json", args: kyc, exit: 2, says: []string{"e.json", "event 2", "4 MiB"},
			write: func(f *hostileFile) { f.print("%s]}}%s", event, event); f.repeat(`"x",`, 8<<20) }},
		{name: "standard input", file: "/dev/zero", args: "kyc import --ledger " + ledger + " -", stdin: true, exit: 2, says: []string{"event 1"}},
		{name: "white space", file: "e.json", args: kyc, exit: 2, says: []string{"e.json", "4 MiB"},
			write: func(f *hostileFile) { f.repeat(" ", 64<<20) }},
		{name: "white space in an array", file: "e.json", args: kyc, exit: 2, says: []string{"e.json", "event 2"},
			write: func(f *hostileFile) { f.print("[%s]}},", event); f.repeat(" ", 16<<20) }},
		{name: "largest accepted", file: "e.json", args: kyc, exit: -1, write: func(f *hostileFile) {
			f.print("%s", event)
			f.repeat(`[],`, (limits.Record-len(event)-8)/3)
			f.print(`""]}}`)
		}},
	})
}

// workbook writes a .xlsx of these parts, in the order of their names' list.
func hostileBook(sheet func(*hostileFile), more ...hostilePart) func(*hostileFile) {
	return func(f *hostileFile) {
		parts := append([]hostilePart{
			{"[Content_Types].xml", text(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`)},
			{"_rels/.rels", text(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
			{"xl/workbook.xml", text(bookStart + `<sheets><sheet name="All rows" sheetId="1" r:id="rId1"/></sheets></workbook>`)},
			{"xl/_rels/workbook.xml.rels", text(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`)},
			{"xl/styles.xml", text(`<styleSheet ` + mainNS + `/>`)},
			{"xl/sharedStrings.xml", text(`<sst ` + mainNS + `/>`)},
			{"xl/worksheets/sheet1.xml", func(f *hostileFile) {
				f.print(`<worksheet %s><sheetData>`, mainNS)
				sheet(f)
			}},
		}, more...)
		last := map[string]int{}
		for i, p := range parts {
			last[p.name] = i
		}
		z, buffered := archive.NewWriter(f), bufio.NewWriterSize(nil, 1<<20)
		for i, p := range parts {
			if last[p.name] != i {
				continue // another stands for it
			}
			w, err := z.Create(p.name)
			if err != nil {
				f.t.Fatal(err)
			}
			buffered.Reset(w)
			p.write(&hostileFile{buffered, f.t})
			if err := buffered.Flush(); err != nil {
				f.t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			f.t.Fatal(err)
		}
	}
}

type hostilePart struct {
	name  string
	write func(*hostileFile)
}

const (
	mainNS    = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	bookStart = `<workbook ` + mainNS + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">`
	sheetEnd  = `</sheetData></worksheet>`
)

func text(s string) func(*hostileFile) { return func(f *hostileFile) { f.print("%s", s) } }

// inlineRow writes a row of texts.
func (f *hostileFile) inlineRow(cells ...string) {
	f.print("<row>")
	for _, c := range cells {
		f.print(`<c t="inlineStr"><is><t>%s</t></is></c>`, c)
	}
	f.print("</row>")
}

// listRows writes a header and rows that are customers, and importable.
func (f *hostileFile) listRows(n int) {
	f.inlineRow(append(strings.Split(strings.TrimSpace(hostileHeader), ","), "serviceId", "verificationUrl")...)
	for i := range n {
		f.inlineRow("Ann", "Lee", fmt.Sprintf("ann%d@example.com", i), fmt.Sprintf("+14155552%03d", i%1000), "personal use", "203.0.113.7", "true", "custodial", "", fmt.Sprint("s", i), fmt.Sprint("https://example.com/", i))
	}
}

// TestHostileLimitsWorkbooks gives each workbook to all that read one.
func TestHostileLimitsWorkbooks(t *testing.T) {
	long(t)
	usual := func(f *hostileFile) { f.listRows(2); f.print(sheetEnd) }
	refused := map[string]struct {
		write func(*hostileFile)
		says  string
	}{
		"sheets": {hostileBook(usual, hostilePart{"xl/workbook.xml", func(f *hostileFile) {
			f.print(bookStart + "<sheets>")
			for n := range limits.Sheets + 1 {
				f.print(`<sheet name="s%d" sheetId="%d" r:id="rId1"/>`, n, n+1)
			}
			f.print("</sheets></workbook>")
		}}), "1,000 sheets"},
		"100,000 sheets": {hostileBook(usual, hostilePart{"xl/workbook.xml", func(f *hostileFile) {
			f.print(bookStart + "<sheets>")
			for n := range 100_000 {
				f.print(`<sheet name="s%d" sheetId="%d" r:id="rId1"/>`, n, n+1)
			}
			f.print("</sheets></workbook>")
		}}), "1,000 sheets"},
		"list of sheets": {hostileBook(usual, hostilePart{"xl/workbook.xml", func(f *hostileFile) {
			f.print(bookStart + `<sheets><sheet name="All rows" sheetId="1" r:id="rId1"/></sheets><definedNames>`)
			for n := range 200_000 {
				f.print(`<definedName name="n%d">'All rows'!$A$%d:$Z$%d,'All rows'!$A$1:$Z$9,'All rows'!$A$1</definedName>`, n, n%1000+1, n%1000+9)
			}
			f.print("</definedNames></workbook>")
		}}), "16 MiB"},
		"styles": {hostileBook(usual, hostilePart{"xl/styles.xml", func(f *hostileFile) {
			f.print("<styleSheet %s><cellXfs>", mainNS)
			for n := range limits.PartElements {
				f.print(`<xf numFmtId="%d"/>`, n)
			}
			f.print("</cellXfs></styleSheet>")
		}}), "400,000 styles"},
		"style bytes": {hostileBook(usual, hostilePart{"xl/styles.xml", func(f *hostileFile) {
			f.print("<styleSheet %s><numFmts>", mainNS)
			for n := range 40 {
				f.print(`<numFmt numFmtId="%d" formatCode="`, n)
				f.filler(n, limits.Cell)
				f.print(`"/>`)
			}
			f.print("</numFmts></styleSheet>")
		}}), "32 MiB"},
		"ratio": {hostileBook(func(f *hostileFile) { f.listRows(2); f.repeat("<row/>", 64<<20/6); f.print(sheetEnd) }), "200 times"},
		"row": {hostileBook(func(f *hostileFile) {
			f.listRows(1)
			f.print("<row>")
			for n := range 8 {
				f.print(`<c t="inlineStr"><is><t>`)
				f.filler(n, limits.Cell-1)
				f.print("</t></is></c>")
			}
			f.print("</row>" + sheetEnd)
		}), "4 MiB"},
		"row of one shared text": {hostileBook(func(f *hostileFile) {
			f.listRows(1)
			f.print("<row>")
			f.repeat(`<c t="s"><v>0</v></c>`, 900)
			f.print("</row>" + sheetEnd)
		}, hostilePart{"xl/sharedStrings.xml", func(f *hostileFile) {
			f.print("<sst %s><si><t>", mainNS)
			f.filler(1, limits.Cell-1)
			f.print("</t></si></sst>")
		}}), "4 MiB"},
		"cell": {hostileBook(func(f *hostileFile) {
			f.listRows(1)
			f.print(`<row><c t="inlineStr"><is><t>`)
			f.filler(1, limits.Cell+1)
			f.print("</t></is></c></row>" + sheetEnd)
		}), "1 MiB"},
		"column beyond": {hostileBook(func(f *hostileFile) {
			f.listRows(1)
			f.print(`<row><c r="ALM3"><v>1</v></c></row>` + sheetEnd)
		}), "column 1,000"},
		"parts": {func(f *hostileFile) {
			var more []hostilePart
			for n := range limits.WorkbookParts {
				more = append(more, hostilePart{fmt.Sprintf("xl/media/%d.png", n), text("")})
			}
			hostileBook(usual, more...)(f)
		}, "10,000 parts"},
	}
	for name, book := range refused {
		for door, args := range map[string]string{"validate": "validate FILE", "import": "ledger import FILE", "annotate": "validate --annotate marked.xlsx FILE"} {
			t.Run(name+"/"+door, hostileInput{file: "b.xlsx", write: book.write, args: args, exit: 2, says: []string{"b.xlsx", book.says}}.run)
		}
	}
}

// TestHostileLimitsLargestWorkbooks gives the largest that are accepted.
func TestHostileLimitsLargestWorkbooks(t *testing.T) {
	usual := func(f *hostileFile) { f.listRows(2); f.print(sheetEnd) }
	styles := func(inner string, n int) func(*hostileFile) {
		return hostileBook(usual, hostilePart{"xl/styles.xml", func(f *hostileFile) {
			open, body, _ := strings.Cut(inner, "|")
			f.print("<styleSheet %s><%s>", mainNS, open)
			for i := range n {
				f.print(body, i)
			}
			f.print("</%s></styleSheet>", open)
		}})
	}
	for name, write := range map[string]func(*hostileFile){
		"cell formats": styles(`cellXfs|<xf numFmtId="%d"/>`, limits.PartElements-10),
		"fonts":        styles(`fonts|<font><sz val="%d"/></font>`, limits.PartElements/2-10),
		"fills":        styles(`fills|<fill><patternFill patternType="x%d"/></fill>`, limits.PartElements/2-10),
		"dxfs":         styles(`dxfs|<dxf><font><b val="%d"/></font></dxf>`, limits.PartElements/3-10),
		"borders":      styles(`borders|<border><left style="x%d"/></border>`, limits.PartElements/2-10),
		"names": hostileBook(usual, hostilePart{"xl/workbook.xml", func(f *hostileFile) {
			f.print(bookStart + `<sheets><sheet name="All rows" sheetId="1" r:id="rId1"/></sheets><definedNames>`)
			for n := range limits.PartElements/2 - 10 {
				f.print(`<definedName name="n%d">A$%d</definedName>`, n, n%1000+1)
			}
			f.print("</definedNames></workbook>")
		}}),
		"shared texts": hostileBook(usual, hostilePart{"xl/sharedStrings.xml", func(f *hostileFile) {
			f.print("<sst %s>", mainNS)
			for n := range 3_000_000 {
				f.print("<si><t>%x</t></si>", uint64(n+1)*0x9e3779b97f4a7c15)
			}
			f.print("</sst>")
		}}),
		"empty rows": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range 1_000_000 {
				f.print(`<row r="%d" s="0" customFormat="1" ht="%d.5"><c r="A%d" s="0"/><c r="B%d"/></row>`, n+4, n*7%97, n+4, n+4)
			}
			f.print(sheetEnd)
		}),
		"merges": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			f.print("</sheetData><mergeCells>")
			for n := range limits.Merges {
				f.print(`<mergeCell ref="L%d:M%d"/>`, n+1, n+1)
			}
			f.print("</mergeCells></worksheet>")
		}),
		"kept cells": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range limits.KeptCells/13 - 10 {
				f.inlineRow("Bob", "Lee", fmt.Sprintf("bob%d@example.com", n), "123", "personal use", "203.0.113.7", "true", "custodial", "note", "", "")
			}
			f.print(sheetEnd)
		}),
		"kept numbers": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range limits.KeptCells/13 - 100 {
				f.print("<row>")
				for column := range 12 {
					f.print("<c><v>%d</v></c>", n*column)
				}
				f.print("</row>")
			}
			f.print(sheetEnd)
		}),
		"kept empty cells": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range limits.KeptCells - 100 {
				f.print(`<row ht="%d.5"/>`, n%90+1)
			}
			f.print(sheetEnd)
		}),
		"kept texts": hostileBook(usual, hostilePart{"xl/sharedStrings.xml", func(f *hostileFile) {
			f.print("<sst %s>", mainNS)
			for n := range limits.KeptElements/2 - 200 {
				f.print("<si><t>%x</t></si>", uint64(n+1)*0x9e3779b97f4a7c15)
			}
			f.print("</sst>")
		}}),
		"kept long texts": hostileBook(usual, hostilePart{"xl/sharedStrings.xml", func(f *hostileFile) {
			f.print("<sst %s>", mainNS)
			for n := range limits.KeptElements/2 - 200 {
				f.print("<si><t>%x", uint64(n+1)*0x9e3779b97f4a7c15)
				f.filler(n, 100)
				f.print("</t></si>")
			}
			f.print("</sst>")
		}}),
		"kept bytes": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range 58 {
				f.print(`<row><c t="inlineStr"><is><t>x</t></is></c><c t="inlineStr"><is><t>`)
				f.filler(n, limits.Cell-1)
				f.print("</t></is></c></row>")
			}
			f.print(sheetEnd)
		}),
		"widest rows": hostileBook(func(f *hostileFile) {
			f.listRows(2)
			for n := range 150 {
				f.print("<row>")
				for column := range 4 {
					f.print(`<c t="inlineStr"><is><t>`)
					f.filler(n*column, limits.Cell-9)
					f.print("</t></is></c>")
				}
				f.print("</row>")
			}
			f.print(sheetEnd)
		}),
	} {
		for door, args := range map[string]string{"validate": "validate FILE", "import": "ledger import FILE", "annotate": "validate --annotate marked.xlsx FILE"} {
			t.Run(name+"/"+door, hostileInput{file: "b.xlsx", write: write, args: args, exit: -1, heavy: true}.run)
		}
	}
}

var _ io.Writer = (*hostileFile)(nil)
