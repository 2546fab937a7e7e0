package source

import (
	"errors"
	"io"
	"os"
)

// spool keeps bytes: in memory while they are few, else in a temporary file
// that is unlinked as soon as it exists, so that no crash leaves a customer's
// data behind. Where an open file cannot be unlinked (Windows) Close does it.
// The zero value is empty and in memory.
type spool struct {
	memory string // after seal, if it fits
	head   []byte // while writing: not yet in file
	file   *os.File
	remove bool
	size   int64
	blocks [spoolBlocks]spoolBlock // what was read last of file
}

type spoolBlock struct {
	number int64 // plus one: the zero value holds nothing
	bytes  []byte
}

const (
	spoolMemory    = 32 << 20
	spoolChunk     = 1 << 20
	spoolBlockSize = 64 << 10
	spoolBlocks    = 128
)

func (s *spool) write(b []byte) error {
	s.head = append(s.head, b...)
	s.size += int64(len(b))
	limit := spoolMemory
	if s.file != nil {
		limit = spoolChunk
	}
	if len(s.head) <= limit {
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
		s.file, s.remove = f, os.Remove(f.Name()) != nil
	}
	_, err := s.file.Write(s.head)
	s.head = s.head[:0]
	return err
}

// seal ends the writing.
func (s *spool) seal() error {
	if s.file == nil {
		s.memory, s.head = string(s.head), nil
		return nil
	}
	err := s.flush()
	s.head = nil
	return err
}

// text returns the bytes from one offset to another, after seal.
func (s *spool) text(from, to int64) (string, error) {
	if from < 0 || from > to || to > s.size {
		return "", io.ErrUnexpectedEOF
	}
	if s.file == nil {
		return s.memory[from:to], nil
	}
	out := make([]byte, 0, to-from)
	for from < to {
		block, err := s.block(from / spoolBlockSize)
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

func (s *spool) block(number int64) ([]byte, error) {
	b := &s.blocks[number%spoolBlocks]
	if b.number == number+1 {
		return b.bytes, nil
	}
	if b.bytes == nil {
		b.bytes = make([]byte, spoolBlockSize)
	}
	n, err := s.file.ReadAt(b.bytes[:spoolBlockSize], number*spoolBlockSize)
	if err != nil && err != io.EOF {
		b.number = 0
		return nil, err
	}
	b.number, b.bytes = number+1, b.bytes[:n]
	return b.bytes, nil
}

func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.remove {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	s.file = nil
	return err
}
