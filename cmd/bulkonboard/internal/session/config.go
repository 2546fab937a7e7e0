package session

import (
	"encoding/json"
	"fmt"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// config returns what the pipeline is asked to do. p is nil without a display.
func (s *session) config(p *term.ProgressView) pipeline.Config {
	f := s.flags
	cfg := pipeline.Config{
		Partner: s.client, Ledger: s.known, Environment: s.to.Environment, Rules: s.rules,
		Pace: pipeline.Pace{Rate: f.Rate.PerSecond, Unlimited: f.Rate.Unlimited, Burst: f.Burst.N, Workers: f.Workers.N,
			MaxAttempts: f.MaxAttempts.N, Patience: f.Patience.Duration},
		Doubt: pipeline.Doubt{KeyTTL: f.KeyTTL.Duration, Settle: f.SettleTime(), Hold: f.InDoubt.Value == "hold", GapOurs: f.Gap.Value == "ours",
			CheckExisting: f.CheckExisting.Value == "auto", Timeout: f.Timeout.Duration, SkipConfirm: f.ConfirmCreated.Value == "never"},
		Bounds: pipeline.Bounds{MaxNew: f.MaxNew.Bound, Limit: f.Limit.N, MaxErrors: f.MaxErrors.Bound, MaxDuration: f.MaxDuration.Duration},
		Money:  pipeline.Money{Fee: f.Fee.Amount, Keep: f.KeepBalance.Amount, Wait: f.LowBalance.Value == "wait"},
		Resend: pipeline.Resend{Codes: f.AgainCode, Accept: f.Accept},
		Origin: s.origin(), Abort: s.Stop.Abort, Log: s.log,
	}
	for _, st := range f.Again {
		cfg.Resend.Statuses = append(cfg.Resend.Statuses, ledger.Status(st))
	}
	if s.in != nil {
		cfg.Input = s.found.Columns.WatchRows(s.in)
	}
	cfg.Answered, cfg.Moved = s.gauges.answered, s.gauges.moved
	cfg.LastResort = s.lastResort
	if p != nil {
		cfg.Watch = s.watchProgress(p)
	}
	return cfg
}

// lastResort shows an outcome that neither the ledger nor its emergency file
// would take, once, on standard error: it is the only copy. Whoever runs this
// must keep that output as they keep the ledger.
func (s *session) lastResort(c ledger.Change) {
	line, err := json.Marshal(c)
	if err != nil {
		s.log.Error("an outcome could not be shown", "error", err.Error())
		return
	}
	fmt.Fprintf(s.Err, "NOT SAVED (disk failed). Keep this line: %s\n", line)
}
