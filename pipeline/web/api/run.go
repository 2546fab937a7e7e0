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
	Waits     string         `json:"waits"` // a sentence; "" = it does not wait
	Stop      *Error         `json:"stop"`  // null unless stopped
	ExitCode  *int           `json:"exitCode"`
}

// Report answers GET /api/runs/{id}/report: what the page of a finished run shows.
type Report struct {
	Run      Run        `json:"run"`
	Causes   []Problem  `json:"causes"`
	Kinds    []Kind     `json:"kinds"`
	Links    int        `json:"links"`   // how many there are
	Exports  []LogEntry `json:"exports"` // of links, newest first
	Rejects  int        `json:"rejects"` // rows of the rejects file
	Origin   string     `json:"origin"`  // list that this one's rejected rows come from; "" = none
	MayLinks bool       `json:"mayLinks"`
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
