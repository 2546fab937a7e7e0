package pipeline

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	detailCount = 14 // of ledger.DetailFields
	recordSize  = 16 + 4*4 + detailCount*4
	spillAfter  = 1 << 20 // bytes kept in memory before a file is made
)

// record is what is kept of a claiming row. Its size is fixed, so that its
// number is its place.
type record struct {
	identity                    digest
	ordinal, file, number, line uint32
	fields                      [detailCount]uint32 // hashes, in the order of ledger.DetailFields
}

func (r *record) encode(buf []byte) []byte {
	buf = binary.LittleEndian.AppendUint64(buf, r.identity[0])
	buf = binary.LittleEndian.AppendUint64(buf, r.identity[1])
	for _, n := range [...]uint32{r.ordinal, r.file, r.number, r.line} {
		buf = binary.LittleEndian.AppendUint32(buf, n)
	}
	for _, n := range r.fields {
		buf = binary.LittleEndian.AppendUint32(buf, n)
	}
	return buf
}

func (r *record) decode(buf []byte) {
	r.identity[0], r.identity[1] = binary.LittleEndian.Uint64(buf), binary.LittleEndian.Uint64(buf[8:])
	buf = buf[16:]
	for _, n := range [...]*uint32{&r.ordinal, &r.file, &r.number, &r.line} {
		*n, buf = binary.LittleEndian.Uint32(buf), buf[4:]
	}
	for i := range r.fields {
		r.fields[i] = binary.LittleEndian.Uint32(buf[4*i:])
	}
}

// spill is a row of records that outgrows memory into an unlinked file.
type spill struct {
	memory []byte
	file   *os.File
	writer *bufio.Writer
	count  uint32
}

func (s *spill) append(r *record) (uint32, error) {
	n := s.count
	s.count++
	if s.file == nil && len(s.memory)+recordSize <= spillAfter {
		s.memory = r.encode(s.memory)
		return n, nil
	}
	if s.file == nil {
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	_, err := s.writer.Write(r.encode(s.writer.AvailableBuffer()))
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
	r.decode(buf)
	return r, nil
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
