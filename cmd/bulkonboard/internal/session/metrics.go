package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

// metricsEvery is the time between two writings of --metrics-file while a run
// goes on. Collectors look every 15 to 60 seconds.
const metricsEvery = 15 * time.Second

// gauges keep --metrics-file up to date. A nil one does nothing. They are safe
// for concurrent use. A file that cannot be written ends no run: it is a
// warning, once.
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
		return nil, exit.NewUsageError(err, "correct --metrics-file, or make its directory writable")
	}
	return g, nil
}

// update changes the figures.
func (g *gauges) update(change func(now *metrics.Snapshot)) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.now)
}

// countAnswer counts an answer of the partner.
func (g *gauges) countAnswer(class ledger.Class, took time.Duration) {
	g.update(func(now *metrics.Snapshot) {
		now.Requests[class]++
		now.Latency.Add(took)
	})
}

// writePlan writes the figures of the check.
func (g *gauges) writePlan(p pipeline.Plan) {
	g.update(func(now *metrics.Snapshot) {
		now.Rows, now.Wallet, now.Currency = maps.Clone(p.Tally.Status), p.Wallet.String(), p.Currency
	})
	g.write()
}

// countMove counts a row's change of status.
func (g *gauges) countMove(from, to ledger.Status) {
	g.update(func(now *metrics.Snapshot) {
		if now.Rows != nil {
			now.Rows[from]--
			now.Rows[to]++
		}
	})
}

// keepProgress keeps the newest figures of the run.
func (g *gauges) keepProgress(p pipeline.Progress) {
	g.update(func(now *metrics.Snapshot) {
		if now.Rate = p.Rate; math.IsNaN(p.Rate) {
			now.Rate = 0
		}
		if p.Wallet.Known() {
			now.Wallet, now.Currency = p.Wallet.String(), p.Currency
		}
		now.WaitingForBalance = p.NoFunds
	})
}

// keepWritten writes the figures from time to time until ctx ends.
func (g *gauges) keepWritten(ctx context.Context) {
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

// writeEnd writes the figures that stay until the next run.
func (g *gauges) writeEnd(sum pipeline.Summary, code exit.Code) {
	g.update(func(now *metrics.Snapshot) {
		number := int(code)
		now.Run, now.Ended, now.ExitCode, now.WaitingForBalance = sum.Run, time.Now(), &number, false
		if sum.IsCounted {
			now.Rows = sum.Tally.Status
		}
		if sum.WalletTo.Known() {
			now.Wallet = sum.WalletTo.String()
		}
		if code == exit.OK || code == exit.Findings {
			now.LastSuccess = now.Ended
		}
	})
	g.write()
}

func (g *gauges) write() {
	g.update(func(now *metrics.Snapshot) {
		if err := metrics.Write(g.out, g.path, *now); err != nil && !g.failed {
			g.failed = true
			g.say("warning: %v; the run continues", fmt.Errorf("--metrics-file: %w", err))
		}
	})
}

// WriteFailedMetrics writes --metrics-file for a run that ended before it had
// figures: its exit code, and the last success that the file had. Without it a
// monitor would go on seeing the run before. A command without the flag has no
// metrics.
func WriteFailedMetrics(con *term.Console, c *cobra.Command, code exit.Code) {
	flag := c.Flags().Lookup(metricsFlag)
	if flag == nil {
		return
	}
	path := cmp.Or(flag.Value.String(), con.Env[settings.VariableOf(metricsFlag)])
	if path == "" {
		return
	}
	before, err := metrics.Read(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // not a metrics file: nothing of the operator's is overwritten
	}
	now, number := time.Now(), int(code)
	s := metrics.Snapshot{Environment: before.Environment, Ledger: before.Ledger, Version: Version(), Started: now, Ended: now, ExitCode: &number}
	if to := settings.TargetOf(c); to.Environment != "" {
		s.Environment, s.Ledger = to.Environment, cmp.Or(baseName(to.Ledger), s.Ledger)
	}
	if s.Environment == before.Environment && s.Ledger == before.Ledger {
		s.LastSuccess = before.LastSuccess
	}
	if err := metrics.Write(atomicfile.Writer{Inputs: c.Flags().Args()}, path, s); err != nil {
		con.Sayf("warning: --metrics-file: %v", err)
	}
}

// metricsFlag is the flag that names the metrics file.
const metricsFlag = "metrics-file"

// baseName returns the last element of a path; "" of none.
func baseName(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}
