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
	buffer []byte // what is not in the file
	file   *os.File
	named  bool // the file has a name still
	size   int64
}

const spoolMemory = 32 << 20 // bytes

func (s *spool) append(b []byte) error {
	s.buffer = append(s.buffer, b...)
	s.size += int64(len(b))
	if len(s.buffer) <= spoolMemory {
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
func (s *spool) seal() error {
	if s.file == nil {
		return nil
	}
	err := s.flush()
	s.buffer = nil
	return err
}

// read returns the bytes from one offset to another. The spool must be sealed.
func (s *spool) read(from, to int64) ([]byte, error) {
	if from < 0 || from > to || to > s.size {
		return nil, io.ErrUnexpectedEOF
	}
	if s.file == nil {
		return s.buffer[from:to], nil
	}
	out := make([]byte, to-from)
	_, err := s.file.ReadAt(out, from)
	return out, err
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
