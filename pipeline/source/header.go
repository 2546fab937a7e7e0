package source

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// foldHeader reduces a header to what names are compared by: lower-case letters and
// digits, without accents, spaces, underscores and punctuation.
func foldHeader(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') {
			b.WriteByte(byte(r))
		} else if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// matcher finds the names to look for in header rows. It serves any number of
// files and is not changed once it is made.
type matcher struct {
	opt     Options
	names   map[string]int    // folded canonical name → index in opt.Fields
	aliases map[string]int    // folded other name → the same
	asked   map[string]string // folded header that an option names → as the option has it
}

func newMatcher(opt Options) *matcher {
	m := &matcher{opt: opt, names: map[string]int{}, aliases: map[string]int{}, asked: map[string]string{}}
	for i, f := range opt.Fields {
		m.names[foldHeader(f.Name)] = i
	}
	for i, f := range opt.Fields {
		for _, alias := range f.Aliases {
			alias = foldHeader(alias)
			if _, taken := m.aliases[alias]; !taken && alias != "" {
				m.aliases[alias] = i
			}
		}
	}
	for _, header := range opt.Map {
		m.asked[foldHeader(header)] = strings.TrimSpace(header)
	}
	for _, send := range opt.Send {
		m.asked[foldHeader(send.Column)] = strings.TrimSpace(send.Column)
	}
	for _, header := range append([]string{opt.ID}, opt.Carry...) {
		m.asked[foldHeader(header)] = strings.TrimSpace(header)
	}
	delete(m.asked, "")
	return m
}

// findField returns the field that a header names, by its canonical name or an
// alias, perhaps with a remark behind it.
func (m *matcher) findField(header string) (index int, found bool) {
	if index, found = m.findName(foldHeader(header)); !found {
		index, found = m.findRemarked(header)
	}
	return index, found
}

// findName returns the field of a folded name or alias.
func (m *matcher) findName(key string) (index int, found bool) {
	if index, found = m.names[key]; !found {
		index, found = m.aliases[key]
	}
	return index, found
}

// countKnown counts the different names in a row that are looked for: how much
// it looks like the header row.
func (m *matcher) countKnown(cells []string) int {
	seen := map[string]bool{}
	for _, cell := range cells {
		if len(cell) > 200 {
			continue
		}
		if i, found := m.findField(cell); found {
			seen[m.opt.Fields[i].Name] = true
		} else if key := foldHeader(cell); m.asked[key] != "" {
			seen[" "+key] = true
		}
	}
	return len(seen)
}

// isRequired reports whether a field needs a column of its own.
func (m *matcher) isRequired(field Field) bool {
	return field.Required && !slices.Contains(m.opt.Optional, field.Name)
}

// requiredNames lists the fields that need a column of their own.
func (m *matcher) requiredNames() []string {
	var names []string
	for _, f := range m.opt.Fields {
		if m.isRequired(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

// lacksRequired reports whether a header row lacks a required field.
func (m *matcher) lacksRequired(header []string) bool {
	return slices.ContainsFunc(m.opt.Fields, func(f Field) bool {
		hasName := func(h string) bool {
			i, found := m.findField(h)
			return found && m.opt.Fields[i].Name == f.Name
		}
		return m.isRequired(f) && findColumn(header, m.opt.Map[f.Name]) < 0 && !slices.ContainsFunc(header, hasName)
	})
}

// findColumn returns the column whose header is name: as written, else when only
// case, spaces, punctuation and accents differ. -1 = none.
func findColumn(header []string, name string) int {
	name = strings.TrimSpace(name)
	key := foldHeader(name)
	i := slices.IndexFunc(header, func(h string) bool { return strings.TrimSpace(h) == name && name != "" })
	if i < 0 {
		i = slices.IndexFunc(header, func(h string) bool { return foldHeader(h) == key && key != "" })
	}
	return i
}

// checkDuplicates refuses headers that are the same. Headers that nothing looks
// for, or of which an option names one as it is written, may differ in
// punctuation only (C++, C#).
func (m *matcher) checkDuplicates(header []string) *Error {
	written := make(map[string]bool, len(header))
	for _, h := range header {
		written[strings.TrimSpace(h)] = true
	}
	seen := make(map[string]int, len(header))
	for i, h := range header {
		key := strings.ToLower(strings.Join(strings.Fields(h), " "))
		_, found := m.findField(h)
		if asked := m.asked[foldHeader(h)]; found || asked != "" && !written[asked] {
			key = foldHeader(h)
		}
		if key == "" {
			continue
		}
		if first, twice := seen[key]; twice {
			return &Error{Column: i + 1, Reason: fmt.Sprintf("the headers %s and %s, in columns %s and %s, are the same name",
				displayHeader(header[first], first+1), displayHeader(h, i+1), table.ColumnName(first+1), table.ColumnName(i+1)),
				Hint: "Rename one of them, or remove that column"}
		}
		seen[key] = i
	}
	return nil
}

// listNearest lists the headers closest to what is missing, best first, for a
// message. Headers that are taken are left out; if none is close it lists the
// first ones.
func listNearest(header []string, taken func(column int) bool, wanted ...string) string {
	type candidate struct{ column, distance int }
	var near, all []candidate
	for i, h := range header {
		key := foldHeader(h)
		if key == "" || taken(i) {
			continue
		}
		c := candidate{i, 1 << 20}
		for _, name := range wanted {
			name = foldHeader(name)
			c.distance = min(c.distance, editDistance(key, name))
			if len(name) > 3 && len(key) > 3 && (strings.Contains(key, name) || strings.Contains(name, key)) {
				c.distance = min(c.distance, 3)
			}
		}
		all = append(all, c)
		if c.distance <= max(2, len(key)/3) {
			near = append(near, c)
		}
	}
	label := "nearest headers: "
	if len(near) == 0 {
		near, label = all, "unused headers: "
	}
	if len(near) == 0 {
		return ""
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near[:min(len(near), 5)] {
		names = append(names, displayHeader(header[c.column], c.column+1))
	}
	if more := len(near) - len(names); more > 0 {
		names = append(names, strconv.Itoa(more)+" more")
	}
	return label + strings.Join(names, ", ")
}

// editDistance counts the letters to insert, delete, replace or swap with their
// neighbour to get from a to b. It compares at most 64 letters.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), 64)], y[:min(len(y), 64)]
	var before []int
	last, row := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(y)+1)
	}
	return last[len(y)]
}

// displayHeader returns a header for a message. A file without headers has a
// customer in their place, whose data stays out of messages: it then returns
// the letter of the column.
func displayHeader(header string, column int) string {
	if looksLikeData(header) {
		return "column " + table.ColumnName(column)
	}
	header = strings.TrimSpace(header)
	if runes := []rune(header); len(runes) > 60 {
		header = string(runes[:60]) + "..."
	}
	return strconv.Quote(header)
}

// looksLikeData reports whether a header is rather a customer's datum: an
// e-mail or web address, or a number.
func looksLikeData(header string) bool {
	digits := 0
	for _, r := range header {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= 5 || strings.Contains(header, "@") || strings.Contains(header, "://")
}
