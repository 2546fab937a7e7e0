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

var _ ledger.Ledger = watched{}

func (w watched) Register(ctx context.Context, b ledger.Batch) (ledger.Registration, error) {
	reg, err := w.Ledger.Register(ctx, b)
	if err != nil {
		return nil, err
	}
	w.found.Columns.Begin()
	return watchedRegistration{reg, w.found}, nil
}

// watchedFile is watched for the ledger in a file, which has an emergency file.
type watchedFile struct {
	watched
	emergency
	gapKeeper
}

// fileLedger is a ledger in a file.
type fileLedger interface {
	ledger.Ledger
	ledger.Emergency
	ledger.Gaps
}

// Watch returns the ledger, whose registrations show f every row of a check pass.
func (f *Collector) Watch(l ledger.Ledger) ledger.Ledger { return watched{l, f} }

// WatchFile is Watch for a ledger in a file.
func (f *Collector) WatchFile(l fileLedger) ledger.Ledger { return watchedFile{watched{l, f}, l, l} }

type gapKeeper interface{ ledger.Gaps }

// emergency has another name so that its method is promoted.
type emergency interface{ ledger.Emergency }

var (
	_ ledger.Ledger    = watchedFile{}
	_ ledger.Emergency = watchedFile{}
	_ ledger.Gaps      = watchedFile{}
)

type watchedRegistration struct {
	ledger.Registration
	found *Collector
}

func (w watchedRegistration) Add(ctx context.Context, rows []ledger.Row) error {
	for _, r := range rows {
		if err := w.found.Add(r); err != nil {
			return err
		}
	}
	return w.Registration.Add(ctx, rows)
}

func (w watchedRegistration) Annotate(ctx context.Context, notes []ledger.RowNote) error {
	for _, n := range notes {
		w.found.AddNote(n)
	}
	return w.Registration.Annotate(ctx, notes)
}

func (w watchedRegistration) Commit(ctx context.Context) (ledger.Batch, error) {
	w.found.Columns.End()
	return w.Registration.Commit(ctx)
}

func (w watchedRegistration) Rollback() error {
	w.found.Columns.End()
	return w.Registration.Rollback()
}
