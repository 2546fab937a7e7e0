package findings

import (
	"context"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// watched shows the rows of a check pass to the collector as they go into the
// ledger.
type watched struct {
	ledger.Ledger
	found *Collector
}

// fileLedger is a ledger in a file.
type fileLedger interface {
	ledger.Ledger
	ledger.Emergency
	ledger.Gaps
	ledger.Plans
}

// watchedFile is watched for a ledger in a file.
type watchedFile struct {
	fileLedger
	found *Collector
}

// sharedLedger is a ledger that several processes send from.
type sharedLedger interface {
	fileLedger
	ledger.Shared
}

// watchedShared is watched for a ledger that several processes send from.
type watchedShared struct {
	sharedLedger
	found *Collector
}

var (
	_ sharedLedger  = (*watchedShared)(nil)
	_ ledger.Ledger = (*watched)(nil)
	_ fileLedger    = (*watchedFile)(nil)
)

// Watch returns the ledger, whose registrations show f every row of a check pass.
func (f *Collector) Watch(l ledger.Ledger) ledger.Ledger { return &watched{l, f} }

// WatchFile is Watch for a ledger in a file.
func (f *Collector) WatchFile(l fileLedger) ledger.Ledger { return &watchedFile{l, f} }

// WatchShared is Watch for a ledger that several processes send from.
func (f *Collector) WatchShared(l sharedLedger) ledger.Ledger { return &watchedShared{l, f} }

// Register begins a check pass.
func (w *watchedShared) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	return w.found.watchRegistration(w.sharedLedger.Register(ctx, b))
}

// Register begins a check pass.
func (w *watched) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	return w.found.watchRegistration(w.Ledger.Register(ctx, b))
}

// Register begins a check pass.
func (w *watchedFile) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	return w.found.watchRegistration(w.fileLedger.Register(ctx, b))
}

// Begin begins a run.
func (w *watchedFile) Begin(ctx context.Context, r ledger.Run) (int64, error) {
	id, err := w.fileLedger.Begin(ctx, r)
	return w.found.watchBegin(id, err)
}

// Begin begins a run.
func (w *watchedShared) Begin(ctx context.Context, r ledger.Run) (int64, error) {
	id, err := w.sharedLedger.Begin(ctx, r)
	return w.found.watchBegin(id, err)
}

func (f *Collector) watchBegin(run int64, err error) (int64, error) {
	if err == nil && f.Begun != nil {
		f.Begun(run)
	}
	return run, err
}

func (f *Collector) watchRegistration(reg ledger.Registration, err error) (ledger.Registration, error) {
	if err != nil {
		return nil, err
	}
	f.reset()
	f.Columns.Begin()
	return &watchedRegistration{reg, f}, nil
}

type watchedRegistration struct {
	ledger.Registration
	found *Collector
}

func (w *watchedRegistration) Add(ctx context.Context, rows []ledger.Row) error {
	for _, r := range rows {
		if err := w.found.Add(r); err != nil {
			return err
		}
	}
	return w.Registration.Add(ctx, rows)
}

func (w *watchedRegistration) AddNotes(ctx context.Context, notes []ledger.RowNote) error {
	for _, n := range notes {
		w.found.AddNote(n)
	}
	return w.Registration.AddNotes(ctx, notes)
}

// CountReported implements ledger.ReportedCounter.
func (w *watchedRegistration) CountReported(ctx context.Context, s ledger.Status) (int, error) {
	if counter, ok := w.Registration.(ledger.ReportedCounter); ok {
		return counter.CountReported(ctx, s)
	}
	return 0, nil
}

var _ ledger.ReportedCounter = (*watchedRegistration)(nil)

func (w *watchedRegistration) Commit(ctx context.Context) (ledger.Batch, error) {
	w.found.Columns.End()
	return w.Registration.Commit(ctx)
}

func (w *watchedRegistration) Rollback() error {
	w.found.Columns.End()
	return w.Registration.Rollback()
}
