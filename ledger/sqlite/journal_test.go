package sqlite

import (
	"slices"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// What Intend left is not believed any more once a customer has changed, however it
// changed: recorded together with others, by another process, or by another write.
func TestRecordKnowsWhatChangedSinceTheIntent(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, l *Ledger, b ledger.Batch, out []ledger.Change) error{
		"recorded together with one who was intended before": func(t *testing.T, l *Ledger, _ ledger.Batch, out []ledger.Change) error {
			return recordAll(t.Context(), l, []ledger.Change{out[1], out[0]})
		},
		"recorded twice in one call": func(t *testing.T, l *Ledger, _ ledger.Batch, out []ledger.Change) error {
			left, err := l.Record(t.Context(), 1, []ledger.Change{out[1], out[1]})
			if len(left) > 0 {
				t.Errorf("left: %+v", left)
			}
			return err
		},
		"recorded by another process": func(t *testing.T, l *Ledger, _ ledger.Batch, out []ledger.Change) error {
			return recordAll(t.Context(), openConcurrent(t, l.path), out[1:2])
		},
		"merged": func(t *testing.T, l *Ledger, _ ledger.Batch, out []ledger.Change) error {
			_, err := l.Merge(t.Context(), out[1:2])
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, b, in, ids := newWithIntents(t, 4, 1)
			// Another write, so that the first intent is not remembered, and a second intent.
			if err := l.SaveFact(t.Context(), "a", "b", time.Now()); err != nil {
				t.Fatal(err)
			}
			more, moreIDs := intendRows(t, l, b, 1, 1, 1)
			out := answersTo(slices.Concat(in, more), slices.Concat(ids, moreIDs))
			if err := change(t, l, b, out); err != nil {
				t.Fatal(err)
			}
			created := selectCustomers(t, l, ledger.Query{IDs: []int64{out[1].Customer}, History: true})[0]
			if created.Status != ledger.Created {
				t.Fatalf("%+v", created)
			}
			// A second answer to the same request must not be believed.
			second := out[1]
			second.Close = slices.Clone(second.Close)
			asRefusal(&second, ledger.Rejected, ledger.Reject, 400)
			left, err := l.Record(t.Context(), 1, []ledger.Change{second})
			if err != nil || len(left) != 1 {
				t.Errorf("a second answer: %d changes are left, %v", len(left), err)
			}
			if again := selectCustomers(t, l, ledger.Query{IDs: []int64{out[1].Customer}, History: true})[0]; again.Status != ledger.Created || again.History[0].Class != ledger.OK {
				t.Errorf("%+v", again)
			}
			checkSound(t, l)
		})
	}
}
