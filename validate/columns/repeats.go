package columns

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/validate"
)

const (
	// maxOccurrences bounds the memory of repeats, at some 14 bytes for each.
	maxOccurrences = 5_000_000
	// sharedByMany is how many rows have the same phone or wallet before it
	// is said: couples share a phone.
	sharedByMany = 3
	// listBits of a hash choose the list of an occurrence: many
	// small lists grow and are sorted without a copy of all.
	listBits = 10
)

// repeats finds values that rows share, by their hashes. A phone, a wallet and
// a mailbox are one occurrence each.
type repeats struct {
	seed  maphash.Seed
	lists [][]occurrence // nil before the first row
	spans []span
	next  int   // position of a row behind the last
	count int   // occurrences
	limit int   // for tests; 0 = maxOccurrences
	lost  int   // rows beyond the limit
	from  Place // the first of them
}

// occurrence is 12 bytes on purpose.
type occurrence struct {
	hash  uint32 // of the value, behind the bits of its list
	more  uint16 // the next bits of the hash
	extra uint16 // kind in the low two bits, above them 14 bits of the identity's hash
	at    uint32 // position of the row
}

// span is where positions of neighbouring rows begin: those of one file, which
// grow as its row numbers do.
type span struct {
	position int
	first    Place
}

const (
	ofPhone = iota
	ofWallet
	ofMailbox
)

func (r *repeats) add(at Place, res validate.Result) {
	if r.limit == 0 {
		r.limit = maxOccurrences
	}
	position := r.positionOf(at)
	if r.count >= r.limit || uint64(position) > math.MaxUint32 {
		if r.lost++; r.lost == 1 {
			r.from = at
		}
		return
	}
	if r.lists == nil {
		r.seed, r.lists = maphash.MakeSeed(), make([][]occurrence, 1<<listBits)
	}
	if phone := res.User.PhoneNumber; phone != "" {
		r.addOccurrence(position, ofPhone, phone, "")
	}
	if wallet := res.User.WalletAddress; wallet != "" {
		r.addOccurrence(position, ofWallet, strings.ToLower(wallet), "")
	}
	if res.Identity != "" {
		r.addOccurrence(position, ofMailbox, validate.Mailbox(res.Identity), res.Identity)
	}
}

// positionOf numbers a row so that place finds it again.
func (r *repeats) positionOf(at Place) int {
	if n := len(r.spans); n > 0 {
		last := r.spans[n-1]
		if p := last.position + at.Row - last.first.Row; at.File == last.first.File && p >= r.next {
			r.next = p + 1
			return p
		}
	}
	r.spans = append(r.spans, span{r.next, at})
	r.next++
	return r.next - 1
}

func (r *repeats) placeOf(position uint32) Place {
	i, found := slices.BinarySearchFunc(r.spans, int(position), func(s span, p int) int { return cmp.Compare(s.position, p) })
	if !found {
		i--
	}
	s := r.spans[i]
	return Place{s.first.File, s.first.Row + int(position) - s.position}
}

func (r *repeats) addOccurrence(position int, kind uint16, value, identity string) {
	hash := maphash.String(r.seed, value)
	s := occurrence{hash: uint32(hash >> (32 - listBits)), more: uint16(hash >> (16 - listBits)), extra: kind, at: uint32(position)}
	if identity != "" {
		s.extra |= uint16(maphash.String(r.seed, identity)) << 2
	}
	list := &r.lists[hash>>(64-listBits)]
	*list = append(*list, s)
	r.count++
}

// findings compares all occurrences.
func (r *repeats) findings() []Finding {
	found := [3]Finding{sharedFinding(SharedPhone), sharedFinding(SharedWallet), sharedFinding(SharedMailbox)}
	for _, list := range r.lists {
		slices.SortFunc(list, func(a, b occurrence) int {
			if a.valueKey() != b.valueKey() {
				return cmp.Compare(a.valueKey(), b.valueKey())
			}
			return cmp.Compare(a.at, b.at)
		})
		r.compareGroups(list, &found)
	}
	var told []Finding
	for _, d := range found {
		if d.Groups > 0 {
			told = append(told, d)
		}
	}
	if r.lost > 0 {
		d := sharedFinding(SharedUnknown)
		d.Rows, d.First = r.lost, []Place{r.from}
		told = append(told, d)
	}
	return told
}

// valueKey is the same for two occurrences in one list if kind and value are.
func (s occurrence) valueKey() uint64 {
	return uint64(s.hash)<<32 | uint64(s.more)<<16 | uint64(s.extra&3)
}

// compareGroups adds the groups of a sorted list to what was found, by kind.
func (r *repeats) compareGroups(all []occurrence, found *[3]Finding) {
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].valueKey() == all[from].valueKey() {
			to++
		}
		group := all[from:to]
		from = to
		kind := group[0].extra & 3
		if !isWorthReporting(group, kind) {
			continue
		}
		d := &found[kind]
		d.Groups++
		d.Rows += len(group)
		for _, s := range group[:min(len(group), firstPlaces)] {
			d.First = append(d.First, r.placeOf(s.at))
		}
		d.First = firstPlacesOf(d.First)
	}
}

// isWorthReporting reports whether a group of equal values is worth a word. Rows of one
// e-mail are duplicates, which are reported as such.
func isWorthReporting(group []occurrence, kind uint16) bool {
	if kind != ofMailbox {
		return len(group) >= sharedByMany
	}
	return slices.ContainsFunc(group[1:], func(s occurrence) bool { return s.extra != group[0].extra })
}

// firstPlacesOf keeps the first few places.
func firstPlacesOf(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return places[:min(len(places), firstPlaces)]
}
