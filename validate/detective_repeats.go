package validate

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

const (
	// maxSightings bounds the memory of repeats, at 16 bytes for each.
	maxSightings = 5_000_000
	// sharedByMany is how many rows have the same phone or wallet before it
	// is said: couples share a phone.
	sharedByMany = 3
	// sightingsChunk keeps growth from copying.
	sightingsChunk = 1 << 16
)

// repeats finds values that rows share, by their hashes. A phone, a wallet and
// a mailbox are one sighting each.
type repeats struct {
	seed   maphash.Seed
	seeded bool
	chunks [][]sighting
	count  int
	limit  int   // for tests; 0 = maxSightings
	lost   int   // rows beyond the limit
	from   Place // the first of them
}

// sighting is 16 bytes on purpose.
type sighting struct {
	hash  uint64 // of kind and value
	row   uint32
	file  uint16
	extra uint16 // kind in the low two bits, above them 14 bits of the identity's hash
}

const (
	sightPhone = iota
	sightWallet
	sightMailbox
)

func (r *repeats) add(at Place, res Result) {
	if r.limit == 0 {
		r.limit = maxSightings
	}
	if r.count >= r.limit {
		if r.lost++; r.lost == 1 {
			r.from = at
		}
		return
	}
	if !r.seeded {
		r.seed, r.seeded = maphash.MakeSeed(), true
	}
	if phone := res.User.PhoneNumber; phone != "" {
		r.put(at, sightPhone, phone, "")
	}
	if wallet := res.User.WalletAddress; wallet != "" {
		r.put(at, sightWallet, strings.ToLower(wallet), "")
	}
	if res.Identity != "" {
		r.put(at, sightMailbox, Mailbox(res.Identity), res.Identity)
	}
}

func (r *repeats) put(at Place, kind uint16, value, identity string) {
	if n := len(r.chunks); n == 0 || len(r.chunks[n-1]) == sightingsChunk {
		r.chunks = append(r.chunks, make([]sighting, 0, sightingsChunk))
	}
	s := sighting{hash: maphash.String(r.seed, value)<<2 | uint64(kind), row: uint32(at.Row), file: uint16(at.File), extra: kind}
	if identity != "" {
		s.extra |= uint16(maphash.String(r.seed, identity)) << 2
	}
	last := &r.chunks[len(r.chunks)-1]
	*last = append(*last, s)
	r.count++
}

// findings compares all sightings. They are put into one list, which is kept
// in place of the chunks.
func (r *repeats) findings() []Damage {
	if r.count == 0 {
		return nil
	}
	all := make([]sighting, 0, r.count)
	for i, chunk := range r.chunks {
		all = append(all, chunk...)
		r.chunks[i] = nil
	}
	slices.SortFunc(all, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row))
	})
	r.chunks = [][]sighting{all}
	found := [3]Damage{shared(SharedPhone), shared(SharedWallet), shared(SharedMailbox)}
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].hash == all[from].hash {
			to++
		}
		group := all[from:to]
		from = to
		kind := group[0].extra & 3
		if !tellsOf(group, kind) {
			continue
		}
		d := &found[kind]
		d.Groups++
		d.Rows += len(group)
		for _, s := range group[:min(len(group), firstPlaces)] {
			d.First = append(d.First, Place{int(s.file), int(s.row)})
		}
		d.First = firstOf(d.First)
	}
	var list []Damage
	for _, d := range found {
		if d.Groups > 0 {
			list = append(list, d)
		}
	}
	if r.lost > 0 {
		d := shared(SharedUnknown)
		d.Rows, d.First = r.lost, []Place{r.from}
		list = append(list, d)
	}
	return list
}

// tellsOf reports whether a group of equal values is worth a word. Rows of one
// e-mail are duplicates, which others tell of.
func tellsOf(group []sighting, kind uint16) bool {
	if kind != sightMailbox {
		return len(group) >= sharedByMany
	}
	return slices.ContainsFunc(group[1:], func(s sighting) bool { return s.extra != group[0].extra })
}

// firstOf keeps the first few places.
func firstOf(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	return places[:min(len(places), firstPlaces)]
}
