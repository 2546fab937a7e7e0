// Package columns looks for what is wrong with a whole column, whatever its cells
// hold: what spreadsheets and conversions do to all cells alike, columns that count
// up, values that many rows share. Start at [Checker].
package columns

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
	"github.com/bulkonboard/bulkonboard/validate/phone"
)

// Checker judges columns where [validate.Rules] judges one row: it says that
// 1,204 rows lost their + alike, and which flag accepts them. It repairs nothing.
//
// The zero value is ready. Give it every row once, in order, then ask for
// Findings. It is for one goroutine. It needs 16 bytes for each phone number,
// wallet and mailbox, up to 80 MB in all, twice that while a list grows, and up to
// 10 MB for phone numbers without their +.
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
	raw     validate.Raw        // the row at hand
	rows    int
	found   map[findingKey]*affected
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

// Place names a row: the index of its file, and its number as a spreadsheet shows
// it.
type Place struct{ File, Row int }

// Finding is one thing that happened to one column, or to several rows alike.
type Finding struct {
	Kind   string   // see the constants
	Field  string   // canonical name, or the header given to AddCell; "" = of the whole input
	Rows   int      // how many
	Groups int      // of the kinds Shared…: how many values are shared; else 0
	First  []Place  // the first few, in order
	Flags  []string // what to add to the command to have it repaired or accepted; nil = no flag can
	Text   string   // what happened and what to do, without any value of the input
}

// Kinds of findings, in the order of Findings.
const (
	KindRounded    = "rounded"           // 14155551234 became 1.41556E+10: digits are lost
	KindPlus       = "plus_lost"         // +14155551234 became 14155551234
	KindCountry    = "country_lost"      // numbers without country code, perhaps without their first 0 too
	KindDecimal    = "decimal_added"     // 14155551234 became 14155551234.0
	KindDate       = "date_made"         // a number or code became a date
	KindZero       = "zero_lost"         // 02139 became 2139
	KindDigits     = "digits_lost"       // of a long number only 15 digits are kept
	KindError      = "error_value"       // #N/A and the like
	KindTwice      = "double_encoded"    // é became Ã©
	KindLetters    = "characters_lost"   // é became a replacement character
	KindNotation   = "foreign_notation"  // é became &eacute;, %C3%A9 or \u00e9
	KindOther      = "other_field"       // the cells are those of another column
	KindNothing    = "nothing_word"      // nothing became nan, None or NULL
	KindCounting   = "counting_up"       // 1 became 1, 2, 3: the fill handle was dragged
	SharedPhone    = "phone_shared"      // one number in three rows or more
	SharedWallet   = "wallet_shared"     // one wallet in three rows or more
	SharedMailbox  = "mailbox_shared"    // e-mails that differ by dots or plus tags only
	SharedUnknown  = "sharing_uncounted" // more rows than the memory for the three above
	firstPlaces    = 5                   // in Finding.First
	sampledNumbers = 10_000              // phone numbers looked at once more, for a hint
)

type findingKey struct{ kind, field string }

// affected counts the rows with one kind of finding in one field.
type affected struct {
	rows      int
	first     []Place
	countries map[string]int // of KindCountry: the countries of the rows
	sampled   int            // phone numbers looked at
	named     int            // of them: in a row that names its country
	fit       int            // of them: sound as the repair would read them
	misfit    int            // of them: of another country than the row's
}

// Add adds one row: its place, what it holds and what Check said of it.
func (c *Checker) Add(at Place, raw validate.Raw, res validate.Result) {
	c.raw = raw
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
		c.config.addCells(c.Encoding, c.fields.Cells(&c.raw))
	}
	for _, p := range res.Problems {
		kind := kindOf(p.Code)
		if p.Code == validate.CodePhoneAmbiguous && !c.Rules.PhonePlus && hasLostPlus(raw.PhoneNumber, c.Rules.PhoneRegion, country) {
			kind = KindPlus
		}
		if kind == "" || kind == KindNothing && !c.isProgramWord(p.Field) {
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
		c.counted[i].Add(at, *c.counted[i].Cell(&c.raw))
	}
	if c.rows++; c.SharedRows == 0 || c.rows <= c.SharedRows {
		c.repeats.add(at, res)
	}
}

// canReread reports whether the text was read in an encoding that --encoding
// utf-8 would replace.
func (c *Checker) canReread() bool { return c.Encoding != "" && !isUTF8Name(c.Encoding) }

// kindOf returns the kind of finding that a problem is a sign of, "" if of none.
func kindOf(code string) string {
	switch code {
	case validate.CodeNotation, validate.CodeNotationLikely:
		return KindNotation
	case validate.CodeOtherField, validate.CodeOtherFieldLikely:
		return KindOther
	case validate.CodePlaceholder, validate.CodePlaceholderIgnored, validate.CodeNameNull:
		return KindNothing
	case validate.CodeExcelRounded:
		return KindRounded
	case validate.CodePhonePlusLost:
		return KindPlus
	case validate.CodePhoneNoCountry:
		return KindCountry
	case validate.CodeExcelDecimal:
		return KindDecimal
	case validate.CodeExcelDate:
		return KindDate
	case validate.CodePostalZeroLost, validate.CodePostalShort:
		return KindZero
	case validate.CodeExcelError:
		return KindError
	case validate.CodeDoubleEncoded:
		return KindTwice
	case validate.CodeBadEncoding:
		return KindLetters
	}
	return ""
}

func (c *Checker) countRow(key findingKey, at Place) *affected {
	if c.found == nil {
		c.found = map[findingKey]*affected{}
	}
	seen := c.found[key]
	if seen == nil {
		seen = &affected{}
		c.found[key] = seen
	}
	seen.rows++
	if len(seen.first) < firstPlaces {
		seen.first = append(seen.first, at)
	}
	return seen
}

// sampleNumber reads some of the numbers as the repair would, and compares them with
// the country of their row.
func (s *affected) sampleNumber(kind, number, country string) {
	if kind == KindCountry && country != "" {
		if s.countries == nil {
			s.countries = map[string]int{}
		}
		s.countries[country]++ // of all rows: a second country must not be missed
	}
	if s.sampled++; s.sampled > sampledNumbers {
		s.sampled = sampledNumbers
		return
	}
	if country == "" {
		return
	}
	number = strings.TrimSpace(number)
	if kind == KindPlus {
		if n := phone.Read("+"+number, phone.Options{}); n.Code == "" && n.InCountry(country) {
			s.fit++
		} else {
			s.misfit++
		}
		return
	}
	s.named++
	if phone.Read(number, phone.Options{Region: country, Country: country}).Code == "" {
		s.fit++
	}
}

// commonRegion is the country that the numbers without one surely have: all rows
// that name a country name this, at least half of the rows do, and nine in ten
// of their numbers are sound there. One list of two countries has none: under
// one of them the other's numbers would be other people's.
func (s *affected) commonRegion() string {
	if len(s.countries) != 1 {
		return ""
	}
	for country := range s.countries {
		if s.named*2 >= s.sampled && s.fit*10 >= s.named*9 {
			return country
		}
	}
	return ""
}

// cellColumn counts the cells of a column that has no rules.
type cellColumn struct {
	filled int
	dates  affected
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
		column.dates.rows++
		if len(column.dates.first) < firstPlaces {
			column.dates.first = append(column.dates.first, at)
		}
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
	slices.SortFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rankOf(a.Kind), rankOf(b.Kind)), -cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.Field, b.Field))
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
	less.Text += ". not both at once: take " + more.Flags[0] + " first, and check again"
	less.Flags = nil
}

// Flags joins the flags of all findings, each once.
func Flags(list []Finding) []string {
	var all []string
	seen := map[string]bool{}
	for _, d := range list {
		if key := strings.Join(d.Flags, "\x00"); key != "" && !seen[key] {
			seen[key] = true
			all = append(all, d.Flags...)
		}
	}
	return all
}

func rankOf(kind string) int {
	return slices.Index([]string{KindRounded, KindPlus, KindCountry, KindDecimal, KindDate, KindZero, KindDigits,
		KindError, KindTwice, KindLetters, KindNotation, KindOther, KindNothing, KindCounting, SharedPhone, SharedWallet, SharedMailbox, SharedUnknown}, kind)
}
