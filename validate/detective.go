package validate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/internal/columns"
	"github.com/bulkonboard/bulkonboard/validate/phone"

	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// Detective looks for what spreadsheets and conversions do to whole columns,
// and for values that many rows share. Rules judge one row; a detective says
// that 1,204 rows lost their + alike, and which flag mends that. It repairs
// nothing.
//
// The zero value is ready. Give it every row once, in order, then ask for
// Findings. It is for one goroutine. It takes some 14 bytes for each phone
// number, wallet and mailbox, up to 75 MB in all, and up to 10 MB for phone
// numbers without their +.
type Detective struct {
	// Encoding is what --encoding named, "" = it was not given.
	Encoding string
	// Rules are those that the rows were checked by, nil = the zero value.
	// Flags are proposed only where they change no number that these can read.
	Rules *Rules
	// SharedRows is how many rows are compared with each other for values that
	// they share; 0 = all.
	SharedRows int

	rows     int
	found    map[damageKey]*damaged
	cells    map[string]*cellColumn
	counters [countedColumns]columns.Counter[Place]
	repeats  repeats
	trial    trial
}

// Place is where a row stands.
type Place struct{ File, Row int } // index of the file, and the row as a spreadsheet shows it

// Damage is one thing that happened to one column, or to several rows alike.
type Damage struct {
	Kind   string   // see the constants
	Field  string   // canonical name, or the header given to AddCell; "" = of the whole input
	Rows   int      // how many
	Groups int      // of the kinds Shared…: how many values are shared; else 0
	First  []Place  // the first few, in order
	Flags  []string // what to add to the command to have it repaired or accepted; nil = no flag can
	Text   string   // what happened and what to do, without any value of the input
}

// Kinds of damage, in the order of Findings.
const (
	DamageRounded  = "rounded"           // 14155551234 became 1.41556E+10: digits are lost
	DamagePlus     = "plus_lost"         // +14155551234 became 14155551234
	DamageCountry  = "country_lost"      // numbers without country code, perhaps without their first 0 too
	DamageDecimal  = "decimal_added"     // 14155551234 became 14155551234.0
	DamageDate     = "date_made"         // a number or code became a date
	DamageZero     = "zero_lost"         // 02139 became 2139
	DamageDigits   = "digits_lost"       // of a long number only 15 digits are kept
	DamageError    = "error_value"       // #N/A and the like
	DamageTwice    = "double_encoded"    // é became Ã©
	DamageLetters  = "characters_lost"   // é became a replacement character
	DamageNotation = "foreign_notation"  // é became &eacute;, %C3%A9 or \u00e9
	DamageOther    = "other_field"       // the cells are those of another column
	DamageNothing  = "nothing_word"      // nothing became nan, None or NULL
	DamageCounting = "counting_up"       // 1 became 1, 2, 3: the fill handle was dragged
	SharedPhone    = "phone_shared"      // one number in three rows or more
	SharedWallet   = "wallet_shared"     // one wallet in three rows or more
	SharedMailbox  = "mailbox_shared"    // e-mails that differ by dots or plus tags only
	SharedUnknown  = "sharing_uncounted" // more rows than the memory for the three above
	firstPlaces    = 5                   // in Damage.First
	sampledNumbers = 10_000              // phone numbers looked at once more, for a hint
)

type damageKey struct{ kind, field string }

// damaged counts one kind of damage in one field.
type damaged struct {
	rows      int
	first     []Place
	countries map[string]int // of DamageCountry: the countries of the rows
	sampled   int            // phone numbers looked at
	named     int            // of them: in a row that names its country
	fit       int            // of them: sound as the repair would read them
	misfit    int            // of them: of another country than the row's
}

// Add takes one row: where it stands, what it holds and what Check said of it.
func (d *Detective) Add(file, row int, raw Raw, res Result) {
	at := Place{file, row}
	if d.Rules == nil {
		d.Rules = new(Rules)
	}
	country := ""
	if res.User.PhoneNumber == "" || raw.PhoneNumber == "" || raw.PhoneNumber[0] != '+' {
		country = d.Rules.countryHint(raw.CountryCode)
		d.trial.addPhone(d.Rules, raw.PhoneNumber, country, res.User.PhoneNumber)
	}
	if d.canReread() {
		d.trial.addCells(d.Encoding, &raw)
	}
	for _, p := range res.Problems {
		kind := damageKind(p.Code)
		if p.Code == CodePhoneAmbiguous && !d.Rules.PhonePlus && hasLostPlus(raw.PhoneNumber, d.Rules.PhoneRegion, country) {
			kind = DamagePlus
		}
		if kind == "" || kind == DamageNothing && !isProgramWord(&raw, p.Field) {
			continue
		}
		seen := d.note(damageKey{kind, p.Field}, at)
		if kind == DamagePlus || kind == DamageCountry {
			seen.sample(kind, raw.PhoneNumber, country)
		}
		if kind == DamageCountry && country != "" {
			d.trial.setRegion(d.Rules, country)
		}
	}
	d.count(at, &raw)
	if d.rows++; d.SharedRows == 0 || d.rows <= d.SharedRows {
		d.repeats.add(at, res)
	}
}

// canReread reports whether the text was read in an encoding that --encoding
// utf-8 would replace.
func (d *Detective) canReread() bool { return d.Encoding != "" && !isUTF8Name(d.Encoding) }

// damageKind is the damage that a problem is a sign of, "" if of none.
func damageKind(code string) string {
	switch code {
	case CodeNotation, CodeNotationLikely:
		return DamageNotation
	case CodeOtherField, CodeOtherFieldLikely:
		return DamageOther
	case CodePlaceholder, CodePlaceholderIgnored, CodeNameNull:
		return DamageNothing
	case CodeExcelRounded:
		return DamageRounded
	case CodePhonePlusLost:
		return DamagePlus
	case CodePhoneNoCountry:
		return DamageCountry
	case CodeExcelDecimal:
		return DamageDecimal
	case CodeExcelDate:
		return DamageDate
	case CodePostalZeroLost, CodePostalShort:
		return DamageZero
	case CodeExcelError:
		return DamageError
	case CodeDoubleEncoded:
		return DamageTwice
	case CodeBadEncoding:
		return DamageLetters
	}
	return ""
}

func (d *Detective) note(key damageKey, at Place) *damaged {
	if d.found == nil {
		d.found = map[damageKey]*damaged{}
	}
	seen := d.found[key]
	if seen == nil {
		seen = &damaged{}
		d.found[key] = seen
	}
	seen.rows++
	if len(seen.first) < firstPlaces {
		seen.first = append(seen.first, at)
	}
	return seen
}

// sample reads some of the numbers as the repair would, and compares them with
// the country of their row.
func (s *damaged) sample(kind, number, country string) {
	if kind == DamageCountry && country != "" {
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
	if kind == DamagePlus {
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

// region is the country that the numbers without one surely have: all rows
// that name a country name this, at least half of the rows do, and nine in ten
// of their numbers are sound there. One list of two countries has none: under
// one of them the other's numbers would be other people's.
func (s *damaged) region() string {
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
	dates  damaged
}

// AddCell takes a cell of a column that Check does not know, such as the
// sender's own number. name is its header.
func (d *Detective) AddCell(file, row int, name, value string) {
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if d.cells == nil {
		d.cells = map[string]*cellColumn{}
	}
	column := d.cells[name]
	if column == nil {
		column = &cellColumn{}
		d.cells[name] = column
	}
	column.filled++
	at := Place{file, row}
	switch {
	case celltext.IsErrorValue(value):
		d.note(damageKey{DamageError, name}, at)
	case celltext.IsRounded(value):
		d.note(damageKey{DamageRounded, name}, at)
	case celltext.IsCutTo15(value):
		d.note(damageKey{DamageDigits, name}, at)
	case celltext.MayBeDate(value) && (celltext.IsDate(value) || celltext.IsShortDate(value)):
		column.dates.rows++
		if len(column.dates.first) < firstPlaces {
			column.dates.first = append(column.dates.first, at)
		}
	}
}

// Findings tells what was found, in the order of the kinds, the most frequent
// first. More rows may be added afterwards.
func (d *Detective) Findings() []Damage {
	var list []Damage
	for key, seen := range d.found {
		list = append(list, d.damage(key, seen))
	}
	for name, column := range d.cells {
		// A column of dates is no damage; a few dates among codes are.
		if column.dates.rows > 0 && column.dates.rows*2 < column.filled {
			list = append(list, d.damage(damageKey{DamageDate, name}, &column.dates))
		}
	}
	list = d.nothingWords(list)
	oneReading(list)
	list = append(list, d.counting()...)
	list = append(list, d.repeats.findings()...)
	slices.SortFunc(list, func(a, b Damage) int {
		return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), -cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.Field, b.Field))
	})
	return list
}

// oneReading leaves a flag to the more frequent one of lost + and lost country
// codes: under both flags, digits alone can be read in two ways and are refused.
func oneReading(list []Damage) {
	plus := slices.IndexFunc(list, func(d Damage) bool { return d.Kind == DamagePlus && d.Flags != nil })
	country := slices.IndexFunc(list, func(d Damage) bool { return d.Kind == DamageCountry && d.Flags != nil })
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

// Flags joins what mends all of these, each flag once.
func Flags(list []Damage) []string {
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

func rank(kind string) int {
	return slices.Index([]string{DamageRounded, DamagePlus, DamageCountry, DamageDecimal, DamageDate, DamageZero, DamageDigits,
		DamageError, DamageTwice, DamageLetters, DamageNotation, DamageOther, DamageNothing, DamageCounting, SharedPhone, SharedWallet, SharedMailbox, SharedUnknown}, kind)
}
