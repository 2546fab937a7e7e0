package plans

import (
	"context"
	"crypto/sha256"
	"path/filepath"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// lastList is the newest other list of the same name that was run, compared with the
// list of a draft.
type lastList struct {
	batch   ledger.Batch // zero if there is none
	run     ledger.Run   // its newest run
	created int
	added   int               // customers who were not in it
	gone    int               // customers who are no longer in the list
	left    []ledger.Reported // their rows, for a report
}

// CompareLast finds the last list of the same name, and who is new and who is gone.
func (d *Draft) CompareLast(ctx context.Context, l ledger.Ledger, now ledger.Batch) error {
	batch, err := lastBatch(ctx, l, now)
	if err != nil || batch.ID == 0 {
		return err
	}
	d.last.batch = batch
	for r, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		if r.Batch == batch.ID && r.Command == "run" && d.last.run.ID == 0 {
			d.last.run = r
		}
	}
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: batch.ID}) {
		if err != nil {
			return err
		}
		if r.Identity == "" {
			continue
		}
		if r.Status == ledger.Created && r.Claims {
			d.last.created++
		}
		key := digestOf(r.Identity)
		if _, found := d.here[key]; found {
			d.here[key] = true
		} else if r.Claims {
			d.last.gone++
			if d.rows != nil {
				d.last.left = append(d.last.left, r)
			}
		}
	}
	for _, found := range d.here {
		if !found {
			d.last.added++
		}
	}
	return nil
}

// lastBatch returns the newest other input whose files have the same names; zero if
// there is none.
func lastBatch(ctx context.Context, l ledger.Ledger, now ledger.Batch) (ledger.Batch, error) {
	all, err := l.Batches(ctx)
	if err != nil {
		return ledger.Batch{}, err
	}
	for _, b := range all {
		isSame := slices.EqualFunc(b.Files, now.Files, func(x, y ledger.File) bool { return filepath.Base(x.Name) == filepath.Base(y.Name) })
		if isSame && b.Fingerprint != now.Fingerprint && b.Rows > 0 {
			return b, nil
		}
	}
	return ledger.Batch{}, nil
}

func (l *lastList) summary() *approval.LastRun {
	return &approval.LastRun{Run: l.run.ID, At: l.run.Started.UTC(), Rows: l.batch.Rows, Created: l.created, Added: l.added, Gone: l.gone}
}

// digest stands for a customer's identity, so that a list costs little memory.
type digest [16]byte

func digestOf(identity string) digest {
	sum := sha256.Sum256([]byte(identity))
	return digest(sum[:16])
}
