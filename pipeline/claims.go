package pipeline

// claims is a table from a hash to numbers, in about 10 bytes for each: 256
// open-addressed tables, chosen by the first byte of the hash and grown by a
// quarter, so that growing never holds two copies of all. It has no pointers
// for the collector to follow. The zero value is empty.
type claims struct {
	tables [256][]uint64 // the last 32 bits of the hash, then the number + 1; 0 = free
	used   [256]int
}

// of yields the numbers that were added under a hash, and now and then one
// that was added under another: of a hash 40 bits are kept.
func (c *claims) of(hash uint64) func(yield func(uint32) bool) {
	t := c.tables[hash>>56]
	return func(yield func(uint32) bool) {
		if len(t) == 0 {
			return
		}
		for i := home(t, uint32(hash)); t[i] != 0; i = after(t, i) {
			if uint32(t[i]>>32) == uint32(hash) && !yield(uint32(t[i])-1) {
				return
			}
		}
	}
}

func (c *claims) add(hash uint64, number uint32) {
	t, used := &c.tables[hash>>56], &c.used[hash>>56]
	if (*used+1)*8 > len(*t)*7 {
		bigger := make([]uint64, max(16, len(*t)*5/4))
		for _, e := range *t {
			if e != 0 {
				put(bigger, e)
			}
		}
		*t = bigger
	}
	put(*t, hash<<32|uint64(number+1))
	*used++
}

func put(t []uint64, e uint64) {
	i := home(t, uint32(e>>32))
	for t[i] != 0 {
		i = after(t, i)
	}
	t[i] = e
}

// home is where the entry with these bits of a hash stands, or before it.
func home(t []uint64, bits uint32) int { return int(uint64(bits) * uint64(len(t)) >> 32) }

func after(t []uint64, i int) int {
	if i++; i == len(t) {
		return 0
	}
	return i
}
