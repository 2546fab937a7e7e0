package limits

import (
	"fmt"
	"strings"
	"time"
)

// limit is one row of limitTable.
type limit struct {
	Name   string // of the constant
	Value  any    // an int of Unit, or a time.Duration
	Unit   string // "bytes", or what is counted; "" for a time
	Door   string // what is read there
	Reason string
}

// limitTable returns every limit, in the order of the page.
func limitTable() []limit {
	const (
		list    = "input and rejects"
		tables  = list + ", `ledger import`, `ledger restore`"
		books   = "every workbook"
		partner = "partner's answers"
		hooks   = "`kyc listen`"
	)
	return []limit{
		{"Memory", Memory, "bytes", "every input", "a small machine has other work too"},

		{"Record", Record, "bytes", tables + ", `kyc import`, JSON reports", "a row is kept in memory as a whole; 1,000 columns of full cells are below it"},
		{"Cell", Cell, "bytes", tables, "no field takes more than a few hundred; an unclosed quotation mark swallows rows"},
		{"CellShown", CellShown, "characters", tables, "a spreadsheet program cannot hold or correct more; the row is invalid"},
		{"Columns", Columns, "columns", tables, "lists have tens; each column costs in every row"},
		{"RowRead", RowRead, "bytes", list, "the ledger keeps them, 128 rows in a record; the row is invalid"},
		{"Batch", Batch, "bytes", tables, "some batches of rows are in memory at the same time"},

		{"Ratio", Ratio, "times the packed size", ".csv.gz and workbooks", "a million empty styled rows pack about 30 times; only bombs reach this"},
		{"RatioFrom", RatioFrom, "bytes", ".csv.gz and workbooks", "what unpacks to less does no harm at any ratio"},

		{"Workbook", Workbook, "bytes", ".csv.gz and workbooks", "1,048,576 full rows are about 1 GiB; a larger list is better kept as CSV"},
		{"WorkbookParts", WorkbookParts, "parts", books, "1,000 sheets with comments and drawings have fewer"},
		{"ZipDirectory", ZipDirectory, "bytes", books, "the directory is in memory before its counts can be checked"},
		{"OtherParts", OtherParts, "bytes", books, "the sheet and its texts are streamed; everything else is read into memory"},
		{"ListPart", ListPart, "bytes", books, "1,000 sheets take about 150 KiB; old workbooks drag thousands of names along"},
		{"StylePart", StylePart, "bytes", books, "the 65,490 cell formats that Excel allows take about 20 MiB"},
		{"PartElements", PartElements, "XML elements", books, "the library that reads the list of sheets and the styles takes some hundred bytes for each"},
		{"Sheets", Sheets, "sheets", books, "each sheet is looked into for data"},
		{"SheetRows", SheetRows, "rows", books, "Excel has no more"},
		{"SheetColumns", SheetColumns, "columns", books, "Excel has no more"},
		{"Merges", Merges, "merged ranges", books, "they are kept in memory, because they come after the rows"},
		{"XMLToken", XMLToken, "bytes", books, "one tag or text is kept in memory as a whole"},
		{"XMLDepth", XMLDepth, "elements inside each other", books, "spreadsheet programs write about ten"},
		{"KeptCells", KeptCells, "cells and rows", "`--annotate`", "a workbook that is given back as it was is in memory as a whole; a larger one comes back as values"},
		{"KeptElements", KeptElements, "XML elements", "`--annotate`", "the library that changes workbooks takes some hundred bytes for each; a larger workbook comes back as values"},

		{"Config", Config, "bytes", "configuration, `--map-file`", "a file that sets every flag has a few KiB"},
		{"Settings", Settings, "settings", "configuration, `--map-file`", "each one is compared with every flag"},
		{"Secret", Secret, "bytes", "`--api-key-file`, `--secret-file`, `--link-file`", "a key has some tens, a link at most 2 KiB; a device never ends"},
		{"Roots", Roots, "bytes", "`--ca-file`", "the certificates that browsers trust take about 220 KiB"},
		{"Lock", Lock, "bytes", "the ledger's lock file", "it holds three short lines"},
		{"Names", Names, "bytes", "`ledger forget`", "about 300,000 e-mails"},
		{"Existing", Existing, "rows", "`sandbox --preexist`", "the simulated partner keeps all of its users in memory"},

		{"Answer", Answer, "bytes", partner, "an answer about one user has less than 2 KiB"},
		{"Page", Page, "bytes", partner, "a page of 1,000 users has less than 1 MiB"},
		{"PageUsers", PageUsers, "users", partner, "1,000 are asked for; some lists give what they like"},
		{"AnswerHeaders", AnswerHeaders, "bytes", partner, "gateways have been seen to send 70 KB"},
		{"Users", Users, "users", "partner's list, in a run", "a list without an end would be read for ever; some bytes are kept for each"},
		{"UsersWalked", UsersWalked, "users", "partner's list, in `kyc sync`", "a list without an end, whatever it says of its length; nothing is kept for each; `--max-users` sets another"},

		{"Webhook", Webhook, "bytes", hooks, "an event has less than 1 KiB"},
		{"WebhookHeaders", WebhookHeaders, "bytes", hooks, "a sender's headers have less than 2 KiB"},
		{"WebhookConns", WebhookConns, "connections", hooks, "each stalled one costs some KiB; a new one takes the place of the one that has stalled longest"},
		{"WebhookSlots", WebhookSlots, "events", hooks, "signed events at work on the ledger at the same time"},

		{"Dial", Dial, "", partner, "a host that does not answer"},
		{"Handshake", Handshake, "", partner, "a host that accepts and says nothing"},
		{"IdlePartner", IdlePartner, "", partner, "common servers drop an idle connection after 5 s"},
		{"IdleConns", IdleConns, "connections", partner, "look-ups go one after the other, few at once"},
		{"WebhookHead", WebhookHead, "", hooks, "a caller who stalls before the body"},
		{"WebhookRead", WebhookRead, "", hooks, "a caller who stalls in the body"},
		{"WebhookWait", WebhookWait, "", hooks, "a signed event waits so long for a place, and is then sent again"},
		{"WebhookWrite", WebhookWrite, "", hooks, "the ledger may be busy for a minute"},
		{"WebhookIdle", WebhookIdle, "", hooks, "a connection that nothing comes from"},
	}
}

// formatValue writes the value with its unit, such as "4 MiB" or "1,000 sheets".
func (l limit) formatValue() string {
	switch v := l.Value.(type) {
	case time.Duration:
		return strings.Replace(v.String(), "m0s", "m", 1)
	case int:
		if l.Unit == "bytes" {
			return FormatSize(int64(v))
		}
		return FormatCount(v) + " " + l.Unit
	}
	return fmt.Sprint(l.Value)
}

// limitsPage returns the page samples/docs/limits.md.
func limitsPage() string {
	var b strings.Builder
	b.WriteString(`# Limits

Every bound on what the program reads. Honest lists, partners and callers stay far below them, and
no input takes more than ` + FormatSize(Memory) + ` of memory. An input beyond a limit is refused before anything is sent: exit code 2, with the
file, the place and the limit. The size of a CSV is not limited.

This page is generated from pipeline/limits: ` + "`go test ./pipeline/limits -update`" + ` writes it.
Tests try each limit on the program itself, and measure the memory:
` + "`go test ./cmd/bulkonboard -run TestHostileLimits -v`" + `, and with the heaviest inputs, in about five minutes:
` + "`HOSTILE_ALL=1 go test ./cmd/bulkonboard -run TestHostileLimits -timeout 30m -v`" + `.

| Limit | Value | Where | Why |
|---|---|---|---|
`)
	for _, l := range limitTable() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", l.Name, l.formatValue(), l.Door, l.Reason)
	}
	return b.String()
}
