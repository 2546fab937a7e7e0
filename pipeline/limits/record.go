package limits

import (
	"errors"
	"fmt"
	"io"
)

// ErrRecord is a record of more than Record bytes.
var ErrRecord = fmt.Errorf("a record of more than %s", FormatSize(Record))

// RecordReader passes a stream of records on and fails with ErrRecord inside
// one that is too long, so that a reader that collects a record in
// memory cannot collect more. It is used by one goroutine.
type RecordReader struct {
	r    io.Reader
	left int
}

// NewRecordReader returns a reader at the start of the first record.
func NewRecordReader(r io.Reader) *RecordReader { return &RecordReader{r: r, left: Record} }

// NextRecord begins another record.
func (r *RecordReader) NextRecord() { r.left = Record }

// Read implements io.Reader.
func (r *RecordReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, ErrRecord
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// ErrTooLarge is a file of more bytes than its kind may have.
var ErrTooLarge = errors.New("is too large")

// ReadAll reads r to its end and fails with ErrTooLarge, which names the limit,
// if there are more bytes than that.
func ReadAll(r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%w: at most %s are read", ErrTooLarge, FormatSize(limit))
	}
	return text, nil
}
