package metrics

import (
	_ "embed"
	"io"
	"maps"
	"slices"
	"time"
)

// EventResult is what became of a signed webhook event.
type EventResult string

// The results of events.
const (
	EventRecorded EventResult = "recorded" // it changed the ledger
	EventRepeated EventResult = "repeated" // the ledger had it already, or a newer one
	EventSkipped  EventResult = "skipped"  // it concerns us and was not recorded; the log says why
)

// Webhooks is what `kyc listen` exposes to Prometheus: figures, the ledger's name and
// the version, and no customer data. Environment and Ledger label every sample.
type Webhooks struct {
	Environment  string
	Ledger       string // base name of its file
	Version      string // of the program
	Started      time.Time
	LastRecorded time.Time // zero: none yet
	Writable     bool      // whether the ledger can be written now
	Events       map[EventResult]int
	Responses    map[int]int // by HTTP status
}

// Results returns all results, so that each series exists from the start and its first
// increase is seen.
func (w Webhooks) Results() []EventResult {
	return []EventResult{EventRecorded, EventRepeated, EventSkipped}
}

// Codes returns the HTTP statuses of Responses and those that alerts watch, in order.
func (w Webhooks) Codes() []int {
	codes := slices.AppendSeq([]int{204, 401, 500, 503}, maps.Keys(w.Responses))
	slices.Sort(codes)
	return slices.Compact(codes)
}

//go:embed webhooks.prom.tmpl
var webhooksExposition string

// Encode writes the figures in the text exposition format, version 0.0.4.
func (w Webhooks) Encode(to io.Writer) error {
	return encodeText(to, webhooksExposition, Snapshot{Environment: w.Environment, Ledger: w.Ledger}, w)
}
