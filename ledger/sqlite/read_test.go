package sqlite

import (
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Rows decided since a moment are those that were sent and decided then.
func TestDecidedSince(t *testing.T) {
	l := openNew(t)
	b := registerRows(t, l, "one", 10, func(i int) ledger.Row { return benchRow(i, "a") })
	began := time.Now()
	if d, err := l.DecidedSince(t.Context(), b.ID, began.Add(-time.Hour)); err != nil || d != (Decided{}) {
		t.Error(d, err)
	}
	sendRows(t, l, b.ID, 1, 0, 4)
	d, err := l.DecidedSince(t.Context(), b.ID, began.Add(-time.Hour))
	if err != nil || d.Rows != 4 || d.First.Before(began.Add(-time.Second)) || d.Last.Before(d.First) {
		t.Error(d, err)
	}
	if d, err := l.DecidedSince(t.Context(), b.ID, time.Now().Add(time.Hour)); err != nil || d.Rows != 0 {
		t.Error(d, err)
	}
}
