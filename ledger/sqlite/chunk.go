package sqlite

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/google/uuid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// chunkRows is how many rows are packed into one record. Rows of a batch are
// written once and never changed (but erased), so a record of many rows costs
// the database a hundredth of what a record for each would.
const chunkRows = 128

// packed is one input row as a chunk holds it.
type packed struct {
	ledger.Row          // without Fields, NameText and Recall
	customer     int64  // 0: not known when the row was registered; look the identity up
	details      []byte // ledger.Details
	name, recall int64  // keyed marks, 0 for none
	erased       bool   // on request
}

const (
	hasClaim = 1 << iota
	hasDetails
	emailIsIdentity
	hasSender
	hasName
	hasRecall
	hasRepeats
	hasFindings
	hasCarry
	hasInvalid
	hasDuplicate
	hasErased
)

// chunkHead is: CRC-32C of all that follows (4 bytes), format (1), items (2).
const (
	chunkHead   = 7
	chunkFormat = 1
)

var errChunk = errors.New("a record of rows is damaged")

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// packer packs rows of consecutive ordinals. The zero value is ready.
type packer struct {
	buf          []byte
	n            int
	number, line int
	customer     int64
	words        map[string]int // texts of findings met in this chunk
}

func (p *packer) reset() {
	p.buf = append(p.buf[:0], make([]byte, chunkHead)...)
	p.n, p.number, p.line, p.customer = 0, 0, 0, 0
	clear(p.words)
}

func (p *packer) integer(n int64) { p.buf = binary.AppendVarint(p.buf, n) }

func (p *packer) text(s string) {
	p.buf = binary.AppendUvarint(p.buf, uint64(len(s)))
	p.buf = append(p.buf, s...)
}

// key writes an idempotency key: a UUID in half its length.
func (p *packer) key(s string) {
	if id, err := uuid.Parse(s); err == nil && id.String() == s {
		p.buf = append(append(p.buf, 1), id[:]...)
		return
	}
	p.buf = append(p.buf, 0)
	p.text(s)
}

// word writes a text that is likely to come again in the same chunk.
func (p *packer) word(s string) {
	if at, ok := p.words[s]; ok {
		p.buf = binary.AppendUvarint(p.buf, uint64(at))
		return
	}
	if p.words == nil {
		p.words = map[string]int{}
	}
	p.words[s] = len(p.words) + 1
	p.buf = append(p.buf, 0)
	p.text(s)
}

func (p *packer) add(r *packed) {
	if p.n == 0 {
		p.reset()
	}
	flag := func(on bool, bit uint64) uint64 {
		if on {
			return bit
		}
		return 0
	}
	flags := flag(r.Claims, hasClaim) | flag(r.details != nil, hasDetails) | flag(r.Email == r.Identity, emailIsIdentity) |
		flag(r.SenderID != "", hasSender) | flag(r.name != 0, hasName) | flag(r.recall != 0, hasRecall) |
		flag(r.Repeats >= 0, hasRepeats) | flag(len(r.Findings) > 0, hasFindings) | flag(len(r.Carry) > 0, hasCarry) |
		flag(r.Verdict == ledger.Invalid, hasInvalid) | flag(r.Verdict == ledger.DuplicateInInput, hasDuplicate) | flag(r.erased, hasErased)
	p.buf = binary.AppendUvarint(p.buf, flags)
	p.buf = binary.AppendUvarint(p.buf, uint64(r.File))
	p.integer(int64(r.Number - p.number))
	p.integer(int64(r.Line - p.line))
	p.integer(r.customer - p.customer)
	p.number, p.line, p.customer = r.Number, r.Line, r.customer
	p.text(r.Identity)
	if flags&emailIsIdentity == 0 {
		p.text(r.Email)
	}
	p.text(r.FirstName)
	p.text(r.LastName)
	if flags&hasSender != 0 {
		p.text(r.SenderID)
	}
	if flags&hasName != 0 {
		p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(r.name))
	}
	if flags&hasRecall != 0 {
		p.buf = binary.BigEndian.AppendUint64(p.buf, uint64(r.recall))
	}
	if flags&hasDetails != 0 {
		p.text(string(r.details))
	}
	if flags&hasRepeats != 0 {
		p.buf = binary.AppendUvarint(p.buf, uint64(r.Repeats))
	}
	if flags&hasCarry != 0 {
		p.buf = binary.AppendUvarint(p.buf, uint64(len(r.Carry)))
		for _, s := range r.Carry {
			p.text(s)
		}
	}
	if flags&hasFindings != 0 {
		p.buf = binary.AppendUvarint(p.buf, uint64(len(r.Findings)))
		for _, f := range r.Findings {
			p.buf = append(p.buf, byte(flag(f.Warning, 1)))
			p.word(f.Field)
			p.word(f.Code)
			p.word(f.Message)
		}
	}
	p.n++
}

// seal finishes the record. The bytes are good until the next add.
func (p *packer) seal(format byte) []byte {
	p.buf[4] = format
	binary.BigEndian.PutUint16(p.buf[5:], uint16(p.n))
	binary.BigEndian.PutUint32(p.buf, crc32.Checksum(p.buf[4:], castagnoli()))
	p.n = 0
	return p.buf
}

// unpack reads a chunk whose first row has this ordinal. Hostile bytes give
// errChunk, and never more memory than a small multiple of their length.
func unpack(data []byte, first int) ([]packed, error) {
	u, n, err := unseal(data, chunkFormat)
	if err != nil {
		return nil, err
	}
	rows := make([]packed, n)
	for i := range rows {
		rows[i].Ordinal = first + i
		u.row(&rows[i])
	}
	if u.bad || u.at != len(u.text) {
		return nil, errChunk
	}
	return rows, nil
}

// unseal checks a record and returns what reads it, and the number of its items.
func unseal(data []byte, format byte) (u unpacker, items int, err error) {
	if len(data) < chunkHead || data[4] != format || binary.BigEndian.Uint32(data) != crc32.Checksum(data[4:], castagnoli()) {
		return u, 0, errChunk
	}
	u.text = string(data[chunkHead:])
	if items = int(binary.BigEndian.Uint16(data[5:])); items > len(u.text) {
		return u, 0, errChunk
	}
	return u, items, nil
}

// unpacker reads what packer wrote. After the first fault it yields zeros.
type unpacker struct {
	text         string
	at           int
	bad          bool
	number, line int
	customer     int64
	words        []string
}

func (u *unpacker) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		if u.at >= len(u.text) {
			break
		}
		b := u.text[u.at]
		u.at++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	u.bad, u.at = true, len(u.text)
	return 0
}

func (u *unpacker) varint() int64 {
	v := u.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// count reads a number of things that take at least one byte each.
func (u *unpacker) count() int {
	v := u.uvarint()
	if v > uint64(len(u.text)-u.at) {
		u.bad, u.at = true, len(u.text)
		return 0
	}
	return int(v)
}

func (u *unpacker) take(n int) string {
	if n > len(u.text)-u.at {
		u.bad, u.at = true, len(u.text)
		return ""
	}
	s := u.text[u.at : u.at+n]
	u.at += n
	return s
}

func (u *unpacker) string() string { return u.take(u.count()) }

func (u *unpacker) key() string {
	if u.byte() == 0 {
		return u.string()
	}
	var id uuid.UUID
	copy(id[:], u.take(len(id)))
	return id.String()
}

func (u *unpacker) byte() byte {
	if s := u.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (u *unpacker) mark() int64 {
	s := u.take(8)
	if s == "" {
		return 0
	}
	return int64(binary.BigEndian.Uint64([]byte(s)))
}

func (u *unpacker) word() string {
	at := u.uvarint()
	if at == 0 {
		s := u.string()
		u.words = append(u.words, s)
		return s
	}
	if at > uint64(len(u.words)) {
		u.bad, u.at = true, len(u.text)
		return ""
	}
	return u.words[at-1]
}

func (u *unpacker) row(r *packed) {
	flags := u.uvarint()
	r.Claims, r.erased = flags&hasClaim != 0, flags&hasErased != 0
	r.File = int(u.uvarint())
	u.number += int(u.varint())
	u.line += int(u.varint())
	u.customer += u.varint()
	r.Number, r.Line, r.customer = u.number, u.line, u.customer
	r.Identity = u.string()
	if r.Email = r.Identity; flags&emailIsIdentity == 0 {
		r.Email = u.string()
	}
	r.FirstName, r.LastName = u.string(), u.string()
	if flags&hasSender != 0 {
		r.SenderID = u.string()
	}
	if flags&hasName != 0 {
		r.name = u.mark()
	}
	if flags&hasRecall != 0 {
		r.recall = u.mark()
	}
	if flags&hasDetails != 0 {
		r.details = []byte(u.string())
	}
	if r.Repeats = -1; flags&hasRepeats != 0 {
		r.Repeats = int(u.uvarint())
	}
	if flags&hasCarry != 0 {
		r.Carry = make([]string, u.count())
		for i := range r.Carry {
			r.Carry[i] = u.string()
		}
	}
	switch {
	case flags&hasInvalid != 0:
		r.Verdict = ledger.Invalid
	case flags&hasDuplicate != 0:
		r.Verdict = ledger.DuplicateInInput
	}
	if flags&hasFindings != 0 {
		r.Findings = make([]ledger.Finding, u.count())
		for i := range r.Findings {
			w := u.take(1)
			r.Findings[i] = ledger.Finding{Warning: w == "\x01", Field: u.word(), Code: u.word(), Message: u.word()}
		}
	}
}
