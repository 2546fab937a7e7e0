package api

// Error is the body of every answer above 399.
type Error struct {
	Code     string `json:"code"`     // stable; of package messages
	Sentence string `json:"sentence"` // what happened, with file, sheet, row and column where there are any
	WhatToDo string `json:"whatToDo"` // a sentence; "" = nothing to add
	// Revision and ChangedBy are set with 412: the list as it is now, and who changed it last.
	Revision  int    `json:"revision,omitempty"`
	ChangedBy string `json:"changedBy,omitempty"`
	// Differs is set where a run is not what was approved: in what, a sentence each.
	Differs []string `json:"differs,omitempty"`
	// Shortfall and Covers are set where the wallet does not cover every row: what is
	// missing, and how many rows it pays for.
	Shortfall string `json:"shortfall,omitempty"`
	Covers    int    `json:"covers,omitempty"`
	// Open is set with 409 where the same file is a list already: its ID.
	Open string `json:"open,omitempty"`
}
