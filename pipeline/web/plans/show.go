package plans

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// shortLength is how many characters of a fingerprint are shown.
const shortLength = 12

// newPlan returns the figures of a plan that is not saved.
func (d *Desk) newPlan(ctx context.Context, by access.Visitor, list *lists.Snapshot, p *Preview) api.Plan {
	plan := &p.Plan
	out := api.Plan{PlanSummary: api.PlanSummary{List: list.ID, Revision: list.Revision, Name: list.Name, Maker: by.Name, Mine: true, Made: time.Now().UTC(),
		Send: plan.Send + plan.InDoubt, AtMost: plan.Fee.Times(plan.Send + plan.InDoubt).String()},
		Target: d.Commands.Target(ctx), Rows: plan.Rows, InDoubt: plan.InDoubt, Fee: plan.Fee.String(), Currency: plan.Currency, Wallet: plan.Wallet.String(),
		Seconds: plan.Duration.Seconds(), Fingerprint: shorten(plan.Batch.Fingerprint), Approvers: d.approversBut(by.Name),
		Differs: []string{}, SampleRows: []int{}, Sample: []api.Row{}, Overlaps: []api.Overlap{}, Warnings: append([]string{}, p.Warnings...), Columns: append([]api.Column{}, list.Columns...), Decisions: append([]api.Decision{}, list.Decided...)}
	setLeftOut(&out, plan.Tally.Status)
	setMoney(&out, pipeline.Amount{})
	if plan.Covered >= 0 {
		out.Covers, out.Shortfall = plan.Covered, plan.Shortfall.String()
	}
	return out
}

// describePlan returns a saved plan.
func (d *Desk) describePlan(ctx context.Context, reader access.Visitor, p ledger.Plan) (api.Plan, error) {
	terms, err := approval.ParseTerms(p.Terms)
	if err != nil {
		return api.Plan{}, err
	}
	needsSecond, err := d.needsSecondPerson(ctx)
	if err != nil {
		return api.Plan{}, err
	}
	out := api.Plan{PlanSummary: d.summarizePlan(p, &terms, reader, needsSecond), Target: d.Commands.Target(ctx), Rows: terms.Rows, InDoubt: terms.InDoubt,
		Fee: terms.Fee, Currency: terms.Currency, Wallet: terms.Wallet, Fingerprint: shorten(terms.Fingerprint), RowDigest: shorten(terms.RowDigest), Digest: digestOf(p),
		Approvers: d.approversBut(append(namesOf(terms.Editors), p.Who)...), Differs: []string{}, SampleRows: []int{}, Sample: []api.Row{}, Overlaps: []api.Overlap{}, Warnings: []string{}, Columns: []api.Column{}, Decisions: []api.Decision{}}
	out.Target.Environment, out.Target.Host, out.Target.Key = terms.Environment, terms.Host, terms.KeyPrint
	if e, isKnown := d.book.find(p.ID); isKnown {
		out.Limit, out.Overlaps, out.Warnings = e.Limit, append(out.Overlaps, e.Overlaps...), append(out.Warnings, e.Warnings...)
	}
	counts := map[ledger.Status]int{}
	for _, l := range terms.LeftOut {
		counts[l.Status] += l.Rows
	}
	setLeftOut(&out, counts)
	keep, err := pipeline.ParseAmount(terms.Keep)
	if err != nil {
		keep = pipeline.Amount{}
	}
	setMoney(&out, keep)
	if terms.Rate > 0 {
		out.Seconds = float64(out.Send) / terms.Rate
	}
	for _, at := range terms.Sample {
		out.SampleRows = append(out.SampleRows, at.Row)
	}
	if l := terms.Last; l != nil {
		out.Last = &api.LastRun{Run: l.Run, At: l.At, Rows: l.Rows, Created: l.Created, Added: l.Added, Gone: l.Gone}
	}
	if a := p.Decision; a != nil {
		out.Decided = &api.PlanAnswer{Approves: a.Approves, By: cmp.Or(a.Signer, a.Who), At: a.At.UTC(), Comment: a.Because}
	}
	if differs := d.differencesOf(p.ID); isOpen(p) && len(differs) > 0 {
		out.State, out.Differs = api.PlanStale, differs
	}
	return out, nil
}

// summarizePlan returns a saved plan as a list shows it. needsSecond says that its maker
// cannot approve it.
func (d *Desk) summarizePlan(p ledger.Plan, terms *approval.Terms, reader access.Visitor, needsSecond bool) api.PlanSummary {
	out := api.PlanSummary{ID: p.ID, State: stateOf(p, time.Now()), Maker: p.Who, Mine: needsSecond && terms.CheckDecider(d.personOf(reader)) != nil,
		Made: p.Made.UTC(), Expires: p.Expires.UTC(), Send: p.Rows, AtMost: terms.AtMost}
	if e, isKnown := d.book.find(p.ID); isKnown {
		out.List, out.Name, out.Revision = e.List, e.Name, e.Revision
	} else if len(terms.Files) > 0 {
		out.Name = filepath.Base(terms.Files[0].Name)
	}
	return out
}

// Plans returns all plans, newest first.
func (d *Desk) Plans(ctx context.Context, reader access.Visitor) ([]api.PlanSummary, error) {
	all, err := d.Commands.Plans(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := d.runsByPlan(ctx)
	if err != nil {
		return nil, err
	}
	needsSecond, err := d.needsSecondPerson(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.PlanSummary, 0, len(all))
	for _, p := range all {
		terms, err := approval.ParseTerms(p.Terms)
		if err != nil { // of another version of the program
			continue
		}
		s := d.summarizePlan(p, &terms, reader, needsSecond)
		s.Run = runs[p.ID]
		out = append(out, s)
	}
	return out, nil
}

// Plan returns a saved plan.
func (d *Desk) Plan(ctx context.Context, reader access.Visitor, id string) (api.Plan, error) {
	p, err := d.findPlan(ctx, id)
	if err != nil {
		return api.Plan{}, err
	}
	out, err := d.describePlan(ctx, reader, p)
	if err != nil {
		return out, err
	}
	runs, err := d.runsByPlan(ctx)
	out.Run = runs[id]
	return out, err
}

// findPlan returns a plan of the ledger.
func (d *Desk) findPlan(ctx context.Context, id string) (ledger.Plan, error) {
	all, err := d.Commands.Plans(ctx)
	if err != nil {
		return ledger.Plan{}, err
	}
	at := slices.IndexFunc(all, func(p ledger.Plan) bool { return p.ID == id })
	if at < 0 {
		return ledger.Plan{}, api.Refuse(http.StatusNotFound, "not_found")
	}
	return all[at], nil
}

// runsByPlan returns the newest run of each plan.
func (d *Desk) runsByPlan(ctx context.Context) (map[string]int64, error) {
	all, err := d.Commands.Runs(ctx)
	runs := map[string]int64{}
	for _, r := range all {
		runs[r.Plan] = max(runs[r.Plan], r.ID)
	}
	return runs, err
}

func stateOf(p ledger.Plan, now time.Time) api.PlanState {
	switch {
	case p.State.IsOpen() && !now.Before(p.Expires):
		return api.PlanExpired
	case p.State == ledger.PlanMade:
		return api.PlanWaiting
	}
	return api.PlanState(p.State)
}

// isOpen reports whether anything can still become of a plan.
func isOpen(p ledger.Plan) bool { return p.State.IsOpen() && time.Now().Before(p.Expires) }

// digestOf returns what an approval has to repeat: everything that the plan binds.
func digestOf(p ledger.Plan) string {
	sum := sha256.Sum256([]byte(p.Terms))
	return hex.EncodeToString(sum[:])
}

// setLeftOut sets what becomes of the rows that are not sent, given the rows by status.
func setLeftOut(out *api.Plan, counts map[ledger.Status]int) {
	words := messages.English()
	out.LeftOut = []api.LeftCount{}
	for _, status := range ledger.Statuses() {
		n := counts[status]
		switch status {
		case ledger.Pending, ledger.InDoubt, ledger.InsufficientBalance:
		case ledger.Created, ledger.LinkMissing:
			out.Known += n
		case ledger.Invalid, ledger.Rejected:
			out.ToCorrect += n
		default:
			if n > 0 {
				out.LeftOut = append(out.LeftOut, api.LeftCount{Status: string(status), Rows: n, Text: words.Statuses[string(status)].Title})
			}
		}
	}
}

// setMoney sets what remains in the wallet, or what is missing, given what has to stay
// in it.
func setMoney(out *api.Plan, keep pipeline.Amount) {
	out.Covers = -1
	wallet, err := pipeline.ParseAmount(out.Wallet)
	fee, failed := pipeline.ParseAmount(out.Fee)
	if err != nil || failed != nil || !wallet.Known() || !fee.Known() {
		return
	}
	usable := wallet
	if keep.Known() {
		usable = wallet.Minus(keep)
	}
	cost := fee.Times(out.Send)
	out.Covers = usable.Over(fee)
	if usable.Cmp(cost) < 0 {
		out.Shortfall = cost.Minus(usable).String()
		return
	}
	out.Remains = wallet.Minus(cost).String()
}

func shorten(digest string) string { return digest[:min(len(digest), shortLength)] }

func namesOf(people []approval.Person) []string {
	var all []string
	for _, p := range people {
		all = append(all, p.User)
	}
	return all
}

// approversBut returns the users of a team who may approve, without those who had a
// hand in the plan.
func (d *Desk) approversBut(hands ...string) []string {
	return slices.DeleteFunc(append([]string{}, d.Approvers...), func(name string) bool { return slices.Contains(hands, name) })
}

func (d *Desk) personOf(v access.Visitor) approval.Person {
	return approval.Person{User: v.Name, Host: d.Commands.Host()}
}

// differencesOf returns how the last attempt to run a plan differed from it.
func (d *Desk) differencesOf(plan string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stale[plan]
}
