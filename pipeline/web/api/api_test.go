package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the examples")

func at(minute int) time.Time { return time.Date(2026, 11, 29, 9, minute, 0, 0, time.UTC) }

func target() Target {
	return Target{Environment: "sandbox", Rehearsal: true, Host: "127.0.0.1:40913", Account: "acc_7Q", Key: "3f9a1c", Ledger: "bulkonboard-sandbox.db",
		Wallet: "1000.00", Currency: "USD", Version: "1.9.0"}
}

func kinds() []Kind {
	return []Kind{
		{ID: "isTermsOfServiceAccepted.terms_not_accepted", Group: "decide", Field: "isTermsOfServiceAccepted", Heading: "AGB akzeptiert", Code: "terms_not_accepted",
			Title: "not accepted", Sentence: "The cell does not say that the customer accepted the terms of service.",
			WhatToDo: "Write TRUE if the customer has accepted the terms of service. Otherwise remove the row.", Cells: 151,
			Values: []Value{{"ja", 103, "true"}, {"Ja", 41, "true"}, {"nein", 7, ""}}},
		{ID: "email.email_format", Group: "correct", Field: "email", Heading: "E-Mail", Code: "email_format", Title: "not one plain address",
			Sentence: "The cell is not one plain e-mail address.", WhatToDo: "Write one e-mail address and nothing else.", Cells: 3, Values: []Value{}},
		{ID: "postalCode.postal_zero_lost", Group: "look", Field: "postalCode", Heading: "PLZ", Code: "postal_zero_lost", Title: "lost its leading zero",
			Sentence: "The postal code seems to have lost its leading zero.", WhatToDo: `Format "PLZ" as text, then enter the codes again.`, Warning: true, Cells: 42, Values: []Value{}},
		{ID: "email.repeats_row_differs", Group: "repeat", Field: "email", Heading: "E-Mail", Code: "repeats_row_differs", Title: "repeats a row, details differ",
			Sentence: "An earlier row of the list has the same e-mail but other details. The earlier one counts.",
			WhatToDo: "Decide which row is right and delete the other. If this is another customer, give it its own e-mail.", Cells: 2, Values: []Value{}},
	}
}

func summary() ListSummary {
	return ListSummary{ID: "k3f7q2m5x9ab", Name: "Kundenliste_Q4.xlsx", Owner: "sabine", Mine: true, Made: at(1), Changed: at(9), State: ListChecked, Revision: 17,
		Counts: Counts{Rows: 200, Ready: 41, ToCorrect: 150, Repeats: 2, LeftOut: 7, Look: 44, Edited: 2, Cells: 3}}
}

func rows() []Row {
	return []Row{
		{Number: 12, Cells: []string{"8", "K10007", "Heike", "Sauer", "juergen.mueller(at)kunde-beispiel.de", "ja"}, Status: "invalid", Was: map[int]string{5: "nein"},
			Findings: []Finding{{Column: 4, Field: "email", Code: "email_format", Kind: "email.email_format", Message: "has no @. write one address such as name@company.com"}}},
		{Number: 31, Cells: []string{"27", "K10026", "Heike", "Sauer", "heike.sauer@kunde-beispiel.de", "ja"}, Status: "duplicate_in_input", Was: map[int]string{}, Repeats: 19,
			Findings: []Finding{{Column: 4, Field: "email", Code: "repeats_row_differs", Kind: "email.repeats_row_differs",
				Message: "repeats row 19, which is the one that counts, but differs in phoneNumber. Decide which is right"}}},
		{Number: 40, Cells: []string{"Summe", "", "", "", "", ""}, LeftOut: "not customers", Was: map[int]string{}, Findings: []Finding{}},
	}
}

func problems() []Problem {
	return []Problem{{"invalid", "isTermsOfServiceAccepted", "terms_not_accepted", 151}, {"invalid", "email", "email_format", 3}, {"duplicate_in_input", "email", "repeats_row_differs", 2}}
}

func change() Change {
	return Change{ID: 17, Kind: "cells", Text: "F12", By: "sabine", At: at(9), Cells: 1}
}

func columns() []Column {
	return []Column{{0, "A", "Lfd. Nr.", "", "", 200, []string{"1", "2", "3"}, false}, {1, "B", "Kundennr.", "", "id", 200, []string{"K10000", "K10001", "K10002"}, false},
		{2, "C", "Vorname", "firstName", "alias", 200, []string{"Heike", "René", "Musa"}, false}, {3, "D", "Nachname", "lastName", "alias", 199, []string{"Sauer", "Desprès", "Eze"}, false},
		{4, "E", "E-Mail", "email", "alias", 198, []string{"heike.sauer@kunde-beispiel.de", "rene.despres@exemple-client.fr", "musa.eze@client-sample.ng"}, false},
		{5, "F", "AGB akzeptiert", "isTermsOfServiceAccepted", "chosen", 200, []string{"ja", "Ja", "nein"}, false}}
}

func decision() Decision {
	return Decision{ID: 5, Kind: "value", Field: "countryCode", From: "Deutschland", To: "DE", Columns: []string{}, Text: `"Deutschland" in column "Land" means DE.`, By: "sabine", At: at(5)}
}

func counts() map[string]int {
	return map[string]int{"created": 0, "link_missing": 0, "duplicate": 0, "duplicate_in_input": 2, "invalid": 150, "rejected": 0, "insufficient_balance": 0, "in_doubt": 0, "pending": 41, "forgotten": 0}
}

func list() List {
	return List{ListSummary: summary(), Size: 48213, SHA256: strings.Repeat("5e", 32), Kind: "xlsx", Readings: []Reading{},
		Sheets: []Sheet{{"Deckblatt", 6, false, false}, {"Kunden", 203, false, true}, {"alt", 40, true, false}},
		Head: []HeadRow{{1, []string{"Kundenliste Q4", "", "", "", "", ""}, false}, {4, []string{"Lfd. Nr.", "Kundennr.", "Vorname", "Nachname", "E-Mail", "AGB akzeptiert"}, true},
			{5, []string{"1", "K10000", "Heike", "Sauer", "heike.sauer@kunde-beispiel.de", "ja"}, false}},
		Columns: columns(),
		Fields: []Field{{"email", true, false, 4, []string{}, "One e-mail address, different in each row.", "jane@company.com", []int{}},
			{"program", true, true, -1, []string{"custodial", "non_custodial"}, "custodial or non_custodial.", "custodial", []int{}}},
		Missing: []string{"program"}, Unclear: []string{},
		Notes:    []Note{{"header_found", "the headers are in row 4", false}, {"sheet_found", `sheet "Kunden" is read, the only one with the headers`, false}},
		Settings: ListSettings{Columns: map[string]string{"isTermsOfServiceAccepted": "AGB akzeptiert"}, Defaults: map[string]string{}, ID: "Kundennr."},
		Statuses: counts(), Problems: problems(), Kinds: kinds(),
		Proposals: []Proposal{{Decision: Decision{Kind: "phone-region", To: "column", Columns: []string{}, Text: `Phone numbers without a country code are of the country in column "Land".`},
			Settled: 62, Ready: 20, Examples: []Example{{10, "08•••10", "+23•••10"}}}},
		Withheld: []Proposal{{Decision: Decision{Kind: "phone-plus", Columns: []string{}, Text: "Phone numbers with digits only are missing their leading +."}, Settled: 12, Ready: 3, Examples: []Example{},
			Harm: "Row 40 would take the e-mail of row 12, which has other details."}},
		Decisions: []Decision{decision()}, Changes: []Change{change()},
		Command: "bulkonboard validate --sheet Kunden --header-row 4 --id Kundennr. --value countryCode:Deutschland=DE Kundenliste_Q4.xlsx"}
}

func planSummary() PlanSummary {
	return PlanSummary{ID: "9f2c41d07ab35e68", List: "k3f7q2m5x9ab", Name: "Kundenliste_Q4.xlsx", State: PlanWaiting, Maker: "sabine", Mine: true, Made: at(20), Expires: at(20).AddDate(0, 0, 1), Send: 170, AtMost: "85.00"}
}

func run() Run {
	ends, code := at(31), 3
	return Run{ID: 4, Plan: "9f2c41d07ab35e68", List: "k3f7q2m5x9ab", Name: "Kundenliste_Q4.xlsx", State: RunSending, Started: at(30), Finished: &ends, By: "jonas", Total: 170, Sent: 96, Created: 94, Problems: 1, InDoubt: 1,
		Statuses: counts(), PerSecond: 4.9, Ends: &ends, Wallet: "953.00", Charged: "47.00", Currency: "USD", Waits: "The partner asked to wait until 09:30:30.",
		Warnings: []string{"The wallet held 1,000.00 USD before and 953.00 USD after, and 47.50 USD is expected."}, ExitCode: &code}
}

// examples are one answer of each kind, by the name of its file.
func examples() map[string]any {
	return map[string]any{
		"session": Session{User: "sabine", Roles: []Role{Prepare, See}, Team: true, Target: target(), Until: Deadline{at(35), at(59)}, Held: &Held{"jonas@cron-host", at(2), "run"}, Limits: Limits{64 << 20, 500}},
		"lists":   Lists{[]ListSummary{summary()}},
		"list":    list(),
		"list-unsettled": List{ListSummary: ListSummary{ID: "m2", Name: "kunden.csv", Owner: "sabine", Mine: true, Made: at(1), Changed: at(1), State: ListUnsettled, Revision: 1}, Kind: "csv", Size: 5120,
			Offered: &OfferedMapping{Name: "kunden-q3", Columns: map[string]string{"email": "Mail dienstlich"}, Defaults: map[string]string{"program": "custodial"}, ID: "Nr", Decisions: []Decision{decision()}}, SHA256: strings.Repeat("5e", 32),
			Refusal:  &Error{Code: "input_refused", Sentence: "kunden.csv, row 3: the text is not in UTF-8.", WhatToDo: "Choose the encoding that reads these words right, or save the file as CSV UTF-8."},
			Readings: []Reading{{"windows-1252", []string{"Müller", "Straße"}}, {"windows-1250", []string{"Müller", "Straße"}}},
			Sheets:   []Sheet{}, Head: []HeadRow{}, Columns: []Column{}, Fields: []Field{}, Missing: []string{}, Notes: []Note{}, Settings: ListSettings{Columns: map[string]string{}, Defaults: map[string]string{}},
			Statuses: map[string]int{}, Problems: []Problem{}, Kinds: []Kind{}, Proposals: []Proposal{}, Withheld: []Proposal{}, Decisions: []Decision{}, Changes: []Change{}},
		"rows":   Rows{17, 153, 0, rows()},
		"edited": Edited{Change: change(), Revision: 17, Rows: rows()[:1], State: ListChecked, Counts: summary().Counts, Statuses: counts(), Problems: problems(), Kinds: kinds()},
		"error": Error{Code: "changed_meanwhile", Sentence: "The list was changed since you saw it, so your change was not made.", WhatToDo: "Reload the page. Your other changes are kept.",
			Revision: 18, ChangedBy: "jonas"},
		"plans": Plans{[]PlanSummary{planSummary()}},
		"plan": Plan{PlanSummary: planSummary(), Target: target(), Rows: 200, Known: 3, LeftOut: []LeftCount{{"invalid", "terms_not_accepted", 7, "not accepted"}}, ToCorrect: 20, Fee: "0.50", Currency: "USD", Wallet: "1000.00",
			Remains: "915.00", Covers: 2000, Seconds: 34, Fingerprint: "5e5e5e5e", RowDigest: "77a1c0de", Digest: "9f2c41d07ab35e68", Approvers: []string{"jonas"}, Differs: []string{},
			Last: &LastRun{3, at(0).AddDate(0, -3, 0), 180, 176, 31, 11}, SampleRows: []int{12}, Overlaps: []Overlap{{"7c1de02b9a45f360", "max", 12}}, Warnings: []string{}, Sample: rows()[:1], Columns: columns(), Decisions: []Decision{decision()},
			Decided: &PlanAnswer{true, "jonas", at(25), "checked against the contract list"}, Command: "bulkonboard run --plan 9f2c41d07ab35e68 Kundenliste_Q4.xlsx"},
		"runs": Runs{[]Run{run()}},
		"run":  run(),
		"report": Report{Run: run(), Causes: problems(), Kinds: kinds(), Links: 94, Exports: []LogEntry{{At: at(40), User: "sabine", From: "127.0.0.1", Action: "links", Run: 4, Detail: "shown"}}, Rejects: 20, MayLinks: true,
			Exported: &LinkExport{"links export", at(41)}, Lists: []ListSummary{summary()}, Runs: []Run{run()},
			KYC: KYC{Users: 94, HasNews: true, Opened: 61, Pending: 12, Approved: 44, Denied: 5, Working: 20, Dead: 13, NoLink: 1, Reasons: []KYCReason{{"document expired", 3}}}},
		"links": Links{[]Link{{12, "heike.sauer@kunde-beispiel.de", "Heike Sauer", "https://verify.example/u/1"}}, 94},
		"log":   Log{[]LogEntry{{At: at(9), User: "sabine", From: "127.0.0.1", Action: "cells", List: "k3f7q2m5x9ab", Rows: 1, Detail: "F12"}}, 41},
	}
}

// Each example in testdata is what the type encodes, and has no field that the type
// does not know.
func TestExamples(t *testing.T) {
	for name, want := range examples() {
		path := filepath.Join("testdata", name+".json")
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(want); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, text.Bytes()) {
			t.Errorf("%s is not what the type encodes; run the test with -update", path)
		}
		got := reflect.New(reflect.TypeOf(want))
		d := json.NewDecoder(bytes.NewReader(file))
		d.DisallowUnknownFields()
		if err := d.Decode(got.Interface()); err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !reflect.DeepEqual(got.Elem().Interface(), want) {
			t.Errorf("%s loses something on the way", path)
		}
	}
}

func TestRefusal(t *testing.T) {
	r := Refuse(404, "not_found")
	if r.Error() != "not_found" || r.Status != 404 {
		t.Errorf("%v", r)
	}
	r.Body.Sentence = "There is no such list."
	if r.Error() != "not_found: There is no such list." {
		t.Errorf("%v", r)
	}
}
