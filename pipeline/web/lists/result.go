package lists

import (
	"hash/maphash"
	"maps"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/validate"
)

// maxFindings is how many findings of a list are kept one by one. All are counted.
const maxFindings = 500_000

// result is what a check found. Rows are by their index in the rowFile.
type result struct {
	rows      []rowState
	tally     ledger.Tally // of the rows that are not left out
	kinds     map[kindKey]*kindCount
	kept      int // findings in rows
	unlisted  int // findings that are not
	relations relations
	proposals []decisions.Proposal
	withheld  []decisions.Proposal // would help, but make a good row bad through another one
}

// rowState is what is said of a row.
type rowState struct {
	status   ledger.Status // pending, invalid or duplicate_in_input; "" = left out
	why      string        // it is left out
	repeats  int32         // number of the row whose e-mail it has; 0 = none
	hasWarn  bool
	findings []ledger.Finding // nil beyond maxFindings
}

func (r *rowState) isLeftOut() bool { return r.status == "" }

// kindKey is what findings are counted by.
type kindKey struct {
	field, code string
	warning     bool
}

// kindCount counts the findings of a kind. values counts the words of a field whose words
// may be given a meaning; nil for others.
type kindCount struct {
	cells  int
	values map[string]int
}

// maxWords is how many different values of a kind are counted.
const maxWords = 1000

// relations are what rows are compared with each other by, as hashes: the customer
// number, the e-mail, and name with phone number. 0 = the row has none.
type relations struct {
	seed maphash.Seed
	keys [relationKinds][]uint64
}

const relationKinds = 3

func newRelations(rows int) relations {
	r := relations{seed: maphash.MakeSeed()}
	for i := range r.keys {
		r.keys[i] = make([]uint64, rows)
	}
	return r
}

// keysOf returns the keys of a row that was checked.
func (r *relations) keysOf(row *ledger.Row, checked func() validate.Result) (keys [relationKinds]uint64) {
	name := row.NameText
	if row.Verdict == ledger.Invalid {
		res := checked()
		if name = res.User.NameText(); name == "" && res.Corrected != nil {
			name = res.Corrected.User.NameText()
		}
	}
	for i, text := range []string{row.Identity, ledger.PlainNumber(row.SenderID), name} {
		if text != "" {
			keys[i] = maphash.String(r.seed, text) | 1
		}
	}
	return keys
}

// closure returns the rows that are connected with some rows, these included, in
// ascending order: what is said of them depends on no other row. more are keys that the
// given rows are to have, too.
func (r *relations) closure(rows []int, more [][relationKinds]uint64) []int {
	wanted := [relationKinds]map[uint64]bool{}
	for i := range wanted {
		wanted[i] = map[uint64]bool{}
	}
	want := func(keys [relationKinds]uint64) (isNew bool) {
		for i, key := range keys {
			if key != 0 && !wanted[i][key] {
				wanted[i][key] = true
				isNew = true
			}
		}
		return isNew
	}
	isIn := make([]bool, len(r.keys[0]))
	isOpen := false
	for _, row := range rows {
		isIn[row] = true
		isOpen = want(r.of(row)) || isOpen
	}
	for _, keys := range more {
		isOpen = want(keys) || isOpen
	}
	for isOpen {
		isOpen = false
		for row := range isIn {
			if !isIn[row] && (wanted[0][r.keys[0][row]] || wanted[1][r.keys[1][row]] || wanted[2][r.keys[2][row]]) {
				isIn[row] = true
				isOpen = want(r.of(row)) || isOpen
			}
		}
	}
	var all []int
	for row, in := range isIn {
		if in {
			all = append(all, row)
		}
	}
	return all
}

func (r *relations) of(row int) (keys [relationKinds]uint64) {
	for i := range keys {
		keys[i] = r.keys[i][row]
	}
	return keys
}

func (r *relations) set(row int, keys [relationKinds]uint64) {
	for i, key := range keys {
		r.keys[i][row] = key
	}
}

// kindOf returns the count of a kind of findings.
func (r *result) kindOf(f *ledger.Finding) *kindCount {
	key := kindKey{f.Field, f.Code, f.Warning}
	k := r.kinds[key]
	if k == nil {
		k = &kindCount{}
		if !f.Warning && validate.HasWords(f.Field) {
			k.values = map[string]int{}
		}
		r.kinds[key] = k
	}
	return k
}

// count adds the findings of a row to the kinds, or takes them away with by -1.
func (r *result) count(row *rowState, by int) {
	for i := range row.findings {
		r.kindOf(&row.findings[i]).cells += by
	}
}

// dropEmptyKinds removes the kinds that no row has any more.
func (r *result) dropEmptyKinds() {
	maps.DeleteFunc(r.kinds, func(_ kindKey, k *kindCount) bool { return k.cells == 0 })
}

// countWords adds the words of a row that may be given a meaning, likewise.
func (r *result) countWords(row *rowState, raw *validate.Raw, fields validate.FieldTable, by int) {
	for i := range row.findings {
		k := r.kindOf(&row.findings[i])
		if k.values == nil {
			continue
		}
		value := valueOf(raw, fields, row.findings[i].Field)
		if _, isKnown := k.values[value]; value != "" && (isKnown || by > 0 && len(k.values) < maxWords) {
			if k.values[value] += by; k.values[value] <= 0 {
				delete(k.values, value)
			}
		}
	}
}

func valueOf(raw *validate.Raw, fields validate.FieldTable, field string) string {
	for i := range fields {
		if fields[i].Name == field {
			return strings.Clone(strings.TrimSpace(*fields[i].Cell(raw)))
		}
	}
	return ""
}

// addTally adds a tally to another one, or takes it away with by -1.
func addTally(to *ledger.Tally, t ledger.Tally, by int) {
	to.Rows += by * t.Rows
	for status, n := range t.Status {
		to.Status[status] += by * n
	}
	for cause, n := range t.Code {
		if to.Code[cause] += by * n; to.Code[cause] == 0 {
			delete(to.Code, cause)
		}
	}
}

// isRepeat reports whether a finding says that a row repeats another one.
func isRepeat(code string) bool {
	switch code {
	case pipeline.CodeRepeats, pipeline.CodeRepeatsOther, pipeline.CodeSharesEmail, pipeline.CodeSharesNumber, pipeline.CodeSharesPerson:
		return true
	}
	return false
}
