package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

// RecoverLinks deletes the users of an input whose link was lost, and creates
// them again.
func RecoverLinks(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) error {
	return withRecovery(con, c, f, args, "links recover", func(ctx context.Context, r *recovery) (pipeline.Summary, error) { return r.recoverAll(ctx) })
}

// withRecovery opens what a command needs that deletes users and creates them again, does
// the work, and concludes.
func withRecovery(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string, name string, work func(context.Context, *recovery) (pipeline.Summary, error)) (err error) {
	told, err := OpenAlerts(con, c, &f.NotifyFlags, f.Proxy.Text)
	if err != nil {
		return ReportNotBegun(con, err, f.JSON, settings.TargetOf(c))
	}
	if !f.Yes && !term.IsTerminal(con.In) {
		return exit.NewUsageError(errors.New(name+" deletes users at the partner. There is no terminal to confirm on: add --yes."),
			"bulkonboard status shows how many links are lost or dead")
	}
	if f.InDoubt.Value == "hold" {
		return exit.UsageErrorf("--in-doubt hold never sends a row again, so deleted users would not be re-created")
	}
	s, err := newSession(con, c, f, args)
	if err != nil {
		return ReportNotBegun(con, err, f.JSON, settings.TargetOf(c))
	}
	s.command, s.alerts = settings.CommandName(c), told
	r := &recovery{session: s, name: name, noneText: "no link of this input is missing"}
	defer func() { err = s.closeAfter(err) }()
	if err := s.open(c.Context(), args); err != nil {
		return s.reportRefusal(err)
	}
	s.alerts.SetSummary(s.begunSummary())
	if s.gauges, err = s.newGauges(c.Context()); err != nil {
		return err
	}
	sum, failed := work(c.Context(), r)
	return r.conclude(c.Context(), sum, failed)
}

// recovery is one links recover, or links renew, under way.
type recovery struct {
	*session
	name     string         // of the command
	noneText string         // what is said if no user needs a new link
	lost     int            // links that are to be replaced
	kept     int            // users who were not deleted, so that they have no link still
	chosen   map[int64]bool // whose user is created again
	runs     []int64        // of the ledger's log, to be closed
}

// settleFirst settles what is in doubt. It returns the configuration of further passes.
func (r *recovery) settleFirst(ctx context.Context) (pipeline.Config, pipeline.Summary, error) {
	cfg := r.config(nil)
	cfg.Doubt.CheckExisting = false
	cfg.Confirm = func(_ context.Context, p pipeline.Plan) error {
		r.gauges.writePlan(p)
		if p.New > 0 && !p.Again {
			return exit.NewUsageError(fmt.Errorf("%s of this input were never sent: run it first", term.Count(p.New, "row")), r.name+" needs the input that was run, or one with the same customers")
		}
		return nil
	}
	cfg.Filter = func(c ledger.Customer) bool { return c.Status == ledger.InDoubt }
	cfg.Money.Prepaid, cfg.Bounds.MaxInvalid, cfg.Bounds.Limit = true, pipeline.Bound{}, 0 // this input was sent
	sum, err := r.pass(ctx, cfg)
	return cfg, sum, err
}

// recoverAll settles what is in doubt, deletes, and creates again.
func (r *recovery) recoverAll(ctx context.Context) (pipeline.Summary, error) {
	cfg, sum, err := r.settleFirst(ctx)
	if err != nil {
		return sum, err
	}
	lost, err := r.lostLinks(ctx, sum.Batch.ID)
	if r.lost = len(lost); err != nil || r.lost == 0 {
		return sum, err
	}
	if err := r.confirmRemoval(lost); err != nil {
		return sum, err
	}
	gone, err := kyc.Remove(ctx, kyc.RemoveConfig{Ledger: r.known, Partner: r.client, Pace: kyc.NewPace(r.flags.Rate.PerSecond), Run: sum.Run,
		Watch: func(done, of int) {
			if done%100 == 0 {
				r.Sayf("%s of %s deleted", term.Number(done), term.Number(of))
			}
		}}, lost)
	r.keepResult(gone)
	if len(r.chosen) == 0 || err != nil {
		return sum, partnerStop(err)
	}
	cfg.Confirm = func(_ context.Context, p pipeline.Plan) error {
		r.gauges.writePlan(p)
		return nil
	}
	cfg.Filter = func(c ledger.Customer) bool { return r.chosen[c.ID] }
	return r.pass(ctx, cfg)
}

// keepResult notes whose users were deleted, and says who kept theirs.
func (r *recovery) keepResult(gone kyc.Removals) {
	r.chosen = map[int64]bool{}
	for _, id := range append(slices.Clone(gone.Removed), gone.Unknown...) {
		r.chosen[id] = true
	}
	r.kept = gone.Refused + gone.NotListed + gone.Changed
	if gone.NotListed > 0 {
		r.Sayf("%s not deleted: the partner's list does not show the serviceId under the customer's e-mail. Ask the partner, then use bulkonboard ledger resolve", term.Count(gone.NotListed, "user"))
	}
	if gone.Changed > 0 {
		r.Sayf("%s not deleted: the ledger changed in the meantime. Run the same command again", term.Count(gone.Changed, "user"))
	}
	if gone.Refused > 0 {
		r.Sayf("%s not deleted by the partner (%s): users with cards cannot be deleted", term.Count(gone.Refused, "user"), gone.Code)
	}
	if len(gone.Unknown) > 0 {
		r.Sayf("%s without a clear answer: the partner's list will show later whether they were deleted", term.Count(len(gone.Unknown), "user"))
	}
}

// pass runs the pipeline over the input once.
func (r *recovery) pass(ctx context.Context, cfg pipeline.Config) (pipeline.Summary, error) {
	var sum pipeline.Summary
	var failed error
	p := &term.ProgressView{}
	cfg.OnProgress = r.watchProgress(p)
	err := r.runWithDisplay(ctx, p, func() { sum, failed = pipeline.Run(ctx, cfg) })
	if sum.Run != 0 {
		r.runs = append(r.runs, sum.Run)
	}
	return sum, errors.Join(failed, err)
}

// lostLinks returns the customers of the input whose link was lost, with their attempts.
func (r *recovery) lostLinks(ctx context.Context, batch int64) (lost []ledger.Customer, err error) {
	for c, err := range r.known.Customers(ctx, ledger.Query{Status: []ledger.Status{ledger.LinkMissing}, Batch: batch, History: true}) {
		if err != nil {
			return nil, err
		}
		if c.ServiceID == "" || c.KYC.IsUnderReviewAgain() {
			continue // whom to delete is not known, or the user needs no link
		}
		lost = append(lost, c)
	}
	return lost, nil
}

// confirmRemoval says what recovery means, and asks.
func (r *recovery) confirmRemoval(lost []ledger.Customer) error {
	approved := 0
	for _, c := range lost {
		if c.KYC.Status == ledger.KYCApproved {
			approved++
		}
	}
	r.Sayf("%s of this input have no link: the answer with the link was lost", term.Count(len(lost), "user"))
	r.Sayf("  each is deleted at the partner and created again, with a new serviceId")
	r.Sayf("  no second fee, except for users already approved: %s as far as the ledger knows", term.Number(approved))
	if r.flags.Yes {
		return nil
	}
	if !r.Confirm(fmt.Sprintf("Delete %s at %s and create them again?", term.Count(len(lost), "user"), r.to.Environment)) {
		return exit.UsageErrorf("not confirmed; no user was deleted")
	}
	return nil
}

// conclude closes the runs, writes the reports and says what came of it.
func (r *recovery) conclude(ctx context.Context, sum pipeline.Summary, failed error) error {
	code := exit.CodeOf(failed)
	last := context.WithoutCancel(ctx)
	left, err := r.countLeft(last)
	if code == exit.OK && (err != nil || left > 0 || r.kept > 0) {
		code = exit.CodeOf(err)
		if err == nil {
			code = exit.Findings
		}
	}
	code = r.Stop.ExitCode(code)
	for i, id := range r.runs {
		end := ledger.RunEnd{At: time.Now(), ExitCode: int(code), StopReason: string(exit.StopReasonOf(failed))}
		if i == len(r.runs)-1 {
			end.Sent, end.Created, end.WalletFrom, end.WalletTo = sum.Sent, sum.New[ledger.Created], sum.WalletFrom.String(), sum.WalletTo.String()
		}
		if exit.StopReasonOf(failed) == pipeline.LedgerFault {
			break
		}
		if err := r.store.Finish(last, id, end); err != nil {
			failed, code = errors.Join(failed, err), exit.First(code, exit.Ledger)
		}
	}
	r.reportFailure(failed)
	written, _, reportErr := r.report(last, sum, failed)
	if reportErr != nil {
		r.Sayf("bulkonboard: %v", reportErr)
		code = exit.First(code, exit.Failure)
	}
	for _, path := range written {
		r.Sayf("written: %s", path)
	}
	switch {
	case r.lost == 0 && failed == nil:
		r.Sayf("%s", r.noneText)
	case failed == nil || len(r.chosen) > 0:
		r.Sayf("%s of %s have a new link", term.Number(len(r.chosen)-left), term.Count(r.lost, "user"))
	}
	if w := feeWarning(sum); w != "" {
		r.Sayf("%s", w)
	}
	r.Sayf("%s (exit %d)", exit.LastLine(code), code)
	if left > 0 {
		r.Sayf("%s still being created again; to continue, run: %s", term.Count(left, "user"), r.ContinueCommand())
	}
	r.gauges.writeEnd(sum, code)
	r.logEnd(sum, failed, code)
	return r.finish(summaryOf(sum, failed), written, code, failed)
}

// countLeft counts those who were chosen and have no link yet.
func (r *recovery) countLeft(ctx context.Context) (n int, err error) {
	if len(r.chosen) == 0 {
		return 0, nil
	}
	q := ledger.Query{}
	for id := range r.chosen {
		q.IDs = append(q.IDs, id)
	}
	for c, err := range r.known.Customers(ctx, q) {
		if err != nil {
			return n, err
		}
		if c.Status != ledger.Created {
			n++
		}
	}
	return n, nil
}
