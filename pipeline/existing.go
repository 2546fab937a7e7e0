package pipeline

import (
	"context"
	"hash/maphash"
	"time"
)

const (
	mostExisting  = 200_000 // users whose identities are kept in memory
	existingShare = 10      // the list must take at most a tenth of the requests that sending takes
)

// existing are the people whom the partner knew before the run, by the hash of
// their identity. The zero value knows nobody.
type existing struct {
	seed   maphash.Seed
	people map[uint64]bool
}

func (e existing) has(identity string) bool {
	return e.people != nil && e.people[maphash.String(e.seed, identity)]
}

// readExisting reads the whole list, if it is short against the rows that are to
// be sent; else it returns nobody.
func (l *userList) readExisting(ctx context.Context, newRows int, turn func(context.Context) error) (existing, error) {
	found := existing{maphash.MakeSeed(), make(map[uint64]bool)}
	read := l.newReading(search{turn: turn, each: func(u listedUser) {
		if u.Identity != "" && !u.Deleted {
			found.people[maphash.String(found.seed, u.Identity)] = true
		}
	}})
	first, err := read.page(ctx, 0)
	if err != nil || len(first.Users) == 0 {
		return existing{}, err
	}
	if pages := first.Total / len(first.Users); first.Total < 0 || first.Total > mostExisting || pages*existingShare > newRows {
		return existing{}, nil
	}
	if err := read.forward(ctx, first, time.Time{}); err != nil {
		return existing{}, err
	}
	return found, nil
}
