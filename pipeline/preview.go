package pipeline

import (
	"context"
	"errors"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Check reads and checks all input as Run does and hands every row, as it
// would be registered, to each, in input order, and then to noted (which may be
// nil) what later rows tell of earlier ones. Nothing is sent and nothing stays in
// the ledger. Config.Partner may be nil, and so may Config.Ledger: then rows are
// held against each other only.
func Check(ctx context.Context, cfg Config, each func(ledger.Row) error, noted func(ledger.RowNote)) (ledger.Tally, error) {
	if cfg.Partner == nil {
		cfg.Partner = noPartner{}
	}
	if cfg.Ledger == nil {
		cfg.Ledger = scratch{}
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return ledger.Tally{}, err
	}
	cfg.Ledger = unregisteredLedger{cfg.Ledger, each, noted}
	b, err := checkInput(ctx, cfg, func(int) {})
	if err != nil {
		return ledger.Tally{}, asInterrupted(ctx, err)
	}
	return b.tally, b.rollBack()
}

// Preview says what Run would do with this input, and asks the wallet whether
// it can pay. Nothing is sent and nothing stays in the ledger. The error, if
// any, is the one with which Run would refuse to begin; the plan is good then, too.
func Preview(ctx context.Context, cfg Config) (Plan, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Plan{}, err
	}
	r := newRun(cfg)
	b, err := checkInput(ctx, cfg, func(n int) { r.counters.updateProgress(func(p *Progress) { p.Rows = n }) })
	if err != nil {
		return Plan{}, asInterrupted(ctx, err)
	}
	if err := r.recallLearnt(ctx); err != nil {
		return Plan{}, errors.Join(err, b.rollBack())
	}
	plan, err := r.preflight(ctx, b)
	return plan, errors.Join(asInterrupted(ctx, err), b.rollBack())
}

// unregisteredLedger shows every row that is registered, and knows no batch, so that
// all input is always checked.
type unregisteredLedger struct {
	ledger.Ledger
	each  func(ledger.Row) error
	noted func(ledger.RowNote)
}

func (u unregisteredLedger) FindBatch(context.Context, string) (ledger.Batch, error) {
	return ledger.Batch{}, ledger.ErrNotFound
}

func (u unregisteredLedger) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	reg, err := u.Ledger.Register(ctx, b)
	return shownRegistration{reg, u.each, u.noted}, err
}

type shownRegistration struct {
	ledger.Registration
	each  func(ledger.Row) error
	noted func(ledger.RowNote)
}

func (s shownRegistration) Add(ctx context.Context, rows []ledger.Row) error {
	for _, r := range rows {
		if err := s.each(r); err != nil {
			return err
		}
	}
	return s.Registration.Add(ctx, rows)
}

func (s shownRegistration) Annotate(ctx context.Context, notes []ledger.RowNote) error {
	if s.noted != nil {
		for _, n := range notes {
			s.noted(n)
		}
	}
	return s.Registration.Annotate(ctx, notes)
}
