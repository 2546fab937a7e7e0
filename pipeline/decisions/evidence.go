package decisions

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
	"github.com/bulkonboard/bulkonboard/validate/country"
	"github.com/bulkonboard/bulkonboard/validate/phone"
)

// maxWords is how many different words of a field are looked at.
const maxWords = 1000

// Proposer collects, row by row, what the problems of a list have in common. The
// zero value is ready.
type Proposer struct {
	Rules *validate.Rules // that the rows are checked by

	words     [2]map[string]*wordCount // of the terms and of the country, by FoldWord
	countries map[string]int           // of the rows whose phone number has no country code
	noCode    int                      // those rows
	noPlus    int
	leftOut   map[string]int // rows by the kind that LeaveOut names
	hasTick   bool           // among the words of the terms
}

// wordCount is a word that may mean a value.
type wordCount struct {
	written string // as the first cell has it
	to      string
	rows    int
}

// Add adds a row: what it holds and what the check said of it. It keeps words that
// are known to mean consent or a country, and nothing else of the row.
func (p *Proposer) Add(raw *validate.Raw, problems []validate.Problem) {
	for _, problem := range problems {
		switch problem.Code {
		case validate.CodeTerms:
			word := validate.FoldWord(raw.Terms)
			p.hasTick = p.hasTick || validate.IsTick(word)
			if validate.MayMeanConsent(word) {
				p.addWord(0, word, raw.Terms, "true")
			}
		case validate.CodeCountryUnknown:
			if code := country.CodeOf(raw.CountryCode); code != "" {
				p.addWord(1, validate.FoldWord(raw.CountryCode), raw.CountryCode, code)
			}
		case validate.CodePhoneNoCountry:
			p.noCode++
			if code := p.countryOf(raw); code != "" {
				if p.countries == nil {
					p.countries = map[string]int{}
				}
				p.countries[code]++
			}
		case validate.CodePhonePlusLost, validate.CodePhoneAmbiguous:
			p.noPlus++
		case validate.CodeNoCustomer:
			p.addLeftOut(source.NoCustomerRows)
		case "struck_out_row":
			p.addLeftOut(source.StruckOutRows)
		}
	}
}

func (p *Proposer) addWord(list int, word, written, to string) {
	if p.words[list] == nil {
		p.words[list] = map[string]*wordCount{}
	}
	count := p.words[list][word]
	if count == nil {
		if len(p.words[list]) == maxWords {
			return
		}
		count = &wordCount{written: strings.Clone(strings.TrimSpace(written)), to: to}
		p.words[list][word] = count
	}
	count.rows++
}

func (p *Proposer) addLeftOut(kind string) {
	if p.leftOut == nil {
		p.leftOut = map[string]int{}
	}
	p.leftOut[kind]++
}

// countryOf returns the country that a row names, by its code or in words.
func (p *Proposer) countryOf(raw *validate.Raw) string {
	rules := p.Rules
	if rules == nil {
		rules = new(validate.Rules)
	}
	if code := rules.RowCountry(raw.CountryCode); code != "" {
		return code
	}
	return country.CodeOf(raw.CountryCode)
}

// Candidates returns the decisions that the rows suggest, in the order in which they
// are to be made: words before what depends on them, rows to leave out last. They
// are not proposals before [Evaluate] has tried them on all rows.
func (p *Proposer) Candidates(files []source.File) []Decision {
	var list []Decision
	for i, field := range []string{validate.FieldTerms, validate.FieldCountryCode} {
		words := slices.SortedFunc(maps.Values(p.words[i]), func(a, b *wordCount) int {
			return cmp.Or(-cmp.Compare(a.rows, b.rows), cmp.Compare(a.written, b.written))
		})
		for _, w := range words {
			if field == validate.FieldTerms && p.hasTick && validate.IsCross(validate.FoldWord(w.written)) {
				continue // next to ticks and circles, a cross says no
			}
			list = append(list, Decision{Kind: Word, Field: field, From: w.written, To: w.to})
		}
	}
	if p.Rules == nil || p.Rules.PhoneRegion == "" {
		if region := p.commonRegion(); region != "" {
			list = append(list, Decision{Kind: PhoneRegion, To: region})
		}
	}
	if p.noPlus > 0 && (p.Rules == nil || !p.Rules.PhonePlus) {
		list = append(list, Decision{Kind: PhonePlus})
	}
	list = append(list, joinsOf(files)...)
	for _, kind := range []string{source.NoCustomerRows, source.StruckOutRows} {
		if p.leftOut[kind] > 0 {
			list = append(list, Decision{Kind: LeaveOut, To: kind})
		}
	}
	return list
}

// commonRegion returns what --phone-region is to be, "" if the rows do not say: the country
// of each row, or the one country of a list that seldom names another.
func (p *Proposer) commonRegion() string {
	named := 0
	for _, n := range p.countries {
		named += n
	}
	for code := range p.countries {
		if len(p.countries) == 1 && named*2 >= p.noCode && phone.IsRegion(code) {
			return code
		}
		return validate.RegionColumn
	}
	return ""
}

// joinsOf returns the fields of which a part is in a column of its own, in all files
// alike.
func joinsOf(files []source.File) []Decision {
	if len(files) == 0 {
		return nil
	}
	var list []Decision
	for _, part := range files[0].Parts {
		d := Decision{Kind: Join, Field: part.Field, Columns: part.Columns}
		isShared := func(f source.File) bool {
			return slices.ContainsFunc(f.Parts, func(other source.Join) bool {
				return other.Field == part.Field && slices.Equal(other.Columns, part.Columns)
			})
		}
		isClear := !slices.ContainsFunc(part.Columns, func(c string) bool { return strings.Contains(c, "+") })
		if isClear && !slices.ContainsFunc(files, func(f source.File) bool { return !isShared(f) }) {
			list = append(list, d)
		}
	}
	return list
}
