package webtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// fakeList answers as /api/lists does, for one list that it makes up. Its rules are few
// and simple, so that a list of 100,000 rows is there at once.
type fakeList struct {
	mu      sync.Mutex
	list    api.List
	cells   [][]string
	was     []map[int]string
	leftOut []string
	changes []fakeChange
	patches int // requests that changed cells
	deaf    bool
	version string // of the pages, as the answers say; "" = they do not
	checks  int    // how often the list is still being checked when it is asked for
}

// fakeChange is what undoes a change.
type fakeChange struct {
	change api.Change
	undo   func()
}

const firstRow = 5 // of the sheet, below four rows of title and headings

// The columns of the fake list.
const (
	colID = 1 + iota
	colFirst
	colLast
	colEmail
	colPhone
	colTerms
	colPostal
	colCountry
)

func newFakeList(id string, rows int) *fakeList {
	f := &fakeList{list: api.List{
		ListSummary: api.ListSummary{ID: id, Name: "Kundenliste_Q4.xlsx", Owner: "sabine", Mine: true, Made: time.Now(), Changed: time.Now(), State: api.ListChecked, Revision: 1},
		Size:        48213, SHA256: strings.Repeat("5e", 32), Kind: "xlsx",
		Readings: []api.Reading{}, Notes: []api.Note{}, Missing: []string{}, Unclear: []string{}, Proposals: []api.Proposal{}, Decisions: []api.Decision{}, Changes: []api.Change{},
		Sheets:   []api.Sheet{{Name: "Deckblatt", Rows: 6}, {Name: "Kunden", Rows: rows, Read: true}},
		Settings: api.ListSettings{Columns: map[string]string{}, Defaults: map[string]string{}, ID: "Kundennr."},
		Command:  "bulkonboard validate --sheet Kunden --header-row 4 --id Kundennr. Kundenliste_Q4.xlsx",
	}}
	headings := []string{"Lfd. Nr.", "Kundennr.", "Vorname", "Nachname", "E-Mail", "Mobil", "AGB akzeptiert", "PLZ", "Land"}
	fields := []string{"", "", "firstName", "lastName", "email", "phoneNumber", "isTermsOfServiceAccepted", "postalCode", "countryCode"}
	first := []string{"Heike", "René", "Musa", "Éloïse", "Jürgen", "Ngozi", "Anneliese"}
	last := []string{"Sauer", "Desprès", "Eze", "Gauthier", "Müller", "Okonkwo", "Groß-Schröder"}
	countries := []string{"DE", "FR", "NG", "France", "Deutschland"}
	phones := []string{"+49 171 6259331", "0176/4539903", "491603354475", "+33 6 27 86 34 66"}
	terms := []string{"TRUE", "ja", "ja", "Ja", "x"}
	for i := range rows {
		a, b := first[i%len(first)], last[(i/2)%len(last)]
		email := fmt.Sprintf("kunde%d@example-kunde.de", i)
		switch {
		case i%41 == 7:
			email = fmt.Sprintf("kunde%d(at)example-kunde.de", i)
		case i == 33:
			email = "kunde30@example-kunde.de"
		}
		term := terms[i%len(terms)]
		switch i {
		case 26:
			term = "nein"
		case 33:
			term = "TRUE"
		}
		postal := "01067"
		if i%9 == 4 {
			postal = "4109"
		}
		f.cells = append(f.cells, []string{strconv.Itoa(i + 1), fmt.Sprintf("K%d", 10000+i), a, b, email, phones[(i/3)%len(phones)], term, postal, countries[(i/2)%len(countries)]})
		f.was = append(f.was, map[int]string{})
		f.leftOut = append(f.leftOut, "")
	}
	f.list.Head = []api.HeadRow{{Number: 1, Cells: []string{"Kundenliste Q4"}}, {Number: 4, Cells: headings, Header: true}, {Number: 5, Cells: f.cells[0]}}
	for i, h := range headings {
		c := api.Column{Index: i, Letter: string(rune('A' + i)), Heading: h, Field: fields[i], FoundBy: "alias", Filled: rows, Examples: []string{f.cells[0][i], f.cells[1][i], f.cells[2][i]}}
		if c.Field == "" {
			c.FoundBy = ""
		} else {
			f.list.Fields = append(f.list.Fields, api.Field{Name: c.Field, Required: true, Column: i, Choices: []string{}, Near: []int{}, Rule: "As the partner wants it."})
		}
		if i == colID {
			c.FoundBy = "id"
		}
		f.list.Columns = append(f.list.Columns, c)
	}
	f.list.Fields[len(f.list.Fields)-1].Choices = []string{"DE", "FR", "NG"}
	f.list.Fields = append(f.list.Fields, api.Field{Name: "program", Required: true, Defaultable: true, Column: -1, Choices: []string{"custodial", "non_custodial"}, Near: []int{}})
	f.list.Settings.Defaults["program"] = "custodial"
	f.recount()
	return f
}

// row returns a row with its findings. The caller holds the lock.
func (f *fakeList) row(i int) api.Row {
	r := api.Row{Number: firstRow + i, Cells: slices.Clone(f.cells[i]), Status: "pending", LeftOut: f.leftOut[i], Findings: []api.Finding{}, Was: f.was[i]}
	if r.LeftOut != "" {
		return r
	}
	add := func(column int, code, message string, isWarning bool) {
		field := f.list.Columns[column].Field
		r.Findings = append(r.Findings, api.Finding{Column: column, Field: field, Code: code, Kind: field + "." + code, Message: message, Warning: isWarning})
		if !isWarning {
			r.Status = "invalid"
		}
	}
	c := f.cells[i]
	if strings.Count(c[colEmail], "@") != 1 {
		add(colEmail, "email_format", "has no @. write one address such as name@company.com", false)
	}
	switch phone := c[colPhone]; {
	case strings.HasPrefix(phone, "+"):
	case strings.HasPrefix(phone, "0"):
		add(colPhone, "phone_no_country", "has no country code. write it with + and country code", false)
	default:
		add(colPhone, "phone_plus_lost", "is missing its leading +. write it with +, as text", false)
	}
	if t := strings.ToLower(c[colTerms]); t != "true" {
		add(colTerms, "terms_not_accepted", "does not say that the terms of service were accepted. write TRUE for a customer who has accepted them", false)
	}
	if len(c[colCountry]) != 2 {
		add(colCountry, "country_unknown", "is not a two-letter code. write the code, such as GB or US", false)
	}
	if len(c[colPostal]) == 4 {
		add(colPostal, "postal_zero_lost", "is too short for its country, as when a spreadsheet drops a leading zero", true)
	}
	if c[colEmail] == f.cells[min(30, len(f.cells)-1)][colEmail] && i > 30 && r.Status == "pending" {
		r.Status, r.Repeats = "duplicate_in_input", firstRow+30
	}
	return r
}

// recount counts everything again. The caller holds the lock.
func (f *fakeList) recount() {
	counts := api.Counts{Rows: len(f.cells)}
	byID := map[string]*api.Kind{}
	values := map[string]map[string]int{}
	for i := range f.cells {
		r := f.row(i)
		hasWarning := false
		for _, x := range r.Findings {
			hasWarning = hasWarning || x.Warning
			k := byID[x.Kind]
			if k == nil {
				k = &api.Kind{ID: x.Kind, Field: x.Field, Heading: f.list.Columns[x.Column].Heading, Code: x.Code, Warning: x.Warning, Values: []api.Value{},
					Title: strings.ReplaceAll(x.Code, "_", " "), Sentence: "The cell " + strings.SplitN(x.Message, ".", 2)[0] + ".", WhatToDo: "Correct it."}
				byID[x.Kind], values[x.Kind] = k, map[string]int{}
			}
			k.Cells++
			values[x.Kind][r.Cells[x.Column]]++
		}
		switch {
		case r.LeftOut != "":
			counts.LeftOut++
		case r.Status == "invalid":
			counts.ToCorrect++
		case r.Repeats > 0:
			counts.Repeats++
		default:
			counts.Ready++
		}
		if hasWarning {
			counts.Look++
		}
		if len(r.Was) > 0 {
			counts.Edited++
			counts.Cells += len(r.Was)
		}
	}
	f.list.Counts, f.list.Kinds, f.list.Proposals = counts, []api.Kind{}, []api.Proposal{}
	for id, k := range byID {
		k.Group = map[bool]string{true: "look", false: "correct"}[k.Warning]
		switch k.Code {
		case "terms_not_accepted", "country_unknown":
			k.Group = "decide"
			for text, n := range values[id] {
				v := api.Value{Text: text, Cells: n, Means: map[string]string{"ja": "true", "Ja": "true", "x": "true", "France": "FR", "Deutschland": "DE"}[text]}
				k.Values = append(k.Values, v)
			}
			slices.SortFunc(k.Values, func(a, b api.Value) int { return b.Cells - a.Cells })
		case "phone_plus_lost":
			k.Group = "decide"
			f.list.Proposals = append(f.list.Proposals, api.Proposal{Decision: api.Decision{Kind: "phone-plus", Text: "Phone numbers of digits only have lost their +.", Columns: []string{}},
				Settled: k.Cells, Ready: k.Cells / 2, Examples: []api.Example{{Row: 7, Before: "49•••75", After: "+49•••75"}}})
		}
		f.list.Kinds = append(f.list.Kinds, *k)
	}
	slices.SortFunc(f.list.Kinds, func(a, b api.Kind) int {
		return max(-1, min(1, (b.Cells-a.Cells)*1000+strings.Compare(a.ID, b.ID)))
	})
	f.list.Statuses = map[string]int{"pending": counts.Ready, "invalid": counts.ToCorrect, "duplicate_in_input": counts.Repeats}
	f.list.Problems = []api.Problem{}
}

func (f *fakeList) matches(r *api.Row, filter, find string) bool {
	if find != "" && !slices.ContainsFunc(r.Cells, func(c string) bool { return strings.Contains(strings.ToLower(c), strings.ToLower(find)) }) {
		return false
	}
	has := func(ok func(api.Finding) bool) bool { return slices.ContainsFunc(r.Findings, ok) }
	kind, isKind := strings.CutPrefix(filter, "kind:")
	switch {
	case isKind:
		return has(func(x api.Finding) bool { return x.Kind == kind })
	case filter == "correct":
		return r.Status == "invalid"
	case filter == "look":
		return has(func(x api.Finding) bool { return x.Warning })
	case filter == "edited":
		return len(r.Was) > 0
	case filter == "left-out":
		return r.LeftOut != ""
	case filter == "repeat":
		return r.Repeats > 0
	}
	return true
}

// ServeHTTP answers what /api/lists answers.
func (f *fakeList) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deaf {
		panic(http.ErrAbortHandler) // the connection is closed without an answer
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/lists/"+f.list.ID)
	if f.checks > 0 {
		if path != "" {
			f.answer(w, http.StatusConflict, api.Error{Code: "still_checking", Sentence: "The list is being checked."})
			return
		}
		f.checks--
		checking := f.list
		checking.State, checking.Progress = api.ListChecking, &api.Progress{Rows: 120, Total: 204, PerSecond: 9000}
		f.answer(w, http.StatusOK, checking)
		return
	}
	if r.Method != http.MethodGet && path != "" {
		if match := r.Header.Get("If-Match"); match != fmt.Sprintf("%q", strconv.Itoa(f.list.Revision)) {
			f.answer(w, http.StatusPreconditionFailed, api.Error{Code: "changed_meanwhile", Sentence: "The list was changed since you saw it, so your change was not made.", WhatToDo: "Look at it again.", Revision: f.list.Revision, ChangedBy: "jonas"})
			return
		}
	}
	switch {
	case r.URL.Path == "/api/lists" && r.Method == http.MethodGet:
		f.answer(w, http.StatusOK, api.Lists{Lists: []api.ListSummary{f.list.ListSummary}})
	case path == "" && r.Method == http.MethodGet:
		f.answer(w, http.StatusOK, f.list)
	case path == "/rows":
		f.serveRows(w, r)
	case path == "/cells":
		f.patches++
		f.editCells(w, r)
	case path == "/decisions":
		f.decide(w, r)
	case path == "/leave-out":
		f.leaveRowsOut(w, r)
	case path == "/keep-mapping":
		f.answer(w, http.StatusOK, api.KeptMapping{File: "/srv/prod.db.web/mappings/Kundenliste_Q4-3fa9c1d2b07e.map.yaml", Command: "bulkonboard validate --map-file /srv/prod.db.web/mappings/Kundenliste_Q4-3fa9c1d2b07e.map.yaml Kundenliste_Q4.xlsx"})
	case path == "/settings", path == "/use-mapping":
		f.list.Revision++
		if path == "/use-mapping" {
			f.list.Offered = nil
		}
		f.answer(w, http.StatusOK, f.list)
	case strings.HasPrefix(path, "/changes/"):
		f.undo(w, strings.TrimPrefix(path, "/changes/"))
	default:
		f.answer(w, http.StatusNotFound, api.Error{Code: "not_found", Sentence: "There is no such page."})
	}
}

func (f *fakeList) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	if f.version != "" {
		w.Header().Set("Page-Version", f.version)
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", strconv.Itoa(f.list.Revision)))
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (f *fakeList) serveRows(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	from, _ := strconv.Atoi(q.Get("from"))
	n, _ := strconv.Atoi(q.Get("n"))
	rows := api.Rows{Revision: f.list.Revision, From: from, Rows: []api.Row{}}
	for i := range f.cells {
		row := f.row(i)
		if !f.matches(&row, q.Get("filter"), q.Get("find")) {
			continue
		}
		if rows.Total >= from && len(rows.Rows) < n {
			rows.Rows = append(rows.Rows, row)
		}
		rows.Total++
	}
	f.answer(w, http.StatusOK, rows)
}

// change makes a change of rows, with what undoes it, and answers with them.
func (f *fakeList) change(w http.ResponseWriter, kind, text string, rows []int, undo func()) {
	f.list.Revision++
	c := api.Change{ID: f.list.Revision, Kind: kind, Text: text, By: "sabine", At: time.Now(), Cells: len(rows)}
	f.changes = append(f.changes, fakeChange{c, undo})
	f.list.Changes = slices.Insert(f.list.Changes, 0, c)
	f.recount()
	e := api.Edited{Change: c, Revision: f.list.Revision, Rows: []api.Row{}, State: f.list.State, Counts: f.list.Counts, Statuses: f.list.Statuses, Problems: f.list.Problems, Kinds: f.list.Kinds}
	for _, i := range rows[:min(len(rows), 500)] {
		e.Rows = append(e.Rows, f.row(i))
	}
	f.answer(w, http.StatusOK, e)
}

// set changes a cell and returns what undoes that.
func (f *fakeList) set(i, column int, to string) (undo func()) {
	from := f.cells[i][column]
	was, hadWas := f.was[i][column]
	if !hadWas {
		f.was[i][column] = from
	}
	f.cells[i][column] = to
	if f.was[i][column] == to {
		delete(f.was[i], column)
	}
	return func() {
		f.cells[i][column] = from
		delete(f.was[i], column)
		if hadWas {
			f.was[i][column] = was
		}
	}
}

func (f *fakeList) editCells(w http.ResponseWriter, r *http.Request) {
	var edits []api.CellEdit
	if err := json.NewDecoder(r.Body).Decode(&edits); err != nil {
		f.answer(w, http.StatusBadRequest, api.Error{Sentence: err.Error()})
		return
	}
	var undos []func()
	var rows []int
	for _, e := range edits {
		i := e.Row - firstRow
		if f.cells[i][e.Column] != e.From {
			f.answer(w, http.StatusPreconditionFailed, api.Error{Code: "changed_meanwhile", Sentence: "The cell was changed since you saw it.", Revision: f.list.Revision, ChangedBy: "jonas"})
			return
		}
	}
	for _, e := range edits {
		i := e.Row - firstRow
		undos, rows = append(undos, f.set(i, e.Column, e.To)), append(rows, i)
	}
	f.change(w, "cells", fmt.Sprintf("%d cells changed", len(edits)), rows, func() { callAll(undos) })
}

func (f *fakeList) decide(w http.ResponseWriter, r *http.Request) {
	var d api.Decide
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		f.answer(w, http.StatusBadRequest, api.Error{Sentence: err.Error()})
		return
	}
	var undos []func()
	var rows []int
	for i, c := range f.cells {
		switch {
		case d.Kind == "phone-plus" && !strings.HasPrefix(c[colPhone], "+") && !strings.HasPrefix(c[colPhone], "0"):
			undos, rows = append(undos, f.set(i, colPhone, "+"+c[colPhone])), append(rows, i)
		case d.Kind == "value":
			column := slices.IndexFunc(f.list.Columns, func(c api.Column) bool { return c.Field == d.Field })
			if to, ok := d.Values[c[column]]; ok {
				undos, rows = append(undos, f.set(i, column, to)), append(rows, i)
			}
		}
	}
	f.change(w, "decision", "Decided once", rows, func() { callAll(undos) })
}

func (f *fakeList) leaveRowsOut(w http.ResponseWriter, r *http.Request) {
	var o api.LeaveOut
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		f.answer(w, http.StatusBadRequest, api.Error{Sentence: err.Error()})
		return
	}
	var rows []int
	before := slices.Clone(f.leftOut)
	for _, number := range o.Rows {
		f.leftOut[number-firstRow] = o.Why
		rows = append(rows, number-firstRow)
	}
	f.change(w, "leave-out", "Rows left out", rows, func() { f.leftOut = before })
}

func (f *fakeList) undo(w http.ResponseWriter, id string) {
	for i := range f.changes {
		if c := &f.changes[i]; strconv.Itoa(c.change.ID) == id {
			for j := range f.list.Changes {
				if f.list.Changes[j].ID == c.change.ID {
					f.list.Changes[j].Undone = true
				}
			}
			c.undo()
			f.change(w, "undo", "Undone", []int{}, nil)
			return
		}
	}
	f.answer(w, http.StatusNotFound, api.Error{Code: "not_a_change", Sentence: "There is no such change."})
}

func callAll(undos []func()) {
	for i := len(undos) - 1; i >= 0; i-- {
		undos[i]()
	}
}

// column returns the cells of a column as they are now.
func (f *fakeList) column(column int) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var cells []string
	for _, c := range f.cells {
		cells = append(cells, c[column])
	}
	return cells
}

// edit changes a cell as another session does.
func (f *fakeList) edit(column, row int, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.set(row-firstRow, column, to)
	f.list.Revision++
	f.recount()
}

// setDeaf makes the server one that does not answer.
func (f *fakeList) setDeaf(deaf bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deaf = deaf
}

// setList changes the list as the program does.
func (f *fakeList) setList(change func(*api.List)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.list)
}

// setVersion has the answers say that the pages are of a version.
func (f *fakeList) setVersion(version string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version = version
}

// setOwner gives the list to a user.
func (f *fakeList) setOwner(owner string, isMine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list.Owner, f.list.Mine = owner, isMine
}

// startCheck has the list checked until it was asked for some times.
func (f *fakeList) startCheck(checks int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.checks = checks
}
