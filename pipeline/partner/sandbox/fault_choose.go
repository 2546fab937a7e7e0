package sandbox

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// faultSet holds the active switches. It is not changed once it is in use.
type faultSet []Fault

func newFaultSet(faults []Fault) (faultSet, error) {
	set := make(faultSet, len(faults))
	for i, f := range faults {
		if f.Name == "" || f.spec.name != f.Name {
			return nil, fmt.Errorf("%w: %q was not made by ParseFault", ErrFault, f.Name)
		}
		set[i] = f
	}
	return set, nil
}

// chosen says what the switches do to one request.
type chosen struct {
	seed      uint64 // decides which requests or users a share affects
	answer    Fault  // the zero Fault: the normal answer
	modifiers []*Fault
}

func (c chosen) hasFault(name string) bool { return c.faultNamed(name).Name != "" }

// faultNamed returns the first modifier of a name, the zero Fault for none.
func (c chosen) faultNamed(name string) Fault {
	for _, f := range c.modifiers {
		if f.Name == name {
			return *f
		}
	}
	return Fault{}
}

// forUser returns the first switch of a name whose selectors match a user, by its number
// in the account; the zero Fault for none. It is meant for switches of users, such as
// "30 % of them are listed with a masked e-mail".
func (c chosen) forUser(name string, m *member) Fault {
	return *cmp.Or(append(c.allForUser(name, m), &Fault{})...)
}

func (c chosen) allForUser(name string, m *member) (all []*Fault) {
	for _, f := range c.modifiers {
		if f.Name == name && f.strikesRequest(c.seed, m.number, m.Email, 1) {
			all = append(all, f)
		}
	}
	return all
}

// chooseFaults decides from the request's number, its e-mail and how often that was
// sent, never from the time, so that a run can be repeated.
func (set faultSet) chooseFaults(seed uint64, call string, n int, email string, try int) chosen {
	c := chosen{seed: seed}
	for i := range set {
		f := &set[i]
		switch {
		case f.spec.modifier:
			if f.Name != keyDies && (f.Call == "" || f.Call == call) && (f.spec.perUser || f.strikesRequest(seed, n, email, try)) {
				c.modifiers = append(c.modifiers, f)
			}
		case c.answer.Name == "" && cmp.Or(f.Call, cmp.Or(f.spec.call, callCreate)) == call && f.strikesRequest(seed, n, email, try):
			c.answer = *f
		}
	}
	return c
}

func (f *Fault) strikesRequest(seed uint64, n int, email string, try int) bool {
	if f.From > 0 && (n < f.From || f.To > 0 && n > f.To) || f.Try > 0 && f.Try != try {
		return false
	}
	if strings.HasPrefix(f.Email, "@") {
		at := strings.LastIndexByte(email, '@')
		if at < 0 || !strings.EqualFold(email[at:], f.Email) {
			return false
		}
	} else if f.Email != "" && !strings.EqualFold(email, f.Email) {
		return false
	}
	if f.Share == 0 || f.Share == 1 {
		return true
	}
	if email == "" {
		try = n
	}
	return chanceOf(seed, f.Name, strings.ToLower(email), try) < f.Share
}

// isKeyRevoked reports whether a rotated key is refused once so many POSTs came.
func (set faultSet) isKeyRevoked(posts int) bool {
	for i := range set {
		if set[i].Name == keyDies && posts >= set[i].From {
			return true
		}
	}
	return false
}

// chanceOf returns a number from 0 up to 1 that depends on its arguments only.
func chanceOf(seed uint64, what, who string, n int) float64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	h.Write([]byte(what))
	h.Write([]byte{0})
	h.Write([]byte(who))
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
	x := h.Sum64() // FNV's high bits hardly move for short texts: mix them
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

// latencyOf returns the duration of the n-th request.
func (s settings) latencyOf(n int) time.Duration {
	if s.LatencyMax <= s.Latency {
		return s.Latency
	}
	return s.Latency + time.Duration(chanceOf(s.Seed, "latency", "", n)*float64(s.LatencyMax-s.Latency))
}
