package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	firstPlaces = 3  // positions shown for each kind of finding
	firstCells  = 20 // cells shown one by one by validate
	firstKinds  = 8  // kinds shown by a run; validate shows all of them
)

// kind is what findings are grouped by.
type kind struct {
	field, code string
	warning     bool
}

// group is one kind of finding.
type group struct {
	kind
	count  int
	first  []ledger.Row
	advice string // message of the first one
}

// findings collects what the check pass says of rows. It keeps positions and
// messages, never cells. It is used by one goroutine at a time.
type findings struct {
	groups      map[kind]*group
	cells       []cell
	problems    int         // those of cells, and the rest
	shared      []cell      // the first notes that other rows have the same e-mail
	sharing     int         // all of them
	perFile     map[int]int // rows
	marks       []marked    // of every row, for --annotate; nil = not kept
	keep        bool
	columnCheck columnCheck
}

type cell struct {
	row     ledger.Row
	finding ledger.Finding
}

func newFindings() *findings {
	return &findings{groups: map[kind]*group{}, perFile: map[int]int{}, columnCheck: columnCheck{room: room{base: roomForRun}}}
}

// follow makes the checker look at the rows of an input, and compare at most
// so many with each other (0 = all).
func (f *findings) follow(in *source.Input, rules *validate.Rules, id string, most int) {
	if most == 0 {
		f.columnCheck.room.base = roomForCheck
	}
	if slices.ContainsFunc(in.Files(), func(f source.File) bool { return f.Kind == "xlsx" }) {
		f.columnCheck.room.base = roomForWorkbook
	}
	f.columnCheck.rules, f.columnCheck.carried, f.columnCheck.id = rules, in.Carried(), id
	f.columnCheck.checker.Rules, f.columnCheck.checker.SharedRows = rules, most
}

func (f *findings) add(r ledger.Row) error {
	f.perFile[r.File]++
	f.columnCheck.judged(r)
	if f.keep && len(r.Findings) > 0 {
		f.marks = append(f.marks, marked{r.Number, r.Findings})
	}
	place := ledger.Row{Ordinal: r.Ordinal, File: r.File, Number: r.Number, Line: r.Line}
	for _, p := range r.Findings {
		f.count(place, p)
	}
	return nil
}

// note collects what later rows tell of an earlier one.
func (f *findings) note(n ledger.RowNote) {
	if f.keep {
		at, found := slices.BinarySearchFunc(f.marks, n.Position.Number, func(m marked, number int) int { return cmp.Compare(m.number, number) })
		if found {
			m := &f.marks[at]
			m.findings = append(slices.Clip(m.findings), n.Finding)
		} else {
			f.marks = slices.Insert(f.marks, at, marked{n.Position.Number, []ledger.Finding{n.Finding}})
		}
	}
	f.count(ledger.Row{Ordinal: n.Ordinal, File: n.Position.File, Number: n.Position.Number, Line: n.Position.Line}, n.Finding)
}

// count counts one finding of a row.
func (f *findings) count(place ledger.Row, p ledger.Finding) {
	k := kind{p.Field, p.Code, p.Warning}
	g := f.groups[k]
	if g == nil {
		g = &group{kind: k, advice: p.Message}
		f.groups[k] = g
	}
	g.count++
	g.first = firstOf(g.first, place, firstPlaces, func(r ledger.Row) int { return r.Ordinal })
	ordinal := func(c cell) int { return c.row.Ordinal }
	switch {
	case p.Code == pipeline.CodeSharesEmail:
		f.sharing++
		f.shared = firstOf(f.shared, cell{place, p}, firstCells, ordinal)
	case !p.Warning:
		f.problems++
		f.cells = firstOf(f.cells, cell{place, p}, firstCells, ordinal)
	}
}

// firstOf adds to a list that holds the first n by their ordinals.
func firstOf[T any](list []T, v T, n int, ordinal func(T) int) []T {
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

// sorted is every kind, problems first, the most frequent first.
func (f *findings) sorted() []*group {
	var all []*group
	for _, g := range f.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int {
		if a.warning != b.warning {
			if b.warning {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.field, b.field), cmp.Compare(a.code, b.code))
	})
	return all
}

// lines are the kinds with their counts and first positions; at most so many,
// 0 = all.
func (f *findings) lines(files []source.File, most int) []string {
	all := f.sorted()
	shown := all
	if most > 0 && len(all) > most+1 {
		shown = all[:most]
	}
	counts, fields, places := 0, 0, 0
	for _, g := range shown {
		counts = max(counts, len(number(g.count)))
		fields = max(fields, len(g.field))
		places = max(places, utf8.RuneCountInString(g.places(files)))
	}
	var out []string
	for _, g := range shown {
		what := meaningOf(g.code)
		if what == "" {
			what = firstSentence(g.advice)
		}
		if g.warning {
			what = "warning: " + what
		}
		at := g.places(files)
		out = append(out, fmt.Sprintf("%*s  %-*s  %s%s  %s [%s]", counts, number(g.count), fields, g.field,
			at, strings.Repeat(" ", places-utf8.RuneCountInString(at)), what, g.code))
	}
	if left := len(all) - len(shown); left > 0 {
		rest := 0
		for _, g := range all[len(shown):] {
			rest += g.count
		}
		out = append(out, fmt.Sprintf("%*s  of %d more kinds; bulkonboard validate lists them", counts, number(rest), left))
	}
	return out
}

// places are the first positions of a kind: "rows 3, 8, 12, ...".
func (g *group) places(files []source.File) string {
	var places []string
	for _, r := range g.first {
		text := strconv.Itoa(r.Number)
		if len(files) > 1 && r.File < len(files) {
			text += " of " + displayFile(files[r.File].Name)
		}
		places = append(places, text)
	}
	if g.count > len(g.first) {
		places = append(places, "...")
	}
	if g.count == 1 {
		return "row " + strings.Join(places, ", ")
	}
	return "rows " + strings.Join(places, ", ")
}

// meaningOf is what a code of the field rules or of the reader means; "" for
// other codes.
func meaningOf(code string) string {
	for _, c := range validate.Codes() {
		if c.Code == code {
			return c.Meaning
		}
	}
	for _, c := range source.Codes() {
		if c.Code == code {
			return c.Meaning
		}
	}
	if code == pipeline.CodeSharesEmail { // the message is of one row
		return "other rows have the e-mail of these invalid ones"
	}
	return ""
}

// cellLines are findings, one by one.
func cellLines(cells []cell, files []source.File) []string {
	var out []string
	for _, c := range cells {
		e := &source.Error{Row: c.row.Number, Line: c.row.Line, Field: c.finding.Field, Reason: c.finding.Message}
		if c.row.File < len(files) {
			file := files[c.row.File]
			e.File, e.Sheet = file.Name, file.Sheet
			for _, m := range file.Mapped {
				if m.Name == c.finding.Field && m.Name != "" {
					e.Column, e.Cell = m.Column+1, table.CellName(m.Column+1, c.row.Number)
				}
			}
		}
		out = append(out, e.Error())
	}
	return out
}

func nameOf(field, code string) string {
	if field == "" {
		return code
	}
	return field + " " + code
}

func firstSentence(text string) string {
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i]
	}
	return text
}

// watched shows the rows of a check pass to the collector as they go into the
// ledger.
type watched struct {
	ledger.Ledger
	found *findings
}

var _ ledger.Ledger = watched{}

func (w watched) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	reg, err := w.Ledger.Register(ctx, b)
	if err != nil {
		return nil, err
	}
	w.found.columnCheck.begin()
	return watchedRegistration{reg, w.found}, nil
}

// watchedFile is watched for the ledger in a file, which has an emergency file.
type watchedFile struct {
	watched
	emergency
	gapKeeper
}

type gapKeeper interface{ ledger.Gaps }

// emergency has another name so that its method is promoted.
type emergency interface{ ledger.Emergency }

var (
	_ ledger.Ledger    = watchedFile{}
	_ ledger.Emergency = watchedFile{}
	_ ledger.Gaps      = watchedFile{}
)

type watchedRegistration struct {
	ledger.Registration
	found *findings
}

func (w watchedRegistration) Add(ctx context.Context, rows []ledger.Row) error {
	for _, r := range rows {
		if err := w.found.add(r); err != nil {
			return err
		}
	}
	return w.Registration.Add(ctx, rows)
}

func (w watchedRegistration) Annotate(ctx context.Context, notes []ledger.RowNote) error {
	for _, n := range notes {
		w.found.note(n)
	}
	return w.Registration.Annotate(ctx, notes)
}

func (w watchedRegistration) Commit(ctx context.Context) (ledger.Batch, error) {
	w.found.columnCheck.end()
	return w.Registration.Commit(ctx)
}

func (w watchedRegistration) Rollback() error {
	w.found.columnCheck.end()
	return w.Registration.Rollback()
}
