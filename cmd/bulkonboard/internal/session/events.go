package session

import (
	"log/slog"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// logBegin writes the first event of the log that --log-format asks for. There
// is one event for whatever a monitor of the run must know; operators read the
// same in words on standard error.
func (s *session) logBegin() {
	s.log.Info("begun", "command", s.command, "version", Version(), "environment", s.to.Environment, "ledger", s.to.Ledger)
}

// logPlan logs the figures of the check.
func (s *session) logPlan(p pipeline.Plan) {
	s.log.Info("checked", "rows", p.Rows, "toSend", p.Send, "new", p.New, "inDoubt", p.InDoubt)
}

// logPauses returns a function that logs when a pause begins and when it is
// over. Calls must not overlap.
func (s *session) logPauses() func(pipeline.Progress) {
	why := ""
	return func(now pipeline.Progress) {
		if now.Pause == why {
			return
		}
		why = now.Pause
		if why == "" {
			s.log.Info("going on", "decided", now.Decided, "toSend", now.ToSend)
			return
		}
		attrs := []any{"why", why, "decided", now.Decided, "toSend", now.ToSend}
		if !now.Until.IsZero() {
			attrs = append(attrs, "until", now.Until.UTC())
		}
		s.log.Info("waiting", attrs...)
	}
}

// reportRefusal puts what could not begin into the log and the JSON summary.
func (s *session) reportRefusal(err error) error {
	if s.log != nil { // the log itself could be opened
		s.logEnd(pipeline.Summary{}, err, s.Stop.ExitCode(exit.CodeOf(err)))
	}
	return ReportNotBegun(s.Console, err, s.flags.JSON, s.to)
}

// logEnd writes the last event of the log.
func (s *session) logEnd(sum pipeline.Summary, failed error, code exit.Code) {
	attrs := []any{"run", sum.Run, "exitCode", int(code), "stopReason", string(exit.StopReasonOf(failed)), "sent", sum.Sent, "remaining", sum.Remaining}
	if failed != nil {
		attrs = append(attrs, "error", failed.Error())
	}
	var counts []any
	for _, st := range ledger.Statuses() {
		counts = append(counts, slog.Int(string(st), sum.Tally.Status[st]))
	}
	s.log.Info("ended", append(attrs, slog.Group("counts", counts...))...)
}
