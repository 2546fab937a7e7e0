package webcmd

import (
	"cmp"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/guest"
	saved "github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// Executor carries out a command of the program inside this process: the words of con
// are its arguments. A panic is an error.
type Executor func(ctx context.Context, con *term.Console) error

// engine carries out what the finance page asks for: each plan, run and report is the
// command that an operator would type, with the same words.
type engine struct {
	con     *term.Console
	execute Executor
	flags   *settings.RunFlags
	command *cobra.Command
	to      settings.Target
	opened  guest.Openings    // of the ledger's file
	env     map[string]string // of the commands; has the API key if no file has it
	key     string            // fingerprint
	isLive  bool              // real customers

	mu       sync.Mutex
	wallet   pipeline.Amount // as last heard
	currency string
	problem  string // why the wallet is not known
}

var _ plans.Commands = (*engine)(nil)

// newEngine reads the key, once, and settles where customers would be created.
func newEngine(con *term.Console, c *cobra.Command, f *settings.RunFlags, execute Executor) (*engine, error) {
	e := &engine{con: con, execute: execute, flags: f, command: c, env: maps.Clone(con.Env)}
	var err error
	if e.to, err = f.Resolve(settings.LevelsOf(c)); err != nil {
		return nil, err
	}
	e.key = settings.KeyFingerprint(settings.SandboxKeyName)
	if e.to.Sandbox {
		return e, nil
	}
	key, err := settings.ReadAPIKey(con, f.KeyFile)
	if err != nil {
		return nil, err
	}
	if err := e.to.CheckKey(key); err != nil {
		return nil, err
	}
	e.isLive = strings.HasPrefix(key, settings.LivePrefix) || e.to.Environment == settings.Production
	if e.key = settings.KeyFingerprint(key); f.KeyFile == "" {
		e.env[settings.KeyVariable] = key // typed once
	}
	return e, nil
}

// carryOut executes a command for a guest. abort cuts off requests in flight once ctx
// is over.
func (e *engine) carryOut(ctx context.Context, g guest.Guest, out io.Writer, abort <-chan struct{}, args []string) error {
	if show := g.Warned; show != nil {
		g.Warned = func(text string) { show(strings.TrimSuffix(text, ".") + ".") }
	}
	con := term.NewConsole(args, nil, strings.NewReader(""), out, &warnings{to: e.con, show: g.Warned})
	con.Env = e.env
	con.Stop = &term.Stopper{Abort: abort}
	g.LastResort, g.Openings = e.con.Err, &e.opened
	return e.execute(guest.With(ctx, g), con)
}

// Target implements plans.Commands.
func (e *engine) Target(ctx context.Context) api.Target {
	t := api.Target{Environment: e.to.Environment, Rehearsal: e.to.Sandbox, Live: e.to.Environment == settings.Production, Host: settings.HostOf(e.to.BaseURL),
		Key: e.key, Ledger: filepath.Base(e.to.Ledger), Version: session.Version()}
	if e.to.Sandbox {
		t.Host, t.Key = e.to.Environment, ""
	}
	if err := e.readLedger(ctx, func(l session.Ledger) error {
		info, err := l.Info(ctx)
		if t.Account = cmp.Or(info.Account.Partner, info.Account.Slug); err != nil {
			return err
		}
		return e.recallWallet(ctx, l)
	}); err != nil {
		t.Account = "" // whatever needs the ledger says what is wrong with it
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t.Wallet, t.Currency, t.WalletProblem = e.wallet.String(), e.currency, e.problem
	return t
}

// recallWallet takes the wallet of the newest run, unless it was heard of since.
func (e *engine) recallWallet(ctx context.Context, l session.Ledger) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.wallet.Known() || e.problem != "" {
		return nil
	}
	for r, err := range l.Log(ctx) {
		if err != nil {
			return err
		}
		if r.End != nil && r.End.WalletTo != "" {
			e.wallet, err = pipeline.ParseAmount(r.End.WalletTo)
			return err
		}
	}
	return nil
}

// askWallet asks the partner what the wallet holds.
func (e *engine) askWallet() {
	con := term.NewConsole(nil, nil, strings.NewReader(""), io.Discard, io.Discard)
	con.Env, con.Stop = e.env, &term.Stopper{}
	w, isKnown, err := session.AskWallet(con, e.command, e.flags)
	switch {
	case err != nil:
		e.heardWallet(pipeline.Amount{}, "", err.Error())
	case isKnown:
		if balance, err := pipeline.ParseAmount(w.Balance); err == nil {
			e.heardWallet(balance, w.Currency, "")
		}
	}
}

// heardWallet keeps what the partner said of the wallet.
func (e *engine) heardWallet(amount pipeline.Amount, currency, problem string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if amount.Known() {
		e.wallet, e.currency, e.problem = amount, cmp.Or(currency, e.currency), ""
	} else if problem != "" {
		e.problem = problem
	}
}

// Host implements plans.Commands.
func (e *engine) Host() string {
	host, _ := os.Hostname() // "" as in the ledger's log
	return host
}

// Preview implements plans.Commands.
func (e *engine) Preview(ctx context.Context, o plans.Order, t plans.Terms) (plans.Preview, error) {
	var p plans.Preview
	var failed error
	hasEnded := false
	g := guestOf(o)
	g.Planned = func(plan pipeline.Plan) { p.Plan = plan }
	g.Saved = func(others []saved.Overlap) {
		for _, other := range others {
			p.Overlaps = append(p.Overlaps, api.Overlap{Plan: other.Plan.ID, Maker: other.Plan.Who, Rows: other.Rows})
		}
	}
	g.Warned = func(text string) { p.Warnings = append(p.Warnings, text) }
	g.Ended = func(sum report.Summary, err error) { p.Summary, failed, hasEnded = sum, err, true }
	err := e.carryOut(ctx, g, io.Discard, nil, e.words("plan", o, t, o.File))
	if p.Plan.Rows > 0 {
		e.heardWallet(p.Plan.Wallet, p.Plan.Currency, p.Plan.WalletError)
	}
	if failed != nil || !hasEnded && err != nil { // the latter did not begin
		return p, refusalFor(o, cmp.Or(failed, err))
	}
	if id := string(p.Summary.Plan); id != "" {
		err = e.readLedger(ctx, func(l session.Ledger) (err error) {
			p.Saved, err = ledger.FindPlan(ctx, l, id)
			return err
		})
		return p, err
	}
	return p, nil
}

// guestOf returns the guest who orders a command.
func guestOf(o plans.Order) guest.Guest {
	return guest.Guest{Name: o.User, Editors: o.Editors, FileName: o.Name, Source: o.Change, Decided: o.Decided}
}

// Send implements plans.Commands.
func (e *engine) Send(ctx context.Context, o plans.Order, t plans.Terms, abort <-chan struct{}, w plans.Watch) (report.Summary, error) {
	var sum report.Summary
	var failed error
	hasEnded := false
	g := guestOf(o)
	g.Planned, g.Begun, g.StatusChange, g.Warned = w.Planned, w.Begun, w.StatusChange, w.Warning
	g.Progress = func(p pipeline.Progress) {
		e.heardWallet(p.Wallet, p.Currency, "")
		w.Progress(p)
	}
	g.Ended = func(s report.Summary, err error) { sum, failed, hasEnded = s, err, true }
	err := e.carryOut(ctx, g, io.Discard, abort, e.words("run", o, t, o.File))
	if failed != nil || !hasEnded && err != nil {
		return sum, refusalFor(o, cmp.Or(failed, err))
	}
	return sum, nil
}

// words returns the words of a command with a file.
func (e *engine) words(verb string, o plans.Order, t plans.Terms, file string) []string {
	words := append(append([]string{verb}, e.termsWords(verb, t)...), o.Flags...)
	if verb == "run" {
		words = append(words, "--yes", "--no-progress")
		if o.Rejects != "" {
			words = append(words, "--rejects="+o.Rejects)
		}
	}
	return append(words, "--lock-timeout=0", "--json", "--", file)
}

// termsWords returns web's own flags, and those that hold a command to its terms.
func (e *engine) termsWords(verb string, t plans.Terms) []string {
	words := e.ownWords(verb)
	if t.Fee != "" {
		words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "--fee=") })
	}
	add := func(isWanted bool, flag string) {
		if isWanted {
			words = append(words, flag)
		}
	}
	add(t.Fee != "", "--fee="+t.Fee)
	if verb == "plan" {
		add(t.NeedsAll, "--require-funds")
		add(t.Save, "--save")
		return words
	}
	add(t.Plan != "", "--plan="+t.Plan)
	add(t.Limit > 0, "--limit="+strconv.Itoa(t.Limit))
	return words
}

// Command implements plans.Commands.
func (e *engine) Command(o plans.Order, t plans.Terms, verb string) string {
	if o.IsEdited {
		t.Plan = "" // the corrected file is another list, with a plan of its own
	}
	words := append(append([]string{verb}, e.termsWords(verb, t)...), o.ShownFlags...)
	return e.con.CommandLine(append(words, o.ShownName)...)
}
