package plans

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// Config configures a desk. Commands and Folder are required.
type Config struct {
	Commands Commands
	Folder   string // where the desk keeps which plan is of which list
	// Approvers are the users of a team who may approve. A team always needs two
	// persons; the only user of a process needs them if the ledger asks for them.
	Approvers []string
	IsTeam    bool
	// Abort, when closed, cuts off the requests of all runs. nil = never.
	Abort <-chan struct{}
	Log   *slog.Logger // nil = discard
}

// Desk makes plans and carries them out. It is safe for any number of goroutines.
type Desk struct {
	Config

	book *book
	ctx  context.Context //nolint:containedctx // of the runs: they go on after the request that began them
	work *errgroup.Group
	busy chan struct{} // holds a value while a preview has the ledger

	mu      sync.Mutex
	runs    map[int64]*liveRun  // that this process has begun
	current *liveRun            // the one that is not over
	stale   map[string][]string // by plan: how the last attempt to run it differed
}

// NewDesk opens a desk. Its runs end with ctx, as after a signal: requests in flight are
// awaited.
func NewDesk(ctx context.Context, cfg Config) (*Desk, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	b, err := openBook(cfg.Folder)
	if err != nil {
		return nil, err
	}
	return &Desk{Config: cfg, book: b, ctx: ctx, work: &errgroup.Group{}, busy: make(chan struct{}, 1), runs: map[int64]*liveRun{}, stale: map[string][]string{}}, nil
}

// Close waits for the runs. They must have been stopped.
func (d *Desk) Close() error {
	err := d.work.Wait()
	if closed := d.book.file.Close(); err == nil {
		err = closed
	}
	return err
}

// Target returns where users would be created.
func (d *Desk) Target(ctx context.Context) api.Target { return d.Commands.Target(ctx) }

// Held says which other process holds the ledger; nil if none does.
func (d *Desk) Held(ctx context.Context) (*api.Held, error) { return d.Commands.Held(ctx) }

// IsBusy reports whether a run or a preview is under way.
func (d *Desk) IsBusy() bool { return d.currentRun() != nil || len(d.busy) > 0 }

// currentRun returns the run that is not over; nil if there is none.
func (d *Desk) currentRun() *liveRun {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.current
}

// IsInUse reports whether a list is being sent, or was begun and is not over.
func (d *Desk) IsInUse(ctx context.Context, list string) (bool, error) {
	if r := d.currentRun(); r != nil && r.list == list {
		return true, nil
	}
	all, err := d.Commands.Plans(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(p ledger.Plan) bool {
		e, isKnown := d.book.find(p.ID)
		return isKnown && e.List == list && p.State == ledger.PlanRunning && isOpen(p)
	}), nil
}

// NewestPlan returns the newest plan of a list; "" if it has none.
func (d *Desk) NewestPlan(list string) string { return d.book.newest(list) }

// orderOf returns a list as commands read it.
func orderOf(by access.Visitor, list *lists.Snapshot) Order {
	return Order{User: by.Name, Editors: list.Editors, Decided: list.Made, File: list.File, Rejects: list.Rejects, Name: list.Name, Flags: list.Flags, Change: list.Change,
		ShownName: list.ShownName, ShownFlags: list.ShownFlags, IsEdited: list.IsEdited}
}

// DoneList is a list that need not be kept, unless it was changed after this revision.
type DoneList struct {
	ID       string
	Revision int
}

// DoneLists returns the lists whose newest plan was carried out and left nothing to
// correct, and those whose newest plan has expired.
func (d *Desk) DoneLists(ctx context.Context) ([]DoneList, error) {
	all, err := d.Commands.Plans(ctx)
	if err != nil {
		return nil, err
	}
	runs, err := d.Commands.Runs(ctx)
	if err != nil {
		return nil, err
	}
	var done []DoneList
	for _, p := range all {
		e, isKnown := d.book.find(p.ID)
		if !isKnown || d.book.newest(e.List) != p.ID || isOpen(p) {
			continue
		}
		isComplete := slices.ContainsFunc(runs, func(r RunRecord) bool { return r.Plan == p.ID && r.End != nil && r.End.ExitCode == 0 })
		if isComplete || time.Now().After(p.Expires) {
			done = append(done, DoneList{e.List, e.Revision})
		}
	}
	return done, nil
}
