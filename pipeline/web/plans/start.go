package plans

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// ListOf returns the list of a plan; "" if the plan was not made here.
func (d *Desk) ListOf(plan string) string {
	e, _ := d.book.find(plan)
	return e.List
}

// StartRun begins the run of an approved plan, or continues it, and returns once the
// ledger has the run or has refused it. The run goes on when ctx is over.
func (d *Desk) StartRun(ctx context.Context, by access.Visitor, plan string, list *lists.Snapshot) (api.Run, error) {
	p, err := d.findPlan(ctx, plan)
	if err != nil {
		return api.Run{}, err
	}
	if err := p.CheckBegin(time.Now()); err != nil {
		return api.Run{}, &api.Refusal{Status: http.StatusConflict, Body: api.Error{Code: "plan_refused", Sentence: sentenceOf(err)}}
	}
	e, _ := d.book.find(plan)
	terms, err := d.runTerms(ctx, p, e)
	if err != nil {
		return api.Run{}, err
	}
	r, err := d.beginRun(by, plan, e, orderOf(by, list), terms) //nolint:contextcheck // the run outlives the request
	if err != nil {
		return api.Run{}, err
	}
	select {
	case <-r.begun:
	case <-r.over:
	case <-ctx.Done():
		return api.Run{}, ctx.Err()
	}
	run, _ := r.figures(time.Now())
	if run.ID == 0 {
		return run, r.failure()
	}
	return run, nil
}

// runTerms returns what a run of a plan keeps to. The limit is for the first rows: a run
// that was cut off before it reached the limit is continued up to it, and one that
// reached it without a limit.
func (d *Desk) runTerms(ctx context.Context, p ledger.Plan, e entry) (Terms, error) {
	t := Terms{Plan: p.ID, Limit: e.Limit}
	if t.Limit == 0 {
		return t, nil
	}
	all, err := d.Commands.Runs(ctx)
	if err != nil {
		return t, err
	}
	at := slices.IndexFunc(all, func(r RunRecord) bool { return r.Plan == p.ID })
	if at < 0 {
		return t, nil
	}
	found, err := d.Commands.Tally(ctx, all[at].ID)
	if err != nil {
		return t, err
	}
	begun := p.Rows - found.Status[ledger.Pending] - found.Status[ledger.InsufficientBalance]
	t.Limit = max(0, t.Limit-max(0, begun))
	return t, nil
}

// beginRun starts the only run of this process.
func (d *Desk) beginRun(by access.Visitor, plan string, e entry, o Order, t Terms) (*liveRun, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.current != nil || d.ctx.Err() != nil {
		return nil, api.Refuse(http.StatusConflict, "held")
	}
	ctx, cancel := context.WithCancel(d.ctx)
	r := newLiveRun(by.Name, plan, e, cancel)
	d.current = r
	delete(d.stale, plan)
	d.work.Go(func() error {
		defer cancel()
		sum, err := d.carryOut(ctx, r, o, t)
		d.forgetRun(r, err)
		r.end(sum, err)
		return nil
	})
	d.work.Go(func() error {
		select {
		case <-d.Abort:
			r.takeStop()
			r.takeStop()
		case <-r.over:
		}
		return nil
	})
	return r, nil
}

// carryOut sends. A panic is the run's error, so that the page still says what became
// of it.
func (d *Desk) carryOut(ctx context.Context, r *liveRun, o Order, t Terms) (sum report.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	w := r.newWatch()
	begun := w.Begun
	w.Begun = func(id int64) {
		d.mu.Lock()
		d.runs[id] = r
		d.mu.Unlock()
		begun(id)
	}
	return d.Commands.Send(ctx, o, t, r.abort, w)
}

// forgetRun makes room for the next run, and keeps how this one differed from its plan.
func (d *Desk) forgetRun(r *liveRun, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.current = nil
	var refused *api.Refusal
	switch {
	case !errors.As(err, &refused):
		if err != nil {
			d.Log.Error("run failed", "plan", r.plan, "error", err)
		}
	case len(refused.Body.Differs) > 0:
		d.stale[r.plan] = refused.Body.Differs
	}
}

// failure returns why a run did not begin.
func (r *liveRun) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		return api.Refuse(http.StatusInternalServerError, "failed")
	}
	return r.failed
}

// sentenceOf returns the text of an error as a sentence.
func sentenceOf(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
