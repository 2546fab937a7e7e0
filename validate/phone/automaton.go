package phone

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// digitTable matches a string of digits against several patterns in one go, a
// step for each digit. It is a finite automaton: next[state][digit] is the
// state to go to. State 0 is the one that nothing leads out of, 1 the first.
type digitTable struct {
	next    [][10]uint16
	accepts []uint16 // by state, a bit for each pattern that matches
}

// match returns the bits of the patterns that match all of s, which has digits
// only.
func (t *digitTable) match(s string) uint16 {
	state := uint16(1)
	for i := 0; i < len(s) && state != 0; i++ {
		state = t.next[state][s[i]-'0']
	}
	return t.accepts[state]
}

// maxStates bounds a table to some 100 KB. The largest real one has 500 states.
const maxStates = 4000

// newDigitTable compiles patterns, at most 16, in the syntax of package regexp.
// It returns nil if they have what a table cannot do (^ and $) or grow too large.
func newDigitTable(patterns []string) *digitTable {
	b := tableBuilder{states: map[string]uint16{"": 0}, table: digitTable{next: make([][10]uint16, 1), accepts: make([]uint16, 1)}}
	var start []int32
	for i, pattern := range patterns {
		re, err := syntax.Parse("(?:"+pattern+")", syntax.Perl)
		if err != nil {
			return nil
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			return nil
		}
		base := int32(len(b.steps))
		for _, inst := range prog.Inst {
			b.steps = append(b.steps, step{inst: inst, digits: digitsOf(&inst), base: base, pattern: i})
		}
		start = b.follow(start, base+int32(prog.Start))
	}
	b.stateOf(start)
	var to []int32
	for at := 0; at < len(b.todo); at++ {
		from, set := uint16(at+1), b.todo[at]
		for d := range 10 {
			to = to[:0]
			for _, s := range set {
				if step := &b.steps[s]; step.digits&(1<<d) != 0 {
					to = b.follow(to, step.base+int32(step.inst.Out))
				}
			}
			b.table.next[from][d] = b.stateOf(to)
		}
		if b.refused || len(b.table.next) > maxStates {
			return nil
		}
	}
	return &b.table
}

// tableBuilder makes the automaton by the subset construction: each state is
// the set of all places in the patterns that the digits so far may have led to.
type tableBuilder struct {
	table   digitTable
	steps   []step
	states  map[string]uint16 // by the key of the set
	key     []byte            // of the set that was looked up last
	todo    [][]int32         // the set of state i+1
	refused bool
}

// step is one instruction of one pattern.
type step struct {
	inst    syntax.Inst
	digits  uint16 // a bit for each digit that it takes
	base    int32  // where its pattern begins
	pattern int
}

// digitsOf returns a bit for each digit that an instruction takes.
func digitsOf(inst *syntax.Inst) (digits uint16) {
	if inst.Op != syntax.InstRune && inst.Op != syntax.InstRune1 {
		return 0
	}
	for d := range 10 {
		if inst.MatchRune('0' + rune(d)) {
			digits |= 1 << d
		}
	}
	return digits
}

// follow adds to set the steps that take a digit, or end a pattern, and come
// next at s.
func (b *tableBuilder) follow(set []int32, s int32) []int32 {
	step := &b.steps[s]
	switch step.inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return b.follow(b.follow(set, step.base+int32(step.inst.Out)), step.base+int32(step.inst.Arg))
	case syntax.InstCapture, syntax.InstNop:
		return b.follow(set, step.base+int32(step.inst.Out))
	case syntax.InstRune, syntax.InstRune1, syntax.InstMatch:
		if !slices.Contains(set, s) {
			set = append(set, s)
		}
	case syntax.InstFail:
	default:
		b.refused = true
	}
	return set
}

// stateOf returns the number of the state for a set, a new one if need be. It keeps no
// part of the set.
func (b *tableBuilder) stateOf(set []int32) uint16 {
	slices.Sort(set)
	b.key = b.key[:0]
	for _, s := range set {
		b.key = binary.AppendUvarint(b.key, uint64(s))
	}
	if n, ok := b.states[string(b.key)]; ok {
		return n
	}
	n := uint16(len(b.table.next))
	b.states[string(b.key)] = n
	accepts := uint16(0)
	for _, s := range set {
		if b.steps[s].inst.Op == syntax.InstMatch {
			accepts |= 1 << b.steps[s].pattern
		}
	}
	b.todo = append(b.todo, slices.Clone(set))
	b.table.next = append(b.table.next, [10]uint16{})
	b.table.accepts = append(b.table.accepts, accepts)
	return n
}
