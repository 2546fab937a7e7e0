package kyc

import (
	"context"
	"errors"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Imported is what came of an Import.
type Imported struct {
	Events int // of identity checks
	News   int // that brought another status or a link
	Others int // events of something else
	Bad    int // pieces of JSON that are no events
}

const importGroup = 500

// Import records the events of a file, as saved or piped by an endpoint of
// one's own, which has verified them. The order does not matter, nor repetition.
// The figures are right also when an error comes: what they count is recorded.
func Import(ctx context.Context, l Ledger, r io.Reader) (Imported, error) {
	var out Imported
	var group []ledger.KYCEvent
	flush := func() error {
		n, err := l.ObserveKYC(ctx, group)
		if err == nil {
			out.News += n
			out.Events += len(group)
			group = group[:0]
		}
		return err
	}
	var failed error
	err := Events(r, func(e ledger.KYCEvent, err error) bool {
		switch {
		case errors.Is(err, ErrOther):
			out.Others++
		case err != nil:
			out.Bad++
		default:
			group = append(group, e)
		}
		if len(group) == importGroup {
			failed = flush()
		}
		return failed == nil && ctx.Err() == nil
	})
	if failed == nil {
		failed = flush()
	}
	return out, errors.Join(failed, err, ctx.Err())
}
