package xlsx

import (
	"errors"
	"io"
	"os"
)

// spool keeps bytes: in memory while they are few, else in a temporary file.
// The file is unlinked as soon as it exists, so that no crash leaves a
// customer's data behind. Where an open file cannot be unlinked (Windows) Close
// removes it. The zero value is empty and in memory.
type spool struct {
	buffer []byte // until seal, what is not in the file yet
	memory string // after seal, if there is no file
	file   *os.File
	named  bool // the file has a name still
	size   int64
	blocks [128]spoolBlock // what was read last of file
}

// spoolBlock is one block of the file.
type spoolBlock struct {
	number int64 // plus one: the zero value holds nothing
	bytes  []byte
}

// In bytes.
const (
	spoolMemory    = 32 << 20
	spoolBlockSize = 64 << 10
)

func (s *spool) append(b []byte) error {
	s.buffer = append(s.buffer, b...)
	s.size += int64(len(b))
	if len(s.buffer) <= spoolMemory && (s.file == nil || len(s.buffer) <= spoolBlockSize) {
		return nil
	}
	return s.flush()
}

func (s *spool) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp("", "bulkonboard-*")
		if err != nil {
			return err
		}
		s.file, s.named = f, os.Remove(f.Name()) != nil
	}
	_, err := s.file.Write(s.buffer)
	s.buffer = s.buffer[:0]
	return err
}

// seal ends the writing.
func (s *spool) seal() (err error) {
	if s.file == nil {
		s.memory = string(s.buffer)
	} else {
		err = s.flush()
	}
	s.buffer = nil
	return err
}

// read returns the bytes from one offset to another. The spool must be sealed.
func (s *spool) read(from, to int64) (string, error) {
	if from < 0 || from > to || to > s.size {
		return "", io.ErrUnexpectedEOF
	}
	if s.file == nil {
		return s.memory[from:to], nil
	}
	out := make([]byte, 0, to-from)
	for from < to {
		block, err := s.readBlock(from / spoolBlockSize)
		if err != nil {
			return "", err
		}
		start := from % spoolBlockSize
		end := min(int64(len(block)), start+to-from)
		if start >= end {
			return "", io.ErrUnexpectedEOF
		}
		out = append(out, block[start:end]...)
		from += end - start
	}
	return string(out), nil
}

func (s *spool) readBlock(number int64) ([]byte, error) {
	b := &s.blocks[number%int64(len(s.blocks))]
	if b.number == number+1 {
		return b.bytes, nil
	}
	buf := b.bytes[:0]
	if buf == nil {
		buf = make([]byte, spoolBlockSize)
	}
	n, err := s.file.ReadAt(buf[:spoolBlockSize], number*spoolBlockSize)
	if err != nil && !errors.Is(err, io.EOF) {
		*b = spoolBlock{}
		return nil, err
	}
	*b = spoolBlock{number + 1, buf[:n]}
	return b.bytes, nil
}

// Close removes the file.
func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	s.file = nil
	return err
}
