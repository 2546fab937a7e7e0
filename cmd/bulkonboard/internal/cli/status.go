package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
)

func newStatusCommand(con *term.Console) *cobra.Command {
	var f settings.TargetFlags
	var chosen inputSelection
	var asJSON bool
	c := &cobra.Command{
		Use:   "status [flags]",
		Short: "show progress, failures and their causes, cost, expected end, and what to do next",
		Long:  "Reads the ledger, also during a run, and shows how far the newest input is, or the one that you choose.",
		Example: `  bulkonboard status
  bulkonboard status --env production --ledger prod.db --input customers.csv`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return session.ReadLedger(c, &f, func(ctx context.Context, l session.Ledger, info ledger.Info) error {
				life, err := session.ReadLinkLife(ctx, l, f.LinkLife)
				if err != nil {
					return err
				}
				return runStatus(ctx, con, l, info, &chosen, life, asJSON)
			})
		},
	}
	f.AddLedgerFlags(c)
	f.AddLinkLifeFlag(c.Flags())
	chosen.addFlags(c, "show")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON summary instead")
	return c
}

func runStatus(ctx context.Context, con *term.Console, l session.Ledger, info ledger.Info, chosen *inputSelection, life session.LinkLife, asJSON bool) error {
	st, err := newStatusReport(ctx, l, info, time.Now(), chosen, life)
	if err != nil {
		return err
	}
	most := maxListsShown
	if asJSON {
		most = maxListsCounted
	}
	if err := st.countLists(ctx, l, most); err != nil {
		return err
	}
	if !asJSON {
		session.ReportNotices(con, l)
		con.Show(con.Out, st.page(con))
		return nil
	}
	enc := json.NewEncoder(con.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(st.toJSON(con))
}

// senderStatus is who sends from a ledger that several processes share, and what pauses
// them. It is empty for a ledger in a file.
type senderStatus struct {
	isShared bool
	senders  []ledger.SenderState
	pace     ledger.Pace
}

// readSenders reads who sends from the ledger.
func (s *senderStatus) readSenders(ctx context.Context, l session.Ledger) (err error) {
	shared, ok := l.(ledger.Shared)
	if !ok {
		return nil
	}
	s.isShared = true
	if s.senders, err = shared.Senders(ctx); err != nil {
		return err
	}
	s.pace, err = shared.Pace(ctx)
	return err
}

// living returns the senders that have not ended and send a batch.
func (s *senderStatus) living() (list []ledger.SenderState) {
	for _, one := range s.senders {
		if one.Ended.IsZero() && one.Batch != 0 {
			list = append(list, one)
		}
	}
	return list
}

// sentByOthers counts the requests that senders of a batch have begun, but for the sender
// of a run: the one of its host that joined last before it began.
func (s *senderStatus) sentByOthers(run ledger.Run, batch int64) (n int) {
	own := int64(0)
	var joined time.Time
	for _, one := range s.senders {
		if one.Host == run.Host && !one.Began.After(run.Started) && !one.Began.Before(joined) {
			own, joined = one.ID, one.Began
		}
	}
	for _, one := range s.senders {
		if one.Batch == batch && one.ID != own {
			n += one.Sent
		}
	}
	return n
}

// addTo adds the senders to a page.
func (s *senderStatus) addTo(p *term.Page, now time.Time) {
	if !s.isShared {
		return
	}
	part := p.Part("Senders").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more sender") })
	list := s.living()
	if len(list) == 0 {
		part.Text("none is sending")
	}
	for _, one := range list {
		text := fmt.Sprintf("%s since %s: %s sent, %s in flight, last sign of life %s ago", session.SenderName(one), term.LocalTime(one.Began), term.Number(one.Sent), term.Number(one.InFlight), one.SilentFor.Round(time.Second))
		if len(one.Roles) > 0 {
			text += ", leads: " + strings.Join(one.Roles, ", ")
		}
		part.Text(text)
	}
	p.Part("Rate").Text(session.RateText(s.pace.PerSecond) + " for all senders together")
	if s.pace.HeldBy != "" {
		p.Part("Held").Styled(term.Attention, fmt.Sprintf("by %s: %s; bulkonboard ledger release lets the senders continue", s.pace.HeldBy, s.pace.HeldBecause))
	}
	if s.pace.WaitUntil.After(now) {
		p.Part("Pause").Text("the partner asked all senders to wait until " + term.LocalTime(s.pace.WaitUntil))
	}
	if !s.pace.EmptySince.IsZero() {
		p.Part("Wallet").Styled(term.Attention, "empty since "+term.LocalTime(s.pace.EmptySince))
	}
}
