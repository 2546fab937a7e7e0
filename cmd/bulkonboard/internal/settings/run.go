// Package settings turns flags, environment variables and the configuration
// file into typed values. Flags that several commands have are structs here;
// [FillFlags] completes them from the environment and the file. A file that was
// only found in the working directory decides nothing ([SetByFoundConfig]).
package settings

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

// DefaultKeepRuns is the number of runs whose row lists the ledger keeps.
const DefaultKeepRuns = 90

// RunFlags are the flags of run; plan has most of them, too.
type RunFlags struct {
	TargetFlags
	InputFlags
	LogFlags
	PlanFlags
	NotifyFlags
	Reports        []string
	Rejects        string
	Annotate       string
	Rate           Rate
	Fee            Amount
	MaxNew         Bound
	MaxInvalid     Bound
	RequireFunds   bool
	Limit          Count
	Yes            bool
	JSON           bool
	Quiet          bool
	Background     bool
	Burst          Count
	Workers        Count
	MaxAttempts    Count
	Patience       Span
	MaxErrors      Bound
	MaxDuration    Span
	LowBalance     Choice
	KeepBalance    Amount
	settle         Span
	InDoubt        Choice
	Gap            Choice
	ConfirmCreated Choice
	CheckExisting  Choice
	Again          []string
	AgainCode      []string
	Accept         []string
	NoProgress     bool
	KeepRuns       Count
	MetricsFile    string
}

// AddPlanFlags adds those that plan has as well, and --config.
func (r *RunFlags) AddPlanFlags(c *cobra.Command) {
	f := c.Flags()
	r.Rate = Rate{PerSecond: 5, Text: "5/s"}
	r.Burst, r.Workers = Count{N: 1, Min: 1}, Count{auto: true, Min: 1}
	r.AddLedgerFlags(c)
	r.AddPartnerFlags(f)
	r.InputFlags.AddFlags(f)
	r.LogFlags.AddFlags(f)
	f.Var(&r.Rate, "rate", "maximum request rate: 5/s, 300/m, 1000/h or unlimited")
	f.Var(&r.Fee, "fee", "KYC fee of one user (default: as measured in earlier runs)")
	f.Var(&r.MaxNew, "max-new", "send nothing if there are more new rows than `N` or N% (default none)")
	r.MaxInvalid = Bound{none: true}
	f.Var(&r.MaxInvalid, "max-invalid", "send nothing if more rows than `N` or N% are newly invalid; none turns this off (default: 20% and at least 20 rows in production, else none)")
	f.BoolVar(&r.RequireFunds, "require-funds", false, "send nothing unless the wallet covers every row to send")
	f.Var(&r.KeepBalance, "keep-balance", "treat the wallet as empty at or below `AMOUNT` (default 0)")
	f.StringArrayVar(&r.Again, "again", nil, "send rows with `STATUS` (rejected or duplicate) once more (repeatable)")
	f.StringArrayVar(&r.AgainCode, "again-code", nil, "send rejected rows with `CODE` once more (repeatable)")
	f.StringArrayVar(&r.Accept, "accept", nil, "send rows held with `CODE` (id_known or looks_onboarded) (repeatable)")
	f.BoolVar(&r.JSON, "json", false, "print one JSON summary on standard output")
	f.BoolVar(&r.Quiet, "quiet", false, "print nothing when the exit code is 0")
	HideAdvanced(f, "keep-balance", "again", "again-code", "accept")
}

// AddFlags adds all flags of run, and --config.
func (r *RunFlags) AddFlags(c *cobra.Command) {
	r.AddPlanFlags(c)
	f := c.Flags()
	r.Limit = Count{Min: 1}
	r.MaxAttempts = Count{N: 5, Min: 1}
	r.Patience = Span{15 * time.Minute, true}
	r.MaxErrors = Bound{none: true, text: "50"}
	r.MaxErrors.Count = 50
	r.LowBalance = Choice{"stop", []string{"stop", "wait"}}
	r.InDoubt = Choice{"resolve", []string{"resolve", "hold"}}
	r.Gap = Choice{Words: []string{"ours"}}
	r.CheckExisting = Choice{"auto", []string{"auto", "never"}}
	r.ConfirmCreated = Choice{"auto", []string{"auto", "never"}}
	f.StringArrayVar(&r.Reports, "report", nil, "write a report to `FILE`: .csv, .xlsx, .html or .json (repeatable; default: next to the input)")
	f.StringVar(&r.Rejects, "rejects", "", "write the rows to correct to `FILE`: .xlsx or .csv (default: next to the input)")
	f.StringVar(&r.Annotate, "annotate", "", "write a copy of the input workbook with marks, status and links to `FILE`.xlsx")
	f.Var(&r.Limit, "limit", "send at most `N` new rows, then stop (default none)")
	f.BoolVar(&r.Yes, "yes", false, "send to production without asking first")
	f.BoolVar(&r.Background, "background", false, "with a ledger in PostgreSQL: send only while no other sender needs the rate")
	f.Var(&r.Burst, "burst", "number of requests that may be sent at once")
	f.Var(&r.Workers, "workers", fmt.Sprintf("number of requests in flight; auto adds workers until the rate is reached, at most %d", pipeline.AutoWorkers))
	f.Var(&r.MaxAttempts, "max-attempts", "maximum attempts for one row in one run")
	f.Var(&r.Patience, "patience", "how long to wait out an outage")
	f.Var(&r.MaxErrors, "max-errors", "stop after `N` refusals in a row, or N% of the last 100; none turns this off")
	f.Var(&r.MaxDuration, "max-duration", "stop cleanly after `D` (default none)")
	f.Var(&r.LowBalance, "on-low-balance", "what to do when the wallet is empty: stop, or wait for a top-up")
	f.Var(&r.settle, "settle", "how long an unanswered request may still take effect (default: --timeout + 40s, at least 100s)")
	f.Var(&r.InDoubt, "in-doubt", "resolve looks up rows in doubt and sends them if needed; hold never sends them again")
	f.Var(&r.Gap, "gap", "after a restore: claim users created in the gap whose names and times match (ours)")
	f.Var(&r.CheckExisting, "check-existing", "auto reads the partner's user list first when it is short, so that existing users cost no request")
	f.Var(&r.ConfirmCreated, "confirm-created", "compare the users created with the partner's list before writing the report")
	f.BoolVar(&r.NoProgress, "no-progress", false, "print no progress")
	r.AddLinkLifeFlag(f)
	r.KeepRuns = Count{N: DefaultKeepRuns, Min: 1}
	f.Var(&r.KeepRuns, "keep-runs", "keep the row lists of the newest `N` runs in the ledger")
	f.StringVar(&r.MetricsFile, "metrics-file", "", "keep a Prometheus text `FILE` up to date (mode 0644, no personal data)")
	r.NotifyFlags.AddFlags(f)
	HideAdvanced(f, "link-life", "keep-runs", "metrics-file", "background", "burst", "workers", "max-attempts", "patience", "max-errors", "max-duration", "on-low-balance", "settle",
		"in-doubt", "gap", "check-existing", "confirm-created", "no-progress")
}

// InvalidBound returns --max-invalid, or its default in an environment.
func (r *RunFlags) InvalidBound(environment string) pipeline.Bound {
	if r.MaxInvalid.text == "" && environment == Production {
		return pipeline.Bound{Percent: 20, AtLeast: 20}
	}
	return r.MaxInvalid.Bound
}

// SettleTime returns --settle, or its default.
func (r *RunFlags) SettleTime() time.Duration {
	if r.settle.Duration > 0 {
		return r.settle.Duration
	}
	return max(100*time.Second, r.Timeout.Duration+40*time.Second)
}
