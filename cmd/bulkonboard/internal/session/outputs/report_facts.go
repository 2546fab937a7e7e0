package outputs

import (
	"context"
	"path/filepath"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/reportfile"
)

// factsLedger is where a run notes which reports it wrote.
type factsLedger interface {
	Learnt(ctx context.Context, name string) (string, time.Time, error)
	Learn(ctx context.Context, name, value string, at time.Time) error
}

// readFacts is a ledger that is open for reading: what is written is not noted,
// and will be compared once more.
type readFacts struct{ factsLedger }

// ReadOnlyFacts returns the facts of a ledger that is open to be read: nothing is noted.
func ReadOnlyFacts(l factsLedger) factsLedger { return readFacts{l} }

func (readFacts) Learn(context.Context, string, string, time.Time) error { return nil }

// IsOwnReport reports whether a file is the report that this ledger wrote there
// last. The ledger has had every link in it.
func (o *Outputs) IsOwnReport(ctx context.Context, path string) bool {
	if o.Facts == nil {
		return false
	}
	was, _, err := o.Facts.Learnt(ctx, reportFact(path))
	if err != nil {
		return false
	}
	is, err := reportfile.HashFile(path)
	return err == nil && is == was
}

// noteReport remembers what was written. Its failure costs a comparison.
func (o *Outputs) noteReport(ctx context.Context, path string) error {
	if o.Facts == nil {
		return nil
	}
	sum, err := reportfile.HashFile(path)
	if err != nil {
		return err
	}
	return o.Facts.Learn(ctx, reportFact(path), sum, time.Now())
}

// ReportFactPrefix begins the names of the facts that are reports.
const ReportFactPrefix = "report:"

func reportFact(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return ReportFactPrefix + path
}
