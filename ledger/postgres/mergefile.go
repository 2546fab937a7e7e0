package postgres

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/emergency"
)

// MergeFile merges the answers of an emergency file that a process on any machine has
// left, and returns how many there are, and those that do not fit. The file is not
// changed. A repeated call changes nothing.
func (l *Ledger) MergeFile(ctx context.Context, path string) (answers int, left []ledger.Change, err error) {
	e, err := emergency.Peek(path, l.id)
	if err != nil {
		return 0, nil, err
	}
	if !e.HasExisted() {
		return 0, nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	left, err = l.Merge(ctx, e.Kept())
	return len(e.Kept()), left, err
}
