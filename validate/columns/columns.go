// Package columns looks for what is wrong with a whole column, whatever its cells
// hold: what spreadsheets and conversions do to all cells alike, columns that count
// up, values that many rows share. Start at [Checker].
package columns

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// Checker judges columns where [validate.Rules] judges one row: it says that
// 1,204 rows lost their + alike, and which flag accepts them. It repairs nothing.
//
// The zero value is ready. Give it every row once, in order, then ask for
// Findings. It is for one goroutine. It needs some 18 bytes for each phone number,
// wallet and mailbox, up to 90 MB in all, and up to 10 MB for phone numbers without
// their +.
type Checker struct {
	// Encoding is what --encoding named, "" = it was not given.
	Encoding string
	// Rules are those that the rows were checked by, nil = the zero value.
	// Flags are proposed only where they change no number that these can read.
	Rules *validate.Rules
	// SharedRows is how many rows are compared with each other for values that
	// they share; 0 = all.
	SharedRows int

	fields  validate.FieldTable // nil before the first row
	rows    int
	found   map[findingKey]*affectedRows
	cells   map[string]*cellColumn
	counted []countedField
	repeats repeats
	config  configCheck
}

// countedField is a field in which counting up is a sign of damage.
type countedField struct {
	*validate.Field
	Counter[Place]
}

// Add adds one row: its place, what it holds and what Check said of it. It keeps
// neither.
func (c *Checker) Add(at Place, raw *validate.Raw, res *validate.Result) {
	if c.fields == nil {
		c.fields = validate.Fields()
		for i := range c.fields {
			if f := &c.fields[i]; f.MinCounting > 0 {
				c.counted = append(c.counted, countedField{Field: f})
			}
		}
	}
	if c.Rules == nil {
		c.Rules = new(validate.Rules)
	}
	country := ""
	if res.User.PhoneNumber == "" || raw.PhoneNumber == "" || raw.PhoneNumber[0] != '+' {
		country = c.Rules.RowCountry(raw.CountryCode)
		c.config.addPhone(c.Rules, raw.PhoneNumber, country, res.User.PhoneNumber)
	}
	if c.canReread() {
		c.config.addCells(c.Encoding, c.fields.Cells(raw))
	}
	for _, p := range res.Problems {
		kind := KindOf(p.Code)
		if p.Code == validate.CodePhoneAmbiguous && !c.Rules.PhonePlus && hasLostPlus(raw.PhoneNumber, c.Rules.RegionOf(country), country) {
			kind = KindPlus
		}
		if kind == "" || kind == KindNothing && !c.isProgramWord(raw, p.Field) {
			continue
		}
		seen := c.countRow(findingKey{kind, p.Field}, at)
		if kind == KindPlus || kind == KindCountry {
			seen.sampleNumber(kind, raw.PhoneNumber, country)
		}
		if kind == KindCountry && country != "" {
			c.config.setRegion(c.Rules, country)
		}
	}
	for i := range c.counted {
		c.counted[i].Add(at, *c.counted[i].Cell(raw))
	}
	if c.rows++; c.SharedRows == 0 || c.rows <= c.SharedRows {
		c.repeats.add(at, res)
	}
}

// canReread reports whether the text was read in an encoding that --encoding
// utf-8 would replace.
func (c *Checker) canReread() bool { return c.Encoding != "" && !isUTF8Name(c.Encoding) }

func (c *Checker) countRow(key findingKey, at Place) *affectedRows {
	if c.found == nil {
		c.found = map[findingKey]*affectedRows{}
	}
	seen := c.found[key]
	if seen == nil {
		seen = &affectedRows{}
		c.found[key] = seen
	}
	seen.add(at)
	return seen
}

// cellColumn counts the cells of a column that has no rules.
type cellColumn struct {
	filled int
	dates  affectedRows
}

// AddCell adds a cell of a column that Check does not know, such as the sender's
// own number. name is its header.
func (c *Checker) AddCell(at Place, name, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if c.cells == nil {
		c.cells = map[string]*cellColumn{}
	}
	column := c.cells[name]
	if column == nil {
		column = &cellColumn{}
		c.cells[name] = column
	}
	column.filled++
	switch {
	case celltext.IsErrorValue(value):
		c.countRow(findingKey{KindError, name}, at)
	case celltext.IsRounded(value):
		c.countRow(findingKey{KindRounded, name}, at)
	case celltext.IsCutTo15(value):
		c.countRow(findingKey{KindDigits, name}, at)
	case celltext.MayBeDate(value) && (celltext.IsDate(value) || celltext.IsShortDate(value)):
		column.dates.add(at)
	}
}

// Findings returns what was found, in the order of the kinds, the most frequent
// first. More rows may be added afterwards.
func (c *Checker) Findings() []Finding {
	var list []Finding
	for key, seen := range c.found {
		list = append(list, c.explain(key, seen))
	}
	for name, column := range c.cells {
		// A column of dates is no damage; a few dates among codes are.
		if column.dates.rows > 0 && column.dates.rows*2 < column.filled {
			list = append(list, c.explain(findingKey{KindDate, name}, &column.dates))
		}
	}
	list = dropSingleNames(list)
	chooseReading(list)
	list = append(list, c.countingFindings()...)
	list = append(list, c.repeats.findings()...)
	sort.Slice(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		return cmp.Or(cmp.Compare(rankOf(a.Kind), rankOf(b.Kind)), -cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.Field, b.Field)) < 0
	})
	return list
}

// chooseReading leaves a flag only to the more frequent one of lost + and lost
// country codes: under both flags, bare digits can be read in two ways and are refused.
func chooseReading(list []Finding) {
	plus := slices.IndexFunc(list, func(d Finding) bool { return d.Kind == KindPlus && d.Flags != nil })
	country := slices.IndexFunc(list, func(d Finding) bool { return d.Kind == KindCountry && d.Flags != nil })
	if plus < 0 || country < 0 {
		return
	}
	less, more := &list[plus], &list[country]
	if less.Rows > more.Rows {
		less, more = more, less
	}
	less.Text += ". Do not use both at once: try " + more.Flags[0] + " first, then check again"
	less.Flags = nil
}
