package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// FromRows is an Input of rows in memory, for those who have them from a
// database or a queue. Name stands for the file in reports. The same rows in
// the same order are the same batch.
func FromRows(name string, rows ...Row) Input {
	h := sha256.New()
	for _, r := range rows {
		fmt.Fprintf(h, "%q %q %q\n", r.Raw, r.ID, r.Carry)
	}
	return memoryInput{ledger.File{Name: name, SHA256: hex.EncodeToString(h.Sum(nil)), Rows: len(rows)}, rows}
}

type memoryInput struct {
	file ledger.File
	rows []Row
}

func (m memoryInput) Files() []ledger.File               { return []ledger.File{m.file} }
func (m memoryInput) Settings() string                   { return "" }
func (m memoryInput) Carried() []string                  { return nil }
func (m memoryInput) Rows(context.Context) (Rows, error) { return &memoryRows{m.rows}, nil }

type memoryRows struct{ left []Row }

func (m *memoryRows) Read(dst []Row) (int, error) {
	n := copy(dst, m.left)
	m.left = m.left[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *memoryRows) Close() error { return nil }

var _ Input = memoryInput{}
