package userlist

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

const (
	maxExisting   = 200_000 // users whose identities are kept in memory
	ExistingShare = 10      // the list may cost at most a tenth of the requests that sending needs
)

// Existing is the set of identities whom the partner had before the run. nil is
// empty.
type Existing map[string]bool

// ReadExisting reads the whole list, if it is short against the rows that are to
// be sent; else the result is empty.
func (l *Reader) ReadExisting(ctx context.Context, newRows int, awaitTurn func(context.Context) error) (Existing, error) {
	found := Existing{}
	read := l.newReading(Search{AwaitTurn: awaitTurn, each: func(u decide.User) {
		if u.Identity != "" && !u.Deleted {
			found[u.Identity] = true
		}
	}})
	first, err := read.readPage(ctx, 0)
	if err != nil || len(first.Users) == 0 {
		return nil, err
	}
	if pages := first.Total / len(first.Users); first.Total < 0 || first.Total > maxExisting || pages*ExistingShare > newRows {
		return nil, nil
	}
	if err := read.readForward(ctx, first, time.Time{}); err != nil {
		return nil, err
	}
	return found, nil
}
