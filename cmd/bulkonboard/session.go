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
	*app
	command  string
	flags    *runFlags
	settings string
	to       target
	key      string
	live     bool
	rules    *validate.Rules
	log      *slog.Logger

	in      *source.Input  // nil without input
	store   *sqlite.Ledger // nil where plan has none to look at
	known   ledger.Ledger  // the store, watched
	play    sandbox.Config // with --sandbox
	client  *partner.Client
	found   *findings
	hosts   linkHosts
	gauges  *gauges // nil without --metrics-file
	outputs *outputs
	told    bool // what the check found has been printed
	noted   int  // notes of the input that have been printed
	closers []func() error
}

// newSession settles everything that needs no file but the key's.
func (a *app) newSession(c *cobra.Command, f *runFlags, args []string) (*session, error) {
	s := &session{app: a, command: c.Name(), flags: f, settings: settingsText(c), found: newFindings()}
	if f.quiet {
		a.err.hold()
	}
	var err error
	if err = f.check(args); err != nil {
		return nil, err
	}
	if s.to, err = f.resolve(levels(c)); err != nil {
		return nil, err
	}
	if s.needsYes() && !f.yes && !isTerminal(a.stdin) {
		return nil, usage(errors.New("production needs --yes when nobody is there to be asked"), "try it first without: bulkonboard plan")
	}
	if s.to.sandbox {
		s.key = newSandboxKey()
	} else if s.key, err = a.apiKey(f.keyFile); err != nil {
		return nil, err
	}
	if err = s.to.contradicts(s.key); err != nil {
		return nil, err
	}
	keyIsLive := strings.HasPrefix(s.key, livePrefix)
	s.live = keyIsLive || s.to.environment == envProduction
	if s.rules, err = f.rules(s.live); err != nil {
		return nil, err
	}
	for _, path := range []string{f.caFile, f.mapFile} {
		if info, err := os.Stat(path); err == nil {
			a.warnWritable(path, info)
		}
	}
	if s.to.sandbox { // its address is known when it listens
		s.play, err = f.play.config()
	} else {
		s.client, err = s.newClient(s.to.base)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// needsYes reports whether sending needs a person's word.
func (s *session) needsYes() bool { return s.command == "run" && s.to.environment == envProduction }

// close ends everything in the reverse order.
func (s *session) close() error {
	var all []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		all = append(all, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(all...)
}

// open opens input, ledger and partner.
func (s *session) open(ctx context.Context, args []string) error {
	log, closeLog, err := s.flags.logFlags.open(s.err)
	if err != nil {
		return err
	}
	s.log = log
	s.closers = append(s.closers, closeLog)
	s.logBegin()
	s.tell("%s", s.to)
	s.tell("ledger: %s; rate: %s", s.to.ledger, s.flags.rate.String())
	if len(args) > 0 {
		if s.in, err = s.flags.inputFlags.open(ctx, args, s.stdin); err != nil {
			return err
		}
		s.closers = append(s.closers, s.in.Close)
		s.found.follow(s.in, s.rules, s.flags.id, sharedInRun)
		s.found.columnCheck.room.base += roomForWorker * int64(max(0, s.flags.workers.n-pipeline.AutoWorkers))
		if s.outputs, err = newOutputs(s.flags.reports, s.flags.rejects, s.in.Files(), s.to.environment, s.to.ledger); err != nil {
			return err
		}
		if path := s.flags.annotate; path != "" {
			if err := annotatable(path, s.in.Files()); err != nil {
				return err
			}
		}
		if err := s.outputs.probe(); err != nil {
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
	if f.fresh {
		if err := s.deleteRehearsal(ctx); err != nil {
			return err
		}
	}
	_, err := os.Lstat(s.to.ledger)
	missing := errors.Is(err, fs.ErrNotExist)
	create := s.to.environment != envProduction || f.newLedger
	if missing && !create && isTerminal(s.stdin) && s.command == "run" {
		if create, err = s.ask(fmt.Sprintf("The ledger %s does not exist. If these customers were sent before, stop: a new ledger does not know them. Make it?", s.to.ledger)); err != nil {
			return err
		}
	}
	if missing && s.command == "plan" && s.to.environment != envProduction {
		s.tell("there is no ledger yet: nobody is known")
		s.known = watched{memory.New(s.to.environment), s.found} // a plan makes no file
		return nil
	}
	opt := s.ledgerOptions()
	opt.Create = create
	s.store, err = sqlite.Open(ctx, opt)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.store.Close)
	s.known = watchedFile{watched{s.store, s.found}, s.store, s.store}
	if missing {
		s.tell("the ledger is new: it knows of no earlier run")
	}
	s.tellNotices(s.store)
	return nil
}

func (s *session) ledgerOptions() sqlite.Options {
	return sqlite.Options{Path: s.to.ledger, Environment: s.to.environment, LockTimeout: s.flags.lockTimeout.Duration, Command: s.command}
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
		if err := os.Remove(s.to.ledger + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--fresh: %w", err)
		}
	}
	return nil
}

// newClient makes the client; nothing is opened yet.
func (s *session) newClient(base string) (*partner.Client, error) {
	f := s.flags
	client, err := partner.New(partner.Config{BaseURL: base, Key: s.key, UserAgent: "bulkonboard/" + version(),
		Timeout: f.timeout.Duration, CAFile: f.caFile, Proxy: f.proxy.text})
	if err != nil {
		return nil, usage(inWords(err))
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
	if !errors.As(err, &stop) && !(errors.As(err, &look) && look.Class == ledger.NotSent) || s.flags.proxy.text != "" || s.to.sandbox {
		return ""
	}
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if strings.HasPrefix(s.to.base, "http://") {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	for _, name := range names {
		if s.app.env[name] != "" {
			return name + " is set, but no proxy is used unless you ask for it: --proxy env"
		}
	}
	return ""
}

// openPartner starts the sandbox if that is the partner.
func (s *session) openPartner() error {
	if s.to.sandbox {
		cfg := s.play
		cfg.Keys = []string{s.key}
		cfg.KeyTTL = s.flags.keyTTL.Duration
		if s.store != nil {
			cfg.StateFile = s.to.ledger + stateSuffix
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
		s.tell("requests go through the proxy %s", p)
	}
	s.closers = append(s.closers, func() error { s.client.CloseIdle(); return nil })
	return nil
}

// config is what the pipeline is asked to do.
func (s *session) config(p *progress) pipeline.Config {
	f := s.flags
	cfg := pipeline.Config{
		Partner: s.client, Ledger: s.known, Environment: s.to.environment, Rules: s.rules,
		Pace: pipeline.Pace{Rate: f.rate.perSecond, Unlimited: f.rate.unlimited, Burst: f.burst.n, Workers: f.workers.n,
			MaxAttempts: f.maxAttempts.n, Patience: f.patience.Duration},
		Doubt: pipeline.Doubt{KeyTTL: f.keyTTL.Duration, Settle: f.settleTime(), Hold: f.inDoubt.value == "hold", GapOurs: f.gap.value == "ours",
			CheckExisting: f.checkExisting.value == "auto", Timeout: f.timeout.Duration, SkipConfirm: f.confirmCreated.value == "never"},
		Bounds: pipeline.Bounds{MaxNew: f.maxNew.Bound, Limit: f.limit.n, MaxErrors: f.maxErrors.Bound, MaxDuration: f.maxDuration.Duration},
		Money:  pipeline.Money{Fee: f.fee.Amount, Keep: f.keepBalance.Amount, Wait: f.lowBalance.value == "wait"},
		Resend: pipeline.Resend{Codes: f.againCode, Accept: f.accept},
		Origin: s.origin(), Abort: s.stop.Abort, Log: s.log,
	}
	for _, st := range f.again {
		cfg.Resend.Statuses = append(cfg.Resend.Statuses, ledger.Status(st))
	}
	if s.in != nil {
		cfg.Input = s.found.columnCheck.batchOf(s.in)
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
	fmt.Fprintf(s.err, "LOST TO THE DISK, KEEP THIS LINE: %s\n", line)
}

func (s *session) origin() ledger.Run {
	r := origin(s.command)
	r.KeyPrint, r.Settings = keyPrint(s.key), s.settings
	if s.to.sandbox {
		r.KeyPrint = keyPrint(sandboxKeyName)
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

// tell prints a line for people.
func (s *session) tell(format string, args ...any) {
	fmt.Fprintln(s.err, printable(fmt.Sprintf(format, args...)))
}

// tellNotes prints what the reader noticed since the last time.
func (s *session) tellNotes() {
	notes := s.in.Notes()
	for _, line := range noteLines(notes[min(s.noted, len(notes)):], s.in.Files()) {
		s.tell("%s", line)
	}
	s.noted = len(notes)
}
