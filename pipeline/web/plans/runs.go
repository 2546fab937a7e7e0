package plans

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// findLive returns a run that this process has begun; nil if it has not.
func (d *Desk) findLive(id int64) *liveRun {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runs[id]
}

// Runs returns all runs, newest first, also those of the command line. Rows are counted
// for those of this process only; see Run.
func (d *Desk) Runs(ctx context.Context) ([]api.Run, error) {
	all, err := d.Commands.Runs(ctx)
	if err != nil {
		return nil, err
	}
	isElsewhere, err := d.Commands.IsSentElsewhere(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]api.Run, 0, len(all))
	for i, r := range all {
		if l := d.findLive(r.ID); l != nil {
			run, _ := l.figures(time.Now())
			out = append(out, run)
			continue
		}
		out = append(out, d.describeRecord(r, i == 0 && isElsewhere))
	}
	return out, nil
}

// Run returns a run, with the rows of its input as they are now.
func (d *Desk) Run(ctx context.Context, id int64) (api.Run, error) {
	if l := d.findLive(id); l != nil {
		run, _ := l.figures(time.Now())
		return run, nil
	}
	all, err := d.Commands.Runs(ctx)
	if err != nil {
		return api.Run{}, err
	}
	at := slices.IndexFunc(all, func(r RunRecord) bool { return r.ID == id })
	if at < 0 {
		return api.Run{}, api.Refuse(http.StatusNotFound, "not_found")
	}
	isElsewhere, err := d.Commands.IsSentElsewhere(ctx)
	if err != nil {
		return api.Run{}, err
	}
	run := d.describeRecord(all[at], at == 0 && isElsewhere)
	found, err := d.Commands.Tally(ctx, id)
	if err == nil {
		setTally(&run, found)
	}
	return run, err
}

// describeRecord returns a run as the ledger has it. isElsewhere says that another
// process may be carrying it out.
func (d *Desk) describeRecord(r RunRecord, isElsewhere bool) api.Run {
	out := api.Run{ID: r.ID, Plan: r.Plan, State: api.RunFinished, Started: r.Started.UTC(), By: r.Who, Statuses: map[string]int{}, Warnings: []string{}}
	if len(r.Files) > 0 {
		out.Name = filepath.Base(r.Files[0].Name)
	}
	if e, isKnown := d.book.find(r.Plan); isKnown {
		out.List, out.Name, out.Origin = e.List, e.Name, e.Origin
	}
	end := r.End
	switch {
	case end == nil && isElsewhere:
		out.State = api.RunSending
	case end == nil:
		out.State, out.Stop = api.RunStopped, wordedError("run_cut")
	default:
		at := end.At.UTC()
		out.Finished, out.ExitCode, out.Sent, out.Created, out.Wallet = &at, &end.ExitCode, end.Sent, end.Created, end.WalletTo
		if out.Stop = stopWith(end.StopReason, end.ExitCode); out.Stop != nil {
			out.State = api.RunStopped
		}
		out.Charged = amountLost(end.WalletFrom, end.WalletTo)
	}
	return out
}

// amountLost returns what a wallet lost; "" if that is not known.
func amountLost(from, to string) string {
	a, err := pipeline.ParseAmount(from)
	b, failed := pipeline.ParseAmount(to)
	if err != nil || failed != nil {
		return ""
	}
	return a.Minus(b).String()
}

// setTally sets the rows of a run's input as they are now.
func setTally(r *api.Run, t ledger.Tally) {
	for _, s := range ledger.Statuses() {
		r.Statuses[string(s)] = t.Status[s]
	}
	r.InDoubt = t.Status[ledger.InDoubt]
	r.Problems = t.Status[ledger.Duplicate] + t.Status[ledger.Rejected] + t.Status[ledger.LinkMissing]
	r.Total = r.Problems + r.InDoubt + t.Status[ledger.Created] + t.Status[ledger.Pending] + t.Status[ledger.InsufficientBalance]
}

// stopOf says why a run stopped before its end; nil if it came to it.
func stopOf(sum report.Summary, err error) *api.Error {
	if err == nil {
		return stopWith(string(sum.StopReason), sum.ExitCode)
	}
	var refused *api.Refusal
	if errors.As(err, &refused) {
		return &refused.Body
	}
	return wordedError("failed")
}

// stopWith words a stop reason; without one, the exit code of a run that did not finish.
func stopWith(reason string, code int) *api.Error {
	if code == 0 || code == 3 {
		return nil
	}
	words := messages.English()
	m, isKnown := words.Stops[reason]
	if !isKnown {
		m = words.Exits[strconv.Itoa(code)]
	}
	return &api.Error{Code: cmp.Or(reason, "exit_"+strconv.Itoa(code)), Sentence: m.Meaning, WhatToDo: m.Finance}
}

// WatchRun calls show with the figures of a run now and whenever they changed, until the
// run ends, ctx does or show fails. A slow show never delays the run: it misses figures.
func (d *Desk) WatchRun(ctx context.Context, id int64, show func(api.Run) error) error {
	l := d.findLive(id)
	if l == nil {
		run, err := d.Run(ctx, id)
		if err != nil {
			return err
		}
		return show(run)
	}
	pause := time.NewTicker(showPause)
	defer pause.Stop()
	for {
		run, changed := l.figures(time.Now())
		if err := show(run); err != nil || run.Finished != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-pause.C:
		case <-l.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// StopRun lets the requests of a run finish; asked again, it cuts them off. What is cut
// off is in doubt, and looked up by the next run.
func (d *Desk) StopRun(_ context.Context, _ access.Visitor, id int64) (api.Run, error) {
	l := d.findLive(id)
	if l == nil || l.isOver() {
		return api.Run{}, api.Refuse(http.StatusConflict, "run_over")
	}
	l.takeStop()
	run, _ := l.figures(time.Now())
	return run, nil
}
