package decisions

import (
	"fmt"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Sentence returns what is decided, as a sentence that is true or not.
func (d Decision) Sentence(files []source.File) string {
	switch d.Kind {
	case Word:
		if d.Field == validate.FieldTerms {
			return fmt.Sprintf("%q in %s means that the customer accepted the terms of service.", d.From, headingOf(d.Field, files))
		}
		return fmt.Sprintf("%q in %s means %s.", d.From, headingOf(d.Field, files), d.To)
	case PhoneRegion:
		if d.To == validate.RegionColumn {
			return "Phone numbers without a country code are of the country in " + headingOf(validate.FieldCountryCode, files) + "."
		}
		return "Phone numbers without a country code are of " + d.To + "."
	case PhonePlus:
		return "Phone numbers with digits only are missing their leading +."
	case Join:
		return fmt.Sprintf("The %s is in several columns: %s.", d.Field, strings.Join(quoteAll(d.Columns), ", "))
	}
	if d.To == source.StruckOutRows {
		return "Rows that are struck out are not to be sent."
	}
	return "Rows that are nearly empty are not customers."
}

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = fmt.Sprintf("%q", w)
	}
	return quoted
}

// headingOf returns the sender's own heading of a field, in quotation marks where it
// is not the field's name.
func headingOf(field string, files []source.File) string {
	for _, f := range files {
		for _, m := range f.Mapped {
			if m.Field == field && strings.TrimSpace(m.Header) != field {
				return fmt.Sprintf("column %q", strings.TrimSpace(m.Header))
			}
		}
	}
	return field
}
