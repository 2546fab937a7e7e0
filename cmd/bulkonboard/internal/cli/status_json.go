package cli

import (
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// statusJSON is the summary with what only status has.
type statusJSON struct {
	report.Summary
	Running   bool           `json:"running"`
	Ledgers   report.Counts  `json:"customers"` // of the whole ledger, every customer once
	Wallet    *walletJSON    `json:"wallet"`    // as last heard, by whichever run; null: never
	FeeFrom   report.Text    `json:"feeFrom"`   // given, measured, or null: not known
	PerDay    *float64       `json:"pacePerDay"`
	EndsAt    report.Moment  `json:"endsAt"` // at that pace, if it goes on now
	Attention int            `json:"attention"`
	KYC       map[string]int `json:"kyc"`    // users by the status of their identity check, "" = nothing heard; null without users
	Checks    *report.Checks `json:"checks"` // the same users by day, with reasons and links; null without users
	Lists     []listJSON     `json:"lists"`  // of the newest inputs; null if there is only one
	Plans     []planJSON     `json:"plans"`  // that wait for a second person
	Next      []string       `json:"next"`

	Senders      []session.SenderJSON `json:"senders"`      // of a ledger in PostgreSQL, also those that ended last; else empty
	SentByOthers *int                 `json:"sentByOthers"` // requests of the newest input by other senders than the newest run; null with a ledger in a file
}

// listJSON is how far the users of one input are.
type listJSON struct {
	Input  string        `json:"input"`
	Checks report.Checks `json:"checks"`
}

// planJSON is a plan that waits for a second person.
type planJSON struct {
	Plan    string        `json:"plan"`
	Rows    int           `json:"rows"`
	MadeAt  report.Moment `json:"madeAt"`
	Expires report.Moment `json:"expiresAt"`
}

// walletJSON is a balance.
type walletJSON struct {
	Balance report.Amount `json:"balance"`
	At      report.Moment `json:"at"`
}

func (s *statusReport) toJSON(con *term.Console) statusJSON {
	out := statusJSON{Summary: report.Summary{Schema: report.Schema, Environment: report.Text(s.info.Environment), Ledger: report.Text(s.info.Path),
		Input: []report.InputFile{}, Problems: []report.Cause{}, Reports: []string{}}, Running: s.running, Next: []string{}, Plans: []planJSON{}}
	for _, p := range s.plans {
		out.Plans = append(out.Plans, planJSON{p.ID, p.Rows, report.Moment{Time: p.Made}, report.Moment{Time: p.Expires}})
	}
	out.Senders = session.NewSendersJSON(s.senders)
	if s.isShared {
		n := s.sentByOthers(s.run, s.batch.ID)
		out.SentByOthers = &n
	}
	if s.run.ID != 0 {
		out.Run, out.StartedAt = &s.run.ID, report.Moment{Time: s.run.Started}
		if e := s.run.End; e != nil {
			out.FinishedAt, out.StopReason, out.Sent, out.ExitCode = report.Moment{Time: e.At}, report.Text(e.StopReason), &e.Sent, e.ExitCode
			out.Money = report.Money{WalletBefore: report.Amount(e.WalletFrom), WalletAfter: report.Amount(e.WalletTo)}
		}
	}
	out.Money.Currency = report.Text(s.unit)
	if s.fee.Known() {
		out.Money.Fee, out.FeeFrom = report.Amount(s.fee.String()), "measured"
		if s.given {
			out.FeeFrom = "given"
		}
	}
	if !s.wallet.at.IsZero() {
		out.Wallet = &walletJSON{report.Amount(s.wallet.amount), report.Moment{Time: s.wallet.at}}
	}
	if s.batch.ID == 0 {
		if len(s.plans) > 0 {
			out.Next = s.nextLines(con)
		}
		return out
	}
	left := s.openRows()
	out.Input, out.Rows, out.Counts, out.Problems = report.Inputs([]ledger.Batch{s.batch}), &s.tally.Rows, report.Counts(s.tally.Status), session.Causes(s.tally)
	out.Known, out.Changed, out.Remaining = &s.tally.Known, &s.tally.Changed, &left
	out.Attention, out.Next, out.Ledgers = s.rowsToReview(), s.nextLines(con), report.Counts(s.total.Status)
	if s.checks.Users > 0 {
		checks := report.NewChecks(s.checks, s.life.ForReport())
		out.Checks = &checks
	}
	for _, list := range s.lists {
		out.Lists = append(out.Lists, listJSON{list.name, report.NewChecks(list.users, s.life.ForReport())})
	}
	for status, n := range s.checks.Status {
		if out.KYC == nil {
			out.KYC = map[string]int{}
		}
		out.KYC[string(status)] = n
	}
	if s.perDay > 0 {
		out.PerDay = &s.perDay
		if left > 0 {
			out.EndsAt = report.Moment{Time: s.now.Add(time.Duration(float64(left) / s.perDay * float64(24*time.Hour)))}
		}
	}
	return out
}
