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
	// maxOccurrences bounds the memory of repeats, at 16 bytes for each.
	maxOccurrences = 5_000_000
	// sharedByMany is how many rows have the same phone or wallet before it is
	// reported: couples share a phone.
	sharedByMany = 3
	// listBits of a hash choose the list of an occurrence: many small lists grow
	// and are sorted without a copy of all.
	listBits = 10
)

// repeats finds values that rows share, by their hashes. A phone, a wallet and
// a mailbox are one occurrence each.
type repeats struct {
	seed  maphash.Seed
	lists [1 << listBits][]occurrence
	count int   // of all lists
	limit int   // for tests; 0 = maxOccurrences
	lost  int   // rows beyond the limit
	from  Place // the first of them
}

// Kinds of values.
const (
	phoneKind = iota
	walletKind
	mailboxKind
)

// occurrence is 16 bytes on purpose.
type occurrence struct {
	hash     uint64 // of the value, with its kind in the low two bits
	row      uint32
	file     uint16
	identity uint16 // of the hash of the e-mail; 0 for the other kinds
}

func (r *repeats) add(at Place, res *validate.Result) {
	if r.limit == 0 {
		r.limit = maxOccurrences
	}
	if r.count >= r.limit || at.File > math.MaxUint16 || at.Row > math.MaxUint32 {
		if r.lost++; r.lost == 1 {
			r.from = at
		}
		return
	}
	if r.count == 0 {
		r.seed = maphash.MakeSeed()
	}
	if phone := res.User.PhoneNumber; phone != "" {
		r.addOccurrence(phoneKind, at, phone, 0)
	}
	if wallet := res.User.WalletAddress; wallet != "" {
		r.addOccurrence(walletKind, at, strings.ToLower(wallet), 0)
	}
	if res.Identity != "" {
		r.addOccurrence(mailboxKind, at, validate.Mailbox(res.Identity), uint16(maphash.String(r.seed, res.Identity)))
	}
}

func (r *repeats) addOccurrence(kind uint64, at Place, value string, identity uint16) {
	hash := maphash.String(r.seed, value)&^3 | kind
	list := &r.lists[hash>>(64-listBits)]
	*list = append(*list, occurrence{hash: hash, row: uint32(at.Row), file: uint16(at.File), identity: identity})
	r.count++
}

// findings compares all occurrences.
func (r *repeats) findings() []Finding {
	byKind := [...]Finding{phoneKind: sharedFinding(SharedPhone), walletKind: sharedFinding(SharedWallet), mailboxKind: sharedFinding(SharedMailbox)}
	for _, list := range r.lists {
		slices.SortFunc(list, func(a, b occurrence) int {
			return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
		})
		for len(list) > 0 {
			n := 1
			for n < len(list) && list[n].hash == list[0].hash {
				n++
			}
			if kind := list[0].hash & 3; isWorthReporting(list[:n], kind) {
				byKind[kind].addGroup(list[:n])
			}
			list = list[n:]
		}
	}
	found := slices.DeleteFunc(byKind[:], func(f Finding) bool { return f.Groups == 0 })
	if r.lost > 0 {
		f := sharedFinding(SharedUnknown)
		f.Rows, f.First = r.lost, []Place{r.from}
		found = append(found, f)
	}
	return found
}

// addGroup adds the rows of one shared value, and keeps the first places of all.
func (f *Finding) addGroup(group []occurrence) {
	f.Groups++
	f.Rows += len(group)
	for _, o := range group[:min(len(group), firstPlaces)] {
		f.First = append(f.First, Place{int(o.file), int(o.row)})
	}
	f.First = firstPlacesOf(f.First)
}

// firstPlacesOf sorts places and returns the first few.
func firstPlacesOf(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return places[:min(len(places), firstPlaces)]
}

// isWorthReporting reports whether a group of equal values is more than chance.
// Rows of one e-mail are duplicates, which are reported as such.
func isWorthReporting(group []occurrence, kind uint64) bool {
	if kind != mailboxKind {
		return len(group) >= sharedByMany
	}
	return slices.ContainsFunc(group[1:], func(o occurrence) bool { return o.identity != group[0].identity })
}
