package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/findings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// session is one command that may talk to the partner: run or plan. It opens
// what the command needs in the order in which a refusal costs least.
type session struct {
	*term.Console
	command  string
	flags    *settings.RunFlags
	settings string
	to       settings.Target
	key      string
	live     bool
	rules    *validate.Rules
	log      *slog.Logger

	in      *source.Input  // nil without input
	store   *sqlite.Ledger // nil where plan has none to look at
	known   ledger.Ledger  // the store, watched
	play    sandbox.Config // with --sandbox
	client  *partner.Client
	found   *findings.Collector
	hosts   linkHosts
	gauges  *gauges // nil without --metrics-file
	outputs *outputs.Outputs
	told    bool // what the check found has been printed
	noted   int  // notes of the input that have been printed
	closers []func() error
}

// newSession settles everything that needs no file but the key's.
func newSession(con *term.Console, c *cobra.Command, f *settings.RunFlags, args []string) (*session, error) {
	s := &session{Console: con, command: c.Name(), flags: f, settings: settings.DescribeSettings(c), found: findings.NewCollector()}
	if f.Quiet {
		con.Err.HoldBack()
	}
	var err error
	if err = f.Check(args); err != nil {
		return nil, err
	}
	if s.to, err = f.Resolve(settings.LevelsOf(c)); err != nil {
		return nil, err
	}
	if s.needsYes() && !f.Yes && !term.IsTerminal(con.In) {
		return nil, exit.NewUsageError(errors.New("production needs --yes when nobody is there to be asked"), "try it first without: bulkonboard plan")
	}
	if s.to.Sandbox {
		s.key = settings.NewSandboxKey()
	} else if s.key, err = settings.ReadAPIKey(con, f.KeyFile); err != nil {
		return nil, err
	}
	if err = s.to.CheckKey(s.key); err != nil {
		return nil, err
	}
	keyIsLive := strings.HasPrefix(s.key, settings.LivePrefix)
	s.live = keyIsLive || s.to.Environment == settings.Production
	if s.rules, err = f.Rules(s.live); err != nil {
		return nil, err
	}
	for _, path := range []string{f.CAFile, f.MapFile} {
		if info, err := os.Stat(path); err == nil {
			settings.WarnIfWritable(con, path, info)
		}
	}
	if s.to.Sandbox { // its address is known when it listens
		s.play, err = f.Play.SandboxConfig()
	} else {
		s.client, err = s.newClient(s.to.BaseURL)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// needsYes reports whether sending needs a person's word.
func (s *session) needsYes() bool {
	return s.command == "run" && s.to.Environment == settings.Production
}

// close ends everything in the reverse order.
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
	return exit.NewReportedError(max(exit.CodeOfCause(closed, exit.Failure), exit.Failure))
}

// open opens input, ledger and partner.
func (s *session) open(ctx context.Context, args []string) error {
	log, closeLog, err := s.flags.LogFlags.OpenLog(s.Err)
	if err != nil {
		return err
	}
	s.log = log
	s.closers = append(s.closers, closeLog)
	s.logBegin()
	s.Sayf("%s", s.to)
	s.Sayf("ledger: %s; rate: %s", s.to.Ledger, s.flags.Rate.String())
	if len(args) > 0 {
		if s.in, err = s.flags.InputFlags.OpenInput(ctx, args, s.In); err != nil {
			return err
		}
		s.closers = append(s.closers, s.in.Close)
		s.found.CheckColumns(s.in, s.rules, s.flags.ID, findings.SharedRowsInRun)
		if s.outputs, err = outputs.New(s.flags.Reports, s.flags.Rejects, s.in.Files(), s.to.Environment, s.to.Ledger); err != nil {
			return err
		}
		if path := s.flags.Annotate; path != "" {
			if err := outputs.CheckAnnotate(path, s.in.Files()); err != nil {
				return err
			}
		}
		if err := s.outputs.Probe(); err != nil {
			return err
		}
		s.tellNotes()
	}
	if err := s.openLedger(ctx); err != nil {
		return err
	}
	return s.openPartner()
}

// openLedger opens the ledger, or makes it where that is not dangerous.
func (s *session) openLedger(ctx context.Context) error {
	f := s.flags
	if f.Fresh {
		if err := s.deleteRehearsal(ctx); err != nil {
			return err
		}
	}
	_, err := os.Lstat(s.to.Ledger)
	missing := errors.Is(err, fs.ErrNotExist)
	create := s.to.Environment != settings.Production || f.NewLedger
	if missing && !create && term.IsTerminal(s.In) && s.command == "run" {
		create = s.Confirm(fmt.Sprintf("The ledger %s does not exist. If these customers were sent before, stop: a new ledger does not know them. Make it?", s.to.Ledger))
	}
	if missing && s.command == "plan" && s.to.Environment != settings.Production {
		s.Sayf("there is no ledger yet: nobody is known")
		s.known = s.found.Watch(memory.New(s.to.Environment)) // a plan makes no file
		return nil
	}
	opt := s.ledgerOptions()
	opt.Create = create
	s.store, err = sqlite.Open(ctx, opt)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	s.known = s.found.WatchFile(s.store)
	if missing {
		s.Sayf("the ledger is new: it knows of no earlier run")
	}
	reportNotices(s.Console, s.store)
	return nil
}

func (s *session) ledgerOptions() sqlite.Options {
	return sqlite.Options{Path: s.to.Ledger, Environment: s.to.Environment, LockTimeout: s.flags.LockTimeout.Duration, Command: s.command}
}

// deleteRehearsal removes the ledger of the sandbox and its users, unless a
// run holds them.
func (s *session) deleteRehearsal(ctx context.Context) error {
	held, err := sqlite.Open(ctx, s.ledgerOptions())
	if errors.Is(err, ledger.ErrLocked) || errors.Is(err, ledger.ErrEnvironment) {
		return err
	}
	if err == nil {
		if err := held.Close(); err != nil {
			return err
		}
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal", ".emergency", ".new", stateSuffix} {
		if err := os.Remove(s.to.Ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--fresh: %w", err)
		}
	}
	return nil
}

// newClient makes the client; nothing is opened yet.
func (s *session) newClient(base string) (*partner.Client, error) {
	f := s.flags
	client, err := partner.New(partner.Config{BaseURL: base, Key: s.key, UserAgent: "bulkonboard/" + version(),
		Timeout: f.Timeout.Duration, CAFile: f.CAFile, Proxy: f.Proxy.Text})
	if err != nil {
		return nil, exit.NewUsageError(inWords(err))
	}
	return client, nil
}

// inWords names what is wrong with the client's configuration as people gave it.
func inWords(err error) error {
	var c *partner.ConfigError
	if !errors.As(err, &c) {
		return err
	}
	switch c.Field {
	case "BaseURL":
		return fmt.Errorf("--base-url %w", c.Err)
	case "CAFile":
		return fmt.Errorf("--ca-file %w", c.Err)
	case "Proxy":
		return fmt.Errorf("--proxy %w", c.Err)
	case "Key":
		return fmt.Errorf("the API key %w", c.Err)
	}
	return err
}

// unusedProxy says that the environment names a proxy which is not used, if an
// error is that nothing could be reached; "" otherwise.
func (s *session) unusedProxy(err error) string {
	var stop *pipeline.Unreachable
	var look *partner.Error
	if !errors.As(err, &stop) && !(errors.As(err, &look) && look.Class == partner.NotSent) || s.flags.Proxy.Text != "" || s.to.Sandbox {
		return ""
	}
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if strings.HasPrefix(s.to.BaseURL, "http://") {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	for _, name := range names {
		if s.Console.Env[name] != "" {
			return name + " is set, but no proxy is used unless you ask for it: --proxy env"
		}
	}
	return ""
}

// openPartner starts the sandbox if that is the partner.
func (s *session) openPartner() error {
	if s.to.Sandbox {
		cfg := s.play
		cfg.Keys = []string{s.key}
		cfg.KeyTTL = s.flags.KeyTTL.Duration
		if s.store != nil {
			cfg.StateFile = s.to.Ledger + stateSuffix
		}
		server, err := sandbox.New(cfg)
		if err != nil {
			return fmt.Errorf("starting the sandbox: %w", err)
		}
		s.closers = append(s.closers, server.Close)
		base, err := server.Listen("127.0.0.1:0")
		if err != nil {
			return err
		}
		if s.client, err = s.newClient(base); err != nil {
			return err
		}
	}
	if p := s.client.Proxy(); p != "" {
		s.Sayf("requests go through the proxy %s", p)
	}
	s.closers = append(s.closers, func() error { s.client.CloseIdle(); return nil })
	return nil
}

// config is what the pipeline is asked to do.
func (s *session) config(p *term.ProgressView) pipeline.Config {
	f := s.flags
	cfg := pipeline.Config{
		Partner: s.client, Ledger: s.known, Environment: s.to.Environment, Rules: s.rules,
		Pace: pipeline.Pace{Rate: f.Rate.PerSecond, Unlimited: f.Rate.Unlimited, Burst: f.Burst.N, Workers: f.Workers.N,
			MaxAttempts: f.MaxAttempts.N, Patience: f.Patience.Duration},
		Doubt: pipeline.Doubt{KeyTTL: f.KeyTTL.Duration, Settle: f.SettleTime(), Hold: f.InDoubt.Value == "hold", GapOurs: f.Gap.Value == "ours",
			CheckExisting: f.CheckExisting.Value == "auto", Timeout: f.Timeout.Duration, SkipConfirm: f.ConfirmCreated.Value == "never"},
		Bounds: pipeline.Bounds{MaxNew: f.MaxNew.Bound, Limit: f.Limit.N, MaxErrors: f.MaxErrors.Bound, MaxDuration: f.MaxDuration.Duration},
		Money:  pipeline.Money{Fee: f.Fee.Amount, Keep: f.KeepBalance.Amount, Wait: f.LowBalance.Value == "wait"},
		Resend: pipeline.Resend{Codes: f.AgainCode, Accept: f.Accept},
		Origin: s.origin(), Abort: s.Stop.Abort, Log: s.log,
	}
	for _, st := range f.Again {
		cfg.Resend.Statuses = append(cfg.Resend.Statuses, ledger.Status(st))
	}
	if s.in != nil {
		cfg.Input = s.found.Columns.WatchRows(s.in)
	}
	cfg.Answered, cfg.Moved = s.gauges.answered, s.gauges.moved
	cfg.LastResort = s.lastResort
	if p != nil {
		cfg.Watch = s.watching(p)
	}
	return cfg
}

// lastResort shows an outcome that neither the ledger nor its emergency file
// would take, once, on standard error: it is the only copy. Whoever runs this
// must keep that output as they keep the ledger.
func (s *session) lastResort(c ledger.Change) {
	line, err := json.Marshal(c)
	if err != nil {
		s.log.Error("an outcome could not be shown", "error", err.Error())
		return
	}
	fmt.Fprintf(s.Err, "LOST TO THE DISK, KEEP THIS LINE: %s\n", line)
}

func (s *session) origin() ledger.Run {
	r := origin(s.command)
	r.KeyPrint, r.Settings = settings.KeyFingerprint(s.key), s.settings
	if s.to.Sandbox {
		r.KeyPrint = settings.KeyFingerprint(settings.SandboxKeyName)
	}
	return r
}

// origin says who runs a command, for the ledger's log.
func origin(command string) ledger.Run {
	r := ledger.Run{Command: command, Version: version(), Started: time.Now()}
	if u, err := user.Current(); err == nil {
		r.Who = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		r.Host = h
	}
	return r
}

// tellNotes prints what the reader noticed since the last time.
func (s *session) tellNotes() {
	notes := s.in.Notes()
	for _, line := range findings.NoteLines(notes[min(s.noted, len(notes)):], s.in.Files()) {
		s.Sayf("%s", line)
	}
	s.noted = len(notes)
}
