package plans

import (
	"context"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// Commands carries out commands of the program, each as the command line would. The
// command web implements it. Errors that are meant for the browser are *api.Refusal. Its
// methods may be called by any number of goroutines.
type Commands interface {
	// Target says where users would be created. The wallet is as last heard.
	Target(ctx context.Context) api.Target
	// Held says which command holds the ledger; nil if none does.
	Held(ctx context.Context) (*api.Held, error)
	// IsSentElsewhere reports whether another process sends from the ledger.
	IsSentElsewhere(ctx context.Context) (bool, error)
	// NeedsSecondPerson reports whether the ledger asks for two persons.
	NeedsSecondPerson(ctx context.Context) (bool, error)

	// Preview says what a run would do. With Terms.Save the plan is kept in the ledger
	// unless a run would refuse to begin; the error then says why, and the figures are
	// good all the same.
	Preview(ctx context.Context, o Order, t Terms) (Preview, error)
	// Plans lists the plans of the ledger, newest first.
	Plans(ctx context.Context) ([]ledger.Plan, error)
	// Decide approves or declines a plan. by is the user.
	Decide(ctx context.Context, plan ledger.Plan, by string, a Answer) error
	// Host returns the name of this machine, as plans have it.
	Host() string

	// Send carries out an approved plan and returns when that is over. When ctx ends,
	// requests in flight are awaited; when abort is closed, they are cut off.
	Send(ctx context.Context, o Order, t Terms, abort <-chan struct{}, w Watch) (report.Summary, error)
	// Runs lists the runs of the ledger, newest first, those of the command line too.
	Runs(ctx context.Context) ([]RunRecord, error)
	// Tally counts the rows of the input of a run, as they are now.
	Tally(ctx context.Context, run int64) (ledger.Tally, error)
	// CountLinks counts what Links shows.
	CountLinks(ctx context.Context, run int64) (int, error)
	// Followed returns how far the users of the input of a run are with their identity
	// check.
	Followed(ctx context.Context, run int64) (api.KYC, error)
	// LinksShown returns which command last handed out links of the ledger; nil if none
	// did but the page.
	LinksShown(ctx context.Context) (*api.LinkExport, error)
	// Links calls each with the rows of the input of a run that have a verification link.
	// The ledger notes that links are handed out.
	Links(ctx context.Context, run int64, each func(*ledger.Reported) error) error
	// WriteReport writes the report of a run. With links, the ledger notes that they are
	// handed out.
	WriteReport(ctx context.Context, w io.Writer, run int64, kind report.Kind, withLinks bool) error

	// Command returns what does the same from a command line: validate, plan or run.
	Command(o Order, t Terms, verb string) string
}

// Order is a list as a command reads it, and for whom.
type Order struct {
	User    string                // who acts
	Editors []string              // who changed the list
	File    string                // the upload
	Rejects string                // where a run writes the rows to correct
	Name    string                // of the sender's file
	Flags   []string              // of run: how the list is read, without the file
	Change  func(*source.Options) // lays corrections over what is read; nil = none
	Decided []decisions.Made      // who made which decision of Flags

	ShownName  string   // of a file that has the corrections
	ShownFlags []string // for that file
	IsEdited   bool     // that file is not the upload
}

// Terms are what a plan or a run is asked to keep to. The zero value is everything that
// the list has.
type Terms struct {
	Plan     string // ID of the plan that a run carries out
	Fee      string // of one user; "" = as measured in earlier runs
	Limit    int    // new rows; 0 = all
	Save     bool   // keep the plan in the ledger
	NeedsAll bool   // the wallet has to cover every row
}

// Preview is what a run would do.
type Preview struct {
	Plan    pipeline.Plan
	Summary report.Summary // as plan --json prints it
	Saved   ledger.Plan    // zero unless the plan was kept

	Warnings []string      // what the command warned of
	Overlaps []api.Overlap // other plans with the same rows; nil unless the plan was kept
}

// Answer is the decision of the second person.
type Answer struct {
	Approves bool
	Comment  string // why it is declined, or any other
}

// Watch is called while a run goes on, from several goroutines but never at once with
// the same function. All functions must return quickly.
type Watch struct {
	Planned      func(pipeline.Plan) // everything is checked
	Begun        func(run int64)     // the ledger has the run
	Progress     func(pipeline.Progress)
	StatusChange func(from, to ledger.Status)
	Warning      func(string) // a sentence, without values of the list
}

// RunRecord is a run of the ledger, with its input.
type RunRecord struct {
	ledger.Run
	Files []ledger.File
	Rows  int
}
