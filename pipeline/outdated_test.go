package pipeline

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
)

// outdating is a ledger in which another process registers a list during the first check,
// so that it cannot be committed.
type outdating struct {
	*memory.Ledger
	other func() // registers the other list; nil once it is
}

// outdatedCheck is the first check.
type outdatedCheck struct {
	ledger.Registration
	of *outdating
}

func (o *outdating) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	reg, err := o.Ledger.Register(ctx, b)
	if err != nil || o.other == nil {
		return reg, err
	}
	return outdatedCheck{reg, o}, nil
}

func (c outdatedCheck) Commit(context.Context) (ledger.Batch, error) {
	if err := c.Rollback(); err != nil {
		return ledger.Batch{}, err
	}
	c.of.other()
	c.of.other = nil
	return ledger.Batch{}, fmt.Errorf("another input was registered meanwhile: %w", ledger.ErrOutdated)
}

// TestCheckIsOutdated: while somebody reads the plan of a list, another list with some of
// its customers, or the same list, is registered and sent. The plan is shown anew, and
// nobody is sent twice.
func TestCheckIsOutdated(t *testing.T) {
	for rows, want := range map[int][]int{12: {20, 8}, 20: {20}} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, 20)
				other := b.cfg
				other.Input = people(rows)
				b.cfg.Ledger = &outdating{b.ledger, func() {
					if _, err := Run(t.Context(), other); err != nil {
						t.Error(err)
					}
				}}
				var plans []int
				b.cfg.Confirm = func(_ context.Context, p Plan) error {
					plans = append(plans, p.Send)
					return nil
				}
				s, err := b.run()
				if err != nil || !slices.Equal(plans, want) || s.Tally.Status[ledger.Created] != 20 || len(b.partner.posts) != 20 {
					t.Errorf("plans to send %v, want %v; %v created with %d requests; %v", plans, want, s.Tally.Status, len(b.partner.posts), err)
				}
			})
		})
	}
}
