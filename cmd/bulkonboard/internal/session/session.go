// Package session is what a command that may talk to the partner opens, in
// which order, and what it says: log, input, reports, ledger, partner, display,
// confirmation and conclusion. Start at [Run]; [Preview], [RecoverLinks] and
// [FollowUsers] are the other ways in.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/alerts"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/guest"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// session is one command that may talk to the partner. It opens what the
// command needs in the order in which a refusal costs least.
type session struct {
	*term.Console
	command  string
	guest    guest.Guest
	isGuest  bool // else the command line
	flags    *settings.RunFlags
	settings string
	hasRate  bool // --rate was given
	to       settings.Target
	key      string
	rules    *validate.Rules
	made     []decisions.Made // about the whole list
	log      *slog.Logger

	in            *source.Input  // nil without input
	store         Ledger         // nil where plan has none to look at
	known         ledger.Ledger  // the store, watched
	carried       *plans.Carried // the plan that this run carries out; nil = none
	sender        sender         // nil where nobody else can take the ledger over
	sandboxConfig sandbox.Config // with --sandbox
	client        *partner.Client
	found         *findings.Collector
	hosts         linkHosts
	gauges        *gauges // nil without --metrics-file
	progress      *progressLog
	alerts        *alerts.Alerts // nil if nobody is notified
	outputs       *outputs.Outputs
	rejects       []string    // names of the rejects files of this run
	correctable   int         // rows in them
	links         int         // verification links in the report
	linesShown    int         // of a terminal, filled so far
	shownPlan     *planCounts // of the plan that has been printed with what the check found; nil = none yet
	notesShown    int         // notes of the input that have been printed
	closers       []func() error
}

// newSession settles what needs no file but the key's.
func newSession(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) (*session, error) {
	s := &session{Console: con, command: c.Name(), flags: f, settings: settings.DescribeSettings(c), hasRate: settings.LevelsOf(c)("rate") > 0, found: findings.NewCollector()}
	s.guest, s.isGuest = guest.Of(c.Context())
	if f.Quiet {
		con.HoldBack(f.JSON)
	}
	var err error
	if err = f.Check(args); err != nil {
		return nil, err
	}
	if s.to, err = f.Resolve(settings.LevelsOf(c)); err != nil {
		return nil, err
	}
	if f.Background && !postgres.IsAddress(s.to.Ledger) {
		return nil, exit.NewUsageError(errors.New("--background is for a ledger in PostgreSQL"), "a ledger in a file has one sender, which has the whole rate")
	}
	if s.needsYes() && !f.Yes && !term.IsTerminal(con.In) {
		return nil, exit.NewUsageError(errors.New("production needs confirmation. There is no terminal to confirm on: add --yes"), "to see first what it would do, run bulkonboard plan")
	}
	if s.to.Sandbox {
		s.key = settings.NewSandboxKey()
	} else if s.key, err = settings.ReadAPIKey(con, f.KeyFile); err != nil {
		return nil, err
	}
	if err = s.to.CheckKey(s.key); err != nil {
		return nil, err
	}
	live := strings.HasPrefix(s.key, settings.LivePrefix) || s.to.Environment == settings.Production
	if s.rules, err = f.Rules(live); err != nil {
		return nil, err
	}
	if s.made, err = f.Decisions(); err != nil {
		return nil, err
	}
	s.guest.SignDecisions(s.made)
	if len(s.made) > 0 {
		s.settings = strings.TrimSpace(s.settings + " " + term.Posix.QuoteLine(settings.DescribeDecisions(s.made)...))
	}
	for _, path := range []string{f.CAFile, f.MapFile} {
		if info, err := os.Stat(path); err == nil {
			settings.WarnIfWritable(con, path, info)
		}
	}
	if s.to.Sandbox { // its address is known when it listens
		s.sandboxConfig, err = f.Play.SandboxConfig()
	} else {
		s.client, err = s.newClient(s.to.BaseURL)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// needsYes reports whether sending needs the operator's word.
func (s *session) needsYes() bool {
	return s.command == "run" && s.to.Environment == settings.Production
}

// close closes what was opened, in the reverse order.
func (s *session) close() error {
	var all []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		all = append(all, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(all...)
}

// closeAfter closes what is open after a command that ended with err, and
// returns with which error it ends.
func (s *session) closeAfter(err error) error {
	closed := s.close()
	if closed == nil || err != nil && !errors.As(err, new(*exit.ReportedError)) {
		return err
	}
	s.Sayf("bulkonboard: %v", closed)
	return exit.NewReportedError(exit.First(exit.CodeOf(err), exit.CodeOfCause(closed, exit.Failure)))
}

// openLog opens the log, and says which partner and ledger the command is about.
func (s *session) openLog() error {
	log, closeLog, err := s.flags.OpenLog(s.Err)
	if err != nil {
		return err
	}
	s.log = log
	s.progress = newProgressLog(s.flags, log)
	s.closers = append(s.closers, closeLog)
	p := &term.Page{}
	p.Part("Target").Text(s.to.String())
	rate := s.flags.Rate.String()
	if !s.flags.Rate.Unlimited {
		rate = "at most " + rate
	}
	if mayShare(s) && !s.hasRate {
		rate = "that of the ledger, which all its senders share"
	}
	p.Part("Rate").Text(rate)
	p.Part("Ledger").Text(s.to.Ledger)
	s.show(p)
	return nil
}

// show prints what the check finds and what is to be done. A plan is what was
// asked for, so it goes to standard output, where --json takes its place.
func (s *session) show(p *term.Page) {
	if to := s.shownOn(); to == s.Err || !s.flags.JSON {
		s.linesShown += s.Show(to, p)
	}
}

// openInput opens the files. A plan reads them from where their headers seem to be,
// and says so. A run asks, if there is a terminal to ask on.
func (s *session) openInput(ctx context.Context, args []string) (err error) {
	s.flags.TakeFound = s.command == "plan"
	for {
		s.in, err = openSource(ctx, s, args)
		var place *source.FoundHeader
		if !errors.As(err, &place) || s.command != "run" || len(args) > 1 || args[0] == "-" || !term.IsTerminal(s.In) {
			break
		}
		if !s.Confirm(place.Question()) {
			return err
		}
		s.flags.SetFound(place)
		s.Args = findings.AddFlags(s.Args, place.Flags())
	}
	if err != nil {
		return err
	}
	s.Args = findings.AddFlags(s.Args, s.in.TakenFlags())
	harmful, err := findings.FindHarmful(ctx, s.in, s.rules, s.made)
	if err != nil {
		return err
	}
	if len(harmful) == 0 {
		return nil
	}
	d := harmful[0]
	return exit.NewUsageError(fmt.Errorf("%s makes %s bad that would be good without it: %s", s.QuoteWords(d.FlagWords()...), term.Count(d.Harmed, "row"), findings.HarmText(&d.Harm, s.in.Files())),
		"leave the decision out, or take it out of the map file, and correct the cells that it was meant for")
}

// openSource opens the files with the reading settings of the flags and of the guest.
func openSource(ctx context.Context, s *session, args []string) (*source.Input, error) {
	opt, err := s.flags.SourceOptions()
	if err != nil {
		return nil, err
	}
	s.guest.Source(&opt)
	return source.Open(ctx, args, s.In, opt)
}

// shownOn returns the stream of what the check finds.
func (s *session) shownOn() *term.Stream {
	if s.command == "plan" {
		return s.Out
	}
	return s.Err
}

// showNote adds a line to the first lines of the command.
func (s *session) showNote(heading, text string) {
	p := &term.Page{}
	p.Part(heading).Text(text)
	s.show(p)
}

// open opens log, input, ledger and partner.
func (s *session) open(ctx context.Context, args []string) (err error) {
	if err := s.openLog(); err != nil {
		return err
	}
	s.log.Info(eventBegun, "command", s.command, "version", Version(), "environment", s.to.Environment, "ledger", s.to.Ledger)
	if len(args) > 0 {
		if err = s.openInput(ctx, args); err != nil {
			return err
		}
		s.closers = append(s.closers, s.in.Close)
		s.found.CheckColumns(s.in, s.rules, s.flags.ID, findings.SharedRowsInRun)
		if s.outputs, err = outputs.New(s.flags.Reports, s.flags.Rejects, s.in.Files(), s.to.Environment, s.to.Ledger); err != nil {
			return err
		}
		if s.isGuest {
			s.outputs.Reports = nil // a guest downloads them from the ledger
		}
		if path := s.flags.Annotate; path != "" {
			if err := outputs.CheckAnnotate(path, s.in.Files()); err != nil {
				return err
			}
		}
		if err := s.outputs.Probe(); err != nil {
			return err
		}
		s.reportNotes()
	}
	if err := s.openLedger(ctx); err != nil {
		return err
	}
	if err := s.loadPlan(ctx); err != nil {
		return err
	}
	return s.openPartner()
}

// reportNotes prints what the reader noticed since the last time.
func (s *session) reportNotes() {
	p := &term.Page{}
	findings.AddNotes(p, s.newNotes(), s.in.Files())
	s.show(p)
}

// newNotes returns what the reader noticed since the last time.
func (s *session) newNotes() []source.Note {
	notes := s.in.Notes()
	fresh := notes[min(s.notesShown, len(notes)):]
	s.notesShown = len(notes)
	return fresh
}
