package webcmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/guest"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/holder"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	desk "github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// readLedger runs do on the ledger, open to be read. Before the first run there may be
// none: then do is not called.
func (e *engine) readLedger(ctx context.Context, do func(session.Ledger) error) error {
	return e.withLedger(ctx, session.LedgerOptions{ReadOnly: true}, do)
}

func (e *engine) withLedger(ctx context.Context, o session.LedgerOptions, do func(session.Ledger) error) (err error) {
	o.Path, o.Environment, o.Command = e.to.Ledger, e.to.Environment, e.command.Name()
	l, err := session.OpenLedger(guest.With(ctx, guest.Guest{Openings: &e.opened}), o)
	if errors.Is(err, ledger.ErrMissing) && o.ReadOnly {
		return nil
	}
	if err != nil {
		return refusalOf(err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return refusalOf(do(l))
}

// Held implements desk.Commands.
func (e *engine) Held(context.Context) (*api.Held, error) {
	if postgres.IsAddress(e.to.Ledger) {
		return nil, nil
	}
	by, isHeld := holder.Read(e.to.Ledger)
	if !isHeld || by.PID == os.Getpid() {
		return nil, nil
	}
	return &api.Held{Who: fmt.Sprintf("process %d on %s", by.PID, by.Host), Since: by.Since, What: by.Command}, nil
}

// IsSentElsewhere implements desk.Commands.
func (e *engine) IsSentElsewhere(ctx context.Context) (isSent bool, err error) {
	if held, err := e.Held(ctx); held != nil || err != nil {
		return held != nil, err
	}
	err = e.readLedger(ctx, func(l session.Ledger) error {
		shared, isShared := l.(ledger.Shared)
		if !isShared {
			return nil
		}
		senders, err := shared.Senders(ctx)
		isSent = slices.ContainsFunc(senders, func(s ledger.SenderState) bool {
			return s.Ended.IsZero() && s.Batch != 0 && (s.PID != os.Getpid() || s.Host != e.Host())
		})
		return err
	})
	return isSent, err
}

// NeedsSecondPerson implements desk.Commands.
func (e *engine) NeedsSecondPerson(ctx context.Context) (isAsked bool, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		policy, _, err := plans.Policy(ctx, l)
		isAsked = policy == plans.PolicyTwoPersons
		return err
	})
	return isAsked, err
}

// Plans implements desk.Commands.
func (e *engine) Plans(ctx context.Context) (all []ledger.Plan, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		all, err = l.Plans(ctx)
		return err
	})
	return all, err
}

// Decide implements desk.Commands.
func (e *engine) Decide(ctx context.Context, p ledger.Plan, by string, a desk.Answer) error {
	terms, err := approval.ParseTerms(p.Terms)
	if err != nil {
		return refusalOf(err)
	}
	record := session.NewRunRecord("approve")
	record.Who = by
	return e.withLedger(ctx, session.LedgerOptions{Concurrent: true}, func(l session.Ledger) error {
		if err := p.CheckDecision(time.Now()); err != nil {
			return err
		}
		if a.Approves {
			if err := plans.CheckDecider(ctx, l, &terms, approval.Person{User: by, Host: record.Host}); err != nil {
				return err
			}
		}
		d := &ledger.PlanDecision{Approves: a.Approves, Who: by, Host: record.Host, Because: a.Comment, At: time.Now()}
		_, err := session.RecordDecision(ctx, l, p, d, record)
		return err
	})
}

// Runs implements desk.Commands.
func (e *engine) Runs(ctx context.Context) (all []desk.RunRecord, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		batches, err := l.Batches(ctx)
		if err != nil {
			return err
		}
		byID := make(map[int64]ledger.Batch, len(batches))
		for _, b := range batches {
			byID[b.ID] = b
		}
		for r, err := range l.Log(ctx) {
			if err != nil {
				return err
			}
			if b := byID[r.Batch]; r.Command == "run" && b.ID != 0 {
				all = append(all, desk.RunRecord{Run: r, Files: b.Files, Rows: b.Rows})
			}
		}
		return nil
	})
	return all, err
}

// Tally implements desk.Commands.
func (e *engine) Tally(ctx context.Context, run int64) (t ledger.Tally, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		t, err = l.Tally(ctx, ledger.Selection{Run: run})
		return err
	})
	return t, err
}

// CountLinks implements desk.Commands.
func (e *engine) CountLinks(ctx context.Context, run int64) (n int, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		return eachLink(ctx, l, run, func(*ledger.Reported) error {
			n++
			return nil
		})
	})
	return n, err
}

// maxReasons is how many reasons of denials the page shows.
const maxReasons = 5

// Followed implements desk.Commands.
func (e *engine) Followed(ctx context.Context, run int64) (out api.KYC, err error) {
	out.Reasons = []api.KYCReason{}
	err = e.readLedger(ctx, func(l session.Ledger) error {
		batch, err := batchOf(ctx, l, run)
		if err != nil || batch == 0 {
			return err
		}
		life, err := session.ReadLinkLife(ctx, l, settings.Age{})
		if err != nil {
			return err
		}
		f, err := kyc.Count(ctx, l, batch, time.Now(), life.Duration)
		if err != nil {
			return err
		}
		all := f.Total()
		out.Users, out.HasNews, out.Opened, out.Pending, out.Approved, out.Denied = f.Users, f.HasNews(), all.Opened, all.Pending, all.Approved, all.Denied
		out.Working, out.Dead, out.NoLink = f.Working, f.Dead, f.NoLink
		for _, r := range f.Reasons() {
			if len(out.Reasons) < maxReasons {
				out.Reasons = append(out.Reasons, api.KYCReason{Text: term.Printable(r.Reason), Users: r.Users})
			}
		}
		return nil
	})
	return out, err
}

// batchOf returns the input of a run; 0 if there is none.
func batchOf(ctx context.Context, l session.Ledger, run int64) (int64, error) {
	for r, err := range l.Log(ctx) {
		if err != nil {
			return 0, err
		}
		if r.ID == run {
			return r.Batch, nil
		}
	}
	return 0, nil
}

// LinksShown implements desk.Commands.
func (e *engine) LinksShown(ctx context.Context) (out *api.LinkExport, err error) {
	err = e.readLedger(ctx, func(l session.Ledger) error {
		command, at, err := l.Fact(ctx, pipeline.FactLinksShown)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err == nil && command != e.command.Name() {
			out = &api.LinkExport{Command: command, At: at.UTC()}
		}
		return err
	})
	return out, err
}

// eachLink calls do with each row of a run's input that has a link for mailing: one that
// the partner's list has confirmed, and that is not in doubt.
func eachLink(ctx context.Context, l session.Ledger, run int64, do func(*ledger.Reported) error) error {
	for r, err := range l.Rows(ctx, ledger.Selection{Run: run, Only: []ledger.Status{ledger.Created}}) {
		if err == nil && r.Customer.UsableURL() != "" && r.Customer.Pairing != ledger.Unconfirmed {
			err = do(&r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Links implements desk.Commands.
func (e *engine) Links(ctx context.Context, run int64, each func(*ledger.Reported) error) error {
	return e.readLedger(ctx, func(l session.Ledger) error {
		session.NoteLinksShown(guest.With(ctx, guest.Guest{Openings: &e.opened}), e.con, ledger.Info{Path: e.to.Ledger, Environment: e.to.Environment}, e.command.Name())
		return eachLink(ctx, l, run, each)
	})
}

// WriteReport implements desk.Commands.
func (e *engine) WriteReport(ctx context.Context, w io.Writer, run int64, kind report.Kind, withLinks bool) error {
	scratch := scratchOf(e.to)
	if err := web.MakeFolder(scratch); err != nil {
		return err
	}
	args := append([]string{"report"}, e.ownWords("report")...)
	args = append(args, "--run="+strconv.FormatInt(run, 10), "--format="+string(kind), "-")
	if !withLinks {
		args = append(args, "--no-links")
	}
	return refusalOf(e.carryOut(ctx, guest.Guest{Scratch: scratch}, w, nil, args))
}
