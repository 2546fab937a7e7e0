package session

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Follower has what a command needs that follows users after their creation.
type Follower struct {
	Ledger  *SharedLedger
	Partner *partner.Client
	Pace    *kyc.Pace
	session *session
	turns   turnSource // nil: the process has a rate of its own
}

// turnSource is a ledger whose senders have one rate.
type turnSource interface {
	AwaitTurn(ctx context.Context) error
}

// inTurn is a partner whose list is read at the rate of all senders.
type inTurn struct {
	*partner.Client
	turns turnSource
}

// ListUsers waits for its turn.
func (p inTurn) ListUsers(ctx context.Context, skip, limit int) (partner.Page, error) {
	if err := p.turns.AwaitTurn(ctx); err != nil {
		return partner.Page{}, err
	}
	return p.Client.ListUsers(ctx, skip, limit)
}

// FollowUsers runs a command that talks to the partner, also during a run, and
// records it in the ledger's log.
func FollowUsers(con *term.Console, c *cobra.Command, f *settings.RunFlags, do func(context.Context, *Follower) error) (err error) {
	ctx := c.Context()
	s, err := newSession(con, c, f, nil)
	if err != nil {
		return err
	}
	s.command = settings.CommandName(c)
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.openLog(); err != nil {
		return err
	}
	opt := s.ledgerOptions()
	opt.Concurrent = !s.to.Sandbox // the simulated partner's users are kept by one process at a time
	if s.store, err = OpenLedger(ctx, opt); err != nil {
		return f.SuggestSandbox(s.to, err)
	}
	s.closers = append(s.closers, s.store.Close)
	if err := s.openPartner(); err != nil {
		return err
	}
	all := &Follower{Ledger: NewSharedLedger(s.store, con), Partner: s.client, Pace: kyc.NewPace(f.Rate.PerSecond), session: s}
	if turns, ok := s.store.(turnSource); ok && opt.Concurrent {
		if !s.hasRate {
			f.Rate = settings.Rate{Unlimited: true} // that of the ledger
		}
		all.Pace, all.turns = kyc.NewPace(f.Rate.PerSecond, turns.AwaitTurn), turns
	}
	return all.Ledger.WithRecord(ctx, s.origin(), func(ctx context.Context) error { return partnerStop(do(ctx, all)) })
}

// partnerStop gives an error of the partner's the exit code that it has in a run.
func partnerStop(err error) error {
	var e *partner.Error
	switch {
	case !errors.As(err, &e), errors.Is(err, context.Canceled):
		return err
	case e.Class == ledger.Auth:
		return &pipeline.Stop{Reason: pipeline.Refused, Detail: "the partner refuses the API key or the account", Err: err}
	}
	return &pipeline.Stop{Reason: pipeline.PartnerDown, Detail: "the partner API is not answering as it should", Err: err}
}

// ConfirmUsers compares the users that no list has confirmed yet with the
// partner's, and prints how many are left.
func (f *Follower) ConfirmUsers(ctx context.Context) error {
	cfg := f.session.config(nil)
	cfg.Ledger = f.Ledger
	if f.turns != nil {
		cfg.Partner = inTurn{f.Partner, f.turns}
	}
	if err := pipeline.Confirm(ctx, cfg); err != nil {
		return err
	}
	left := 0
	for c, err := range f.Ledger.Customers(ctx, ledger.Query{Pairing: ledger.Unconfirmed}) {
		if err != nil {
			return err
		}
		if c.Status == ledger.Created {
			left++
		}
	}
	if left > 0 {
		f.session.Sayf("%s not yet confirmed by the partner's list", term.Count(left, "user"))
	}
	return nil
}
