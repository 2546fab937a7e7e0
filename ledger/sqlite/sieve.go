package sqlite

import "math/bits"

// sieve is a set that may say yes to what is not in it, one time in four
// thousand for each part, and never no to what is: a Bloom filter of three to six
// bytes for each of its members. Its zero value is empty.
type sieve struct {
	parts [][]uint64
	room  int // so many more the last part takes
}

const (
	sieveBits   = 24 // for each member, at least
	sieveProbes = 5
	sieveLeast  = 1 << 14 // members that a part has room for, at least
)

// add adds members with these hashes.
func (s *sieve) add(hashes []uint64) {
	if len(hashes) == 0 {
		return
	}
	if len(hashes) > s.room {
		s.room = max(len(hashes), sieveLeast)
		s.parts = append(s.parts, make([]uint64, 1<<bits.Len(uint(s.room*sieveBits-1))/64))
	}
	s.room -= len(hashes)
	part := s.parts[len(s.parts)-1]
	for _, h := range hashes {
		for range sieveProbes {
			word, bit := probe(part, h)
			part[word] |= bit
			h = next(h)
		}
	}
}

// has reports whether a hash may have been added.
func (s *sieve) has(hash uint64) bool {
	for _, part := range s.parts {
		h, all := hash, true
		for i := 0; i < sieveProbes && all; i++ {
			word, bit := probe(part, h)
			all = part[word]&bit != 0
			h = next(h)
		}
		if all {
			return true
		}
	}
	return false
}

// probe is where a probe looks in a part, whose length is a power of two.
func probe(part []uint64, h uint64) (word int, bit uint64) {
	return int(h >> 6 & uint64(len(part)-1)), 1 << (h & 63)
}

// next makes another hash of a hash (the multiplier of Knuth's 64-bit linear
// congruential generator MMIX; the high bits are the good ones).
func next(h uint64) uint64 { return bits.RotateLeft64(h*6364136223846793005+1442695040888963407, 32) }
