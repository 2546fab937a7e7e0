package report

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Summary is the JSON object that a command prints with --json. Its keys and
// their order are part of the command-line contract. Unknown figures are null:
// nil, "" or the zero time here.
type Summary struct {
	Schema      int         `json:"schema"` // set by Encode
	Run         *int64      `json:"run"`
	Plan        Text        `json:"plan,omitempty"` // saved or carried out; left out if none was
	Environment Text        `json:"environment"`
	Input       []InputFile `json:"input"`
	Rows        *int        `json:"rows"`   // read
	Counts      Counts      `json:"counts"` // of all rows read
	New         Counts      `json:"new"`    // of the rows decided in this run
	Known       *int        `json:"known"`
	Changed     *int        `json:"changed"`
	Sent        *int        `json:"sent"` // create-user requests less those known never sent
	AlreadyDone *int        `json:"alreadyDone"`
	ByOthers    int         `json:"doneByOthers,omitempty"` // by other senders during this run; left out if none were
	Remaining   *int        `json:"remaining"`
	Problems    []Cause     `json:"problems"`
	Money       Money       `json:"money"`
	StopReason  Text        `json:"stopReason"`
	ExitCode    int         `json:"exitCode"`
	Ledger      Text        `json:"ledger"`
	Reports     []string    `json:"reports"`
	StartedAt   Moment      `json:"startedAt"`
	FinishedAt  Moment      `json:"finishedAt"`
}

// InputFile is one file of an input.
type InputFile struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// Cause is a reason for a status and how many rows have it. A row with several
// problems counts in each.
type Cause struct {
	Status ledger.Status `json:"status"`
	Field  string        `json:"field"`
	Code   string        `json:"code"`
	Count  int           `json:"count"`
}

// Complete returns the summary as it is encoded: with the number of its schema, and
// without lists that are null.
func (s Summary) Complete() Summary {
	s.Schema = Schema
	if s.Input == nil {
		s.Input = []InputFile{}
	}
	if s.Problems == nil {
		s.Problems = []Cause{}
	}
	if s.Reports == nil {
		s.Reports = []string{}
	}
	return s
}

// Encode writes the summary as one line.
func (s Summary) Encode(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(s.Complete())
}

// Counts is rows by status. In JSON it holds all ten statuses, in their usual
// order; nil is null.
type Counts map[ledger.Status]int

// MarshalJSON implements json.Marshaler.
func (c Counts) MarshalJSON() ([]byte, error) {
	if c == nil {
		return []byte("null"), nil
	}
	out := []byte{'{'}
	for i, s := range ledger.Statuses() {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, string(s)), ':')
		out = strconv.AppendInt(out, int64(c[s]), 10)
	}
	return append(out, '}'), nil
}

// Amount is a decimal number as text, so that no digit is lost: "12.50". In
// JSON it is a number; "" and other text are null.
type Amount string

// MarshalJSON implements json.Marshaler.
func (a Amount) MarshalJSON() ([]byte, error) {
	if !reporttext.IsDecimal(string(a)) {
		return []byte("null"), nil
	}
	return []byte(a), nil
}

// Text is a string whose empty value is null in JSON.
type Text string

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return jsonText(reporttext.Clean(string(t))), nil
}

// Moment is a time; in JSON it is RFC 3339, UTC, to the second. The zero time
// is null.
type Moment struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + formatTime(m.Time) + `"`), nil
}
