package session

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/report/atomicfile"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

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
