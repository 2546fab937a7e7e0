package settings

import (
	"errors"
	"fmt"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// conflict is what makes no sense, and the flags that it is about.
type conflict struct {
	Flags []string
	Err   error
}

// Conflicts lists what makes no sense, before anything is opened.
func (r *RunFlags) Conflicts() (all []conflict) {
	wrong := func(err error, flags ...string) { all = append(all, conflict{flags, err}) }
	for _, s := range r.Again {
		if s != string(ledger.Rejected) && s != string(ledger.Duplicate) {
			wrong(exit.UsageErrorf("--again: use rejected or duplicate"), "again")
		}
	}
	for _, code := range r.Accept {
		if code != pipeline.CodeIDKnown && code != pipeline.CodeLooksOnboarded {
			wrong(exit.UsageErrorf("--accept: use %s or %s", pipeline.CodeIDKnown, pipeline.CodeLooksOnboarded), "accept")
		}
	}
	if r.settle.Duration > 0 && r.settle.Duration < r.Timeout.Duration {
		wrong(exit.UsageErrorf("--settle must cover --timeout: a request can still take effect while it is in flight"), "settle", "timeout")
	}
	if r.Rate.Unlimited && r.Burst.N > 1 {
		wrong(exit.UsageErrorf("--burst has no effect with --rate unlimited"), "burst", "rate")
	}
	if r.Workers.N > pipeline.MaxWorkers {
		wrong(exit.UsageErrorf("--workers is at most %d", pipeline.MaxWorkers), "workers")
	}
	if most, ok := openFileLimit(); ok && r.Workers.N > 0 && r.openFileCount() > most {
		wrong(exit.NewUsageError(fmt.Errorf("--workers %d needs %d open files, and this system allows a process %d", r.Workers.N, r.openFileCount(), most),
			"use fewer workers, or raise the limit: ulimit -n, or LimitNOFILE in systemd"), "workers")
	}
	return all
}

// otherFiles is how many files a run has open besides its connections.
const otherFiles = 64

// openFileCount returns how many files a run has open, its connections among them.
func (r *RunFlags) openFileCount() uint64 {
	ends := 1
	if r.sandbox { // the other end is in this process too
		ends = 2
	}
	return uint64(ends*r.Workers.N) + otherFiles
}

// Check refuses what makes no sense, before anything is opened.
func (r *RunFlags) Check(args []string) error {
	var all []error
	for _, m := range r.Conflicts() {
		all = append(all, m.Err)
	}
	if len(args) == 0 && (len(r.Reports) > 0 || r.Rejects != "" || r.Annotate != "") {
		all = append(all, exit.UsageErrorf("--report, --rejects and --annotate need an input file; bulkonboard report writes reports without one"))
	}
	return errors.Join(all...)
}
