package source

import (
	"context"
	"errors"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/source/jsonl"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// jsonRows is a file of JSON lines open for one pass.
type jsonRows struct {
	*jsonl.Reader
	hashedFile
}

var _ recordReader = (*jsonRows)(nil)

// openLines opens a file of JSON lines. The keys of all its objects are the
// headers, so the file is read through before its first row.
func (c *content) openLines(ctx context.Context) (*jsonRows, error) {
	if c.columns == nil {
		h, err := c.openHashed(ctx)
		if err != nil {
			return nil, err
		}
		c.columns, err = jsonl.Columns(h.raw)
		if err != nil {
			return nil, errors.Join(h.locateError(err), h.Close())
		}
		if err := h.Close(); err != nil {
			return nil, err
		}
	}
	h, err := c.openHashed(ctx)
	if err != nil {
		return nil, err
	}
	return &jsonRows{jsonl.NewReader(h.raw, c.columns), h}, nil
}

// Next places errors in the file.
func (j *jsonRows) Next() (table.Record, error) {
	rec, err := j.Reader.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		err = j.locateError(err)
	}
	return rec, err
}

// finish compares the hash of the file.
func (j *jsonRows) finish(context.Context) ([]Note, error) { return nil, j.compareHash() }
