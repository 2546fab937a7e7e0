package api

import "time"

// RunState is how far a run has come.
type RunState string

// The states of a run.
const (
	RunStarting RunState = "starting"
	RunSending  RunState = "sending"
	RunWaiting  RunState = "waiting" // for the partner or for money: Run.Waits says it in words
	RunStopping RunState = "stopping"
	RunFinished RunState = "finished"
	RunStopped  RunState = "stopped" // Run.Stop says why
)

// Runs answers GET /api/runs, newest first.
type Runs struct {
	Runs []Run `json:"runs"`
}

// Run answers POST /api/plans/{id}/run, GET /api/runs/{id} and stop. Each server-sent
// event of /api/runs/{id}/events, of the type "run", has one as its data. It has
// figures only.
type Run struct {
	ID        int64          `json:"id"`
	Plan      string         `json:"plan"`
	List      string         `json:"list"`
	Name      string         `json:"name"`
	Origin    int64          `json:"origin"` // run that has left the rows of this one's list to correct; 0 = none
	State     RunState       `json:"state"`
	Started   time.Time      `json:"startedAt"`
	Finished  *time.Time     `json:"finishedAt"`
	By        string         `json:"by"`
	Total     int            `json:"total"` // rows to send
	Sent      int            `json:"sent"`
	Created   int            `json:"created"`
	Problems  int            `json:"problems"`
	InDoubt   int            `json:"inDoubt"`
	Statuses  map[string]int `json:"statuses"`
	PerSecond float64        `json:"perSecond"`
	Ends      *time.Time     `json:"endsAt"` // expected; null = not known
	Wallet    string         `json:"wallet"`
	Charged   string         `json:"charged"`
	Currency  string         `json:"currency"`
	Waits     string         `json:"waits"`    // a sentence; "" = it does not wait
	Warnings  []string       `json:"warnings"` // what the command warned of, each once; of runs of this process only
	Stop      *Error         `json:"stop"`     // null unless stopped
	ExitCode  *int           `json:"exitCode"`
}

// Report answers GET /api/runs/{id}/report: what the page of a finished run shows.
type Report struct {
	Run     Run        `json:"run"`
	Causes  []Problem  `json:"causes"`
	Kinds   []Kind     `json:"kinds"`
	Links   int        `json:"links"`   // how many there are
	Exports []LogEntry `json:"exports"` // of links, newest first
	// Exported is when a command last handed out links of the ledger, and which; null if
	// none has since the run began.
	Exported *LinkExport `json:"exported"`
	Rejects  int         `json:"rejects"` // rows of the rejects file
	// Lists and Runs have corrected rows of this run. A list that was sent may be gone.
	Lists    []ListSummary `json:"lists"`
	Runs     []Run         `json:"runs"`
	MayLinks bool          `json:"mayLinks"`
	KYC      KYC           `json:"kyc"`
}

// LinkExport says that a command has handed out links.
type LinkExport struct {
	Command string    `json:"command"` // such as "links export"
	At      time.Time `json:"at"`
}

// KYC is how far the users of a run's list are with their identity check, as status has
// it. All are counts of users.
type KYC struct {
	Users    int  `json:"users"`    // that exist
	HasNews  bool `json:"hasNews"`  // the partner was heard of at least one check
	Opened   int  `json:"opened"`   // have gone on with their link, whatever came of it
	Pending  int  `json:"pending"`  // of these, under review, or to verify once more
	Approved int  `json:"approved"` // of these
	Denied   int  `json:"denied"`   // of these
	Working  int  `json:"working"`  // have still to open their link, and it probably works
	Dead     int  `json:"dead"`     // have still to open their link, and it is probably dead
	NoLink   int  `json:"noLink"`   // have no link
	// Reasons are the most frequent reasons of denials, in the partner's words.
	Reasons []KYCReason `json:"reasons"`
}

// KYCReason is why users were denied, and how many.
type KYCReason struct {
	Text  string `json:"text"`
	Users int    `json:"users"`
}

// Links answers GET /api/runs/{id}/links, which only the role prepare may ask for and
// the log names.
type Links struct {
	Links []Link `json:"links"`
	Total int    `json:"total"`
}

// Link is a customer's verification link. It is a secret.
type Link struct {
	Row   int    `json:"row"`
	Email string `json:"email"`
	Name  string `json:"name"`
	URL   string `json:"url"`
}
