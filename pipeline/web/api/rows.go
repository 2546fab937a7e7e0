package api

import "time"

// Rows answers GET /api/lists/{id}/rows?filter=&find=&from=&n= with an ETag of the
// revision. filter is "all", "correct", "look", "edited", "left-out", "repeat",
// "ready" or "kind:" and the ID of a Kind; find is a text in any cell, whatever its
// case. from counts the rows that match, from 0; n is at most Limits.Rows.
type Rows struct {
	Revision int   `json:"revision"`
	Total    int   `json:"total"` // rows that match
	From     int   `json:"from"`
	Rows     []Row `json:"rows"`
}

// Row is a row of the list as it is now.
type Row struct {
	Number   int            `json:"number"` // as the spreadsheet shows it
	Cells    []string       `json:"cells"`  // corrected ones included, one for each column
	Status   string         `json:"status"` // pending, invalid or duplicate_in_input; "" = left out
	LeftOut  string         `json:"leftOut"`
	Findings []Finding      `json:"findings"`
	Was      map[int]string `json:"was"`     // of changed cells: what the file has, by column
	Repeats  int            `json:"repeats"` // number of the row whose e-mail it has; 0 = none
}

// Finding is one thing about a cell or a row.
type Finding struct {
	Column  int    `json:"column"` // -1 = the row as a whole, or a field without a column
	Field   string `json:"field"`
	Code    string `json:"code"`
	Kind    string `json:"kind"`    // ID of the Kind that it counts in
	Message string `json:"message"` // "what is wrong. what to do"
	Warning bool   `json:"warning"`
}

// CellEdit is one cell of the body of PATCH cells, which is a list of them, with
// If-Match. From must be what the cell holds now.
type CellEdit struct {
	Row    int    `json:"row"`
	Column int    `json:"column"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// Edited answers PATCH cells, POST decisions, POST leave-out and DELETE changes.
type Edited struct {
	Change   Change `json:"change"`
	Revision int    `json:"revision"`
	// Rows are those whose findings changed, as they are now, at most Limits.Rows. With the
	// state checking they may be empty: the whole list is being checked.
	Rows     []Row          `json:"rows"`
	State    ListState      `json:"state"`
	Counts   Counts         `json:"counts"`
	Statuses map[string]int `json:"statuses"`
	Problems []Problem      `json:"problems"`
	Kinds    []Kind         `json:"kinds"`
}

// Problem is a cause of validate --json.
type Problem struct {
	Status string `json:"status"`
	Field  string `json:"field"`
	Code   string `json:"code"`
	Count  int    `json:"count"`
}

// Kind is all findings of one code in one field.
type Kind struct {
	ID       string `json:"id"`    // for filter=kind:
	Group    string `json:"group"` // "decide", "correct", "look" or "repeat"
	Field    string `json:"field"`
	Heading  string `json:"heading"` // of the column; "" = none
	Code     string `json:"code"`
	Title    string `json:"title"`
	Sentence string `json:"sentence"`
	WhatToDo string `json:"whatToDo"`
	Warning  bool   `json:"warning"`
	Cells    int    `json:"cells"` // how many findings
	// Values are the most frequent values of the column in these rows, at most 50, for
	// what can be decided by value; else empty.
	Values []Value `json:"values"`
}

// Value is a value of a column and how many cells of a Kind have it.
type Value struct {
	Text  string `json:"text"`
	Cells int    `json:"cells"`
	Means string `json:"means"` // what is proposed; "" = nothing
}

// Proposal is a decision that would help and harms no row.
type Proposal struct {
	Decision

	Settled  int       `json:"settled"`  // cells, or rows left out
	Ready    int       `json:"ready"`    // rows that become good
	Examples []Example `json:"examples"` // at most three
	Harm     string    `json:"harm"`     // of List.Withheld: which row it makes bad, as a sentence
}

// Example is a cell before and after a decision; the middle of both is hidden.
type Example struct {
	Row    int    `json:"row"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Decision is one choice about the whole list.
type Decision struct {
	ID      int       `json:"id"`      // of its Change; 0 = not made
	Kind    string    `json:"kind"`    // value, phone-region, phone-plus, join or leave-out
	Field   string    `json:"field"`   // of value and join
	From    string    `json:"from"`    // of value
	To      string    `json:"to"`      // of value, phone-region and leave-out
	Columns []string  `json:"columns"` // of join: headings
	Text    string    `json:"text"`    // the sentence that is decided to be true
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Decide is the body of POST /api/lists/{id}/decisions, with If-Match. Values are of
// the kind value: what each word means; a meaning of "" decides nothing.
type Decide struct {
	Kind    string            `json:"kind"`
	Field   string            `json:"field,omitempty"`
	Values  map[string]string `json:"values,omitempty"`
	To      string            `json:"to,omitempty"`
	Columns []string          `json:"columns,omitempty"`
}

// LeaveOut is the body of POST /api/lists/{id}/leave-out, with If-Match. Rows are
// numbers; or all rows that a filter of GET rows matches.
type LeaveOut struct {
	Rows   []int  `json:"rows,omitempty"`
	Filter string `json:"filter,omitempty"`
	Find   string `json:"find,omitempty"`  // together with Filter
	Value  string `json:"value,omitempty"` // with Filter "kind:...": only rows whose cell has this value
	Why    string `json:"why"`             // shown with the rows; at most 100 characters
	Back   bool   `json:"back,omitempty"`  // take them back in
}

// Change is something that was done to a list and can be undone by DELETE
// /api/lists/{id}/changes/{change}.
type Change struct {
	ID     int       `json:"id"`
	Kind   string    `json:"kind"` // cells, decision, leave-out, settings or undo
	Text   string    `json:"text"` // for the tool tip of Undo; no values
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Cells  int       `json:"cells"`  // cells or rows that it changed
	Undone bool      `json:"undone"` // by a later change
}
