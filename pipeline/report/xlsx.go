package report

import (
	"context"
	"io"
)

type xlsxFormat struct{ maxRows, maxLinks int }

func (xlsxFormat) write(_ context.Context, w io.Writer, _ string, m Meta, rows Rows) error {
	return nil
}

type htmlFormat struct{}

func (htmlFormat) write(_ context.Context, w io.Writer, _ string, m Meta, rows Rows) error {
	return nil
}
