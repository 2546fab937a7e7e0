package decisions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Kind is a kind of decision.
type Kind string

// The kinds, in the order in which they are proposed.
const (
	Word        Kind = "value"
	PhoneRegion Kind = "phone-region"
	PhonePlus   Kind = "phone-plus"
	Join        Kind = "join"
	LeaveOut    Kind = "leave-out"
)

// Decision is one choice about a whole list. Which fields it has depends on its kind.
type Decision struct {
	Kind    Kind
	Field   string   // of Word and Join
	From    string   // of Word: a whole cell; case and surrounding spaces do not count
	To      string   // of Word its meaning; of PhoneRegion the country, or validate.RegionColumn; of LeaveOut the kind of rows
	Columns []string // of Join: headers, in order
}

// FlagWords returns the decision as words of a command line. A flag that may be repeated
// is one word.
func (d Decision) FlagWords() []string {
	switch d.Kind {
	case Word:
		return []string{"--value=" + d.Field + ":" + d.From + "=" + d.To}
	case Join:
		return []string{"--join=" + d.Field + "=" + strings.Join(d.Columns, "+")}
	case LeaveOut:
		return []string{"--leave-out=" + d.To}
	case PhonePlus:
		return []string{"--phone-plus"}
	}
	return []string{"--phone-region", d.To}
}

// String returns the decision as the ledger's log and reports show it.
func (d Decision) String() string {
	return strings.TrimPrefix(strings.Replace(strings.Join(d.FlagWords(), " "), "=", " ", 1), "--")
}

// ChangesReading reports whether the decision changes how bytes become rows, so that
// the input must be opened again.
func (d Decision) ChangesReading() bool { return d.Kind == Join || d.Kind == LeaveOut }

// ApplyRules adds the decision to rules, whose Values must be the caller's own. It
// does nothing for a decision that changes the reading.
func (d Decision) ApplyRules(rules *validate.Rules) error {
	switch d.Kind {
	case Word:
		if rules.Values == nil {
			rules.Values = validate.Values{}
		}
		return rules.Values.Add(d.Field, d.From, d.To)
	case PhoneRegion:
		rules.PhoneRegion = d.To
	case PhonePlus:
		rules.PhonePlus = true
	}
	return nil
}

// ApplyReading adds the decision to the options of a reader. It does nothing for a
// decision that does not change the reading.
func (d Decision) ApplyReading(opt *source.Options) {
	switch {
	case d.Kind == Join:
		opt.Join = append(slices.Clone(opt.Join), source.Join{Field: d.Field, Columns: d.Columns})
	case d.Kind == LeaveOut && !slices.Contains(opt.LeaveOut, d.To):
		opt.LeaveOut = append(slices.Clone(opt.LeaveOut), d.To)
	}
}

// Made is a decision with who made it, an OS user, and when.
type Made struct {
	Decision
	By string
	At time.Time
}

// String returns the decision with its origin.
func (m Made) String() string {
	return fmt.Sprintf("%s (%s, %s)", m.Decision, m.By, m.At.UTC().Format(time.RFC3339))
}
