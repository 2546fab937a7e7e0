package report

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/xuri/excelize/v2"
)

// xlsxFormat is the workbook for people, finance among them: a summary with a
// chart, the links to hand out, what needs a person by cause, and all rows as
// the CSV report has them. Sheets are streamed; one that is full goes on in
// the next. No cell is a formula.
type xlsxFormat struct {
	maxRows  int // of a sheet, with its header
	maxLinks int // clickable ones of a sheet; further links are text
}

func (x xlsxFormat) write(_ context.Context, w io.Writer, scratch string, m Meta, rows Rows) (err error) {
	b, err := newBook(scratch, "Summary")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	t := newTable(m)
	sheets, err := x.sheets(b, t, scratch, m)
	if err != nil {
		return err
	}
	counted := newTally(m)
	for r, err := range rows {
		if err != nil {
			return err
		}
		first, ok := counted.add(&r)
		if err := sheets.put(&r, t.row(&r), first, ok); err != nil {
			return err
		}
	}
	if err := sheets.finish(); err != nil {
		return err
	}
	if err := b.summary(m, counted); err != nil {
		return err
	}
	return b.save(w)
}

// detailSheets are the sheets that have rows.
type detailSheets struct {
	book      *book
	links     *series // nil without links
	attention *series
	piles     *piles
	duplicate *series
	balance   *series
	all       *series
	scratch   string
	maxLinks  int
	clickable *linkList // of the sheet that links stands in
}

func (x xlsxFormat) sheets(b *book, t *table, scratch string, m Meta) (*detailSheets, error) {
	d := &detailSheets{book: b, piles: newPiles(scratch), scratch: scratch, maxLinks: x.maxLinks}
	st := b.style
	person := []column{{"file", 22, st.text}, {"row", 8, st.number}, {"id", 16, st.text}, {"email", 32, st.text},
		{"firstName", 18, st.text}, {"lastName", 18, st.text}}
	with := func(more ...column) []column { return append(person[:len(person):len(person)], more...) }
	all := make([]column, len(t.header))
	for i, h := range t.header {
		all[i] = column{h, columnWidth(i, h), st.text}
		if numeric(i) {
			all[i].style = st.number
		}
	}
	for _, s := range []struct {
		to   **series
		name string
		cols []column
		skip bool
	}{
		{&d.links, "Verification links", with(column{"verificationUrl", 70, st.link}, column{"serviceId", 34, st.text}, column{"decidedAt", 22, st.text}), m.NoLinks},
		{&d.attention, "Needs attention", append([]column{{"cause", 34, st.text}}, with(column{"status", 18, st.text}, column{"message", 80, st.wrapped})...), false},
		{&d.duplicate, "Duplicates", with(column{"status", 20, st.text}, column{"message", 80, st.wrapped}), false},
		{&d.balance, "Insufficient balance", with(column{"attempts", 10, st.number}, column{"decidedAt", 22, st.text}), false},
		{&d.all, "All rows", all, false},
	} {
		if s.skip {
			continue
		}
		var err error
		if *s.to, err = b.series(s.name, s.cols, x.maxRows); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// columnWidth is in characters.
func columnWidth(col int, title string) float64 {
	switch col {
	case colRow, colAttempts, colHTTPStatus:
		return 11
	case colEmail, colServiceID:
		return 32
	case colURL, colMessage:
		return 60
	case colField, colCode:
		return 26
	case colKey:
		return 38
	case colFirstSent, colDecided, colFile, colStatus:
		return 22
	}
	return min(max(float64(len(title))+4, 16), 40)
}

// put writes one row into the sheets that it belongs to. c are its cells.
func (d *detailSheets) put(r *ledger.Reported, c []string, cause Cause, caused bool) error {
	if err := d.all.row(c, 0); err != nil {
		return err
	}
	person := []string{c[colFile], c[colRow], c[colID], c[colEmail], c[colFirstName], c[colLastName]}
	switch r.Status {
	case ledger.Created:
		if d.links != nil {
			if err := d.link(append(person, c[colURL], c[colServiceID], c[colDecided])); err != nil {
				return err
			}
		}
		if caused { // its details changed
			return d.piles.put(cause, append(append([]string{cause.title()}, person...), c[colStatus], c[colMessage]))
		}
	case ledger.Duplicate, ledger.DuplicateInInput:
		return d.duplicate.row(append(person, c[colStatus], c[colMessage]), heightFor(c[colMessage], 80))
	case ledger.InsufficientBalance:
		return d.balance.row(append(person, c[colAttempts], c[colDecided]), 0)
	case ledger.LinkMissing, ledger.Invalid, ledger.Rejected, ledger.InDoubt:
		return d.piles.put(cause, append(append([]string{cause.title()}, person...), c[colStatus], c[colMessage]))
	}
	return nil
}

// link writes a row of the sheet of links, clickable as long as a sheet takes
// it. Only an https address becomes a link, whatever the ledger holds.
func (d *detailSheets) link(cells []string) error {
	const at, longest = 6, 2079 // position of the address; Excel's limit for one
	before := d.links.sheet
	if err := d.links.row(cells, 0); err != nil {
		return err
	}
	if d.clickable == nil || d.links.sheet != before {
		column, err := excelize.ColumnNumberToName(at + 1)
		if err != nil {
			return err
		}
		if d.clickable, err = d.book.linkList(d.scratch, d.links.sheet.name, column); err != nil {
			return err
		}
	}
	address := cells[at]
	if len(d.clickable.rows) >= d.maxLinks || !strings.HasPrefix(address, "https://") || len(address) > longest {
		return nil
	}
	return d.clickable.add(d.links.sheet.last, address)
}

// finish writes what had to wait for its order, and ends the sheets.
func (d *detailSheets) finish() error {
	for _, c := range d.piles.list() {
		advice := Advice(c.Status, c.Code)
		head := []string{c.title(), "", "", "", "", "", "", thousands(c.Count) + " rows", advice}
		if c.Count == 1 {
			head[7] = "1 row"
		}
		if err := d.attention.styled(head, d.book.style.group, max(24, heightFor(advice, 70))); err != nil {
			return err
		}
		if err := d.piles.each(c, func(cells []string) error {
			return d.attention.row(cells, heightFor(cells[len(cells)-1], 80))
		}); err != nil {
			return err
		}
	}
	for _, s := range []*series{d.links, d.attention, d.duplicate, d.balance, d.all} {
		if s == nil {
			continue
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	return nil
}

// series is a sheet that goes on in further ones when it is full: "All rows",
// "All rows (2)", ...
type series struct {
	book    *book
	name    string
	cols    []column
	maxRows int
	sheet   *sheet
	sheets  int
}

func (b *book) series(name string, cols []column, maxRows int) (*series, error) {
	s := &series{book: b, name: name, cols: cols, maxRows: maxRows}
	return s, s.next()
}

func (s *series) next() (err error) {
	if s.sheet != nil {
		if err := s.sheet.flush(); err != nil {
			return err
		}
	}
	s.sheets++
	name := s.name
	if s.sheets > 1 {
		name += " (" + strconv.Itoa(s.sheets) + ")"
	}
	s.sheet, err = s.book.sheet(name, s.cols, true)
	return err
}

func (s *series) row(cells []string, height float64) error {
	if s.sheet.last >= s.maxRows {
		if err := s.next(); err != nil {
			return err
		}
	}
	return s.sheet.row(cells, height)
}

func (s *series) styled(cells []string, style int, height float64) error {
	if s.sheet.last >= s.maxRows {
		if err := s.next(); err != nil {
			return err
		}
	}
	return s.sheet.styled(cells, style, height)
}

// flush ends the last sheet. One without rows says so.
func (s *series) flush() error {
	if s.sheets == 1 && s.sheet.last == 1 {
		if err := s.sheet.styled([]string{"None."}, s.book.style.subtitle, 0); err != nil {
			return err
		}
	}
	return s.sheet.flush()
}
