package session

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

// While a run goes on the file has the rows as they are then, each counted once.
func TestMetricsDuringARun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.prom")
	g := &gauges{path: path, say: t.Errorf, now: metrics.Snapshot{Requests: map[ledger.Class]int{}}}
	shows := func(want ...string) {
		t.Helper()
		g.write()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), "\n"+w+"\n") {
				t.Errorf("no line %q in\n%s", w, text)
			}
		}
	}
	g.countMove(ledger.Pending, ledger.InDoubt) // not counted before the plan is known
	plan := pipeline.Plan{Tally: ledger.Tally{Status: map[ledger.Status]int{ledger.Pending: 4, ledger.Invalid: 1}}}
	g.writePlan(plan)
	shows(`bulkonboard_rows{status="pending"} 4`, `bulkonboard_rows{status="created"} 0`)
	for range 3 {
		g.countMove(ledger.Pending, ledger.InDoubt)
	}
	g.countMove(ledger.InDoubt, ledger.Created)
	g.countMove(ledger.InDoubt, ledger.InsufficientBalance)
	g.keepProgress(pipeline.Progress{Rate: 5, NoFunds: true})
	shows(`bulkonboard_rows{status="pending"} 1`, `bulkonboard_rows{status="in_doubt"} 1`, `bulkonboard_rows{status="created"} 1`,
		`bulkonboard_rows{status="insufficient_balance"} 1`, `bulkonboard_rows{status="invalid"} 1`,
		"bulkonboard_waiting_for_balance 1", "bulkonboard_requests_per_second_limit 5")
	g.countAnswer(ledger.OK, time.Second)
	g.writeEnd(pipeline.Summary{}, exit.Wallet)
	shows("bulkonboard_run_exit_code 4", "bulkonboard_waiting_for_balance 0", `bulkonboard_rows{status="created"} 1`)
	if plan.Tally.Status[ledger.Pending] != 4 {
		t.Error("the plan was changed")
	}
}
