package session

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

// metricsEvery is the time between two writings of --metrics-file while a run
// goes on. Collectors look every 15 to 60 seconds.
const metricsEvery = 15 * time.Second

// gauges keep --metrics-file up to date. A nil one does nothing. It is safe for
// concurrent use. That the file cannot be written ends no run: it is a warning,
// once.
type gauges struct {
	path string
	out  atomicfile.Writer
	say  func(format string, args ...any)

	mu     sync.Mutex
	now    metrics.Snapshot
	failed bool
}

// newGauges finds out before the run whether the file can be written; nil
// without --metrics-file.
func (s *session) newGauges(ctx context.Context) (*gauges, error) {
	if s.flags.MetricsFile == "" {
		return nil, nil
	}
	g := &gauges{path: s.flags.MetricsFile, say: s.Sayf}
	if s.outputs != nil {
		g.out = s.outputs.Output.Writer
	}
	g.now = metrics.Snapshot{Environment: s.to.Environment, Ledger: filepath.Base(s.to.Ledger), Version: Version(), Started: time.Now(),
		Requests: map[ledger.Class]int{}}
	for r, err := range s.store.Log(ctx) {
		if err != nil {
			return nil, err
		}
		if e := r.End; e != nil && r.Command == "run" && (e.ExitCode == int(exit.OK) || e.ExitCode == int(exit.Findings)) {
			g.now.LastSuccess = e.At
			break
		}
	}
	if err := metrics.Write(g.out, g.path, g.now); err != nil {
		return nil, exit.NewUsageError(err, "correct --metrics-file, or make the directory writable")
	}
	return g, nil
}

func (g *gauges) answered(class ledger.Class, took time.Duration) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Requests[class]++
	g.now.Latency.Add(took)
}

func (g *gauges) plan(p pipeline.Plan) {
	if g == nil {
		return
	}
	g.mu.Lock()
	g.now.Rows, g.now.Wallet, g.now.Currency = maps.Clone(p.Tally.Status), p.Wallet.String(), p.Currency
	g.mu.Unlock()
	g.write()
}

// moved counts a row's change of status.
func (g *gauges) moved(from, to ledger.Status) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now.Rows != nil {
		g.now.Rows[from]--
		g.now.Rows[to]++
	}
}

// watch takes the newest figures of the run.
func (g *gauges) watch(p pipeline.Progress) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now.Rate = p.Rate; math.IsNaN(p.Rate) {
		g.now.Rate = 0
	}
	if p.Wallet.Known() {
		g.now.Wallet, g.now.Currency = p.Wallet.String(), p.Currency
	}
	g.now.WaitingForBalance = p.NoFunds
}

// keep writes until ctx ends.
func (g *gauges) keep(ctx context.Context) {
	if g == nil {
		return
	}
	tick := time.NewTicker(metricsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.write()
		case <-ctx.Done():
			return
		}
	}
}

// end writes the figures that stay until the next run.
func (g *gauges) end(sum pipeline.Summary, code exit.Code) {
	if g == nil {
		return
	}
	g.mu.Lock()
	number := int(code)
	g.now.Run, g.now.Ended, g.now.ExitCode, g.now.WaitingForBalance = sum.Run, time.Now(), &number, false
	if sum.Batch.ID != 0 {
		g.now.Rows = sum.Tally.Status
	}
	if sum.WalletTo.Known() {
		g.now.Wallet = sum.WalletTo.String()
	}
	if code == exit.OK || code == exit.Findings {
		g.now.LastSuccess = g.now.Ended
	}
	g.mu.Unlock()
	g.write()
}

func (g *gauges) write() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := metrics.Write(g.out, g.path, g.now); err != nil && !g.failed {
		g.failed = true
		g.say("warning: %v; the run goes on", fmt.Errorf("--metrics-file: %w", err))
	}
}
