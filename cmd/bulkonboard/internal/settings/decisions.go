package settings

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Words are FIELD:FROM=TO, in the order given.
type Words struct {
	list  []decisions.Decision
	texts []string
}

func (w *Words) Type() string { return "FIELD:FROM=TO" }

func (w *Words) String() string { return strings.Join(w.texts, " ") }

// Texts returns the words as they were given.
func (w *Words) Texts() []string { return slices.Clone(w.texts) }

func (w *Words) Set(text string) error {
	field, rest, isField := strings.Cut(text, ":")
	from, to, isMeaning := strings.Cut(rest, "=")
	if !isField || !isMeaning {
		return errors.New("write FIELD:FROM=TO")
	}
	d := decisions.Decision{Kind: decisions.Word, Field: strings.TrimSpace(field), From: strings.TrimSpace(from), To: strings.TrimSpace(to)}
	all := validate.Values{}
	for _, earlier := range append(slices.Clone(w.list), d) {
		if err := all.Add(earlier.Field, earlier.From, earlier.To); err != nil {
			return err
		}
	}
	w.list, w.texts = append(w.list, d), append(w.texts, text)
	return nil
}

// Joins are FIELD=COLUMN+COLUMN, in the order given.
type Joins struct {
	list  []decisions.Decision
	texts []string
}

func (j *Joins) Type() string { return "FIELD=COLUMN+COLUMN" }

func (j *Joins) String() string { return strings.Join(j.texts, " ") }

// Texts returns the joins as they were given.
func (j *Joins) Texts() []string { return slices.Clone(j.texts) }

func (j *Joins) Set(text string) error {
	field, rest, ok := strings.Cut(text, "=")
	d := decisions.Decision{Kind: decisions.Join, Field: strings.TrimSpace(field)}
	for column := range strings.SplitSeq(rest, "+") {
		if column = strings.TrimSpace(column); column == "" || slices.Contains(d.Columns, column) {
			ok = false
		}
		d.Columns = append(d.Columns, column)
	}
	if !ok || d.Field == "" || len(d.Columns) < 2 {
		return errors.New("write FIELD=COLUMN+COLUMN, each column once")
	}
	if slices.ContainsFunc(j.list, func(other decisions.Decision) bool { return other.Field == d.Field }) {
		return fmt.Errorf("%s is given twice", d.Field)
	}
	j.list, j.texts = append(j.list, d), append(j.texts, text)
	return nil
}

// LeftOut are kinds of rows.
type LeftOut struct{ kinds []string }

func (l *LeftOut) Type() string { return "KIND" }

func (l *LeftOut) String() string { return strings.Join(l.kinds, ",") }

func (l *LeftOut) Set(text string) error {
	for kind := range strings.SplitSeq(text, ",") {
		kind = strings.TrimSpace(kind)
		if kind != source.StruckOutRows && kind != source.NoCustomerRows {
			return fmt.Errorf("use %s or %s", source.StruckOutRows, source.NoCustomerRows)
		}
		if !slices.Contains(l.kinds, kind) {
			l.kinds = append(l.kinds, kind)
		}
	}
	return nil
}

// flagDecisions returns what the flags decide, whatever the map file says.
func (i *InputFlags) flagDecisions() []decisions.Decision {
	list := slices.Clone(i.Words.list)
	if i.PhoneRegion != "" {
		list = append(list, decisions.Decision{Kind: decisions.PhoneRegion, To: i.PhoneRegion})
	}
	if i.phonePlus {
		list = append(list, decisions.Decision{Kind: decisions.PhonePlus})
	}
	list = append(list, i.Joins.list...)
	for _, kind := range i.LeftOut.kinds {
		list = append(list, decisions.Decision{Kind: decisions.LeaveOut, To: kind})
	}
	return list
}

// Decisions returns everything that is decided about the list, with who decided it
// and when: by flags now, and in the map file earlier. A flag beats the map file.
func (i *InputFlags) Decisions() ([]decisions.Made, error) {
	file, err := i.readMapFile()
	if err != nil {
		return nil, err
	}
	return i.mergeDecisions(file.Decisions), nil
}

func (i *InputFlags) mergeDecisions(earlier []decisions.Made) []decisions.Made {
	given := i.flagDecisions()
	all := slices.DeleteFunc(slices.Clone(earlier), func(m decisions.Made) bool {
		return slices.ContainsFunc(given, func(d decisions.Decision) bool { return replaces(d, m.Decision) })
	})
	for _, d := range given {
		at := slices.IndexFunc(earlier, func(m decisions.Made) bool { return m.Decision.String() == d.String() })
		if at >= 0 { // it was decided then
			all = append(all, earlier[at])
			continue
		}
		all = append(all, NewDecision(d))
	}
	return all
}

// replaces reports whether a decision answers the same question as another one.
func replaces(d, other decisions.Decision) bool {
	if d.Kind != other.Kind || d.Field != other.Field {
		return false
	}
	return d.Kind != decisions.LeaveOut && validate.FoldWord(d.From) == validate.FoldWord(other.From) || d.To == other.To && d.Kind == decisions.LeaveOut
}

// NewDecision returns a decision that the operator makes now.
func NewDecision(d decisions.Decision) decisions.Made {
	m := decisions.Made{Decision: d, By: "unknown", At: time.Now().UTC().Truncate(time.Second)}
	if u, err := user.Current(); err == nil && u.Username != "" {
		m.By = u.Username
	}
	return m
}

// DescribeDecisions returns what the ledger's log keeps of decisions, as words for a
// POSIX shell.
func DescribeDecisions(made []decisions.Made) []string {
	var words []string
	for _, m := range made {
		words = append(words, DecidedFlag+m.String())
	}
	return words
}
