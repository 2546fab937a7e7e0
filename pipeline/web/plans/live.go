package plans

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// showPause is the shortest time between two events of a run: whoever looks sees no
// more, and a run makes hundreds a second.
const showPause = 250 * time.Millisecond

// liveRun is a run of this process, while it goes on and after. It has figures and no
// names. It is safe for any number of goroutines.
type liveRun struct {
	plan, list string
	cancel     context.CancelFunc
	abort      chan struct{}
	begun      chan struct{} // closed when the ledger has the run
	over       chan struct{} // closed when it has ended

	mu       sync.Mutex
	now      api.Run
	fee      pipeline.Amount
	progress pipeline.Progress
	since    time.Time     // first progress of sending
	stops    int           // steps of the stop that were taken
	changed  chan struct{} // closed and replaced with each change
	failed   error
}

func newLiveRun(by, plan string, e entry, cancel context.CancelFunc) *liveRun {
	return &liveRun{plan: plan, list: e.List, cancel: cancel, abort: make(chan struct{}), begun: make(chan struct{}), over: make(chan struct{}), changed: make(chan struct{}),
		now: api.Run{Plan: plan, List: e.List, Name: e.Name, Origin: e.Origin, By: by, State: api.RunStarting, Started: time.Now().UTC(), Statuses: map[string]int{}, Warnings: []string{}}}
}

// update changes the figures and wakes up whoever watches.
func (r *liveRun) update(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// newWatch returns what keeps the figures up to date.
func (r *liveRun) newWatch() Watch {
	return Watch{
		Planned: func(p pipeline.Plan) {
			r.update(func() {
				r.fee = p.Fee
				for _, s := range ledger.Statuses() {
					r.now.Statuses[string(s)] = p.Tally.Status[s]
				}
			})
		},
		Begun: func(id int64) {
			r.update(func() { r.now.ID, r.now.State = id, api.RunSending })
			close(r.begun)
		},
		Progress: func(p pipeline.Progress) { r.update(func() { r.addProgress(p) }) },
		Warning:  func(text string) { r.update(func() { r.addWarning(text) }) },
		StatusChange: func(from, to ledger.Status) {
			r.update(func() {
				r.now.Statuses[string(from)]--
				r.now.Statuses[string(to)]++
			})
		},
	}
}

// maxWarnings is how many warnings of a run are shown.
const maxWarnings = 20

func (r *liveRun) addWarning(text string) {
	if len(r.now.Warnings) < maxWarnings && !slices.Contains(r.now.Warnings, text) {
		r.now.Warnings = append(slices.Clone(r.now.Warnings), text) // readers may have the old ones
	}
}

// addProgress takes over what a run shows of itself.
func (r *liveRun) addProgress(p pipeline.Progress) {
	if p.Phase == pipeline.Sending && r.since.IsZero() {
		r.since = time.Now()
	}
	r.progress = p
	r.now.Total, r.now.Sent, r.now.Created, r.now.Problems = p.ToSend, p.Sent, p.Created, p.Problems
	if p.Wallet.Known() {
		r.now.Wallet, r.now.Currency = p.Wallet.String(), p.Currency
	}
}

// figures returns the run as it is shown at a moment.
func (r *liveRun) figures(now time.Time) (api.Run, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.now
	out.Statuses = maps.Clone(r.now.Statuses)
	if out.Finished != nil {
		return out, r.changed
	}
	p := &r.progress
	out.InDoubt = out.Statuses[string(ledger.InDoubt)]
	out.Charged = r.fee.Times(p.Created + p.LostLinks).String()
	switch {
	case r.stops > 0:
		out.State = api.RunStopping
	case p.Pause != "" && out.State == api.RunSending:
		out.State = api.RunWaiting
	}
	out.Waits = waitText(p)
	if span := now.Sub(r.since).Seconds(); !r.since.IsZero() && span > 0 {
		out.PerSecond = math.Round(float64(p.Sent)/span*10) / 10
		if left := p.ToSend - p.Decided; p.Decided > 0 && left > 0 && p.Pause == "" {
			ends := now.Add(time.Duration(float64(left) / (float64(p.Decided) / span) * float64(time.Second))).UTC().Truncate(time.Second)
			out.Ends = &ends
		}
	}
	return out, r.changed
}

// waitText says why nothing is sent, as a sentence; "" if it is sent.
func waitText(p *pipeline.Progress) string {
	if p.Pause == "" {
		return ""
	}
	text := strings.ToUpper(p.Pause[:1]) + p.Pause[1:]
	if !p.Until.IsZero() {
		text += " at " + p.Until.Local().Format(time.TimeOnly)
	}
	return text + "."
}

// end keeps how the run ended.
func (r *liveRun) end(sum report.Summary, err error) {
	r.update(func() {
		at := time.Now().UTC().Truncate(time.Second)
		r.now.Finished, r.now.State, r.now.Waits, r.failed = &at, api.RunFinished, "", err
		r.now.InDoubt = r.now.Statuses[string(ledger.InDoubt)]
		if sum.Counts != nil {
			for _, s := range ledger.Statuses() {
				r.now.Statuses[string(s)] = sum.Counts[s]
			}
			r.now.InDoubt = sum.Counts[ledger.InDoubt]
		}
		if sum.Counts != nil || sum.Run != nil { // it began, though its rows may not be known
			r.now.Charged, r.now.Currency = string(sum.Money.Charged), string(sum.Money.Currency)
			if sum.Money.WalletAfter != "" {
				r.now.Wallet = string(sum.Money.WalletAfter)
			}
			code := sum.ExitCode
			r.now.ExitCode = &code
		}
		if sum.Sent != nil {
			r.now.Sent = *sum.Sent
		}
		if r.now.Stop = stopOf(sum, err); r.now.Stop != nil {
			r.now.State = api.RunStopped
		}
	})
	close(r.over)
}

// takeStop takes the next step: requests in flight finish, then they are cut off.
func (r *liveRun) takeStop() {
	r.update(func() {
		switch r.stops++; r.stops {
		case 1:
			r.cancel()
		case 2:
			close(r.abort)
		default:
			r.stops = 2
		}
	})
}

// isOver reports whether the run has ended.
func (r *liveRun) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}
