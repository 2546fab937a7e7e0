// Package approvecmd has approve and the commands below it. Start at [NewCommand].
package approvecmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

type options struct {
	settings.TargetFlags
	key     string
	decline bool
	because string
	rows    settings.Count
}

// NewCommand returns approve with the commands below it.
func NewCommand(con *term.Console) *cobra.Command {
	f := options{rows: settings.Count{Min: 1}}
	c := &cobra.Command{
		Use:   "approve [flags] [PLAN]",
		Short: "approve or decline a plan that plan --save made, as a second person",
		Long: `Shows a plan, asks for the number of rows to be typed, and records who approved it.
PLAN is the ID of a plan in the ledger, or a file that plan --save FILE.json wrote.
Without PLAN, the plans of the ledger are listed.

The account that made a plan cannot approve it. On another machine, approve the file
with a key of your own: --key signs it, and run --plan FILE --approvers accepts it if
your public key is in that list. A plan is good for a day, and for one run.`,
		Example: `  bulkonboard approve --ledger prod.db 3f0c9a51d2e47b86
  bulkonboard approve --key my.key plan.json
  bulkonboard approve --decline --because "wrong month" --ledger prod.db 3f0c9a51d2e47b86`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if settings.LevelsOf(c)("rows") != settings.FromFlag {
				f.rows.N = 0 // it is typed for each plan
			}
			switch {
			case len(args) > 1:
				return exit.UsageErrorf("approve accepts one PLAN, not %q as well", args[1])
			case f.because != "" && !f.decline && len(args) == 0, f.decline && f.because == "":
				return exit.UsageErrorf("--decline needs --because TEXT, and both need a PLAN")
			case len(args) == 0:
				return listPlans(con, c, &f)
			case settings.IsPlanFile(args[0]):
				return decideFile(con, &f, args[0])
			}
			return decideInLedger(con, c, &f, args[0])
		},
	}
	f.AddLedgerFlags(c)
	c.Flags().StringVar(&f.key, "key", "", "sign with the key in `FILE`, which approve keygen made")
	c.Flags().BoolVar(&f.decline, "decline", false, "decline the plan")
	c.Flags().StringVar(&f.because, "because", "", "why, as a `TEXT` for the log")
	c.Flags().Var(&f.rows, "rows", "the number of rows that the plan may send, where there is no terminal to type it on")
	c.AddCommand(newKeygenCommand(con), newPolicyCommand(con))
	return c
}

// withLedger runs do on the ledger that the flags choose. It may be in use by a run.
func withLedger(c *cobra.Command, f *settings.TargetFlags, do func(context.Context, session.Ledger) error) (err error) {
	ctx := c.Context()
	var info ledger.Info
	if err := session.ReadLedger(c, f, func(_ context.Context, _ session.Ledger, found ledger.Info) error {
		info = found
		return nil
	}); err != nil {
		return err
	}
	l, err := session.OpenLedger(ctx, session.LedgerOptions{Path: info.Path, Environment: info.Environment, Concurrent: true, Command: settings.CommandName(c)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return do(ctx, l)
}

func listPlans(con *term.Console, c *cobra.Command, f *options) error {
	return session.ReadLedger(c, &f.TargetFlags, func(ctx context.Context, l session.Ledger, _ ledger.Info) error {
		all, err := l.Plans(ctx)
		if err != nil {
			return err
		}
		for _, p := range all {
			if _, err := fmt.Fprintln(con.Out, term.Printable(plans.Line(p, time.Now()))); err != nil {
				return err
			}
		}
		if len(all) == 0 {
			con.Sayf("the ledger has no plans; bulkonboard plan --save makes one")
		}
		return nil
	})
}

// decideInLedger decides on a plan of the ledger.
func decideInLedger(con *term.Console, c *cobra.Command, f *options, id string) error {
	return withLedger(c, &f.TargetFlags, func(ctx context.Context, l session.Ledger) error {
		p, err := ledger.FindPlan(ctx, l, id)
		if errors.Is(err, ledger.ErrNotFound) {
			return exit.NewUsageError(fmt.Errorf("plan %s is not in this ledger", id), "bulkonboard approve without an ID lists its plans")
		}
		if err != nil {
			return err
		}
		d, err := f.decide(con, &p)
		if err != nil {
			return err
		}
		if p, err = session.RecordDecision(ctx, l, p, d, session.NewRunRecord(settings.CommandName(c))); err != nil {
			return err
		}
		f.conclude(con, p, id)
		return nil
	})
}

// decideFile decides on a plan in a file, and writes the decision into it.
func decideFile(con *term.Console, f *options, path string) error {
	if f.key == "" {
		return exit.NewUsageError(fmt.Errorf("a plan in a file is approved with a key: add --key FILE"), "bulkonboard approve keygen NAME FILE makes one")
	}
	p, err := plans.ReadFile(path)
	if err != nil {
		return err
	}
	d, err := f.decide(con, &p)
	if err != nil {
		return err
	}
	p.Decision = d
	if err := plans.WriteFile(path, p); err != nil {
		return err
	}
	f.conclude(con, p, path)
	return nil
}

// decide shows a plan and returns the decision about it.
func (f *options) decide(con *term.Console, p *ledger.Plan) (*ledger.PlanDecision, error) {
	terms, err := approval.ParseTerms(p.Terms)
	if err != nil {
		return nil, err
	}
	var key *approval.Key
	if f.key != "" {
		if key, err = readKey(con, f.key); err != nil {
			return nil, err
		}
	}
	page := &term.Page{}
	plans.AddTerms(page, p.ID, &terms)
	con.Show(con.Err, page)
	if err := p.CheckDecision(time.Now()); err != nil {
		return nil, err
	}
	record := session.NewRunRecord("approve")
	d := &ledger.PlanDecision{Approves: !f.decline, Who: record.Who, Host: record.Host, Because: f.because, At: time.Now()}
	if err := checkDecider(con, &terms, d, key); err != nil {
		return nil, err
	}
	if d.Approves {
		if err := f.confirmRows(con, terms.MaySend()); err != nil {
			return nil, err
		}
	}
	if key != nil {
		err = approval.Sign(p.Terms, d, *key)
	}
	return d, err
}

// checkDecider refuses an approval by the account that made the plan. A key can be
// another person's on the same account: then that it was the same account is said,
// and kept with the decision.
func checkDecider(con *term.Console, terms *approval.Terms, d *ledger.PlanDecision, key *approval.Key) error {
	err := terms.CheckDecider(approval.Person{User: d.Who, Host: d.Host})
	switch {
	case err == nil || !d.Approves:
		return nil
	case key != nil:
		con.Sayf("warning: this plan was made by the account that approves it, %s@%s. The key says that you are %s; the log has both.", d.Who, d.Host, key.Name)
		return nil
	}
	return exit.NewHint(ledger.PlanErrorf("%v", err), "log in as another user of this machine, or approve a file of the plan on another machine (plan --save FILE.json, approve --key)")
}

// confirmRows has the number of rows typed.
func (f *options) confirmRows(con *term.Console, rows int) error {
	typed := strconv.Itoa(f.rows.N)
	if f.rows.N == 0 {
		if !term.IsTerminal(con.In) {
			return exit.NewUsageError(errors.New("there is no terminal to type the number of rows on: add --rows N"), "N is the number of rows that the plan may send")
		}
		fmt.Fprint(con.Err, "Type the number of rows that this plan may send: ")
		con.Err.EndLine()
		line, err := bufio.NewReader(con.In).ReadString('\n')
		if err != nil && line == "" {
			return exit.UsageErrorf("not approved: nothing was typed")
		}
		typed = strings.NewReplacer(",", "", ".", "", " ", "").Replace(strings.TrimSpace(line))
	}
	if typed != strconv.Itoa(rows) {
		return exit.UsageErrorf("not approved: that is not the number of rows of this plan")
	}
	return nil
}

// conclude says what was decided, and what to do next. ref is how run names the plan.
func (f *options) conclude(con *term.Console, p ledger.Plan, ref string) {
	con.Sayf("plan %s %s", p.ID, plans.DecisionText(p))
	if p.Decision.Approves {
		con.Sayf("to send: bulkonboard run --plan %s, with the options of the plan, before %s", con.QuoteWords(ref), term.LocalTime(p.Expires))
	}
}
