package sqlite

import (
	"context"
	"iter"
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Several reports of one moment are the same, whatever a run and webhooks write
// meanwhile.
func TestSnapshot(t *testing.T) {
	l, b, in, ids := newWithIntents(t, 10, 2)
	side := openConcurrent(t, l.path)
	still, err := side.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sel := ledger.Selection{Batch: b.ID}
	first := lines(t, still, sel)
	if err := recordAll(t.Context(), l, answersTo(in, ids)); err != nil {
		t.Fatal(err)
	}
	event := ledger.KYCEvent{ServiceID: "acme-rain-user-000000000001", Status: ledger.KYCApproved, At: time.Now()}
	if n, err := side.ObserveKYC(t.Context(), []ledger.KYCEvent{event}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if second := lines(t, still, sel); !reflect.DeepEqual(first, second) {
		t.Errorf("%+v\nand then %+v", first, second)
	}
	still.Close()
	now := lines(t, side, sel)
	if len(first) != 10 || len(now) != 10 || reflect.DeepEqual(first, now) {
		t.Errorf("%d rows then, %d now; what was written meanwhile is not seen", len(first), len(now))
	}
}

func lines(t *testing.T, from interface {
	Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error]
}, s ledger.Selection) (all []ledger.Reported) {
	t.Helper()
	for r, err := range from.Rows(t.Context(), s) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
