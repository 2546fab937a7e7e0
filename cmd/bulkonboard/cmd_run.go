package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// runFlags are the flags of run; plan takes most of them, too.
type runFlags struct {
	targetFlags
	inputFlags
	logFlags
	reports        []string
	rejects        string
	annotate       string
	rate           rate
	fee            amount
	maxNew         bound
	limit          count
	yes            bool
	json           bool
	quiet          bool
	burst          count
	workers        count
	maxAttempts    count
	patience       span
	maxErrors      bound
	maxDuration    span
	lowBalance     choice
	keepBalance    amount
	settle         span
	inDoubt        choice
	gap            choice
	confirmCreated choice
	checkExisting  choice
	again          []string
	againCode      []string
	accept         []string
	noProgress     bool
	keepRuns       count
	metricsFile    string
}

// planFlags are those that plan takes as well.
func (r *runFlags) planFlags(f *pflag.FlagSet) {
	r.rate = rate{perSecond: 5, text: "5/s"}
	r.burst, r.workers = count{n: 1, least: 1}, count{auto: true, least: 1}
	r.placeFlags(f)
	r.partnerFlags(f)
	r.inputFlags.flags(f)
	r.logFlags.flags(f)
	f.Var(&r.rate, "rate", "ceiling over every request: `N/s`, N/m, N/h or unlimited")
	f.Var(&r.fee, "fee", "KYC fee of one user (default as measured in earlier runs)")
	f.Var(&r.maxNew, "max-new", "send nothing when there are more new rows than `N` or N%")
	f.Var(&r.keepBalance, "keep-balance", "treat the wallet as empty at or below this (default 0)")
	f.StringArrayVar(&r.again, "again", nil, "send rows of `STATUS` rejected or duplicate once more (repeatable)")
	f.StringArrayVar(&r.againCode, "again-code", nil, "send rejected rows with this `CODE` once more (repeatable)")
	f.StringArrayVar(&r.accept, "accept", nil, "send rows held with `CODE` id_known or looks_onboarded (repeatable)")
	f.BoolVar(&r.json, "json", false, "one JSON summary on standard output")
	f.BoolVar(&r.quiet, "quiet", false, "print nothing when the exit code is 0")
	advanced(f, "keep-balance", "again", "again-code", "accept")
}

func (r *runFlags) flags(f *pflag.FlagSet) {
	r.planFlags(f)
	r.limit = count{least: 1}
	r.maxAttempts = count{n: 5, least: 1}
	r.patience = span{15 * time.Minute, true}
	r.maxErrors = bound{none: true, text: "50"}
	r.maxErrors.Count = 50
	r.lowBalance = choice{"stop", []string{"stop", "wait"}}
	r.inDoubt = choice{"resolve", []string{"resolve", "hold"}}
	r.gap = choice{of: []string{"ours"}}
	r.checkExisting = choice{"auto", []string{"auto", "never"}}
	r.confirmCreated = choice{"auto", []string{"auto", "never"}}
	f.StringArrayVar(&r.reports, "report", nil, "report `FILE`: .csv .xlsx .html .json (repeatable; default beside the input)")
	f.StringVar(&r.rejects, "rejects", "", "`FILE` for the rows to correct, .xlsx or .csv (default beside the input)")
	f.StringVar(&r.annotate, "annotate", "", "the input with marks, status and link columns, as a workbook: `FILE`.xlsx")
	f.Var(&r.limit, "limit", "send at most N new rows, then stop")
	f.BoolVar(&r.yes, "yes", false, "do not ask before production is sent to")
	f.Var(&r.burst, "burst", "requests that may leave at once")
	f.Var(&r.workers, "workers", fmt.Sprintf("requests in flight: rate x latency of them are needed; auto finds out, up to %d", pipeline.AutoWorkers))
	f.Var(&r.maxAttempts, "max-attempts", "sends of one row in one run")
	f.Var(&r.patience, "patience", "how long an outage is waited out")
	f.Var(&r.maxErrors, "max-errors", "stop after so many refusals in a row, or none")
	f.Var(&r.maxDuration, "max-duration", "stop cleanly after that time (default none)")
	f.Var(&r.lowBalance, "on-low-balance", "stop, or wait for the wallet to be topped up")
	f.Var(&r.settle, "settle", "how long an unanswered request may still take effect (default timeout + 40s, at least 100s)")
	f.Var(&r.inDoubt, "in-doubt", "resolve; hold never sends a row in doubt again")
	f.Var(&r.gap, "gap", "ours: users created while a restored ledger's memory is missing are ours where names and times agree")
	f.Var(&r.checkExisting, "check-existing", "auto asks for the list of users first when that is short")
	f.Var(&r.confirmCreated, "confirm-created", "before the report is written, compare the users created with the partner's list: auto, never")
	f.BoolVar(&r.noProgress, "no-progress", false, "no progress bar or lines")
	r.keepRuns = count{n: defaultKeepRuns, least: 1}
	f.Var(&r.keepRuns, "keep-runs", "the ledger keeps the rows that the newest `N` runs read")
	f.StringVar(&r.metricsFile, "metrics-file", "", "keep a Prometheus text `FILE` up to date, readable by all")
	advanced(f, "keep-runs", "metrics-file", "burst", "workers", "max-attempts", "patience", "max-errors", "max-duration", "on-low-balance", "settle",
		"in-doubt", "gap", "check-existing", "confirm-created", "no-progress")
}

// mistake is what makes no sense, and the flags that it is about.
type mistake struct {
	flags []string
	err   error
}

// mistakes lists what makes no sense, before anything is opened.
func (r *runFlags) mistakes() (all []mistake) {
	wrong := func(err error, flags ...string) { all = append(all, mistake{flags, err}) }
	for _, s := range r.again {
		if s != string(ledger.Rejected) && s != string(ledger.Duplicate) {
			wrong(exit.UsageErrorf("--again takes rejected or duplicate"), "again")
		}
	}
	for _, code := range r.accept {
		if code != pipeline.CodeIDKnown && code != pipeline.CodeLooksOnboarded {
			wrong(exit.UsageErrorf("--accept takes %s or %s", pipeline.CodeIDKnown, pipeline.CodeLooksOnboarded), "accept")
		}
	}
	if r.settle.Duration > 0 && r.settle.Duration < r.timeout.Duration {
		wrong(exit.NewUsageError(errors.New("--settle is shorter than --timeout"), "a request can take effect as long as it is under way"), "settle", "timeout")
	}
	if r.rate.unlimited && r.burst.n > 1 {
		wrong(exit.UsageErrorf("--burst means nothing with --rate unlimited"), "burst", "rate")
	}
	if r.workers.n > pipeline.MaxWorkers {
		wrong(exit.UsageErrorf("--workers is at most %d", pipeline.MaxWorkers), "workers")
	}
	if most, ok := openFiles(); ok && r.workers.n > 0 && r.files() > most {
		wrong(exit.NewUsageError(fmt.Errorf("--workers %d needs %d open files, and this system lets a process have %d", r.workers.n, r.files(), most),
			"ask for fewer workers, or raise the limit: ulimit -n, or LimitNOFILE of systemd"), "workers")
	}
	return all
}

// filesBeside is how many files a run has open besides its connections.
const filesBeside = 64

// files is how many files a run has open, its connections among them.
func (r *runFlags) files() uint64 {
	ends := 1
	if r.sandbox { // the other end is in this process too
		ends = 2
	}
	return uint64(ends*r.workers.n) + filesBeside
}

// check refuses what makes no sense, before anything is opened.
func (r *runFlags) check(args []string) error {
	var all []error
	for _, m := range r.mistakes() {
		all = append(all, m.err)
	}
	if len(args) == 0 && (len(r.reports) > 0 || r.rejects != "" || r.annotate != "") {
		all = append(all, exit.UsageErrorf("--report, --rejects and --annotate need an input file; `bulkonboard report` writes reports without one"))
	}
	return errors.Join(all...)
}

// settleTime is --settle, or its default.
func (r *runFlags) settleTime() time.Duration {
	if r.settle.Duration > 0 {
		return r.settle.Duration
	}
	return max(100*time.Second, r.timeout.Duration+40*time.Second)
}

func newRunCommand(con *term.Console) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [flags] [FILE...]",
		Short: "check everything, then submit, record, report; the same command again continues",
		Long: `Reads and checks all input first, says what it found and what it will do, and
only then sends. Every outcome is recorded in the ledger as it comes. The same
command again continues where the last one ended, and sends nothing twice.

FILE is .csv, .tsv, .xlsx, or - for CSV on standard input. Several files are one
batch. Without FILE, what is in doubt is looked up and nothing is sent.`,
		Example: `  bulkonboard run --sandbox customers.csv
  bulkonboard run --api-key-file key.txt --limit 5 customers.xlsx
  bulkonboard run --env production --ledger prod.db --api-key-file key.txt customers.csv`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return runInput(con, c, &f, args) },
	}
	f.flags(c.Flags())
	configFlag(c)
	c.SetHelpTemplate(c.HelpTemplate() + "\nMore flags: bulkonboard help run-advanced\n")
	return c
}

// configFlag adds --config, which every command with settings has.
func configFlag(c *cobra.Command) {
	c.Flags().String("config", "", "read settings from `FILE` (default ./bulkonboard.yaml, if you own it, for what decides nothing)")
	advanced(c.Flags(), "config")
}

// settingsText is what the ledger's log keeps of the flags that were set, as
// words for a POSIX shell, without files' contents. A link is a secret.
func settingsText(c *cobra.Command) string {
	var words []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		values := []string{f.Value.String()}
		switch v := f.Value.(type) {
		case pflag.SliceValue:
			values = v.GetSlice()
		case *pairs:
			values = v.texts()
		}
		for _, value := range values {
			if f.Name == "link" {
				value = "..."
			}
			words = append(words, "--"+f.Name+"="+value)
		}
	})
	return term.Posix.QuoteLine(words...)
}
