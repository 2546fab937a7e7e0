package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

const firstSheet = "xl/worksheets/sheet1.xml"

// awkwardBooks are lines about workbooks: what a program puts into their
// cells, and what is wrong with their parts.
func awkwardBooks() []awkward {
	book := func(line int, what string, change func(*excelize.File), code int, says ...string) awkward {
		return awkward{line: line, what: what, book: change, code: code, says: says}
	}
	sheet := func(line int, what, old, is string, code int, says ...string) awkward {
		return awkward{line: line, what: what, code: code, says: says, parts: func(parts map[string]string) {
			parts[firstSheet] = replaced(parts[firstSheet], old, is)
		}}
	}
	part := func(line int, what, name, text string, code int, says ...string) awkward {
		return awkward{line: line, what: what, code: code, says: says, parts: func(parts map[string]string) { parts[name] = text }}
	}
	set := func(cell string, value any) func(*excelize.File) {
		return func(f *excelize.File) { must(f.SetCellValue("Sheet1", cell, value)) }
	}
	const dtd = `<!DOCTYPE x [<!ENTITY a "b">]>`
	return []awkward{
		book(42, "a number", set("D3", 14155552671), 3, "row 3, column phoneNumber", "[phone_plus_lost]", "--phone-plus"),
		book(46, "a number", func(f *excelize.File) { set("M3", 1067)(f); set("N3", "DE")(f) }, 0, "[postal_zero_lost]"),
		book(48, "TRUE", set("G3", true), 0, "2  ready to send"),
		sheet(48, "a formula", `<c r="G3" t="s">`, `<c r="G3" t="str"><f>A3&lt;&gt;""</f>`, 3, "row 3, column isTermsOfServiceAccepted (cell G3)", "[formula]"),
		book(57, "two parts of one name", nil, 2, "the same name").withParts(func(p map[string]string) { p["XL/Worksheets/sheet1.xml"] = "x" }),
		book(57, "a part above", nil, 2, `a name with ".."`).withParts(func(p map[string]string) { p["../x.xml"] = "x" }),
		book(57, "a bomb", nil, 2, "200 times its size").withParts(func(p map[string]string) { p["xl/big.xml"] = strings.Repeat(" ", 17<<20) }),
		sheet(58, "DTD", "<worksheet", dtd+"<worksheet", 2, "DTD"),
		part(58, "UTF-16, cut short", firstSheet, "\xff\xfe<\x00", 2, "ends in the middle"),
		part(58, "UTF-7", firstSheet, `<?xml version="1.0" encoding="UTF-7"?><worksheet/>`, 2, "UTF-8"),
		sheet(59, "cut short", "</sheetData>", "", 2, "list.xlsx"),
		sheet(59, "not well-formed", "</row>", "</rwo>", 2, "list.xlsx"),
		sheet(60, "rows out of order", `<row r="3"`, `<row r="1"`, 2, "out of order"),
		sheet(60, "cells out of order", `r="B3"`, `r="A3"`, 2, "out of order"),
		sheet(60, "beyond the last column", `r="H3"`, `r="XFE3"`, 2, "impossible reference"),
		sheet(61, "a text that is not there", `t="s"><v>`, `t="s"><v>9999`, 2, "does not have"),
		sheet(61, "a style that is not there", `r="A3"`, `r="A3" s="77"`, 2, "style"),
		sheet(61, "a range that is none", "</sheetData>", `</sheetData><mergeCells><mergeCell ref="A3:"/></mergeCells>`, 2, "merged range"),
		book(62, "a cell far to the right", set("XFD3", "x"), 2, "beyond column 1,000"),
		sheet(62, "a cell far below", "</sheetData>", `<row r="1048576"><c r="A1048576" t="str"><v>x</v></c></row></sheetData>`, 0, "2  ready to send", "row 1048576"),
		book(63, "formula", func(f *excelize.File) { must(f.SetCellFormula("Sheet1", "K3", "1+1")) }, 3, "[formula_uncached]", "row 3, column city"),
		sheet(63, "formula with result", `</row></sheetData>`, `<c r="K3" t="str"><f>"Bo"</f><v>Bo</v></c></row></sheetData>`, 0, "1 cell is made by formulas"),
		sheet(63, "error", `</row></sheetData>`, `<c r="K3" t="e"><v>#REF!</v></c></row></sheetData>`, 3, "[cell_error]"),
		book(64, "a date for a phone", set("D3", time.Date(1990, 4, 3, 0, 0, 0, 0, time.UTC)), 3, "[excel_date]", "!date_cell"),
		{line: 64, what: "a date that is sent", book: set("K3", time.Date(1990, 4, 3, 0, 0, 0, 0, time.UTC)), head: sending("born"), args: []string{"--send", "born=born"}, says: []string{"2  ready to send", "[date_cell]"}},
		{line: 64, what: "text of two readings", book: set("K3", "03/04/1990"), head: sending("born"), args: []string{"--send", "born=born"}, code: 3, says: []string{"row 3, column born (cell K3)", "[date_ambiguous]"}},
		book(65, "long number", set("K3", 1234567890123456789), 3, "[number_rounded]"),
		book(65, "boolean in a name", set("B3", true), 0, "2  ready to send"),
		book(66, "merged", func(f *excelize.File) { must(f.MergeCell("Sheet1", "A2", "A3")) }, 3, "[merged]"),
		book(66, "hidden row", func(f *excelize.File) { must(f.SetRowVisible("Sheet1", 3, false)) }, 0, "1 row with data is hidden, the first is row 3", "2  ready to send"),
		book(66, "hidden column", func(f *excelize.File) { must(f.SetColVisible("Sheet1", "C", false)) }, 0, "hidden columns", ": C"),
		book(66, "hidden sheet", func(f *excelize.File) {
			add(f, "Old")
			must(f.SetSheetVisible("Old", false, true))
		}, 0, "hidden sheets with data were not read", "2  ready to send"),
		book(67, "two sheets", func(f *excelize.File) { add(f, "Übersicht über den ganzen Monat") }, 0, "sheet \"Sheet1\" is read, the only one with the headers", "run --sandbox --sheet Sheet1"),
		{line: 67, what: "told", book: func(f *excelize.File) { add(f, "Other") }, args: []string{"--sheet", "sheet1"}, says: []string{"2  ready to send"}},
		book(68, "rich text", func(f *excelize.File) {
			must(f.SetCellRichText("Sheet1", "A3", []excelize.RichTextRun{{Text: "B", Font: &excelize.Font{Bold: true}}, {Text: "ea"}}))
		}, 0, "2  ready to send", "!arning"),
		book(69, "macros", nil, 0, "the workbook has macros", "2  ready to send").withParts(func(p map[string]string) { p["xl/vbaProject.bin"] = "x" }),
		book(70, "styled and empty", nil, 0, "2  ready to send").withParts(func(p map[string]string) {
			var tail strings.Builder
			for row := 4; row < 50_000; row++ {
				fmt.Fprintf(&tail, `<row r="%d"><c r="A%d" s="0"/></row>`, row, row)
			}
			p[firstSheet] = replaced(p[firstSheet], "</sheetData>", tail.String()+"</sheetData>")
		}),
	}
}

// withParts is the case with a change to the archive.
func (a awkward) withParts(change func(map[string]string)) awkward {
	a.parts = change
	return a
}

// must is for calls of excelize that fail only if the test is wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func replaced(text, old, is string) string {
	if !strings.Contains(text, old) {
		panic("the workbook has no " + old)
	}
	return strings.Replace(text, old, is, 1)
}

func add(f *excelize.File, name string) {
	if _, err := f.NewSheet(name); err != nil {
		panic(err)
	}
	must(f.SetCellStr(name, "A1", "x"))
}

// sending are the headers with another in the place of the city.
func sending(name string) []string {
	head := goodHeader()
	head[10] = name
	return head
}
