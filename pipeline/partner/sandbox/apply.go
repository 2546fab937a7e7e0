package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"

// deriveText makes n lower-case letters and digits out of its arguments.
func deriveText(n int, seed uint64, what, of string, again int) string {
	head := binary.BigEndian.AppendUint64(nil, seed)
	head = binary.BigEndian.AppendUint64(head, uint64(again))
	sum := sha256.Sum256(append(append(append(head, what...), 0), of...))
	out := make([]byte, n)
	for i := range out {
		out[i] = lowerAlnum[int(sum[i])%len(lowerAlnum)]
	}
	return string(out)
}

// applyEntry does what an entry says, be it new or read back.
func (st *store) applyEntry(e entry) error {
	switch e.Op {
	case opHead:
		if e.ID != st.cfg.Account {
			return fmt.Errorf("holds the users of the account %q, not %q", e.ID, st.cfg.Account)
		}
		classes, faults := st.count.Classes, st.count.Faults
		if e.Count != nil {
			st.count = *e.Count
			maps.Copy(classes, e.Count.Classes)
			maps.Copy(faults, e.Count.Faults)
		}
		st.count.Classes, st.count.Faults = classes, faults
		st.count.Users = 0 // counted again as they are read
		st.charged, st.topped = e.Fee, money(e.At)
	case opTries:
		for hash, n := range e.Tries {
			if h, err := strconv.ParseUint(hash, 16, 64); err == nil {
				st.tries[h] = n
			}
		}
	case opPost:
		st.count.Posts++
		st.tries[hashEmail(e.Email)]++
	case opKey:
		st.keys.addKey(e.Key, e.At)
	case opFree:
		delete(st.keys.at, e.Key)
	case opUser:
		st.insertUser(person{email: e.Email, first: e.First, last: e.Last, id: e.ID, created: e.At, retries: uint8(e.N), silent: uint8(e.Silent),
			program: sharedWord(e.Program), status: sharedWord(e.Status), origin: sharedWord(e.Origin)})
		st.charged += e.Fee
	case opFee:
		st.charged += e.Fee
	case opTop:
		st.topped += e.Fee
	case opEnd:
		st.count.Classes[e.Class]++
	case opCall:
		*st.count.counterOf(e.Class)++
	case opPaid:
		st.paid[strings.ToLower(e.Email)] = true
	case opStatus, opRetry, opGone:
		p, i := st.findUser(e.ID)
		if p == nil {
			return nil // one of list-churn's, which are not kept
		}
		switch e.Op {
		case opStatus:
			p.status = sharedWord(e.Status)
		case opRetry:
			p.retries++
			p.status = pendingKYC
			if e.Status == pending {
				p.silent++
				p.status = pending
			}
		case opGone:
			st.removeUser(p, i)
		}
	default:
		return fmt.Errorf("written by a newer version: %q", e.Op)
	}
	return nil
}

func (st *store) insertUser(p person) {
	i, folded := int32(len(st.people)), strings.ToLower(p.email)
	p.before = -1
	if before, ok := st.byEmail[folded]; ok {
		p.before = before
	}
	st.people = append(st.people, p)
	st.byEmail[folded] = i
	st.byID[p.id] = i
	st.live = append(st.live, i)
	st.sorted = nil
	st.count.Users++
}

func (st *store) removeUser(p *person, i int32) {
	if folded := strings.ToLower(p.email); p.status == approved {
		delete(st.paid, folded)
	} else {
		st.paid[folded] = true
	}
	p.gone = true
	if at := slices.Index(st.live, i); at >= 0 {
		st.live = slices.Delete(st.live, at, at+1)
	}
	st.sorted = nil
	st.count.Users--
}

// KYC statuses that the simulated partner gives or asks for.
const (
	pendingKYC = "pending_kyc"
	pending    = "pending"
	approved   = "approved"
	denied     = "denied"
	needs      = "needsVerification"

	manualReview = "manualReview"
)

// sharedWord keeps one copy of the words that a million users repeat.
func sharedWord(word string) string {
	for _, w := range [...]string{pendingKYC, pending, approved, denied, needs, manualReview, "custodial", "non_custodial", FromAPI, FromBefore, FromOthers} {
		if w == word {
			return w
		}
	}
	return word
}

// writeEntries gives the shortest state file that says what the store knows.
func (st *store) writeEntries(write func(entry) error) error {
	head := entry{Op: opHead, ID: st.cfg.Account, Fee: st.charged, At: int64(st.topped), Count: &st.count}
	if err := write(head); err != nil {
		return err
	}
	chunk := make(map[string]uint32, 1000)
	for hash, n := range st.tries {
		chunk[strconv.FormatUint(hash, 16)] = n
		if len(chunk) == 1000 {
			if err := write(entry{Op: opTries, Tries: chunk}); err != nil {
				return err
			}
			clear(chunk)
		}
	}
	if len(chunk) > 0 {
		if err := write(entry{Op: opTries, Tries: chunk}); err != nil {
			return err
		}
	}
	for email := range st.paid {
		if err := write(entry{Op: opPaid, Email: email}); err != nil {
			return err
		}
	}
	for i := range st.people {
		p := &st.people[i]
		if p.origin == FromOthers || p.gone {
			continue
		}
		e := entry{Op: opUser, Email: p.email, First: p.first, Last: p.last, ID: p.id, Program: p.program,
			Status: p.status, Origin: p.origin, At: p.created, N: int(p.retries), Silent: int(p.silent)}
		if err := write(e); err != nil {
			return err
		}
	}
	for _, k := range st.keys.queue {
		if at, ok := st.keys.at[k.key]; ok && at == k.at {
			if err := write(entry{Op: opKey, Key: k.key, At: k.at}); err != nil {
				return err
			}
		}
	}
	return nil
}
