package cardscmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// cardCurrency is the currency of a card's amount; see the partner's public docs.
const cardCurrency = "USD"

// maxCardAmount is the most that the partner accepts for one card.
const maxCardAmount = "10000"

type planOptions struct {
	settings.TargetFlags
	amount settings.Amount
	fee    settings.Amount
	issued []string
}

func newPlanCommand(con *term.Console) *cobra.Command {
	var f planOptions
	c := &cobra.Command{
		Use:   "plan --amount AMOUNT [flags] [FILE.csv|-]",
		Short: "count the approved users without a card, and what cards for them cost",
		Long: `Counts the approved users who have no card as far as this ledger knows, and compares
what cards for all of them cost with the wallet as it was last read. With FILE, it
writes one line for each of them, for the system that creates the cards. It needs no
API key, and nothing is sent.

The ledger knows of a card when the partner refused to delete its user, or when you
name those who have one: --issued reads the serviceId column of a CSV file, such as an
earlier FILE.

Bulkonboard does not create cards. A user may have several, and the partner has no
call that lists a user's cards. So when the answer to a request is lost, nothing could
show whether the card exists, and a second request could create and pay for a second
one. Creation waits for such a call.

Exit code 4: the wallet did not cover all cards when it was last read.`,
		Example: `  bulkonboard cards plan --amount 50 --ledger prod.db --env production
  bulkonboard cards plan --amount 50 --issued cards-october.csv cards-november.csv`,
		Args: subcommand.OptionalArg("one FILE, or -"),
		RunE: func(c *cobra.Command, args []string) error { return runPlan(con, c, &f, args) },
	}
	f.AddLedgerFlags(c)
	c.Flags().Var(&f.amount, "amount", "amount in USD for each card, above 0 and up to 10,000 (required)")
	c.Flags().Var(&f.fee, "card-fee", "the partner's fee for one card in USD (not published)")
	c.Flags().StringArrayVar(&f.issued, "issued", nil, "leave out users whose serviceId is in CSV `FILE` (repeatable)")
	return c
}

func (f *planOptions) check(args []string) error {
	most, err := pipeline.ParseAmount(maxCardAmount)
	switch {
	case err != nil:
		return err
	case !f.amount.Known():
		return exit.NewUsageError(errors.New("--amount is missing"), "it is what each card is loaded with, such as --amount 50")
	case f.amount.Cmp(pipeline.Amount{}) <= 0 || f.amount.Cmp(most) > 0:
		return exit.UsageErrorf("--amount: write an amount above 0 and up to 10,000")
	}
	if len(args) > 0 && args[0] != subcommand.StandardOutput {
		if kind, err := report.KindOf(args[0]); err != nil || kind != report.CSV {
			return exit.UsageErrorf("%s: name a .csv file", args[0])
		}
		if err := outputs.ProbeFile(report.Output{}, args[0]); err != nil {
			return exit.NewUsageError(err)
		}
	}
	return nil
}

func runPlan(con *term.Console, c *cobra.Command, f *planOptions, args []string) (err error) {
	ctx := c.Context()
	if err := f.check(args); err != nil {
		return err
	}
	issued, err := readIssued(f.issued)
	if err != nil {
		return err
	}
	l, info, err := session.OpenToRead(ctx, c, &f.TargetFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	p := cardPlan{amount: f.amount.Amount, fee: f.fee.Amount, issued: issued, path: info.Path}
	if err := p.findWallet(ctx, l); err != nil {
		return err
	}
	shown := con.Out
	switch {
	case len(args) == 0:
		for _, err := range p.users(ctx, l) {
			if err != nil {
				return err
			}
		}
	case args[0] == subcommand.StandardOutput:
		shown = con.Err
		scratch, err := os.MkdirTemp("", "bulkonboard-")
		if err == nil {
			err = errors.Join(report.WriteTable(ctx, con.Out.DataWriter(), report.CSV, scratch, cardHeader(), p.lines(ctx, l)), os.RemoveAll(scratch))
		}
		if err != nil {
			return err
		}
	default:
		written, err := report.Output{}.Table(ctx, args[0], report.CSV, cardHeader(), p.lines(ctx, l))
		if err != nil {
			return err
		}
		con.Sayf("written: %s, %s", written, term.Count(p.count, "card"))
	}
	con.Show(shown, p.page())
	if p.isShort() {
		return exit.NewReportedError(exit.Wallet)
	}
	return nil
}

// findWallet finds what the wallet held when a run last read it.
func (p *cardPlan) findWallet(ctx context.Context, l ledger.Runs) error {
	unit, _, err := l.Fact(ctx, pipeline.FactCurrency)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	p.currency = unit
	for run, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		if run.End != nil && run.End.WalletTo != "" {
			p.walletAt = run.End.At
			p.wallet, err = pipeline.ParseAmount(run.End.WalletTo)
			return err
		}
	}
	return nil
}

// cost returns what all cards cost; without the fee of each if that is not known.
func (p *cardPlan) cost() pipeline.Amount { return p.perCard().Times(p.count) }

func (p *cardPlan) perCard() pipeline.Amount {
	if !p.fee.Known() {
		return p.amount
	}
	return p.amount.Minus(p.fee.Times(-1))
}

// isComparable reports whether the wallet is known, and in the currency of the cards.
func (p *cardPlan) isComparable() bool { return p.wallet.Known() && p.currency == cardCurrency }

// isShort reports whether the wallet does not cover all cards.
func (p *cardPlan) isShort() bool { return p.isComparable() && p.wallet.Cmp(p.cost()) < 0 }

// page returns what operators read.
func (p *cardPlan) page() *term.Page {
	page := &term.Page{}
	page.Part("Ledger").Text(p.path)
	part := page.Section("Cards")
	part.Text(fmt.Sprintf("%s without a card, as far as this ledger knows", term.Count(p.count, "approved user")))
	for _, left := range []struct {
		n   int
		why string
	}{
		{p.haveCard, "approved, and known to have a card"},
		{p.unconfirmed, "approved, and left out: the partner's list has not confirmed them (bulkonboard kyc sync)"},
		{p.doubtful, "approved, and left out: they need a review (bulkonboard report)"},
	} {
		if left.n > 0 {
			part.Text(term.Number(left.n) + " " + left.why)
		}
	}
	cost := page.Part("Cost")
	text := fmt.Sprintf("%s: %s at %s", term.Money(p.cost().String(), cardCurrency), term.Count(p.count, "card"), term.Money(p.amount.String(), cardCurrency))
	if p.fee.Known() {
		text += " and a fee of " + p.fee.String()
	} else {
		text += ", without the partner's fee for a card, which is not published (--card-fee)"
	}
	cost.Text(text)
	cost.Styled(p.walletText())
	page.Next().Text("Nothing was sent. Bulkonboard does not create cards: bulkonboard cards plan --help says why.")
	return page
}

// walletText says what the wallet held when it was last read, and how many cards that
// pays for.
func (p *cardPlan) walletText() (term.Style, string) {
	if !p.wallet.Known() {
		return term.Attention, "Wallet: unknown, no run has read it"
	}
	text := fmt.Sprintf("Wallet: %s on %s", term.Money(p.wallet.String(), p.currency), term.LocalTime(p.walletAt))
	switch {
	case !p.isComparable():
		return term.Attention, text + "; not comparable with cards in " + cardCurrency
	case p.isShort():
		return term.Bad, text + fmt.Sprintf("; covers %s of %s; short by %s", term.Number(p.wallet.Over(p.perCard())), term.Count(p.count, "card"), term.Money(p.cost().Minus(p.wallet).String(), cardCurrency))
	}
	return term.Plain, text + "; covers all of them"
}

// cardPlan is who is to get a card, and what that costs.
type cardPlan struct {
	amount, fee pipeline.Amount // of one card; the fee may be unknown
	issued      map[string]bool // serviceIds of users who have a card
	path        string          // of the ledger

	wallet   pipeline.Amount // when it was last read; unknown if it never was
	walletAt time.Time
	currency string // of the wallet; "" = not known

	count       int // users to get a card
	haveCard    int // approved users who have one
	unconfirmed int // approved users whom the partner's list has not confirmed
	doubtful    int // approved users who need a review
}
