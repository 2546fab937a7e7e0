package session

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
)

// report writes reports and rejects, and counts the rows that are new work for
// the operator.
func (s *session) report(ctx context.Context, sum pipeline.Summary, failed error) (written []string, attention int, err error) {
	if s.in == nil || sum.Batch.ID == 0 {
		return nil, 0, nil
	}
	still, err := s.store.Snapshot(ctx) // reports agree, whatever webhooks come meanwhile
	if err != nil {
		return nil, 0, err
	}
	defer still.Close()
	counted := false
	perFile := make([]int, len(sum.Batch.Files))
	rows := func() report.Rows {
		all := outputs.FollowCorrections(ctx, s.store, still, sum.Batch, ledger.Selection{Batch: sum.Batch.ID})
		if counted {
			return all
		}
		counted = true
		return func(yield func(ledger.Reported, error) bool) {
			for r, err := range all {
				if err == nil && outputs.NeedsReview(&r, s.flags.Strict) {
					attention++
				}
				if err == nil {
					perFile[r.File]++
					if r.Status == ledger.Created && r.Customer.URL != "" {
						s.links++
					}
					s.hosts.add(sum.Batch.Files[r.File].Name, &r)
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
	if len(s.outputs.Reports) > 0 {
		err = s.store.SaveFact(ctx, pipeline.FactLinksShown, "report", time.Now())
	}
	if err != nil && exit.StopReasonOf(failed) != pipeline.LedgerFault {
		return nil, 0, err
	}
	meta := report.Meta{Version: Version(), Environment: s.to.Environment, Ledger: s.to.Ledger, Run: sum.Run,
		Batches: []ledger.Batch{sum.Batch}, Started: sum.Started, Finished: sum.Finished,
		StopReason: string(exit.StopReasonOf(failed)), Money: moneyOf(sum), Headings: outputs.SharedHeadings(s.in.Files()),
		Decided: settings.DecidedIn(s.settings)}
	if meta.KYC, err = s.store.HasKYC(ctx, sum.Batch.ID); err != nil {
		return nil, attention, err
	}
	life, err := ReadLinkLife(ctx, s.store, s.flags.LinkLife)
	if err != nil {
		return nil, attention, err
	}
	meta.LinkLife, meta.LinkAges = life.ForReport(), ShowsLinkAges(meta.Batches, time.Now())
	if exit.StopReasonOf(failed) != pipeline.LedgerFault {
		s.outputs.Facts = s.store
	}
	if written, err = s.outputs.Write(ctx, meta, rows); len(s.outputs.Reports) == 0 {
		err = readAll(rows())
	}
	s.outputs.ReportKept(s.Console)
	if exit.StopReasonOf(failed) != pipeline.LedgerFault {
		err = errors.Join(err, s.hosts.remember(ctx, s.store))
	}
	for i := range perFile {
		if err == nil {
			sum.Batch.Files[i].Rows = perFile[i] // the slice is the summary's own
		}
	}
	if reason := exit.StopReasonOf(failed); reason == pipeline.InputFault {
		return written, attention, err // the input is not what it was: no third pass
	}
	if path := s.flags.Annotate; path != "" && !s.isGuest {
		note := marking.New(s.in.Files()[0])
		note.Outcome, note.Rows = true, outputs.OutcomeRows(ctx, s.in, s.store, sum.Batch)
		marked, failure := outputs.WriteAnnotated(ctx, s.Console, path, s.in, note)
		if failure == nil {
			written = append(written, marked)
		}
		err = errors.Join(err, failure)
	}
	st := sum.Tally.Status
	correctable := st[ledger.Invalid] + st[ledger.Rejected] + sum.Tally.Code[outputs.RepeatsCause()]
	if correctable == 0 {
		return written, attention, err
	}
	rejects, failure := s.outputs.WriteRejects(ctx, s.in, s.store, sum.Batch.ID, correctable)
	s.rejects, s.correctable = rejects, correctable
	return append(written, rejects...), attention, errors.Join(err, failure)
}

// readAll reads rows to their end, for what is counted on the way.
func readAll(rows report.Rows) error {
	for _, err := range rows {
		if err != nil {
			return err
		}
	}
	return nil
}

// reportCommand returns the command that writes the report again.
func (s *session) reportCommand() string {
	words := []string{"report", "--ledger", s.to.Ledger}
	if s.to.Environment == settings.Production || s.to.Environment == settings.Staging {
		words = append(words, "--env", s.to.Environment)
	}
	return s.CommandLine(words...)
}
