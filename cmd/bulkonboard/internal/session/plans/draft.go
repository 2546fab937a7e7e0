// Package plans is what the command line does with plans that are saved: [Draft]
// collects one and saves it, [Load] and [Carried] hold a run to one, and
// [AddTerms] shows one. What a plan binds is for package approval to say.
package plans

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

// Store is a ledger that keeps plans.
type Store interface {
	ledger.Ledger
	ledger.Plans
}

// Target is to whom and how a command sends.
type Target struct {
	Environment string
	Host        string // of the partner
	KeyPrint    string
	Account     ledger.Account // of the ledger
	Rate        float64        // requests a second; 0 = unlimited
	Keep        string         // what stays in the wallet
}

// Hands are those who made a plan and its list.
type Hands struct {
	Maker   approval.Person
	Editors []approval.Person // of the list, without the maker
}

// NewTerms returns the terms of what a run would do.
func NewTerms(to Target, by Hands, plan pipeline.Plan, rows []pipeline.RowToSend) approval.Terms {
	t := approval.Terms{Maker: by.Maker, Editors: by.Editors, Environment: to.Environment, Host: to.Host, KeyPrint: to.KeyPrint,
		Account: to.Account.Merge(ledger.Account{Partner: plan.Account}), Rate: to.Rate, Keep: to.Keep,
		Fingerprint: plan.Batch.Fingerprint, Rules: pipeline.RulesVersion, Rows: plan.Rows,
		Send: plan.Send, InDoubt: plan.InDoubt, LeftOut: leftOut(plan),
		Fee: plan.Fee.String(), Currency: plan.Currency, Wallet: plan.Wallet.String()}
	t.AtMost = plan.Fee.Times(t.MaySend()).String()
	for _, f := range plan.Batch.Files {
		t.Files = append(t.Files, approval.File{Name: filepath.Base(f.Name), Sheet: f.Sheet, SHA256: f.SHA256, Rows: f.Rows})
	}
	t.RowDigest = approval.DigestRows(func(yield func(ledger.PlanRow) bool) {
		for i := range rows {
			if !yield(rows[i].PlanRow) {
				return
			}
		}
	})
	return t
}

// leftOut returns the rows that a plan leaves out. Rows that the partner, or an earlier
// run, has settled have no code.
func leftOut(plan pipeline.Plan) (all []approval.LeftOut) {
	for _, status := range ledger.Statuses() {
		n := plan.Tally.Status[status]
		if n == 0 || status == ledger.Pending || status == ledger.InDoubt || status == ledger.InsufficientBalance {
			continue
		}
		all = append(all, approval.LeftOut{Status: status, Rows: n})
	}
	return all
}

// Draft collects what is to be saved, or written into a report, while a plan is made.
type Draft struct {
	Decided  []string  // what was decided about the whole list, as flags
	Overlaps []Overlap // other plans with the same rows, once it is saved

	sends []pipeline.RowToSend
	rows  []pipeline.PlannedRow // only for a report
	here  map[digest]bool       // the customers of the list; true once they were found in the last one
	last  lastList
}

// Watch makes a preview show the draft what it needs to be saved, and to be reported.
func (d *Draft) Watch(cfg *pipeline.Config, saves, reports bool) {
	d.here = map[digest]bool{}
	cfg.Seen = func(identity string) { d.here[digestOf(identity)] = false }
	if saves {
		cfg.Approve = func(_ context.Context, _ pipeline.Plan, rows []pipeline.RowToSend) error {
			d.sends = rows
			return nil
		}
	}
	if reports {
		cfg.Planned = func(rows []pipeline.PlannedRow) error {
			d.rows = rows
			return nil
		}
	}
}

// Save keeps the plan in the ledger, as made, and returns it. It is not saved without
// a known fee: whoever approves has to see what it can cost.
func (d *Draft) Save(ctx context.Context, store Store, to Target, by Hands, plan pipeline.Plan) (ledger.Plan, approval.Terms, error) {
	t := NewTerms(to, by, plan, d.sends)
	t.Sample, t.Decided = sampleRows(d.sends), d.Decided
	switch {
	case t.MaySend() == 0:
		return ledger.Plan{}, t, exit.UsageErrorf("there is nothing to send, so no plan was saved")
	case !plan.Fee.Known():
		return ledger.Plan{}, t, exit.NewUsageError(errors.New("no plan was saved: it is not known what the rows cost"), "add --fee with the KYC fee of one user")
	}
	if d.last.batch.ID != 0 {
		t.Last = d.last.summary()
	}
	text, id, err := t.Encode(time.Now())
	if err != nil {
		return ledger.Plan{}, t, fmt.Errorf("saving the plan: %w", err)
	}
	p := approval.NewPlan(text, &t)
	rows := d.planRows()
	if d.Overlaps, err = findOverlaps(ctx, store, rows, t.Made); err != nil {
		return ledger.Plan{}, t, err
	}
	if err := store.SavePlan(ctx, p, rows); err != nil {
		return ledger.Plan{}, t, fmt.Errorf("saving plan %s: %w", id, err)
	}
	return p, t, nil
}
