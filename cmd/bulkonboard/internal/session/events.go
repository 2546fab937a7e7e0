package session

import (
	"log/slog"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// The events of the log. Monitors rely on their names and members: [Events].
const (
	eventBegun    = "begun"
	eventChecked  = "checked"
	eventProgress = "progress"
	eventWaiting  = "waiting"
	eventGoingOn  = "going on"
	eventEnded    = "ended"

	// EventKYC is the event of a webhook that kyc listen has recorded.
	EventKYC = "kyc status"
)

// Event is one kind of line of the log, by its msg.
type Event struct {
	Name    string
	When    string
	Members []string // beside time, level and msg
	Options []string // members that are there only when they are known
}

// Events lists the events of the log. A message is a line for operators, and stands
// in for every sentence where standard error holds JSON lines only. Any other line
// has the level WARN or ERROR, or is a remark on the ledger: its msg is a sentence.
func Events() []Event {
	return []Event{
		{eventBegun, "the command begins", []string{"command", "version", "environment", "ledger"}, nil},
		{eventChecked, "all input is checked, and nothing has been sent", []string{"rows", "toSend", "new", "inDoubt"}, nil},
		{eventProgress, "a phase begins (checking, sending), at least once a minute, and at the end", []string{"phase", "rows", "toSend", "decided", "created", "problems", "sent"}, []string{"rate", "wallet", "currency", "why"}},
		{eventWaiting, "sending pauses", []string{"why", "decided", "toSend"}, []string{"until"}},
		{eventGoingOn, "sending continues after a pause", []string{"decided", "toSend"}, nil},
		{eventEnded, "the command ends", []string{"run", "exitCode", "stopReason", "sent"}, []string{"remaining", "counts", "error"}},
		{EventKYC, "kyc listen has recorded a webhook", []string{"status", "at"}, nil},
		{term.MessageEvent, "a line for operators", []string{"text"}, nil},
	}
}

// logPlan logs the figures of the check.
func (s *session) logPlan(p pipeline.Plan) {
	s.log.Info(eventChecked, "rows", p.Rows, "toSend", p.Send, "new", p.New, "inDoubt", p.InDoubt)
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
			s.log.Info(eventGoingOn, "decided", now.Decided, "toSend", now.ToSend)
			return
		}
		attrs := []any{"why", why, "decided", now.Decided, "toSend", now.ToSend}
		if !now.Until.IsZero() {
			attrs = append(attrs, "until", now.Until.UTC())
		}
		s.log.Info(eventWaiting, attrs...)
	}
}

// reportRefusal puts what could not begin into the log and the JSON summary.
func (s *session) reportRefusal(err error) error {
	if s.log != nil { // the log itself could be opened
		s.logEnd(pipeline.Summary{}, err, s.Stop.ExitCode(exit.CodeOf(err)))
	}
	s.alerts.SetSummary(notBegunSummary(s.Console, err, s.to))
	return ReportNotBegun(s.Console, err, s.flags.JSON, s.to)
}

// logEnd writes the last event of the log.
func (s *session) logEnd(sum pipeline.Summary, failed error, code exit.Code) {
	attrs := []any{"run", sum.Run, "exitCode", int(code), "stopReason", string(exit.StopReasonOf(failed)), "sent", sum.Sent}
	if failed != nil {
		attrs = append(attrs, "error", failed.Error())
	}
	if sum.Batch.ID == 0 || sum.IsCounted { // else the figures are not known, and are left out
		var counts []any
		for _, st := range ledger.Statuses() {
			counts = append(counts, slog.Int(string(st), sum.Tally.Status[st]))
		}
		attrs = append(attrs, "remaining", sum.Remaining, slog.Group("counts", counts...))
	}
	s.log.Info(eventEnded, attrs...)
}
