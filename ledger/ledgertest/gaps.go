package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func testGaps(t *testing.T, l ledger.Ledger) {
	g, ok := l.(ledger.Gaps)
	if !ok {
		t.Skip("this ledger keeps no gaps")
	}
	list := func() []ledger.Gap {
		t.Helper()
		all, err := g.Gaps(t.Context())
		must(t, err)
		return all
	}
	same(t, "at first", len(list()), 0)

	// Nothing was sent: all since the ledger was made may be lost.
	info, err := l.Info(t.Context())
	must(t, err)
	first, err := g.OpenGap(t.Context(), ledger.Gap{Cause: ledger.GapAdopt})
	must(t, err)
	same(t, "from", []any{first.From, first.IsOpen()}, []any{ledger.Instant{At: info.Created}, true})

	b := addBatch(t, l, "one", validRows(3)...)
	sendRow(t, l, b, 0, ledger.OK, ledger.Created, "") // intended at 10, answered at 20
	second, err := g.OpenGap(t.Context(), ledger.Gap{Cause: ledger.GapRestore})
	must(t, err)
	same(t, "from the newest attempt", second.From, instantAt(20))
	if second.To.Partner().Before(second.From.Partner()) || second.ID == first.ID || second.Written.IsZero() {
		t.Errorf("%+v after %+v", second, first)
	}
	given := ledger.Gap{Cause: ledger.GapBackup, From: instantAt(5), To: instantAt(6)}
	third, err := g.OpenGap(t.Context(), given)
	must(t, err)
	same(t, "as given", []any{third.From, third.To, third.Cause}, []any{given.From, given.To, given.Cause})
	same(t, "listed", list(), []ledger.Gap{first, second, third})

	must(t, g.CloseGap(t.Context(), second.ID, at(100), ""))
	must(t, g.CloseGap(t.Context(), third.ID, at(101), "asked the partner"))
	now := list()
	same(t, "closed", []any{now[0].IsOpen(), now[1].Scanned, now[1].Ended, now[1].IsOpen(), now[2].Scanned, now[2].Ended, now[2].Reason, now[2].IsOpen()},
		[]any{true, at(100), time.Time{}, false, time.Time{}, at(101), "asked the partner", false})

	must(t, g.AddToGap(t.Context(), first.ID, []string{"a@example.com", "b@example.com", ""}))
	must(t, g.AddToGap(t.Context(), second.ID, []string{"b@example.com", "c@example.com", "c@example.com"}))
	must(t, g.AddToGap(t.Context(), second.ID, nil))
	in, err := g.InGap(t.Context(), []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com", "", "a@example.com"})
	must(t, err)
	same(t, "in a gap", in, map[string]bool{"a@example.com": true, "b@example.com": true, "c@example.com": true})
	none, err := g.InGap(t.Context(), nil)
	must(t, err)
	same(t, "no customer was asked for", len(none), 0)

	if err := g.AddToGap(t.Context(), 99, []string{"a@example.com"}); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("added to a gap that does not exist: %v", err)
	}
	if err := g.CloseGap(t.Context(), 99, at(1), ""); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("closed a gap that does not exist: %v", err)
	}

	if f, ok := l.(interface {
		Forget(ctx context.Context, identities []string) (int, error)
	}); ok {
		_, err := f.Forget(t.Context(), []string{"b@example.com"})
		must(t, err)
		in, err := g.InGap(t.Context(), []string{"a@example.com", "b@example.com"})
		must(t, err)
		same(t, "after Forget", in, map[string]bool{"a@example.com": true})
	}
}
