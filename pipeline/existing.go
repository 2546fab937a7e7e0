package pipeline

import (
	"context"
	"errors"
	"hash/maphash"
	"time"

	"github.com/bulkonboard/bulkonboard/validate"
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

// askExisting reads the partner's list before anything is sent, if it is short
// against the rows to send: somebody who exists already then costs no request,
// and no fee where the partner charges before it looks. A list that cannot be
// read is no reason not to send: the partner says so itself, row by row.
func (r *run) askExisting(ctx context.Context, newRows int) error {
	if !r.cfg.Doubt.CheckExisting || newRows < existingShare || r.gaps != nil { // whoever exists may be one of ours
		return nil
	}
	found := existing{maphash.MakeSeed(), make(map[uint64]bool)}
	read := &reading{run: r, size: askedPage, seen: make(map[userKey]bool), search: search{turn: func(ctx context.Context) error {
		_, err := r.pace.wait(ctx)
		return err
	}}}
	first, err := read.page(ctx, 0)
	if err != nil || len(first.Users) == 0 {
		return r.withoutList(ctx, err)
	}
	if pages := first.Total / len(first.Users); first.Total < 0 || first.Total > mostExisting || pages*existingShare > newRows {
		return nil
	}
	read.every = func(email string) {
		if id, ok := validate.Identity(email); ok {
			found.people[maphash.String(found.seed, id)] = true
		}
	}
	if err := read.forward(ctx, first, time.Time{}); err != nil {
		return r.withoutList(ctx, err)
	}
	r.existing = found
	return nil
}

func (r *run) withoutList(ctx context.Context, err error) error {
	switch s := refusal(err); {
	case err == nil:
		return nil
	case s != nil:
		return s
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errListUnsteady):
		r.cfg.Log.Info("the list of existing users does not hold still; every row asks for itself")
	default:
		r.cfg.Log.Warn("the list of existing users could not be read; every row asks for itself", "error", err.Error())
	}
	return nil
}
