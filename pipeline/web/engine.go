package web

import (
	"context"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// Engine makes plans, runs and reports as the command line does. The command
// implements it. Its methods may be called by any number of goroutines; errors that are
// meant for the browser are *api.Refusal.
type Engine interface {
	// Target returns where users would be created. It asks nobody: the wallet is as it
	// was last seen.
	Target(ctx context.Context) api.Target
	// Held says which command holds the ledger; nil if none does.
	Held(ctx context.Context) (*api.Held, error)
	// IsBusy reports whether a run is under way, or anything else that must not be cut.
	IsBusy() bool
	// IsInUse reports whether a list is being sent, or was begun and is not over.
	IsInUse(ctx context.Context, list string) (bool, error)
	// DoneLists returns the lists that need not be kept any longer.
	DoneLists(ctx context.Context) ([]plans.DoneList, error)

	PlanEngine
	RunEngine
}

// PlanEngine makes plans and decides on them.
type PlanEngine interface {
	// MakePlan computes the plan of a list, and saves it if order.Save is set.
	MakePlan(ctx context.Context, by access.Visitor, list *lists.Snapshot, order api.MakePlan) (api.Plan, error)
	// Plans returns all plans, newest first.
	Plans(ctx context.Context, reader access.Visitor) ([]api.PlanSummary, error)
	// Plan returns a saved plan, or a refusal with status 404.
	Plan(ctx context.Context, reader access.Visitor, id string) (api.Plan, error)
	// AddCommands adds to a plan of a list what does the same from a command line.
	AddCommands(by access.Visitor, list *lists.Snapshot, plan *api.Plan)
	// DecidePlan approves or declines a plan.
	DecidePlan(ctx context.Context, by access.Visitor, id string, approves bool, answer api.Approval) (api.Plan, error)
}

// RunEngine carries out plans and shows runs.
type RunEngine interface {
	// NewestPlan returns the newest plan of a list; "" if it has none.
	NewestPlan(list string) string
	// ListOf returns the list of a plan; "" if the plan was not made here.
	ListOf(plan string) string
	// StartRun begins, or continues, the run of an approved plan and returns. The run
	// belongs to the engine: it goes on when the request has ended.
	StartRun(ctx context.Context, by access.Visitor, plan string, list *lists.Snapshot) (api.Run, error)
	Runs(ctx context.Context) ([]api.Run, error)
	Run(ctx context.Context, id int64) (api.Run, error)
	// WatchRun calls show with the figures of a run now and whenever they changed, until
	// the run ends, ctx does or show fails. A slow show never delays the run.
	WatchRun(ctx context.Context, id int64, show func(api.Run) error) error
	// StopRun lets requests in flight finish; a second call cuts them.
	StopRun(ctx context.Context, by access.Visitor, id int64) (api.Run, error)
	Report(ctx context.Context, id int64) (api.Report, error)
	// WriteReport writes the report of a run: "xlsx", "csv", "html" or "json".
	WriteReport(ctx context.Context, w io.Writer, id int64, format string, hasLinks bool) error
	// WriteMailMerge writes names, e-mails and links of a run, as CSV.
	WriteMailMerge(ctx context.Context, w io.Writer, id int64) error
	Links(ctx context.Context, id int64, from, n int) (api.Links, error)
}
