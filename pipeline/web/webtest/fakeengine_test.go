package webtest

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// fakeEngine is a partner that creates whatever it is asked to, a row at each step.
type fakeEngine struct {
	mu      sync.Mutex
	plan    api.Plan
	run     api.Run
	held    *api.Held
	report  api.Report    // what it has beside the run
	fault   error         // of the ledger
	order   api.MakePlan  // the last one
	shown   chan struct{} // closed when the pages that follow the run are to see it again
	stopped chan struct{} // has one element for each request to stop
}

var _ web.Engine = (*fakeEngine)(nil)

func newFakeEngine() *fakeEngine {
	e := &fakeEngine{shown: make(chan struct{}), stopped: make(chan struct{}, 10)}
	now := time.Now()
	e.plan = api.Plan{
		PlanSummary: api.PlanSummary{ID: "9f2c41d07ab35e68", List: "fake", Name: "Kundenliste_Q4.xlsx", State: api.PlanWaiting, Maker: "sabine", Made: now, Expires: now.Add(24 * time.Hour), Send: 170, AtMost: "85.00"},
		Target:      e.Target(context.Background()), Rows: 204, Known: 3, ToCorrect: 24, Fee: "0.50", Currency: "USD", Wallet: "1000.00", Remains: "915.00", Covers: 2000, Seconds: 34,
		LeftOut:     []api.LeftCount{{Status: "invalid", Code: "left_out", Rows: 7, Text: "rows left out by hand"}},
		Fingerprint: "5e5e5e5e77a1", RowDigest: "77a1c0de93b2", Digest: "9f2c41d07ab35e68", Approvers: []string{}, Differs: []string{},
		Last:   &api.LastRun{Run: 3, At: now.Add(-90 * 24 * time.Hour), Rows: 180, Created: 176, Added: 31, Gone: 11},
		Sample: []api.Row{}, SampleRows: []int{}, Overlaps: []api.Overlap{}, Warnings: []string{}, Columns: []api.Column{}, Decisions: []api.Decision{{ID: 5, Kind: "value", Text: `"Deutschland" in column "Land" means DE.`, By: "sabine", At: now, Columns: []string{}}},
		Command: "bulkonboard run --plan 9f2c41d07ab35e68 Kundenliste_Q4.xlsx",
	}
	e.report = api.Report{Causes: []api.Problem{}, Kinds: []api.Kind{}, Links: 170, Exports: []api.LogEntry{}, KYC: api.KYC{Users: 170, Working: 170, Reasons: []api.KYCReason{}}}
	e.run = api.Run{ID: 4, Plan: e.plan.ID, List: "fake", Name: e.plan.Name, State: api.RunSending, Started: now, By: "jonas", Total: 170, Statuses: map[string]int{}, Warnings: []string{}, Wallet: "1000.00", Currency: "USD", Charged: "0.00"}
	return e
}

func (e *fakeEngine) Target(context.Context) api.Target {
	return api.Target{Environment: "sandbox", Rehearsal: true, Host: "127.0.0.1:40913", Account: "acc_7Q", Key: "3f9a1c", Ledger: "bulkonboard-sandbox.db", Wallet: "1000.00", Currency: "USD", Version: "test"}
}

func (e *fakeEngine) Held(context.Context) (*api.Held, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.held, nil
}

func (e *fakeEngine) IsBusy() bool                                  { return false }
func (e *fakeEngine) IsInUse(context.Context, string) (bool, error) { return false, nil }

func (e *fakeEngine) MakePlan(_ context.Context, by access.Visitor, _ *lists.Snapshot, order api.MakePlan) (api.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.order = order
	p := e.plan
	if !order.Save {
		p.ID, p.Command = "", ""
	}
	return e.asSeenBy(p, by), nil
}

// asSeenBy returns a plan as one of the users sees it.
func (e *fakeEngine) asSeenBy(p api.Plan, by access.Visitor) api.Plan {
	p.Mine = by.Name == p.Maker
	return p
}

func (e *fakeEngine) Plans(_ context.Context, by access.Visitor) ([]api.PlanSummary, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return []api.PlanSummary{e.asSeenBy(e.plan, by).PlanSummary}, e.fault
}

func (e *fakeEngine) Plan(_ context.Context, by access.Visitor, id string) (api.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if id != e.plan.ID {
		return api.Plan{}, api.Refuse(404, "not_found")
	}
	return e.asSeenBy(e.plan, by), nil
}

func (e *fakeEngine) DecidePlan(_ context.Context, by access.Visitor, _ string, approves bool, answer api.Approval) (api.Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if by.Name == e.plan.Maker {
		return api.Plan{}, api.Refuse(403, "no_role")
	}
	e.plan.State = api.PlanDeclined
	if approves {
		e.plan.State = api.PlanApproved
	}
	e.plan.Decided = &api.PlanAnswer{Approves: approves, By: by.Name, At: time.Now(), Comment: answer.Comment}
	return e.asSeenBy(e.plan, by), nil
}

func (e *fakeEngine) AddCommands(access.Visitor, *lists.Snapshot, *api.Plan) {}

func (e *fakeEngine) DoneLists(context.Context) ([]plans.DoneList, error) { return nil, nil }

func (e *fakeEngine) NewestPlan(string) string { return "" }

func (e *fakeEngine) ListOf(string) string { return e.plan.List }

func (e *fakeEngine) StartRun(context.Context, access.Visitor, string, *lists.Snapshot) (api.Run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.plan.State, e.plan.Run = api.PlanRunning, e.run.ID
	return e.run, nil
}

func (e *fakeEngine) Runs(context.Context) ([]api.Run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return []api.Run{e.run}, e.fault
}

func (e *fakeEngine) Run(context.Context, int64) (api.Run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.run, nil
}

// sendRows moves the run on.
func (e *fakeEngine) sendRows(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run.Sent, e.run.Created, e.run.PerSecond = e.run.Sent+n, e.run.Created+n, 4.9
	e.run.Charged, e.run.Wallet = fmt.Sprintf("%d.%02d", e.run.Created/2, e.run.Created%2*50), fmt.Sprintf("%d.00", 1000-e.run.Created/2)
	if e.run.Sent >= e.run.Total {
		now, code := time.Now(), 0
		e.run.State, e.run.Finished, e.run.ExitCode = api.RunFinished, &now, &code
		e.run.Statuses = map[string]int{"created": e.run.Created, "invalid": 24}
		e.plan.State = api.PlanUsed
	}
}

func (e *fakeEngine) WatchRun(ctx context.Context, _ int64, show func(api.Run) error) error {
	for {
		e.mu.Lock()
		run, shown := e.run, e.shown
		e.mu.Unlock()
		if err := show(run); err != nil || run.Finished != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-shown:
		}
	}
}

// showRun has the pages that follow the run see it again. One that begins to follow it
// later sees it as it is then.
func (e *fakeEngine) showRun() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.shown)
	e.shown = make(chan struct{})
}

func (e *fakeEngine) StopRun(context.Context, access.Visitor, int64) (api.Run, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stopped <- struct{}{}
	e.run.State = api.RunStopping
	return e.run, nil
}

func (e *fakeEngine) Report(context.Context, int64) (api.Report, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	report := e.report
	report.Run, report.Lists, report.Runs = e.run, append([]api.ListSummary{}, report.Lists...), append([]api.Run{}, report.Runs...)
	return report, nil
}

func (e *fakeEngine) WriteReport(_ context.Context, w io.Writer, _ int64, format string, _ bool) error {
	_, err := io.WriteString(w, format)
	return err
}
func (e *fakeEngine) WriteMailMerge(context.Context, io.Writer, int64) error { return nil }

// secretLink is in no page before it is asked for.
const secretLink = "https://verify.example/u/7f3c9a"

func (e *fakeEngine) Links(context.Context, int64, int, int) (api.Links, error) {
	return api.Links{Total: 1, Links: []api.Link{{Row: 5, Email: "kunde0@example-kunde.de", Name: "Heike Sauer", URL: secretLink}}}, nil
}

// setPlan changes the plan.
func (e *fakeEngine) setPlan(change func(*api.Plan)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.plan)
}

// setRun changes the run and its report.
func (e *fakeEngine) setRun(change func(*api.Run, *api.Report)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(&e.run, &e.report)
}

// setFault has the ledger fail.
func (e *fakeEngine) setFault(fault error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault = fault
}

// lastOrder returns what the page ordered last.
func (e *fakeEngine) lastOrder() api.MakePlan {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.order
}

// hold says that a command holds the ledger.
func (e *fakeEngine) hold(by *api.Held) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held = by
}
