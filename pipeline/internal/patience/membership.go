package patience

import (
	"context"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Join implements ledger.Shared.
func (l *Ledger) Join(ctx context.Context, s ledger.Sender) (ledger.Membership, error) {
	m, err := repeatCall(ctx, l.patience, func() (ledger.Membership, error) { return l.Shared.Join(ctx, s) })
	if err != nil {
		return nil, err
	}
	return &membership{m, l.patience}, nil
}

// membership is a membership whose calls are made again. Reports to all senders, and the
// end, are not: they are worth something only at once.
type membership struct {
	ledger.Membership
	patience time.Duration
}

// DrawSlots implements ledger.Membership. Turns that were drawn in a call whose answer was
// lost are lost, too.
func (m *membership) DrawSlots(ctx context.Context, d ledger.Draw) (ledger.Slots, error) {
	return repeatCall(ctx, m.patience, func() (ledger.Slots, error) { return m.Membership.DrawSlots(ctx, d) })
}

// EnterBatch implements ledger.Membership.
func (m *membership) EnterBatch(ctx context.Context, batch int64) error {
	return repeatWrite(ctx, m.patience, func() error { return m.Membership.EnterBatch(ctx, batch) })
}

// ClaimSlice implements ledger.Membership. A slice that was claimed in a call whose answer
// was lost is free again when the sender leaves.
func (m *membership) ClaimSlice(ctx context.Context, batch int64) (ledger.Slice, error) {
	return repeatCall(ctx, m.patience, func() (ledger.Slice, error) { return m.Membership.ClaimSlice(ctx, batch) })
}

// UnclaimAll implements ledger.Membership.
func (m *membership) UnclaimAll(ctx context.Context) error {
	return repeatWrite(ctx, m.patience, func() error { return m.Membership.UnclaimAll(ctx) })
}

// SetResting implements ledger.Membership.
func (m *membership) SetResting(ctx context.Context, isResting bool) error {
	return repeatWrite(ctx, m.patience, func() error { return m.Membership.SetResting(ctx, isResting) })
}

// TakeRole implements ledger.Membership.
func (m *membership) TakeRole(ctx context.Context, role string) (bool, error) {
	return repeatCall(ctx, m.patience, func() (bool, error) { return m.Membership.TakeRole(ctx, role) })
}

// FreshClearances implements ledger.Membership.
func (m *membership) FreshClearances(ctx context.Context, batch int64) ([]ledger.Clearance, error) {
	return repeatCall(ctx, m.patience, func() ([]ledger.Clearance, error) { return m.Membership.FreshClearances(ctx, batch) })
}

// CountProgress implements ledger.Membership.
func (m *membership) CountProgress(ctx context.Context, batch int64) (ledger.Progress, error) {
	return repeatCall(ctx, m.patience, func() (ledger.Progress, error) { return m.Membership.CountProgress(ctx, batch) })
}
