package api

import "time"

// ListState is how far a list has come.
type ListState string

// The states of a list.
const (
	ListUnsettled ListState = "unsettled" // cannot be read as it is: List.Refusal says why, a setting may help
	ListChecking  ListState = "checking"  // List.Progress says how far; counts, kinds and rows are there as soon as they are known
	ListChecked   ListState = "checked"   // everything below counts
	ListFailed    ListState = "failed"    // the check failed: List.Refusal says why
)

// Lists answers GET /api/lists, newest first.
type Lists struct {
	Lists []ListSummary `json:"lists"`
}

// ListSummary is a list on the home page.
type ListSummary struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"` // of the sender's file
	Owner    string    `json:"owner"`
	Mine     bool      `json:"mine"` // else it can only be read
	Made     time.Time `json:"madeAt"`
	Changed  time.Time `json:"changedAt"`
	State    ListState `json:"state"`
	Counts   Counts    `json:"counts"`
	Revision int       `json:"revision"`
	Origin   int64     `json:"origin"` // run that has left these rows to correct; 0 = none
}

// List answers PUT /api/lists, GET /api/lists/{id} and PATCH settings.
type List struct {
	ListSummary

	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	Kind   string `json:"kind"` // csv, tsv, jsonl or xlsx

	Progress *Progress `json:"progress"` // null unless a check is under way; with the state checked only proposals are still looked for
	Refusal  *Error    `json:"refusal"`  // null unless unsettled or failed
	Readings []Reading `json:"readings"` // of a text whose encoding is in doubt, best first; else empty

	Sheets   []Sheet      `json:"sheets"` // of a workbook, in the order of its tabs
	Head     []HeadRow    `json:"head"`   // the first rows of the sheet, for the choice of the headers
	Columns  []Column     `json:"columns"`
	Fields   []Field      `json:"fields"`  // required ones first
	Missing  []string     `json:"missing"` // required fields without a column or default
	Unclear  []string     `json:"unclear"` // fields that two columns may be
	Notes    []Note       `json:"notes"`   // what the reader noticed and accepted
	Settings ListSettings `json:"settings"`

	Statuses  map[string]int `json:"statuses"` // as counts of validate --json
	Problems  []Problem      `json:"problems"` // as problems of validate --json
	Kinds     []Kind         `json:"kinds"`
	Proposals []Proposal     `json:"proposals"`
	Withheld  []Proposal     `json:"withheld"`  // would help, but one of two rows has to be corrected or left out first
	Decisions []Decision     `json:"decisions"` // made and not undone, in order
	Changes   []Change       `json:"changes"`   // the last 50, newest first
	Unlisted  int            `json:"unlisted"`  // findings that are counted, but in no row, because there are too many
	Command   string         `json:"command"`   // what does the same from a command line
	Plan      string         `json:"plan"`      // ID of the newest plan of this list; "" = none
	// Offered is what a mapping would change that was kept of a list with the same
	// headings; null = nothing.
	Offered *OfferedMapping `json:"offered"`
}

// OfferedMapping is a kept mapping that a list may be read by: POST
// /api/lists/{id}/use-mapping. Only what differs from the list is there.
type OfferedMapping struct {
	Name      string            `json:"name"`      // of the list that it was kept from
	Columns   map[string]string `json:"columns"`   // field → heading
	Defaults  map[string]string `json:"defaults"`  // field → value
	ID        string            `json:"id"`        // heading of the sender's customer number; "" = as it is
	Decisions []Decision        `json:"decisions"` // with who made them then
}

// KeptMapping answers POST /api/lists/{id}/keep-mapping: the mapping is a map file.
type KeptMapping struct {
	File    string `json:"file"`    // path on the machine of the program
	Command string `json:"command"` // what checks the list by that file
}

// Counts add up: Ready + ToCorrect + Repeats + LeftOut = Rows.
type Counts struct {
	Rows      int `json:"rows"`
	Ready     int `json:"ready"`
	ToCorrect int `json:"toCorrect"`
	Repeats   int `json:"repeats"` // the e-mail of an earlier row; never sent
	LeftOut   int `json:"leftOut"`
	Look      int `json:"look"`   // of all rows: those with a warning
	Edited    int `json:"edited"` // rows with a changed cell
	Cells     int `json:"cells"`  // changed cells
}

// Progress is how far a check has come.
type Progress struct {
	Rows      int     `json:"rows"`
	Total     int     `json:"total"` // 0 = not known yet
	PerSecond float64 `json:"perSecond"`
}

// Reading is how a text reads in an encoding.
type Reading struct {
	Encoding string   `json:"encoding"`
	Words    []string `json:"words"` // the same words in each reading
}

// Sheet is a sheet of a workbook.
type Sheet struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"` // that are not blank; of the sheet that is read, its customers
	Hidden bool   `json:"hidden"`
	Read   bool   `json:"read"`
}

// HeadRow is a row near the top of the sheet.
type HeadRow struct {
	Number int      `json:"number"`
	Cells  []string `json:"cells"`
	Header bool     `json:"header"` // the row that is read as the headers
}

// Column is a column of the sender.
type Column struct {
	Index    int      `json:"index"`  // from 0
	Letter   string   `json:"letter"` // A, B, ... as a spreadsheet names it
	Heading  string   `json:"heading"`
	Field    string   `json:"field"`    // that it is read for; "" = not read
	FoundBy  string   `json:"foundBy"`  // "name", "alias", "chosen", "join", "id"; "" = not read
	Filled   int      `json:"filled"`   // rows in which it has a value
	Examples []string `json:"examples"` // the first three different values
	Hidden   bool     `json:"hidden"`   // in the sheet
}

// Field is a field of the partner.
type Field struct {
	Name        string   `json:"name"`
	Required    bool     `json:"required"`
	Defaultable bool     `json:"defaultable"` // may have a default
	Column      int      `json:"column"`      // -1 = none
	Choices     []string `json:"choices"`     // all values that it accepts; empty = any
	Rule        string   `json:"rule"`        // for senders
	Example     string   `json:"example"`
	Near        []int    `json:"near"` // columns whose headings look like it
}

// Note is something about the whole list.
type Note struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Warning bool   `json:"warning"`
}

// ListSettings say how a list is read; the body of PATCH settings has those that are
// to change, null or missing ones stay.
type ListSettings struct {
	Sheet     string            `json:"sheet"`     // "" = found
	HeaderRow int               `json:"headerRow"` // 0 = found
	Encoding  string            `json:"encoding"`  // "" = UTF-8
	Delimiter string            `json:"delimiter"` // "" = found
	Columns   map[string]string `json:"columns"`   // field → heading
	Defaults  map[string]string `json:"defaults"`  // field → value
	ID        string            `json:"id"`        // heading of the sender's customer number; "" = none
}

// SettingsPatch is the body of PATCH /api/lists/{id}/settings, with If-Match. Null or
// missing fields stay; "" and 0 go back to what is found. In the two maps a value
// of "" removes a field.
type SettingsPatch struct {
	Sheet     *string           `json:"sheet,omitempty"`
	HeaderRow *int              `json:"headerRow,omitempty"`
	Encoding  *string           `json:"encoding,omitempty"`
	Delimiter *string           `json:"delimiter,omitempty"`
	Columns   map[string]string `json:"columns,omitempty"`
	Defaults  map[string]string `json:"defaults,omitempty"`
	ID        *string           `json:"id,omitempty"`
}
