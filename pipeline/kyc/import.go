package kyc

import (
	"context"
	"errors"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// ImportConfig is one Import.
type ImportConfig struct {
	Ledger    Ledger
	PartnerID string                       // as in Endpoint
	Skipped   func(name string, why error) // as in Endpoint
}

// Imported is the result of an Import.
type Imported struct {
	Events       int // of identity checks
	News         int // that brought another status or a link
	Unknown      int // of users of ours, and not understood
	OtherAccount int // of another partner account
	Others       int // of something else
	Bad          int // pieces of JSON that are no events
}

const importBatch = 500

// Import records the events of a file, as saved or piped by an endpoint of
// one's own, which has verified them. The order does not matter, nor repetition.
// The figures are right also when an error comes: what they count is recorded.
func Import(ctx context.Context, c ImportConfig, r io.Reader) (Imported, error) {
	if c.Skipped == nil {
		c.Skipped = func(string, error) {}
	}
	i := importRun{ImportConfig: c}
	var failed error
	err := ReadEvents(r, func(e Event, err error) bool {
		failed = i.recordEvent(ctx, e, err)
		return failed == nil && ctx.Err() == nil
	})
	if failed == nil {
		failed = i.flushGroup(ctx)
	}
	return i.out, errors.Join(failed, err, ctx.Err())
}

// importRun is an Import in progress.
type importRun struct {
	ImportConfig
	out   Imported
	group []ledger.KYCEvent
}

// recordEvent sorts one event. Its error is one of the ledger.
func (i *importRun) recordEvent(ctx context.Context, e Event, err error) error {
	switch {
	case errors.Is(err, ErrMalformed):
		i.out.Bad++
	case e.isOfOther(i.PartnerID):
		i.out.OtherAccount++
		i.Skipped(e.Name, ErrOtherAccount)
	case err != nil:
		ours, failed := isOurs(ctx, i.Ledger, e.ServiceID)
		if failed != nil {
			return failed
		}
		if !ours {
			i.out.Others++
			return nil
		}
		i.out.Unknown++
		i.Skipped(e.Name, ErrOther)
	default:
		taken, failed := isLinkOfOther(ctx, i.Ledger, e.KYCEvent)
		if failed != nil {
			return failed
		}
		if taken {
			e.URL = ""
			i.Skipped(e.Name, ErrOtherLink)
		}
		if i.group = append(i.group, e.KYCEvent); len(i.group) == importBatch {
			return i.flushGroup(ctx)
		}
	}
	return nil
}

func (i *importRun) flushGroup(ctx context.Context) error {
	n, err := i.Ledger.ObserveKYC(ctx, i.group)
	if err == nil {
		i.out.News += n
		i.out.Events += len(i.group)
		i.group = i.group[:0]
	}
	return err
}
