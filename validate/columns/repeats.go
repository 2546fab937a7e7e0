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
)

// repeats finds values that rows share, by their hashes. A phone, a wallet and
// a mailbox are one occurrence each.
type repeats struct {
	seed        maphash.Seed
	occurrences [3][]occurrence // by kind
	count       int             // of all kinds
	limit       int             // for tests; 0 = maxOccurrences
	lost        int             // rows beyond the limit
	from        Place           // the first of them
}

const (
	phoneKind = iota
	walletKind
	mailboxKind
)

// occurrence is 16 bytes on purpose.
type occurrence struct {
	hash     uint64 // of the value
	row      uint32
	file     uint16
	identity uint16 // of the hash of the e-mail; 0 for the other kinds
}

func (r *repeats) add(at Place, res validate.Result) {
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

func (r *repeats) addOccurrence(kind int, at Place, value string, identity uint16) {
	o := occurrence{hash: maphash.String(r.seed, value), row: uint32(at.Row), file: uint16(at.File), identity: identity}
	r.occurrences[kind] = append(r.occurrences[kind], o)
	r.count++
}

// findings compares all occurrences.
func (r *repeats) findings() []Finding {
	var found []Finding
	for kind, name := range []string{phoneKind: SharedPhone, walletKind: SharedWallet, mailboxKind: SharedMailbox} {
		f := sharedFinding(name)
		if f.compare(kind, r.occurrences[kind]); f.Groups > 0 {
			found = append(found, f)
		}
	}
	if r.lost > 0 {
		f := sharedFinding(SharedUnknown)
		f.Rows, f.First = r.lost, []Place{r.from}
		found = append(found, f)
	}
	return found
}

// compare sorts all occurrences of a kind and counts the groups of equal values.
func (f *Finding) compare(kind int, all []occurrence) {
	slices.SortFunc(all, func(a, b occurrence) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
	})
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].hash == all[0].hash {
			n++
		}
		group := all[:n]
		all = all[n:]
		if !isWorthReporting(group, kind) {
			continue
		}
		f.Groups++
		f.Rows += n
		for _, o := range group[:min(n, firstPlaces)] {
			f.First = append(f.First, Place{int(o.file), int(o.row)})
		}
		f.First = firstPlacesOf(f.First)
	}
}

// isWorthReporting reports whether a group of equal values is more than chance.
// Rows of one e-mail are duplicates, which are reported as such.
func isWorthReporting(group []occurrence, kind int) bool {
	if kind != mailboxKind {
		return len(group) >= sharedByMany
	}
	return slices.ContainsFunc(group[1:], func(o occurrence) bool { return o.identity != group[0].identity })
}

// firstPlacesOf sorts places and returns the first few.
func firstPlacesOf(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return places[:min(len(places), firstPlaces)]
}
