package userlist

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/internal/decide"
)

const (
	maxExisting   = 200_000 // users whose identities are kept in memory
	ExistingShare = 10      // the list must take at most a tenth of the requests that sending needs
)

// Existing is the set of customers whom the partner had before the run, by the
// hash of their identity. The zero value is empty.
type Existing struct {
	seed      maphash.Seed
	customers map[uint64]bool
}

// Contains reports whether a customer existed at the partner before the run.
func (e Existing) Contains(identity string) bool {
	return e.customers != nil && e.customers[maphash.String(e.seed, identity)]
}

// ReadExisting reads the whole list, if it is short against the rows that are to
// be sent; else the result is empty.
func (l *Reader) ReadExisting(ctx context.Context, newRows int, turn func(context.Context) error) (Existing, error) {
	found := Existing{maphash.MakeSeed(), make(map[uint64]bool)}
	read := l.newReading(Search{AwaitTurn: turn, each: func(u decide.User) {
		if u.Identity != "" && !u.Deleted {
			found.customers[maphash.String(found.seed, u.Identity)] = true
		}
	}})
	first, err := read.readPage(ctx, 0)
	if err != nil || len(first.Users) == 0 {
		return Existing{}, err
	}
	if pages := first.Total / len(first.Users); first.Total < 0 || first.Total > maxExisting || pages*ExistingShare > newRows {
		return Existing{}, nil
	}
	if err := read.readForward(ctx, first, time.Time{}); err != nil {
		return Existing{}, err
	}
	return found, nil
}
