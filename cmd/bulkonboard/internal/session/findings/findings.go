// Package findings collects what a check pass says of the rows of an input, and
// of whole columns, and formats it for operators.
package findings

import (
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	firstPlaces = 3  // positions shown for each kind of finding
	firstCells  = 20 // cells shown one by one by validate
)

// kind is what findings are grouped by.
type kind struct {
	field, code string
	warning     bool
	foretold    string // message of a problem that is foretold, whose code does not say which it is
}

// group is one kind of finding.
type group struct {
	kind
	count  int
	first  []ledger.Row
	advice string // message of the first one
}

// Collector collects what the check pass says of rows. It keeps positions and
// messages, never cells. It is used by one goroutine at a time.
type Collector struct {
	groups       map[kind]*group
	Cells        []cell
	Problems     int          // those of cells, and the rest
	Shared       []cell       // the first notes that other rows have the same e-mail
	SharingCount int          // all of them
	RowsPerFile  map[int]int  // rows
	Marks        marking.List // of every row, for --annotate; nil = not kept
	KeepMarks    bool
	Columns      ColumnCheck
	Begun        func(run int64) // called when a run of the watched ledger begins; nil = not called
}

type cell struct {
	row     ledger.Row
	finding ledger.Finding
}

// NewCollector returns an empty collector.
func NewCollector() *Collector {
	return &Collector{groups: map[kind]*group{}, RowsPerFile: map[int]int{}}
}

// reset forgets what an earlier check pass found.
func (f *Collector) reset() {
	fresh := NewCollector()
	f.groups, f.RowsPerFile = fresh.groups, fresh.RowsPerFile
	f.Cells, f.Problems, f.Shared, f.SharingCount, f.Marks = nil, 0, nil, 0, marking.List{}
	f.Columns.reset()
}

// CheckColumns makes the checker look at the rows of an input, and compare at most
// so many with each other (0 = all).
func (f *Collector) CheckColumns(in *source.Input, rules *validate.Rules, id string, most int) {
	f.Columns.rules, f.Columns.carried, f.Columns.id = rules, in.Carried(), id
	f.Columns.Checker.Rules, f.Columns.Checker.SharedRows = rules, most
	f.Columns.Proposer.Rules = rules
}

func (f *Collector) Add(r ledger.Row) error {
	f.RowsPerFile[r.File]++
	f.Columns.addResult(r)
	if f.KeepMarks {
		f.Marks.Add(&r)
	}
	place := ledger.Row{Ordinal: r.Ordinal, File: r.File, Number: r.Number, Line: r.Line}
	for _, p := range r.Findings {
		f.countFinding(place, p)
	}
	return nil
}

// AddNote collects what later rows say of an earlier one.
func (f *Collector) AddNote(n ledger.RowNote) {
	if f.KeepMarks {
		f.Marks.AddNote(n)
	}
	f.countFinding(ledger.Row{Ordinal: n.Ordinal, File: n.Position.File, Number: n.Position.Number, Line: n.Position.Line}, n.Finding)
}

// countFinding counts one finding of a row.
func (f *Collector) countFinding(place ledger.Row, p ledger.Finding) {
	k := kind{field: p.Field, code: p.Code, warning: p.Warning}
	if p.Code == validate.CodeForetold {
		k.foretold = p.Message
	}
	g := f.groups[k]
	if g == nil {
		g = &group{kind: k, advice: p.Message}
		f.groups[k] = g
	}
	g.count++
	g.first = insertFirst(g.first, place, firstPlaces, func(r ledger.Row) int { return r.Ordinal })
	ordinal := func(c cell) int { return c.row.Ordinal }
	switch {
	case p.Code == pipeline.CodeSharesEmail, p.Code == pipeline.CodeSharesNumber, p.Code == pipeline.CodeSharesPerson:
		f.SharingCount++
		f.Shared = insertFirst(f.Shared, cell{place, p}, firstCells, ordinal)
	case !p.Warning:
		f.Problems++
		f.Cells = insertFirst(f.Cells, cell{place, p}, firstCells, ordinal)
	}
}

// insertFirst adds to a list that holds the first n by their ordinals.
func insertFirst[T any](list []T, v T, n int, ordinal func(T) int) []T {
	at := len(list)
	for at > 0 && ordinal(list[at-1]) > ordinal(v) {
		at--
	}
	if at == n {
		return list
	}
	list = slices.Insert(list, at, v)
	return list[:min(n, len(list))]
}
