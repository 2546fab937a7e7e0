package columns

import (
	"strings"

	"github.com/bulkonboard/bulkonboard/validate/phone"
)

type findingKey struct{ kind, field string }

// affected counts the rows with one kind of finding in one field.
type affectedRows struct {
	rows      int
	first     []Place
	countries map[string]int // of KindCountry: the countries of the rows
	sampled   int            // phone numbers looked at
	named     int            // of them: in a row that names its country
	fit       int            // of them: sound as the repair would read them
	misfit    int            // of them: of another country than the row's
}

func (s *affectedRows) add(at Place) {
	s.rows++
	if len(s.first) < firstPlaces {
		s.first = append(s.first, at)
	}
}

// sampleNumber reads some of the numbers as the flag would have them read, and
// compares them with the country of their row.
func (s *affectedRows) sampleNumber(kind, number, country string) {
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
// one of them the other's numbers would be those of other users.
func (s *affectedRows) commonRegion() string {
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
