package pipeline

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// scratch registers a batch for the length of a check: it finds repeated people
// and keeps nothing else. In memory it costs about 24 bytes a row; what tells in
// which fields a repetition differs lies in one private file that is unlinked
// while it is open, and is not made at all for a small input. It is a
// ledger.Ledger of which only Registrar works.
type scratch struct{ ledger.Ledger }

func (scratch) FindBatch(context.Context, string) (ledger.Batch, error) {
	return ledger.Batch{}, ledger.ErrNotFound
}

func (scratch) Register(context.Context, ledger.Batch) (ledger.Registration, error) {
	return &scratchRegistration{seed: maphash.MakeSeed(), claims: newClaims(1 << 12)}, nil
}

// scratchRegistration numbers the claiming rows from 0; a claim's number is
// where its record lies in the spill.
type scratchRegistration struct {
	seed    maphash.Seed
	claims  claims
	records spill
	rows    int
}

// record is what is kept of a claiming row. Its size is fixed, so that its
// number is its place.
type record struct {
	Identity [16]byte
	Ordinal  uint32
	File     uint32
	Number   uint32
	Line     uint32
	Fields   [14]uint32 // hashes, in the order of ledger.DetailFields
}

func (s *scratchRegistration) identity(text string) (digest [16]byte, hash uint64) {
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16]), binary.LittleEndian.Uint64(sum[16:])
}

func (s *scratchRegistration) Sight(_ context.Context, sightings []ledger.Sighting) ([]ledger.Known, error) {
	out := make([]ledger.Known, len(sightings))
	for i, x := range sightings {
		out[i].Claimed = -1
		if x.Identity == "" {
			continue
		}
		r, found, err := s.find(x.Identity)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		out[i].Claimed = int(r.Ordinal)
		out[i].First = ledger.Position{File: int(r.File), Number: int(r.Number), Line: int(r.Line)}
		if x.Fields == nil {
			continue
		}
		names := ledger.DetailFields()
		for f, h := range s.hashes(x.Fields) {
			if h != r.Fields[f] && names[f] != "ipAddress" { // as the ledger has it: an address changes by itself
				out[i].Differs = append(out[i].Differs, names[f])
			}
		}
	}
	return out, nil
}

// find returns the record of the row that claims an identity.
func (s *scratchRegistration) find(identity string) (record, bool, error) {
	digest, hash := s.identity(identity)
	for n := range s.claims.of(hash) {
		r, err := s.records.read(n)
		if err != nil || r.Identity == digest {
			return r, err == nil, err
		}
	}
	return record{}, false, nil
}

func (s *scratchRegistration) hashes(fields []string) (out [14]uint32) {
	for i := range out {
		if i < len(fields) {
			out[i] = uint32(maphash.String(s.seed, fields[i]))
		}
	}
	return out
}

func (s *scratchRegistration) Add(_ context.Context, rows []ledger.Row) error {
	for _, row := range rows {
		if !row.Claims {
			continue
		}
		digest, hash := s.identity(row.Identity)
		r := record{digest, uint32(row.Ordinal), uint32(row.File), uint32(row.Number), uint32(row.Line), s.hashes(row.Fields)}
		n, err := s.records.append(r)
		if err != nil {
			return err
		}
		s.claims.add(hash, n)
	}
	s.rows += len(rows)
	return nil
}

func (s *scratchRegistration) Commit(context.Context) (ledger.Batch, error) {
	return ledger.Batch{}, errors.New("a check is not registered")
}

func (s *scratchRegistration) Rollback() error { return s.records.close() }

var _ ledger.Registration = (*scratchRegistration)(nil)

// claims is an open-addressed table from a hash to numbers, 12 bytes a place.
type claims struct {
	hashes  []uint64 // 0 = free
	numbers []uint32
	used    int
}

func newClaims(size int) claims {
	return claims{hashes: make([]uint64, size), numbers: make([]uint32, size)}
}

// of yields the numbers that were added under a hash.
func (c *claims) of(hash uint64) func(yield func(uint32) bool) {
	hash = max(hash, 1)
	return func(yield func(uint32) bool) {
		mask := uint64(len(c.hashes) - 1)
		for i := hash & mask; c.hashes[i] != 0; i = (i + 1) & mask {
			if c.hashes[i] == hash && !yield(c.numbers[i]) {
				return
			}
		}
	}
}

func (c *claims) add(hash uint64, number uint32) {
	if c.used*4 >= len(c.hashes)*3 {
		bigger := newClaims(2 * len(c.hashes))
		for i, h := range c.hashes {
			if h != 0 {
				bigger.add(h, c.numbers[i])
			}
		}
		*c = bigger
	}
	hash = max(hash, 1)
	mask := uint64(len(c.hashes) - 1)
	i := hash & mask
	for c.hashes[i] != 0 {
		i = (i + 1) & mask
	}
	c.hashes[i], c.numbers[i] = hash, number
	c.used++
}

const (
	recordSize = 16 + 4*4 + 14*4
	spillAfter = 1 << 20 // bytes kept in memory before a file is made
)

// spill is a row of records that outgrows memory into an unlinked file.
type spill struct {
	memory []byte
	file   *os.File
	writer *bufio.Writer
	count  uint32
}

func (s *spill) append(r record) (uint32, error) {
	var buf [recordSize]byte
	if _, err := binary.Encode(buf[:], binary.LittleEndian, r); err != nil {
		return 0, err
	}
	n := s.count
	s.count++
	if s.file == nil && len(s.memory)+recordSize <= spillAfter {
		s.memory = append(s.memory, buf[:]...)
		return n, nil
	}
	if s.file == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	_, err := s.writer.Write(buf[:])
	return n, err
}

func (s *spill) open() error {
	f, err := os.CreateTemp("", "bulkonboard-check-*")
	if err != nil {
		return fmt.Errorf("a file for the check: %w", err)
	}
	// Where an open file cannot be unlinked it is removed by close.
	_ = os.Remove(f.Name())
	s.file, s.writer = f, bufio.NewWriterSize(f, 1<<18)
	_, err = s.writer.Write(s.memory)
	s.memory = nil
	return err
}

func (s *spill) read(n uint32) (r record, err error) {
	buf := make([]byte, recordSize)
	at := int64(n) * recordSize
	if s.file == nil {
		copy(buf, s.memory[at:])
	} else {
		if err := s.writer.Flush(); err != nil {
			return r, err
		}
		if _, err := s.file.ReadAt(buf, at); err != nil && err != io.EOF {
			return r, err
		}
	}
	_, err = binary.Decode(buf, binary.LittleEndian, &r)
	return r, err
}

func (s *spill) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if rm := os.Remove(s.file.Name()); rm != nil && !errors.Is(rm, os.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	s.file = nil
	return err
}
